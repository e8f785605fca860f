/* SPDX-License-Identifier: Apache-2.0
 *
 * The places where docker, Podman and their users keep credentials.
 *
 * Knows: environment variables and paths. Does not know: JSON, HTTP, tokens.
 * Threads: any.
 */
#include "auth/credential_places.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/str.h"

/* A list under construction. */
struct list {
    const struct tug__credential_settings *settings;
    struct tug__place *places;
    size_t count;
    bool is_short_of_memory;
};

/* A variable's value; NULL when unset or empty. Borrowed until the next call. */
static const char *get_variable(const struct list *list, const char *name)
{
    const char *const value = list->settings->get_env != NULL
                                  ? list->settings->get_env(list->settings->env_context, name)
                                  : getenv(name);

    return value != NULL && value[0] != '\0' ? value : NULL;
}

/* Add directory/file. shown: the directory's name in messages. Returns: the place, or NULL. */
static struct tug__place *add(struct list *list, const char *directory, const char *shown,
                              const char *file, enum tug__authfile_kind kind)
{
    struct tug__place *const place = &list->places[list->count];

    *place = (struct tug__place){.kind = kind};
    if (asprintf(&place->path, "%s%s", directory, file) < 0) {
        place->path = NULL;
    }
    if (asprintf(&place->name, "%s%s", shown, file) < 0) {
        place->name = NULL;
    }
    list->count++;
    if (place->path == NULL || place->name == NULL) {
        list->is_short_of_memory = true;
        return NULL;
    }
    return place;
}

/* A file that the user named. */
static void add_named(struct list *list, const char *path, const char *why)
{
    struct tug__place *const place =
        path != NULL ? add(list, path, path, "", TUG__AUTHFILE_FULL) : NULL;

    if (place != NULL) {
        place->must_exist = true;
        place->why = why;
    }
}

static void add_text(struct list *list)
{
    const char *const text = get_variable(list, "DOCKER_AUTH_CONFIG");

    if (text != NULL) {
        struct tug__place *const place = &list->places[list->count++];

        *place = (struct tug__place){.kind = TUG__AUTHFILE_AUTHS};
        place->text = strdup(text);
        place->name = strdup("$DOCKER_AUTH_CONFIG");
        list->is_short_of_memory |= place->text == NULL || place->name == NULL;
    }
}

/* Add a file below the directory that a variable, given with a dollar sign, names, else below the
 * home directory. */
static struct tug__place *add_below(struct list *list, const char *variable, const char *file,
                                    const char *home_file)
{
    const char *const directory = get_variable(list, variable + 1);
    const char *home;

    if (directory != NULL) {
        struct tug__place *const place = add(list, directory, directory, file, TUG__AUTHFILE_FULL);

        if (place != NULL) {
            place->why = variable;
        }
        return place;
    }
    home = home_file != NULL ? get_variable(list, "HOME") : NULL;
    return home != NULL ? add(list, home, "~", home_file, TUG__AUTHFILE_FULL) : NULL;
}

enum tug_status tug__places_list(const struct tug__credential_settings *settings,
                                 struct tug__place out_places[TUG__PLACES_MAX], size_t *out_count,
                                 struct tug_error *err)
{
    struct list list = {.settings = settings, .places = out_places};
    struct tug__place *place;
    const char *home;

    memset(out_places, 0, TUG__PLACES_MAX * sizeof *out_places);
    add_named(&list, settings->authfile, "as asked");
    add_named(&list, get_variable(&list, "REGISTRY_AUTH_FILE"), "$REGISTRY_AUTH_FILE");
    add_text(&list);
    (void)add_below(&list, "$XDG_RUNTIME_DIR", "/containers/auth.json", NULL);
    (void)add_below(&list, "$XDG_CONFIG_HOME", "/containers/auth.json",
                    "/.config/containers/auth.json");
    place = add_below(&list, "$DOCKER_CONFIG", "/config.json", "/.docker/config.json");
    if (place != NULL) {
        place->is_docker = true;
    }
    home = get_variable(&list, "HOME");
    if (home != NULL) {
        (void)add(&list, home, "~", "/.dockercfg", TUG__AUTHFILE_LEGACY);
    }
    *out_count = list.count;
    return list.is_short_of_memory ? tug__fail_memory(err) : TUG_OK;
}

bool tug__place_exists(const struct tug__place *place)
{
    return place->text != NULL || access(place->path, F_OK) == 0;
}

void tug__place_fini(struct tug__place *place)
{
    free(place->name);
    free(place->path);
    tug__wipe_free(place->text);
    *place = (struct tug__place){0};
}

enum tug_status tug__place_read(const struct tug__place *place, struct tug__authfile **out_file,
                                struct tug_error *err)
{
    struct tug_error why = {0};
    enum tug_status status;

    if (place->text != NULL) {
        const struct tug__authfile_text input = {
            .text = place->text,
            .length = strlen(place->text),
            .name = place->name,
            .kind = place->kind,
        };

        return tug__authfile_parse(&input, out_file, err);
    }
    status = tug__authfile_read(place->path, place->name, place->kind, out_file, &why);
    if (status == TUG_ERR_CONFIG && !place->must_exist &&
        (why.os_errno == ENOENT || why.os_errno == ENOTDIR)) {
        *out_file = NULL;
        return TUG_OK;
    }
    if (status != TUG_OK && err != NULL) {
        *err = why;
    }
    return status;
}
