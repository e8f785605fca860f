/* SPDX-License-Identifier: Apache-2.0
 *
 * Recognise TLS failures and name the option that helps.
 *
 * Knows: the error texts of OpenSSL 3, libcurl 7.88 and later, nginx, Go's net/http, Apache httpd.
 * Does not know: curl, OpenSSL, HTTP.
 * Threads: any.
 */
#include "registry/tls_hint.h"

#include <string.h>

struct phrase {
    const char *text;
    enum tug__tls_trouble trouble;
};

enum tug__tls_trouble tug__tls_trouble_of(const char *reason)
{
    static const struct phrase phrases[] = {
        {"wrong version number", TUG__TLS_SPEAKS_HTTP},
        {"packet length too long", TUG__TLS_SPEAKS_HTTP},
        {"SSL routines::http request", TUG__TLS_SPEAKS_HTTP},
        {"Received HTTP/0.9 when not allowed", TUG__TLS_IS_SPOKEN}, /* a TLS alert */
        {"alert certificate required", TUG__TLS_WANTS_CLIENT},
        {"unable to get local issuer certificate", TUG__TLS_ISSUER},
        {"unable to get issuer certificate", TUG__TLS_ISSUER},
        {"unable to verify the first certificate", TUG__TLS_ISSUER},
        {"self-signed certificate", TUG__TLS_ISSUER},
        {"self signed certificate", TUG__TLS_ISSUER},
        {"certificate has expired", TUG__TLS_TIME},
        {"certificate is not yet valid", TUG__TLS_TIME},
        {"matches target host name", TUG__TLS_NAME},
        {"match target host name", TUG__TLS_NAME},
    };

    for (size_t i = 0; i < sizeof phrases / sizeof *phrases; i++) {
        if (strstr(reason, phrases[i].text) != NULL) {
            return phrases[i].trouble;
        }
    }
    return TUG__TLS_FINE;
}

enum tug__tls_trouble tug__tls_trouble_of_answer(int status, const char *body, size_t length)
{
    static const struct phrase phrases[] = {
        {"HTTP request was sent to HTTPS port", TUG__TLS_IS_SPOKEN},
        {"HTTP request to an HTTPS server", TUG__TLS_IS_SPOKEN},
        {"HTTP to an SSL-enabled server port", TUG__TLS_IS_SPOKEN},
        {"No required SSL certificate was sent", TUG__TLS_WANTS_CLIENT},
        {"The SSL certificate error", TUG__TLS_WANTS_CLIENT},
    };

    if (status != 400 || length == 0) {
        return TUG__TLS_FINE;
    }
    for (size_t i = 0; i < sizeof phrases / sizeof *phrases; i++) {
        if (memmem(body, length, phrases[i].text, strlen(phrases[i].text)) != NULL) {
            return phrases[i].trouble;
        }
    }
    return TUG__TLS_FINE;
}

/* For the registry itself, which the options apply to. */
static const char *advise_of_options(enum tug__tls_trouble trouble,
                                     const struct tug__tls_party *party)
{
    switch (trouble) {
    case TUG__TLS_SPEAKS_HTTP:
        return "if it speaks plain http, use --plain-http";
    case TUG__TLS_IS_SPOKEN:
        return "it speaks TLS: leave out --plain-http";
    case TUG__TLS_WANTS_CLIENT:
        return party->has_client ? "it refuses the client certificate: see --tlscert and --tlskey"
                                 : "it wants a client certificate: use --tlscert and --tlskey";
    case TUG__TLS_ISSUER:
        return "--tlscacert FILE trusts its authority, -k any certificate of this registry";
    case TUG__TLS_TIME:
        return "check the clock of this machine; -k accepts any certificate of this registry";
    case TUG__TLS_NAME:
        return "use a name that its certificate has; -k accepts any certificate of it";
    case TUG__TLS_FINE:
        break;
    }
    return NULL;
}

/* For mirrors. */
static const char *advise_of_file(enum tug__tls_trouble trouble, const struct tug__tls_party *party)
{
    switch (trouble) {
    case TUG__TLS_SPEAKS_HTTP:
        return "if it speaks plain http, write http:// in hosts.toml";
    case TUG__TLS_IS_SPOKEN:
        return "it speaks TLS: write https:// in hosts.toml";
    case TUG__TLS_WANTS_CLIENT:
        return party->has_client ? "it refuses the client certificate: see \"client\" in hosts.toml"
                                 : "it wants a client certificate: \"client\" in hosts.toml";
    case TUG__TLS_ISSUER:
        return "name its authority with \"ca\" in hosts.toml";
    case TUG__TLS_TIME:
        return "check the clock of this machine";
    case TUG__TLS_NAME:
        return "write a name that its certificate has in hosts.toml";
    case TUG__TLS_FINE:
        break;
    }
    return NULL;
}

const char *tug__tls_advice(enum tug__tls_trouble trouble, const struct tug__tls_party *party)
{
    const bool is_of_scheme = trouble == TUG__TLS_SPEAKS_HTTP || trouble == TUG__TLS_IS_SPOKEN;

    if (party->is_elsewhere) {
        return trouble == TUG__TLS_ISSUER ? "--tlscacert FILE trusts its authority"
               : trouble == TUG__TLS_TIME ? "check the clock of this machine"
                                          : NULL;
    }
    return party->is_registry && !(is_of_scheme && party->has_scheme)
               ? advise_of_options(trouble, party)
               : advise_of_file(trouble, party);
}
