/* SPDX-License-Identifier: Apache-2.0
 *
 * Read one file of the store, for a walk.
 *
 * Knows: documents, configs, blobs as files. Does not know: the graph.
 * Threads: any; a content belongs to one thread.
 */
#include "walk/internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/fs.h"
#include "oci/content_kind.h"
#include "oci/digest.h"
#include "oci/limits.h"
#include "store/store.h"

/* Bytes needed to tell whether a file may be JSON at all. */
#define HEAD_BYTES 256

/* Note why a document cannot be read. */
static void note_problem(struct tug__content *content, const struct tug_error *error)
{
    content->problem = strdup(error->message);
    if (content->problem == NULL) {
        content->status = TUG_ERR_NO_MEMORY;
    }
}

/* Note that the file cannot be read. An error that may pass is not the file's fault and ends the
 * walk. */
static void note_failure(struct tug__content *content, const struct tug_error *error)
{
    switch (error->os_errno) {
    case ENOENT:
        content->is_gone = true;
        return;
    case EMFILE:
    case ENFILE:
    case ENOMEM:
        content->status = TUG_ERR_STORE;
        content->os_errno = error->os_errno;
        return;
    default:
        note_problem(content, error);
    }
}

static bool grow(char **buffer, size_t *buffer_bytes, size_t wanted)
{
    char *grown;

    if (wanted <= *buffer_bytes) {
        return true;
    }
    wanted = wanted < 2 * *buffer_bytes ? 2 * *buffer_bytes : wanted;
    grown = realloc(*buffer, wanted);
    if (grown == NULL) {
        return false;
    }
    *buffer = grown;
    *buffer_bytes = wanted;
    return true;
}

/* Tell whether text begins like a JSON object. */
static bool is_object(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (strchr(" \t\r\n", text[i]) == NULL || text[i] == '\0') {
            return text[i] == '{';
        }
    }
    return false;
}

/* Read all bytes. Returns: false when nothing more is to be done; content says why. */
static bool read_bytes(struct tug_store *store, struct tug__content *content, char **buffer,
                       size_t *buffer_bytes)
{
    const bool is_guess = content->use != TUG__USE_DOCUMENT;
    const size_t length = (size_t)content->size_bytes;
    const size_t head = is_guess && length > HEAD_BYTES ? HEAD_BYTES : length;
    struct tug_error error = {0};
    TUG__AUTO_FD int fd = -1;
    enum tug_status status = tug__store_open_blob(store, &content->digest, &fd, &error);

    if (status == TUG_OK && !grow(buffer, buffer_bytes, length + 1)) {
        content->status = TUG_ERR_NO_MEMORY;
        return false;
    }
    if (status == TUG_OK) {
        status = tug__fs_pread_all(fd, *buffer, head, 0, &error);
    }
    if (status == TUG_OK && is_guess && !is_object(*buffer, head)) {
        return false;
    }
    if (status == TUG_OK && head < length) {
        status = tug__fs_pread_all(fd, *buffer + head, length - head, head, &error);
    }
    if (status != TUG_OK && !is_guess) {
        note_failure(content, &error);
    }
    return status == TUG_OK;
}

/* Check that bytes match the digest in their name. */
static enum tug_status check_digest(struct tug__content *content, const char *bytes,
                                    struct tug_error *err)
{
    struct tug_digest digest;
    const enum tug_status status =
        tug__digest_of(content->digest.algorithm, bytes, (size_t)content->size_bytes, &digest, err);

    if (status != TUG_OK || tug_digest_equal(&digest, &content->digest)) {
        return status;
    }
    return tug__fail(err, TUG_ERR_CONTENT, "damaged: its bytes do not have its digest");
}

/* Tell whether a text may be a wanted document: without the word "subject" it has none. An escape
 * may hide the word. */
static bool is_wanted(const struct tug__content *content, const char *bytes)
{
    const size_t length = (size_t)content->size_bytes;

    return content->use != TUG__USE_REFERRER ||
           memmem(bytes, length, "\"subject\"", strlen("\"subject\"")) != NULL ||
           memmem(bytes, length, "\\u00", strlen("\\u00")) != NULL;
}

static void read_document(struct tug__content *content, const char *bytes)
{
    const bool is_reached = content->use == TUG__USE_DOCUMENT;
    const struct tug__document_text text = {.bytes = bytes,
                                            .length = (size_t)content->size_bytes,
                                            .media_type = content->media_type,
                                            .is_pinned = true};
    struct tug_error error = {0};
    enum tug_status status;

    if (!is_wanted(content, bytes)) {
        return;
    }
    status = check_digest(content, bytes, &error);
    if (status == TUG_OK) {
        status = tug__document_parse(&text, &content->document, &error);
        content->has_document = status == TUG_OK;
    }
    if (status == TUG_ERR_NO_MEMORY || status == TUG_ERR_INTERNAL) {
        content->status = status;
    } else if (status != TUG_OK && is_reached &&
               (content->is_certain ||
                (content->is_listed && tug__content_is_document(bytes, text.length)))) {
        note_problem(content, &error);
    }
}

static void read_config(struct tug__content *content, const char *bytes)
{
    tug__config_glance(bytes, (size_t)content->size_bytes, &content->config);
}

/* Refuse a file that is too large for a document. */
static bool is_too_large(struct tug__content *content)
{
    const size_t limit =
        content->use == TUG__USE_CONFIG ? TUG__CONFIG_BYTES_MAX : TUG__MANIFEST_BYTES_MAX;
    struct tug_error error = {0};

    if (content->size_bytes <= limit) {
        return false;
    }
    if (content->use == TUG__USE_DOCUMENT && content->is_certain) {
        (void)tug__fail(&error, TUG_ERR_TOO_LARGE, "%" PRIu64 " bytes, over the limit of %zu",
                        content->size_bytes, limit);
        note_problem(content, &error);
    }
    return true;
}

void tug__content_read(struct tug_store *store, struct tug__content *content, char **buffer,
                       size_t *buffer_bytes)
{
    if (is_too_large(content) || !read_bytes(store, content, buffer, buffer_bytes)) {
        return;
    }
    if (content->use == TUG__USE_CONFIG) {
        read_config(content, *buffer);
    } else {
        read_document(content, *buffer);
    }
}

void tug__content_fini(struct tug__content *content)
{
    if (content->has_document) {
        tug__document_fini(&content->document);
    }
    free(content->problem);
    *content = (struct tug__content){0};
}
