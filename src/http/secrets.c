/* SPDX-License-Identifier: Apache-2.0
 *
 * Remember secrets and cut them out of texts.
 *
 * Knows: how servers and tug itself encode what they repeat. Does not know: credentials, tokens,
 * HTTP, libcurl.
 * Threads: any; one mutex guards the set.
 */
#include "http/secrets.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "base/utf8.h"
#include "http/secrets_internal.h"

/* Bytes kept of a long secret; in a text, what follows them is cut as far as it looks alike. */
#define KEPT_BYTES ((size_t)1024)
/* Bytes kept of its base64, which has a single alphabet. */
#define KEPT_BASE64_BYTES ((size_t)48)
/* Bytes at the end of a shortened text that count as the beginning of a secret. */
#define PREFIX_AT_END 4
/* Forms of one secret: itself, itself escaped, its base64 at three offsets. */
#define FORMS_MAX 5

struct secret {
    struct tug__secret_form forms[FORMS_MAX];
    size_t form_count;
    struct secret *next; /* of those that stay */
};

struct ring {
    struct secret **slots; /* owned */
    size_t capacity;
    size_t next;
};

struct tug__secrets {
    pthread_mutex_t mutex;
    /* guarded by mutex */
    struct tug__secret_form *by_byte[256]; /* all forms, by their first byte */
    size_t form_count;
    struct secret *configured;
    struct ring tokens;
    struct ring values;
};

static void free_secret(struct secret *secret)
{
    if (secret == NULL) {
        return;
    }
    for (size_t i = 0; i < secret->form_count; i++) {
        tug__wipe(secret->forms[i].text, secret->forms[i].length);
        free(secret->forms[i].text);
    }
    free(secret);
}

enum tug_status tug__secrets_create(struct tug__secrets **out_secrets, struct tug_error *err)
{
    struct tug__secrets *const secrets = calloc(1, sizeof *secrets);

    if (secrets == NULL) {
        return tug__fail_memory(err);
    }
    (void)pthread_mutex_init(&secrets->mutex, NULL); /* cannot fail without attributes */
    secrets->tokens.capacity = TUG__SECRETS_TOKENS_MAX;
    secrets->values.capacity = TUG__SECRETS_VALUES_MAX;
    secrets->tokens.slots = calloc(TUG__SECRETS_TOKENS_MAX, sizeof(struct secret *));
    secrets->values.slots = calloc(TUG__SECRETS_VALUES_MAX, sizeof(struct secret *));
    if (secrets->tokens.slots == NULL || secrets->values.slots == NULL) {
        tug__secrets_destroy(secrets);
        return tug__fail_memory(err);
    }
    *out_secrets = secrets;
    return TUG_OK;
}

static void free_ring(struct ring *ring)
{
    for (size_t i = 0; ring->slots != NULL && i < ring->capacity; i++) {
        free_secret(ring->slots[i]);
    }
    free(ring->slots);
}

void tug__secrets_destroy(struct tug__secrets *secrets)
{
    if (secrets == NULL) {
        return;
    }
    while (secrets->configured != NULL) {
        struct secret *const secret = secrets->configured;

        secrets->configured = secret->next;
        free_secret(secret);
    }
    free_ring(&secrets->tokens);
    free_ring(&secrets->values);
    (void)pthread_mutex_destroy(&secrets->mutex);
    free(secrets);
}

/* --- forms --- */

/* Add a form. text: owned by it from now on, also on failure. Returns: false when out of memory. */
static bool add_form(struct secret *secret, char *text, size_t length, size_t kept)
{
    struct tug__secret_form *const form = &secret->forms[secret->form_count];

    if (text == NULL) {
        return false;
    }
    *form = (struct tug__secret_form){
        .text = text,
        .length = length < kept ? length : kept,
        .is_cut = length > kept,
    };
    tug__wipe(text + form->length, length - form->length);
    secret->form_count++;
    return true;
}

/* The text as escaped by tug_text_escape, when that differs. */
static bool add_escaped(struct secret *secret, const char *text, size_t length)
{
    const size_t capacity = length * 6 + 1; /* "\u{10FFFF}" stands for four bytes */
    char *const escaped = malloc(capacity);
    size_t escaped_length;

    if (escaped == NULL) {
        return false;
    }
    escaped_length = tug_text_escape(escaped, capacity, text, length);
    if (escaped_length == length) {
        tug__wipe(escaped, length);
        free(escaped);
        return true;
    }
    return add_form(secret, escaped, escaped_length, KEPT_BYTES);
}

/* The base64 characters that the text alone determines when it begins offset bytes into a group of
 * three. */
static bool add_base64(struct secret *secret, const char *text, size_t length, size_t offset)
{
    const size_t first = (offset * 8 + 5) / 6;
    const size_t end = (offset + length) * 8 / 6;
    char *const padded = calloc(1, offset + length);
    char *encoded = NULL;
    bool is_added = false;

    if (padded == NULL) {
        return false;
    }
    memcpy(padded + offset, text, length);
    encoded = tug__base64_encode(padded, offset + length);
    if (encoded != NULL) {
        memmove(encoded, encoded + first, end - first);
        is_added = add_form(secret, encoded, end - first, KEPT_BASE64_BYTES);
        secret->forms[secret->form_count - 1].is_base64 = true;
    }
    tug__wipe(padded, offset + length);
    free(padded);
    return is_added;
}

static struct secret *make_secret(const char *text, size_t length)
{
    struct secret *const secret = calloc(1, sizeof *secret);
    const size_t encoded = length < KEPT_BYTES ? length : KEPT_BYTES;
    bool is_made;

    if (secret == NULL) {
        return NULL;
    }
    is_made = add_form(secret, tug__strndup(text, length), length, KEPT_BYTES);
    if (is_made && length < TUG__SECRET_SHORT) {
        secret->forms[0].is_word = true;
        return secret;
    }
    is_made = is_made && add_escaped(secret, text, encoded);
    for (size_t offset = 0; is_made && offset < 3; offset++) {
        is_made = add_base64(secret, text, encoded, offset);
    }
    if (!is_made) {
        free_secret(secret);
        return NULL;
    }
    return secret;
}

/* --- the set; with the mutex held --- */

static bool has_locked(const struct tug__secrets *secrets, const struct secret *secret)
{
    const struct tug__secret_form *const wanted = &secret->forms[0];

    for (const struct tug__secret_form *form = secrets->by_byte[(unsigned char)wanted->text[0]];
         form != NULL; form = form->next) {
        if (form->length == wanted->length && form->is_base64 == wanted->is_base64 &&
            memcmp(form->text, wanted->text, wanted->length) == 0) {
            return true;
        }
    }
    return false;
}

static void link_locked(struct tug__secrets *secrets, struct secret *secret)
{
    for (size_t i = 0; i < secret->form_count; i++) {
        struct tug__secret_form *const form = &secret->forms[i];
        struct tug__secret_form **const head = &secrets->by_byte[(unsigned char)form->text[0]];

        form->next = *head;
        *head = form;
    }
    secrets->form_count += secret->form_count;
}

static void unlink_locked(struct tug__secrets *secrets, const struct secret *secret)
{
    for (size_t i = 0; i < secret->form_count; i++) {
        const struct tug__secret_form *const form = &secret->forms[i];
        struct tug__secret_form **at = &secrets->by_byte[(unsigned char)form->text[0]];

        while (*at != form) {
            at = &(*at)->next;
        }
        *at = form->next;
    }
    secrets->form_count -= secret->form_count;
}

/* Keep a secret. Returns: the one it replaced, to be freed; NULL: none. */
static struct secret *keep_locked(struct tug__secrets *secrets, enum tug__secret_life life,
                                  struct secret *secret)
{
    struct ring *const ring = life == TUG__SECRET_TOKEN ? &secrets->tokens : &secrets->values;
    struct secret *old;

    link_locked(secrets, secret);
    if (life == TUG__SECRET_CONFIGURED) {
        secret->next = secrets->configured;
        secrets->configured = secret;
        return NULL;
    }
    old = ring->slots[ring->next];
    ring->slots[ring->next] = secret;
    ring->next = (ring->next + 1) % ring->capacity;
    if (old != NULL) {
        unlink_locked(secrets, old);
    }
    return old;
}

enum tug_status tug__secrets_add(struct tug__secrets *secrets, enum tug__secret_life life,
                                 const char *text, struct tug_error *err)
{
    struct secret *secret;
    struct secret *rest;

    if (secrets == NULL || text == NULL || *text == '\0') {
        return TUG_OK;
    }
    secret = make_secret(text, strlen(text));
    if (secret == NULL) {
        return tug__fail_memory(err);
    }
    (void)pthread_mutex_lock(&secrets->mutex);
    rest = has_locked(secrets, secret) ? secret : keep_locked(secrets, life, secret);
    (void)pthread_mutex_unlock(&secrets->mutex);
    free_secret(rest);
    return TUG_OK;
}

/* --- texts --- */

/* Length of the longest secret at a place of a text; 0: none. */
static size_t longest_locked(const struct tug__secrets *secrets,
                             const struct tug__secret_text *text, size_t at)
{
    unsigned char bytes[3];
    size_t count;
    size_t longest = 0;

    if (secrets->form_count == 0) { /* most runs have none */
        return 0;
    }
    count = tug__secret_first_bytes(text, at, bytes);

    for (size_t i = 0; i < count; i++) {
        for (const struct tug__secret_form *form = secrets->by_byte[bytes[i]]; form != NULL;
             form = form->next) {
            const size_t length = tug__secret_match(form, text, at);

            longest = length > longest ? length : longest;
        }
    }
    return longest;
}

size_t tug__secrets_cut(struct tug__secrets *secrets, char *out_text, size_t capacity,
                        const struct tug__raw_text *raw)
{
    static const char instead[] = "REDACTED";
    const struct tug__secret_text whole = {
        .bytes = raw->bytes,
        .length = raw->length,
        .prefix_at_end = raw->is_torn ? PREFIX_AT_END : TUG__SECRET_PREFIX_MIN,
    };
    size_t written = 0;

    if (secrets != NULL) {
        (void)pthread_mutex_lock(&secrets->mutex);
    }
    for (size_t at = 0; at < raw->length && written + 1 < capacity;) {
        const size_t found = secrets != NULL ? longest_locked(secrets, &whole, at) : 0;

        if (found > 0) {
            const size_t room = capacity - 1 - written;
            const size_t put = room < sizeof instead - 1 ? room : sizeof instead - 1;

            memcpy(out_text + written, instead, put);
            written += put;
            at += found;
        } else {
            out_text[written++] = raw->bytes[at++];
        }
    }
    if (secrets != NULL) {
        (void)pthread_mutex_unlock(&secrets->mutex);
    }
    out_text[written] = '\0';
    return written;
}

void tug__secrets_cut_error(struct tug__secrets *secrets, struct tug_error *err)
{
    char message[TUG_ERROR_MESSAGE_MAX];
    struct tug__raw_text raw;

    if (secrets == NULL || err == NULL || err->code == TUG_OK) {
        return;
    }
    raw.bytes = err->message;
    raw.length = strlen(err->message);
    /* a message stops at a whole escape: up to 12 bytes before its capacity */
    raw.is_torn = raw.length + 16 > sizeof message;
    (void)tug__secrets_cut(secrets, message, sizeof message, &raw);
    tug__trim_torn(message);
    memcpy(err->message, message, strlen(message) + 1);
}
