/* SPDX-License-Identifier: Apache-2.0
 *
 * Look at a store from outside, as any reader of an OCI layout would.
 *
 * Knows: the layout. Does not know: the library: nothing of it is used here.
 * Threads: the test's.
 */
#include "flow.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define IMAGE_NAME "io.containerd.image.name"

/* Called with the path of each file below blobs/, its algorithm and its name. */
typedef void (*blob_fn)(void *context, const char *path, const char *algorithm, const char *name);

static void for_each_blob_of(const char *directory, const char *algorithm, blob_fn visit,
                             void *context)
{
    DIR *const dir = opendir(directory);
    const struct dirent *entry;

    cr_assert_not_null(dir, "%s: %s", directory, strerror(errno));
    while ((entry = readdir(dir)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            char *const path = tmpdir_join(directory, entry->d_name);

            visit(context, path, algorithm, entry->d_name);
            free(path);
        }
    }
    (void)closedir(dir);
}

static void for_each_blob(const struct flow *flow, blob_fn visit, void *context)
{
    static const char *const algorithms[] = {"sha256", "sha384", "sha512"};

    for (size_t i = 0; i < FLOW_COUNT(algorithms); i++) {
        char *const directory = build_text("%s/blobs/%s", flow->store, algorithms[i]);
        struct stat info;

        if (stat(directory, &info) == 0) {
            for_each_blob_of(directory, algorithms[i], visit, context);
        }
        free(directory);
    }
}

static void check_blob(void *context, const char *path, const char *algorithm, const char *name)
{
    char digest[FAKE_DIGEST_SIZE];
    struct stat info;

    (void)context;
    cr_assert_eq(lstat(path, &info), 0);
    cr_assert(S_ISREG(info.st_mode), "%s is not a file", path);
    cr_assert_eq(info.st_mode & 07777, 0444, "%s has mode %o", path, info.st_mode & 07777);
    fake_digest_file(algorithm, path, digest);
    cr_assert_str_eq(strchr(digest, ':') + 1, name, "%s has the digest %s", path, digest);
}

static void count_blob(void *context, const char *path, const char *algorithm, const char *name)
{
    (void)path;
    (void)algorithm;
    (void)name;
    ++*(size_t *)context;
}

size_t flow_blob_count(const struct flow *flow)
{
    size_t count = 0;

    for_each_blob(flow, count_blob, &count);
    return count;
}

char *flow_path(const struct flow *flow, const char *area, const char *digest)
{
    char *const path = build_text("%s/%s/%s", flow->store, area, digest);

    *strrchr(path, ':') = '/';
    return path;
}

static int64_t size_of(const struct flow *flow, const char *area, const char *digest)
{
    char *const path = flow_path(flow, area, digest);
    struct stat info;
    const int found = lstat(path, &info);

    free(path);
    return found == 0 ? (int64_t)info.st_size : -1;
}

bool flow_has(const struct flow *flow, const char *digest)
{
    return size_of(flow, "blobs", digest) >= 0;
}

int64_t flow_partial_size(const struct flow *flow, const char *digest)
{
    return size_of(flow, "ingest", digest);
}

struct json_object *flow_index(const struct flow *flow)
{
    char *const path = tmpdir_join(flow->store, "index.json");
    char *const text = tmpdir_read(path, NULL);
    struct json_object *index;

    cr_assert_not_null(text, "no index.json");
    index = json_tokener_parse(text);
    cr_assert_not_null(index, "index.json is not JSON: %s", text);
    free(text);
    free(path);
    return index;
}

static struct json_object *entries_of(struct json_object *index)
{
    struct json_object *const entries = json_object_object_get(index, "manifests");

    cr_assert(json_object_is_type(entries, json_type_array), "index.json has no manifests");
    return entries;
}

const char *flow_annotation(struct json_object *entry, const char *key)
{
    return json_object_get_string(
        json_object_object_get(json_object_object_get(entry, "annotations"), key));
}

struct json_object *flow_index_entry(const struct flow *flow, struct json_object *index,
                                     const char *name)
{
    struct json_object *const entries = entries_of(index);
    char *const reference = flow_reference(flow, name);
    struct json_object *found = NULL;

    for (size_t i = 0; i < json_object_array_length(entries); i++) {
        struct json_object *const entry = json_object_array_get_idx(entries, i);
        const char *const own = flow_annotation(entry, IMAGE_NAME);

        if (own != NULL && strcmp(own, reference) == 0) {
            cr_assert_null(found, "index.json names %s twice", reference);
            found = entry;
        }
    }
    cr_assert_not_null(found, "index.json does not name %s", reference);
    free(reference);
    return found;
}

/* What index.json names must be there. */
static void check_entry(const struct flow *flow, struct json_object *entry)
{
    const char *const digest = json_object_get_string(json_object_object_get(entry, "digest"));
    const int64_t size = json_object_get_int64(json_object_object_get(entry, "size"));

    cr_assert_not_null(digest);
    cr_assert_not_null(json_object_object_get(entry, "mediaType"));
    cr_assert_eq(size_of(flow, "blobs", digest), size, "%s is not there as index.json says",
                 digest);
}

void flow_check_store(const struct flow *flow)
{
    char *const path = tmpdir_join(flow->store, "oci-layout");
    char *const layout = tmpdir_read(path, NULL);
    struct json_object *index;

    free(path);
    if (layout == NULL) {
        return; /* never made: the run ended before */
    }
    cr_assert_str_eq(layout, "{\"imageLayoutVersion\":\"1.0.0\"}");
    free(layout);
    for_each_blob(flow, check_blob, NULL);
    index = flow_index(flow);
    cr_assert_eq(json_object_get_int(json_object_object_get(index, "schemaVersion")), 2);
    for (size_t i = 0; i < json_object_array_length(entries_of(index)); i++) {
        check_entry(flow, json_object_array_get_idx(entries_of(index), i));
    }
    (void)json_object_put(index);
}
