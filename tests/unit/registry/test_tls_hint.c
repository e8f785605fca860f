/* SPDX-License-Identifier: Apache-2.0
 *
 * What is wrong between TLS and not, and who is told what about it.
 */
#include "registry/tls_hint.h"

#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

Test(registry_tls_hint, f40_reasons_of_libraries)
{
    static const struct {
        const char *reason;
        enum tug__tls_trouble trouble;
    } cases[] = {
        {"error:0A00010B:SSL routines::wrong version number", TUG__TLS_SPEAKS_HTTP},
        {"error:0A0000C6:SSL routines::packet length too long", TUG__TLS_SPEAKS_HTTP},
        {"error:0A00009C:SSL routines::http request", TUG__TLS_SPEAKS_HTTP},
        {"Received HTTP/0.9 when not allowed", TUG__TLS_IS_SPOKEN},
        {"OpenSSL SSL_read: error:0A00045C:SSL routines::tlsv13 alert certificate required, errno "
         "0",
         TUG__TLS_WANTS_CLIENT},
        {"SSL certificate problem: unable to get local issuer certificate", TUG__TLS_ISSUER},
        {"SSL certificate problem: unable to get issuer certificate", TUG__TLS_ISSUER},
        {"SSL certificate problem: unable to verify the first certificate", TUG__TLS_ISSUER},
        {"SSL certificate problem: self-signed certificate", TUG__TLS_ISSUER},
        {"SSL certificate problem: self-signed certificate in certificate chain", TUG__TLS_ISSUER},
        {"SSL certificate problem: certificate has expired", TUG__TLS_TIME},
        {"SSL certificate problem: certificate is not yet valid", TUG__TLS_TIME},
        {"SSL: no alternative certificate subject name matches target host name 'a.example'",
         TUG__TLS_NAME},
        {"SSL: certificate subject name 'b' does not match target host name 'a'", TUG__TLS_NAME},
        {"error:0A00042E:SSL routines::tlsv1 alert protocol version", TUG__TLS_FINE},
        {"Connection reset by peer", TUG__TLS_FINE},
        {"", TUG__TLS_FINE},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cr_assert_eq(tug__tls_trouble_of(cases[i].reason), cases[i].trouble, "%s", cases[i].reason);
    }
}

Test(registry_tls_hint, f40_answers_of_servers)
{
    static const struct {
        int status;
        const char *body;
        enum tug__tls_trouble trouble;
    } cases[] = {
        {400, "<center>The plain HTTP request was sent to HTTPS port</center>", TUG__TLS_IS_SPOKEN},
        {400, "Client sent an HTTP request to an HTTPS server.\n", TUG__TLS_IS_SPOKEN},
        {400, "Reason: You're speaking plain HTTP to an SSL-enabled server port.",
         TUG__TLS_IS_SPOKEN},
        {400, "<center>No required SSL certificate was sent</center>", TUG__TLS_WANTS_CLIENT},
        {400, "<center>The SSL certificate error</center>", TUG__TLS_WANTS_CLIENT},
        {500, "<center>No required SSL certificate was sent</center>", TUG__TLS_FINE},
        {400, "HTTPS is nice", TUG__TLS_FINE},
        {400, "", TUG__TLS_FINE},
        {0, NULL, TUG__TLS_FINE},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *const body = cases[i].body;

        cr_assert_eq(
            tug__tls_trouble_of_answer(cases[i].status, body, body != NULL ? strlen(body) : 0),
            cases[i].trouble, "%s", body);
    }
}

/* Whoever has no option to mend it is told of none. */
Test(registry_tls_hint, f40_advice_is_for_who_is_asked)
{
    for (int trouble = TUG__TLS_FINE; trouble <= TUG__TLS_NAME; trouble++) {
        for (unsigned bits = 0; bits < 16; bits++) {
            const struct tug__tls_party party = {
                .is_registry = (bits & 1) != 0,
                .is_elsewhere = (bits & 2) != 0,
                .has_scheme = (bits & 4) != 0,
                .has_client = (bits & 8) != 0,
            };
            const char *const advice = tug__tls_advice((enum tug__tls_trouble)trouble, &party);
            const bool is_optional = party.is_registry && !party.is_elsewhere;

            if (trouble == TUG__TLS_FINE) {
                cr_assert_null(advice);
            }
            if (advice == NULL) {
                continue;
            }
            cr_assert(is_optional || strstr(advice, "-k") == NULL, "%s", advice);
            cr_assert(is_optional || strstr(advice, "--tlscert") == NULL, "%s", advice);
            cr_assert((is_optional && !party.has_scheme) || strstr(advice, "plain-http") == NULL,
                      "%s", advice);
            cr_assert(!party.is_elsewhere || strstr(advice, "hosts.toml") == NULL, "%s", advice);
        }
    }
}
