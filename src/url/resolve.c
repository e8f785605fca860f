/* SPDX-License-Identifier: Apache-2.0
 *
 * References relative to a URL, by libcurl's parser.
 *
 * Knows: libcurl's URL functions. Does not know: HTTP, what a URL is for.
 * Threads: any.
 */
#include "url/resolve.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <curl/curl.h>

#include "base/error.h"
#include "url/origin.h"
#include "url/url.h"

/* Tell whether a reference that names a server names it as tug__origin_parse has it. libcurl reads
 * more, such as "https:///host" and "https://h%2eexample", which others read in another way. */
static bool is_clear(const char *reference)
{
    char start[TUG__ORIGIN_TEXT_MAX + 8];
    struct tug__origin origin;
    const bool has_scheme =
        strncasecmp(reference, "https:", 6) == 0 || strncasecmp(reference, "http:", 5) == 0;

    if (!has_scheme && strncmp(reference, "//", 2) != 0) {
        return true;
    }
    (void)snprintf(start, sizeof start, "%s%s", has_scheme ? "" : "https:", reference);
    return tug__origin_parse(start, &origin); /* a host that is cut is too long as well */
}

/* Resolve a reference, and drop the fragment. Returns: owned, for curl_free; NULL on failure. */
static char *join(CURLU *url, const char *base, const char *reference, CURLUcode *out_code)
{
    char *text = NULL;
    CURLUcode code = curl_url_set(url, CURLUPART_URL, base, CURLU_DISALLOW_USER);

    /* libcurl takes a reference to the document itself for one to its directory */
    if (code == CURLUE_OK && reference[0] != '\0' && reference[0] != '#') {
        code = curl_url_set(url, CURLUPART_URL, reference, CURLU_DISALLOW_USER);
    }
    if (code == CURLUE_OK) {
        code = curl_url_set(url, CURLUPART_FRAGMENT, NULL, 0);
    }
    if (code == CURLUE_OK) {
        code = curl_url_get(url, CURLUPART_URL, &text, 0);
    }
    *out_code = code;
    return code == CURLUE_OK ? text : NULL;
}

enum tug_status tug__url_resolve(char *out_url, size_t capacity, const char *base,
                                 const char *reference, struct tug_error *err)
{
    CURLU *const url = curl_url();
    CURLUcode code = CURLUE_OUT_OF_MEMORY;
    char *const text = url != NULL ? join(url, base, reference, &code) : NULL;
    enum tug_status status = TUG_OK;
    struct tug__origin origin;

    if (code == CURLUE_OUT_OF_MEMORY) {
        status = tug__fail_memory(err);
    } else if (text == NULL || strlen(text) >= capacity || !tug__url_is_text(reference) ||
               !is_clear(reference) || !tug__origin_parse(text, &origin)) {
        status = tug__fail(err, TUG_ERR_CONTENT, "not a usable URL");
    } else {
        memcpy(out_url, text, strlen(text) + 1);
    }
    curl_free(text);
    curl_url_cleanup(url);
    return status;
}
