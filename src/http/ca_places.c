/* SPDX-License-Identifier: Apache-2.0
 *
 * Find the CA certificates of the system.
 *
 * Knows: where operating systems keep them. Does not know: OpenSSL, libcurl, HTTP.
 * Threads: any.
 */
#include "http/ca_places.h"

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Directory entries examined; a complete directory has a few hundred. */
#define ENTRIES_MAX 4096

static const char *const directories[] = {
    "/etc/ssl/certs",       /* Debian, Alpine, Arch, SUSE, FreeBSD */
    "/etc/pki/tls/certs",   /* Fedora, RHEL */
    "/etc/openssl/certs",   /* NetBSD */
    "/usr/local/ssl/certs", /* OpenSSL's own */
};

static const char *const bundles[] = {
    "/etc/ssl/certs/ca-certificates.crt",                /* Debian, Arch, Gentoo */
    "/etc/pki/tls/certs/ca-bundle.crt",                  /* Fedora, RHEL 6 */
    "/etc/ssl/ca-bundle.pem",                            /* SUSE */
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", /* RHEL 7 and later */
    "/etc/ssl/cert.pem",                                 /* Alpine, OpenBSD, FreeBSD */
    "/usr/local/etc/ssl/cert.pem",                       /* FreeBSD, by its ports */
    "/usr/local/share/certs/ca-root-nss.crt",            /* FreeBSD */
    "/etc/openssl/certs/ca-certificates.crt",            /* NetBSD */
};

/* Eight hexadecimal digits, a dot, a number: the names that c_rehash creates. */
static bool is_hashed_name(const char *name)
{
    const size_t length = strlen(name);

    return length >= 10 && strspn(name, "0123456789abcdef") == 8 && name[8] == '.' &&
           strspn(name + 9, "0123456789") == length - 9;
}

/* Count hashed names, up to TUG__CA_NAMES_ENOUGH. */
static unsigned count_names(const char *directory)
{
    DIR *const stream = opendir(directory);
    const struct dirent *entry;
    unsigned count = 0;

    if (stream == NULL) {
        return 0;
    }
    for (unsigned i = 0; i < ENTRIES_MAX && count < TUG__CA_NAMES_ENOUGH; i++) {
        entry = readdir(stream); /* NOLINT(concurrency-mt-unsafe): a stream of our own */
        if (entry == NULL) {
            break;
        }
        count += is_hashed_name(entry->d_name) ? 1U : 0U;
    }
    (void)closedir(stream);
    return count;
}

static bool is_usable_file(const char *path)
{
    struct stat info;

    return stat(path, &info) == 0 && S_ISREG(info.st_mode) && info.st_size > 0 &&
           access(path, R_OK) == 0;
}

static bool is_set(const char *text)
{
    return text != NULL && text[0] != '\0';
}

static void find_directory(const char *curl_directory, struct tug__ca_places *places,
                           unsigned *out_names)
{
    *out_names = is_set(curl_directory) ? count_names(curl_directory) : 0;
    places->directory = *out_names > 0 ? curl_directory : NULL;
    for (size_t i = 0; places->directory == NULL && i < sizeof directories / sizeof *directories;
         i++) {
        *out_names = count_names(directories[i]);
        places->directory = *out_names > 0 ? directories[i] : NULL;
    }
}

static void find_bundle(const char *curl_file, struct tug__ca_places *places)
{
    places->bundle = is_set(curl_file) && is_usable_file(curl_file) ? curl_file : NULL;
    for (size_t i = 0; places->bundle == NULL && i < sizeof bundles / sizeof *bundles; i++) {
        places->bundle = is_usable_file(bundles[i]) ? bundles[i] : NULL;
    }
}

void tug__ca_places_find(const char *named_directory, const char *named_file,
                         const char *curl_directory, const char *curl_file,
                         struct tug__ca_places *out_places)
{
    unsigned names = 0;

    *out_places = (struct tug__ca_places){0};
    if (is_set(named_directory) || is_set(named_file)) {
        /* OpenSSL skips missing directories of a list. */
        out_places->directory = is_set(named_directory) ? named_directory : NULL;
        out_places->bundle = is_set(named_file) && is_usable_file(named_file) ? named_file : NULL;
        return;
    }
    find_directory(curl_directory, out_places, &names);
    if (names < TUG__CA_NAMES_ENOUGH) {
        find_bundle(curl_file, out_places);
    }
}
