/* SPDX-License-Identifier: Apache-2.0
 *
 * Which endpoints serve a registry host: containerd's hosts.toml (tug-hosts(5)), or the certs.d
 * layout of Docker in the same place.
 *
 * An error anywhere in a file stops the run with TUG_ERR_CONFIG and "FILE:LINE: reason"; tug never
 * falls back to the default silently. Differences from containerd:
 *   - unknown keys, wrong types, unknown capabilities, files that cannot be read: errors
 * (containerd logs them and goes to the default upstream);
 *   - capabilities hold for manifests and blobs alike; a file that leaves no endpoint with `pull`
 * is an error;
 *   - without `server` the upstream is the reference's host with path /v2, and override_path has no
 *     meaning there, as in containerd; but `capabilities` at the top are honoured (containerd drops
 *     them), because they say what the upstream may be asked for;
 *   - a URL may not hold user information, a query, a fragment or ".." segments; "https://h/" means
 *     "https://h" (containerd asks for //v2);
 *   - headers that tug sets itself (Host, Range, Accept …) are refused; Authorization
 * is allowed: it goes to this endpoint's origin only;
 *   - a hosts.toml of zero bytes counts as absent, as in containerd.
 *
 * Knows: TOML, the file system. Does not know: HTTP, TLS, OpenSSL, credentials.
 * Threads: what is loaded is immutable: any. Blocks: on the disk, while loading.
 */
#ifndef TUG_HOSTS_HOSTS_H
#define TUG_HOSTS_HOSTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tug/error.h>

#include "url/client_pair.h"
#include "url/url.h"

/* What an endpoint may be asked for. A tag needs PULL and RESOLVE; a manifest by digest and a blob
 * need PULL. */
enum {
    TUG__CAN_PULL = 1 << 0,
    TUG__CAN_RESOLVE = 1 << 1,
    TUG__CAN_PUSH = 1 << 2,
    TUG__CAN_REFERRERS = 1 << 3,
    TUG__CAN_ALL = TUG__CAN_PULL | TUG__CAN_RESOLVE | TUG__CAN_PUSH | TUG__CAN_REFERRERS,
};

/* Limits of one file; real ones need a handful of each. */
#define TUG__HOSTS_ENDPOINTS_MAX 64                /* the upstream included */
#define TUG__HOSTS_FILES_MAX 64                    /* CA files, and client pairs, of one endpoint */
#define TUG__HOSTS_HEADERS_MAX 64                  /* header lines of one endpoint */
#define TUG__HOSTS_HEADER_BYTES_MAX ((size_t)8192) /* one header's value: what servers take */
#define TUG__ENDPOINT_HOST_MAX 255                 /* characters of host and port */
#define TUG__ENDPOINT_PATH_MAX 255                 /* characters of an API root */
#define TUG__DIAL_TIMEOUT_MAX_MS ((uint64_t)24 * 60 * 60 * 1000)

/* One header line: name is a token, value has no control characters. */
struct tug__endpoint_header {
    char *name;
    char *value;
};

/* One endpoint. All texts and arrays are owned by the tug__hosts_file. */
struct tug__endpoint_config {
    /* From the URL; UNKNOWN where no file gives one: tug__scheme_default() decides then. HTTP means
     * that the file says "http://": plain http was asked for at this endpoint. */
    enum tug__scheme scheme;
    char *host; /* host[:port], lower case, IPv6 in brackets; registry-1.docker.io for docker.io */
    char *path; /* API root: "" or "/…" without a slash at its end; "/v2" unless configured */
    unsigned capabilities; /* TUG__CAN_… */
    bool is_upstream;      /* the registry itself (`server`, or the reference's host) */
    bool needs_ns;         /* requests carry ?ns=<reference's host> */
    bool has_skip_verify;  /* the file sets skip_verify, which overrides the global option */
    bool skip_verify;
    uint64_t dial_timeout_ms; /* 0: not configured */
    char **ca_files;          /* PEM files, trusted in addition to the system's; absolute, or */
    size_t ca_file_count;     /* relative to the working directory when the root directory was */
    struct tug__client_pair *client_pairs;
    size_t client_pair_count;
    struct tug__endpoint_header
        *headers;        /* for registry and token requests to this origin; a list */
    size_t header_count; /* of values makes one line each, in order */
};

/* The endpoints of one registry host. */
struct tug__hosts_file {
    char *path; /* the hosts.toml, or the directory with certificates; NULL: neither exists */
    struct tug__endpoint_config *endpoints; /* in the order to try them; the upstream is last */
    size_t endpoint_count;                  /* 1 or more */
};

/* Choose the directory with one sub-directory for each host.
 * option: what the user named (must be a directory), NULL: the first of defaults that exists.
 * defaults: NULL-terminated; NULL: /etc/tug/certs.d, then /etc/containerd/certs.d.
 * out_root: option or one of defaults, borrowed from there; NULL when none exists.
 * Errors: TUG_ERR_CONFIG (option is not a directory; a default exists and cannot be examined). */
enum tug_status tug__hosts_root(const char *option, const char *const *defaults,
                                const char **out_root, struct tug_error *err);

/* Load the configuration of a host. The first of these that exists is used, alone: root/host_port_
 * and root/host:port when the host has a port, else root/host; then root/_default. In it hosts.toml
 * is read, or else *.crt (CA files) and *.cert with *.key (client pairs).
 * root: directory; NULL: nothing is configured. host: as in a reference ("docker.io", "h:5000").
 * All strings are borrowed for the call. out_file: owned by the caller, untouched on failure; the
 * default endpoint alone when nothing is configured.
 * Errors: TUG_ERR_CONFIG (see above), TUG_ERR_NO_MEMORY. */
enum tug_status tug__hosts_load(const char *root, const char *host,
                                struct tug__hosts_file **out_file, struct tug_error *err);

/* Where a hosts.toml stands. Borrowed for the call. */
struct tug__hosts_place {
    const char *host;      /* as above */
    const char *path;      /* the file's name, for messages */
    const char *directory; /* base of relative paths; NULL: paths are kept as they are, and files
                              are not checked */
};

/* Parse the text of a hosts.toml.
 * text: length bytes. out_file, errors: as tug__hosts_load. */
enum tug_status tug__hosts_parse(const char *text, size_t length,
                                 const struct tug__hosts_place *place,
                                 struct tug__hosts_file **out_file, struct tug_error *err);

/* Free what was loaded; NULL is allowed. */
void tug__hosts_destroy(struct tug__hosts_file *file);

#endif
