/* SPDX-License-Identifier: Apache-2.0
 *
 * Read files of registry credentials.
 *
 * Knows: the JSON of docker and Podman. Does not know: HTTP, tokens, registries.
 * Threads: any; each call has its own file.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "auth/authfile.h"
#include "auth/authfile_internal.h"
#include "auth/header.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"
#include "base/str.h"
#include "base/utf8.h"

/* Enough for thousands of registries, at about 100 bytes of memory each. */
#define VALUES_MAX 32768
#define DEPTH_MAX 16

/* State of a parse while it visits the members of an object. */
struct parse {
    struct tug__authfile *file;
    struct tug_error *err;
    enum tug_status status;
};

/* Add a zeroed element to an array; NULL when out of memory. */
static void *grow(void *array, size_t *count, size_t size)
{
    char *const grown = realloc(array, (*count + 1) * size);

    if (grown != NULL) {
        memset(grown + *count * size, 0, size);
        (*count)++;
    }
    return grown;
}

/* Copy a string member; NULL when missing or empty. */
static bool copy_member(struct parse *parse, const struct tug__json_value *value, const char *key,
                        char **out_text)
{
    const char *text = NULL;

    parse->status = tug__json_get_string(value, key, &text, parse->err);
    if (parse->status == TUG_OK && text != NULL && text[0] != '\0') {
        *out_text = strdup(text);
        parse->status = *out_text == NULL ? tug__fail_memory(parse->err) : TUG_OK;
    }
    return parse->status == TUG_OK;
}

static bool add_entry(void *context, const char *key, const struct tug__json_value *member)
{
    struct parse *const parse = context;
    struct tug__authfile *const file = parse->file;
    struct tug__auth_entry *entries;
    struct tug__auth_entry *entry;

    if (member == NULL) {
        return true;
    }
    if (!tug__json_is_object(member)) {
        parse->status = tug__fail(parse->err, TUG_ERR_CONTENT, "auths: '%s': not an object", key);
        return false;
    }
    entries = grow(file->entries, &file->entry_count, sizeof *entries);
    if (entries == NULL) {
        parse->status = tug__fail_memory(parse->err);
        return false;
    }
    file->entries = entries;
    entry = &entries[file->entry_count - 1];
    entry->key = strdup(key);
    if (entry->key == NULL) {
        parse->status = tug__fail_memory(parse->err);
        return false;
    }
    return copy_member(parse, member, "auth", &entry->auth) &&
           copy_member(parse, member, "username", &entry->username) &&
           copy_member(parse, member, "password", &entry->password) &&
           copy_member(parse, member, "identitytoken", &entry->identity_token) &&
           copy_member(parse, member, "registrytoken", &entry->registry_token);
}

static bool add_helper(void *context, const char *key, const struct tug__json_value *member)
{
    struct parse *const parse = context;
    struct tug__authfile *const file = parse->file;
    struct tug__auth_helper *helpers;
    struct tug__auth_helper *helper;

    if (tug__json_text(member) == NULL) {
        parse->status =
            tug__fail(parse->err, TUG_ERR_CONTENT, "credHelpers: '%s': not a string", key);
        return false;
    }
    helpers = grow(file->helpers, &file->helper_count, sizeof *helpers);
    if (helpers == NULL) {
        parse->status = tug__fail_memory(parse->err);
        return false;
    }
    file->helpers = helpers;
    helper = &helpers[file->helper_count - 1];
    helper->key = strdup(key);
    helper->name = strdup(tug__json_text(member));
    if (helper->key == NULL || helper->name == NULL) {
        parse->status = tug__fail_memory(parse->err);
        return false;
    }
    return true;
}

static bool add_header(void *context, const char *key, const struct tug__json_value *member)
{
    struct parse *const parse = context;
    struct tug__authfile *const file = parse->file;
    char **headers;

    if (!tug__header_is_valid(key, tug__json_text(member))) {
        parse->status =
            tug__fail(parse->err, TUG_ERR_CONTENT, "HttpHeaders: '%s': not a header", key);
        return false;
    }
    if (tug__header_is_own(key) || tug__json_text(member)[0] == '\0') {
        return true;
    }
    headers = grow(file->headers, &file->header_count, sizeof *headers);
    if (headers == NULL) {
        parse->status = tug__fail_memory(parse->err);
        return false;
    }
    file->headers = headers;
    if (asprintf(&headers[file->header_count - 1], "%s: %s", key, tug__json_text(member)) < 0) {
        headers[file->header_count - 1] = NULL;
        parse->status = tug__fail_memory(parse->err);
        return false;
    }
    return true;
}

/* Read one of the file's maps. */
static bool read_map(struct parse *parse, const struct tug__json_value *root, const char *key,
                     bool (*each)(void *, const char *, const struct tug__json_value *))
{
    const struct tug__json_value *const map = tug__json_get(root, key);

    if (map != NULL && !tug__json_is_object(map)) {
        parse->status = tug__fail(parse->err, TUG_ERR_CONTENT, "%s: not an object", key);
        return false;
    }
    tug__json_each_member(map, each, parse);
    return parse->status == TUG_OK;
}

static enum tug_status read_document(struct tug__authfile *file, const struct tug__json_value *root,
                                     enum tug__authfile_kind kind, struct tug_error *err)
{
    struct parse parse = {.file = file, .err = err};

    if (kind == TUG__AUTHFILE_LEGACY) {
        tug__json_each_member(root, add_entry, &parse);
        return parse.status;
    }
    if (read_map(&parse, root, "auths", add_entry) && kind == TUG__AUTHFILE_FULL &&
        read_map(&parse, root, "credHelpers", add_helper) &&
        read_map(&parse, root, "HttpHeaders", add_header)) {
        (void)copy_member(&parse, root, "credsStore", &file->store);
    }
    return parse.status;
}

static bool is_blank(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '\0' || strchr(" \t\r\n", text[i]) == NULL) {
            return false;
        }
    }
    return true;
}

enum tug_status tug__authfile_parse(const struct tug__authfile_text *input,
                                    struct tug__authfile **out_file, struct tug_error *err)
{
    const struct tug__json_limits limits = {TUG__AUTHFILE_BYTES_MAX, DEPTH_MAX, VALUES_MAX};
    struct tug__authfile *const file = calloc(1, sizeof *file);
    const size_t mark_length = tug__mark_length(input->text, input->length);
    const char *const text = input->text + mark_length;
    const size_t length = input->length - mark_length;
    struct tug__json *json = NULL;
    enum tug_status status = TUG_OK;

    if (file == NULL || (file->name = strdup(input->name)) == NULL) {
        tug__authfile_destroy(file);
        return tug__fail_memory(err);
    }
    if (!is_blank(text, length)) { /* docker treats an empty file as an empty object */
        status = tug__json_parse(text, length, &limits, &json, err);
        if (status == TUG_OK) {
            status = read_document(file, tug__json_root(json), input->kind, err);
            tug__json_destroy(json);
        }
    }
    if (status != TUG_OK) {
        tug__authfile_destroy(file);
        if (status != TUG_ERR_NO_MEMORY) {
            status = TUG_ERR_CONFIG;
            (void)tug__wrap(err, status, "%s", input->name);
            if (err != NULL) {
                err->code = status;
            }
        }
        return status;
    }
    *out_file = file;
    return TUG_OK;
}

/* An open file. */
struct opened {
    int fd;
    size_t size;
    mode_t mode;
};

/* Open a file. /dev/null is accepted as an empty one. */
static enum tug_status open_file(const char *path, const char *name, struct opened *out_file,
                                 struct tug_error *err)
{
    TUG__AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat info;

    if (fd < 0 || fstat(fd, &info) != 0) {
        return tug__fail_errno(err, TUG_ERR_CONFIG, errno, "cannot read %s", name);
    }
    if (S_ISCHR(info.st_mode) && info.st_rdev == makedev(1, 3)) {
        info.st_size = 0;
    } else if (!S_ISREG(info.st_mode)) {
        return tug__fail(err, TUG_ERR_CONFIG, "%s: not a regular file", name);
    }
    if ((uint64_t)info.st_size > TUG__AUTHFILE_BYTES_MAX) {
        return tug__fail(err, TUG_ERR_CONFIG, "%s: over the limit of %zu bytes", name,
                         TUG__AUTHFILE_BYTES_MAX);
    }
    *out_file = (struct opened){
        .fd = tug__steal_fd(&fd), .size = (size_t)info.st_size, .mode = info.st_mode};
    return TUG_OK;
}

enum tug_status tug__authfile_read(const char *path, const char *name, enum tug__authfile_kind kind,
                                   struct tug__authfile **out_file, struct tug_error *err)
{
    struct opened opened = {.fd = -1};
    enum tug_status status = open_file(path, name, &opened, err);
    TUG__AUTO_FD int fd = opened.fd;
    char *const text = status == TUG_OK ? malloc(opened.size + 1) : NULL;
    struct tug__authfile_text input = {.text = text, .name = name, .kind = kind};

    if (status != TUG_OK) {
        return status;
    }
    if (text == NULL) {
        return tug__fail_memory(err);
    }
    while (status == TUG_OK && input.length < opened.size) {
        const ssize_t count = read(fd, text + input.length, opened.size - input.length);

        if (count == 0) {
            break;
        }
        if (count > 0) {
            input.length += (size_t)count;
        } else if (errno != EINTR) {
            status = tug__fail_errno(err, TUG_ERR_CONFIG, errno, "cannot read %s", name);
        }
    }
    if (status == TUG_OK) {
        status = tug__authfile_parse(&input, out_file, err);
    }
    if (status == TUG_OK) {
        (*out_file)->is_readable_by_others = (opened.mode & (S_IRGRP | S_IROTH)) != 0;
    }
    tug__wipe(text, opened.size);
    free(text);
    return status;
}

void tug__authfile_destroy(struct tug__authfile *file)
{
    if (file == NULL) {
        return;
    }
    for (size_t i = 0; i < file->entry_count; i++) {
        const struct tug__auth_entry *const entry = &file->entries[i];

        free(entry->key);
        tug__wipe_free(entry->auth);
        tug__wipe_free(entry->username);
        tug__wipe_free(entry->password);
        tug__wipe_free(entry->identity_token);
        tug__wipe_free(entry->registry_token);
    }
    for (size_t i = 0; i < file->helper_count; i++) {
        free(file->helpers[i].key);
        free(file->helpers[i].name);
    }
    for (size_t i = 0; i < file->header_count; i++) {
        tug__wipe_free(file->headers[i]);
    }
    free(file->entries);
    free(file->helpers);
    free(file->headers);
    free(file->store);
    free(file->name);
    free(file);
}
