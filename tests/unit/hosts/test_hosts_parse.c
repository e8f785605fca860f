/* SPDX-License-Identifier: Apache-2.0
 *
 * hosts.toml as text: every key, every refusal with its line.
 */
#include "hosts/hosts.h"

#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "hosts/hosts_internal.h"

static struct tug__hosts_file *parse_for(const char *host, const char *text)
{
    const struct tug__hosts_place place = {.host = host, .path = "f"};
    struct tug__hosts_file *file = NULL;
    struct tug_error err = {0};

    cr_assert_eq(tug__hosts_parse(text, strlen(text), &place, &file, &err), TUG_OK, "%s: %s", text,
                 err.message);
    cr_assert_gt(file->endpoint_count, 0);
    cr_assert(file->endpoints[file->endpoint_count - 1].is_upstream);
    return file;
}

static struct tug__hosts_file *parse(const char *text)
{
    return parse_for("reg.example", text);
}

/* Expect exactly this message. */
static void refuse(const char *text, const char *message)
{
    static const struct tug__hosts_place place = {.host = "reg.example", .path = "f"};
    struct tug__hosts_file *file = NULL;
    struct tug_error err = {0};

    cr_assert_eq(tug__hosts_parse(text, strlen(text), &place, &file, &err), TUG_ERR_CONFIG,
                 "accepted: %s", text);
    cr_assert_null(file);
    cr_assert_str_eq(err.message, message, "%s", text);
}

/* Expect where a URL of `server` leads, for a reference to that host. */
static void expect_url(const char *reference_host, const char *url, const char *expected,
                       bool needs_ns)
{
    char text[512];
    char got[512];
    struct tug__hosts_file *file;
    const struct tug__endpoint_config *endpoint;

    (void)snprintf(text, sizeof text, "server = \"%s\"", url);
    file = parse_for(reference_host, text);
    endpoint = &file->endpoints[0];
    (void)snprintf(got, sizeof got, "%s://%s%s",
                   endpoint->scheme == TUG__SCHEME_HTTP    ? "http"
                   : endpoint->scheme == TUG__SCHEME_HTTPS ? "https"
                                                           : "unknown",
                   endpoint->host, endpoint->path);
    cr_assert_str_eq(got, expected, "%s", url);
    cr_assert_eq(endpoint->needs_ns, needs_ns, "%s for %s", url, reference_host);
    tug__hosts_destroy(file);
}

static void refuse_url(const char *url, const char *why)
{
    char text[1024];
    char message[1024];

    (void)snprintf(text, sizeof text, "\nserver = '%s'", url);
    (void)snprintf(message, sizeof message, "f:2: server: %s", why);
    refuse(text, message);
    (void)snprintf(text, sizeof text, "\n\n[host.'%s']", url);
    (void)snprintf(message, sizeof message, "f:3: host: %s", why);
    refuse(text, message);
}

Test(hosts_parse, gives_the_default_endpoint_when_nothing_is_said)
{
    struct tug__hosts_file *const file = parse("# nothing\n");
    const struct tug__endpoint_config *const endpoint = &file->endpoints[0];

    cr_assert_str_eq(file->path, "f");
    cr_assert_eq(file->endpoint_count, 1);
    cr_assert_eq(endpoint->scheme, TUG__SCHEME_UNKNOWN);
    cr_assert_str_eq(endpoint->host, "reg.example");
    cr_assert_str_eq(endpoint->path, "/v2");
    cr_assert_eq(endpoint->capabilities, TUG__CAN_ALL);
    cr_assert(!endpoint->needs_ns && !endpoint->has_skip_verify && !endpoint->skip_verify);
    cr_assert_eq(endpoint->dial_timeout_ms, 0);
    cr_assert_eq(endpoint->ca_file_count + endpoint->client_pair_count + endpoint->header_count, 0);
    tug__hosts_destroy(file);
}

Test(hosts_parse, tries_hosts_in_order_of_appearance_then_the_server)
{
    struct tug__hosts_file *const file =
        parse("server = \"https://up.example\"\n"
              "[host.\"https://b.example\".header]\nx = '1'\n"
              "[host.\"http://a.example:5000/pre\"]\ncapabilities = [\"PULL\", \"Resolve\"]\n"
              "[host.\"https://b.example\"]\nskip_verify = true\n"
              "[host.c]\n");

    cr_assert_eq(file->endpoint_count, 4);
    cr_assert_str_eq(file->endpoints[0].host, "b.example");
    cr_assert_str_eq(file->endpoints[0].headers[0].name, "x");
    cr_assert(file->endpoints[0].skip_verify && file->endpoints[0].has_skip_verify);
    cr_assert_eq(file->endpoints[0].capabilities, TUG__CAN_ALL);
    cr_assert_str_eq(file->endpoints[1].host, "a.example:5000");
    cr_assert_str_eq(file->endpoints[1].path, "/pre/v2");
    cr_assert_eq(file->endpoints[1].scheme, TUG__SCHEME_HTTP);
    cr_assert_eq(file->endpoints[1].capabilities, TUG__CAN_PULL | TUG__CAN_RESOLVE);
    cr_assert_str_eq(file->endpoints[2].host, "c");
    cr_assert_eq(file->endpoints[2].scheme, TUG__SCHEME_HTTPS);
    cr_assert_str_eq(file->endpoints[3].host, "up.example");
    for (size_t i = 0; i < 4; i++) {
        cr_assert(file->endpoints[i].needs_ns);
        cr_assert_eq(file->endpoints[i].is_upstream, i == 3);
    }
    tug__hosts_destroy(file);
}

Test(hosts_parse, keeps_top_level_settings_for_the_upstream)
{
    struct tug__hosts_file *const file =
        parse("capabilities = ['resolve']\nskip_verify = false\ndial_timeout = '2s'\n"
              "override_path = true\nca = 'ca.pem'\n[header]\na = 'b'\n[host.'m']\n");
    const struct tug__endpoint_config *const mirror = &file->endpoints[0];
    const struct tug__endpoint_config *const upstream = &file->endpoints[1];

    cr_assert_eq(upstream->capabilities, TUG__CAN_RESOLVE);
    cr_assert(upstream->has_skip_verify && !upstream->skip_verify);
    cr_assert_eq(upstream->dial_timeout_ms, 2000);
    cr_assert_eq(upstream->scheme, TUG__SCHEME_UNKNOWN);
    cr_assert_str_eq(upstream->host, "reg.example");
    cr_assert_str_eq(upstream->path, "/v2");
    cr_assert_str_eq(upstream->ca_files[0], "ca.pem");
    cr_assert_eq(upstream->header_count, 1);
    cr_assert_eq(mirror->capabilities, TUG__CAN_ALL);
    cr_assert(!mirror->has_skip_verify);
    cr_assert_eq(mirror->dial_timeout_ms + mirror->ca_file_count + mirror->header_count, 0);
    tug__hosts_destroy(file);
}

Test(hosts_parse, reads_urls)
{
    expect_url("r", "https://r", "https://r/v2", false);
    expect_url("r", "r", "https://r/v2", false);
    expect_url("r", "HTTP://R:80/", "http://r:80/v2", false);
    expect_url("r:443", "https://r", "https://r/v2", false);
    expect_url("r", "https://r:443", "https://r:443/v2", false);
    expect_url("r", "https://r:80", "https://r:80/v2", true);
    expect_url("r", "http://r:443", "http://r:443/v2", true);
    expect_url("r", "https://rr", "https://rr/v2", true);
    expect_url("r", "https://m/v2", "https://m/v2", true);
    expect_url("r", "https://m/a", "https://m/a/v2", true);
    expect_url("r", "https://m/v2/", "https://m/v2", true);
    expect_url("r", "https://m//a/./b//", "https://m/a/b/v2", true);
    expect_url("r", "https://m/xv2", "https://m/xv2/v2", true);
    expect_url("r", "https://m/a%20b/~c", "https://m/a%20b/~c/v2", true);
    expect_url("[::1]:5000", "http://[::1]:5000", "http://[::1]:5000/v2", false);
    expect_url("r", "https://[fe80::1]/", "https://[fe80::1]/v2", true);
    expect_url("r", "127.0.0.1:5000", "https://127.0.0.1:5000/v2", true);
}

Test(hosts_parse, knows_the_api_host_of_docker_io)
{
    struct tug__hosts_file *const file = parse_for("docker.io", "[host.'https://mirror.gcr.io']");

    cr_assert(file->endpoints[0].needs_ns);
    cr_assert_str_eq(file->endpoints[1].host, "registry-1.docker.io");
    cr_assert(!file->endpoints[1].needs_ns);
    tug__hosts_destroy(file);
    expect_url("docker.io", "https://registry-1.docker.io", "https://registry-1.docker.io/v2",
               false);
    expect_url("docker.io", "https://docker.io", "https://registry-1.docker.io/v2", false);
    expect_url("docker.io", "https://index.docker.io", "https://index.docker.io/v2", true);
    expect_url("quay.io", "https://registry-1.docker.io", "https://registry-1.docker.io/v2", true);
}

Test(hosts_parse, takes_the_path_as_it_is_with_override_path)
{
    struct tug__hosts_file *const file =
        parse("server = 'https://up/'\noverride_path = true\n"
              "[host.'https://m/v2/mirror/']\noverride_path = true\n"
              "[host.'https://n/x']\noverride_path = false\n");

    cr_assert_str_eq(file->endpoints[0].path, "/v2/mirror");
    cr_assert_str_eq(file->endpoints[1].path, "/x/v2");
    cr_assert_str_eq(file->endpoints[2].path, "");
    tug__hosts_destroy(file);
}

Test(hosts_parse, refuses_bad_urls)
{
    char url[400];

    refuse_url("", "the URL has no valid HOST[:PORT]");
    refuse_url("https://", "the URL has no valid HOST[:PORT]");
    refuse_url("https:///v2", "the URL has no valid HOST[:PORT]");
    refuse_url("https://h:", "the URL has no valid HOST[:PORT]");
    refuse_url("https://h:0", "the URL has no valid HOST[:PORT]");
    refuse_url("https://h:65536", "the URL has no valid HOST[:PORT]");
    refuse_url("https://h:x", "the URL has no valid HOST[:PORT]");
    refuse_url("https://h h", "the URL has no valid HOST[:PORT]");
    refuse_url("https://-h", "the URL has no valid HOST[:PORT]");
    refuse_url("https://h\\x", "the URL has no valid HOST[:PORT]");
    refuse_url("https://[::1", "the URL has no valid HOST[:PORT]");
    refuse_url("https://[]", "the URL has no valid HOST[:PORT]");
    refuse_url("https://[::1]x", "the URL has no valid HOST[:PORT]");
    refuse_url("https://[1.2.3.4]", "the URL has no valid HOST[:PORT]");
    refuse_url("ftp://h", "the URL's scheme is not http or https");
    refuse_url("://h", "the URL's scheme is not http or https");
    refuse_url("https://user:secret@h", "a URL with user information");
    refuse_url("user:secret@h", "a URL with user information");
    refuse_url("https://h/?token=secret", "a URL with a query or fragment");
    refuse_url("https://h#x", "a URL with a query or fragment");
    refuse_url("https://h/a/../b", "the URL's path is not valid");
    refuse_url("https://h/a b", "the URL's path is not valid");
    refuse_url("https://h/%2", "the URL's path is not valid");
    refuse_url("https://h/%zz", "the URL's path is not valid");
    (void)snprintf(url, sizeof url, "https://h/%0*d", 252, 0);
    refuse_url(url, "the URL's path is over the limit of 255 characters");
    (void)snprintf(url, sizeof url, "https://h/%0*d", 255, 0);
    refuse_url(url, "the URL's path is over the limit of 255 characters");
    (void)snprintf(url, sizeof url, "https://%0*d", 256, 0);
    refuse_url(url, "the URL has no valid HOST[:PORT]");
}

Test(hosts_parse, takes_the_longest_url)
{
    char url[300];
    char expected[310];

    (void)snprintf(url, sizeof url, "https://h/%0*d", 251, 0);
    (void)snprintf(expected, sizeof expected, "%s/v2", url);
    expect_url("r", url, expected, true);
}

Test(hosts_parse, reads_capabilities)
{
    struct tug__hosts_file *const file =
        parse("[host.a]\ncapabilities = []\n[host.b]\ncapabilities = ['push','referrers']\n");

    cr_assert_eq(file->endpoints[0].capabilities, 0);
    cr_assert_eq(file->endpoints[1].capabilities, TUG__CAN_PUSH | TUG__CAN_REFERRERS);
    tug__hosts_destroy(file);
    refuse("\ncapabilities = ['pull',\n'fly']",
           "f:3: unknown capability 'fly' (known: pull, resolve, push, referrers)");
    refuse("capabilities = 'pull'", "f:1: capabilities: expected a list of strings, not a string");
    refuse("capabilities = [1]", "f:1: capabilities: expected a list of strings, not a number");
    refuse("capabilities = ['push']\n[host.m]\ncapabilities = ['resolve']",
           "f: neither the server nor a host has the capability 'pull'");
}

Test(hosts_parse, reads_ca_files)
{
    struct tug__hosts_file *const file = parse("ca = 'a.pem'\n[host.m]\nca = ['b', '/c']\n"
                                               "[host.n]\nca = []\n");

    cr_assert_eq(file->endpoints[2].ca_file_count, 1);
    cr_assert_str_eq(file->endpoints[2].ca_files[0], "a.pem");
    cr_assert_eq(file->endpoints[0].ca_file_count, 2);
    cr_assert_str_eq(file->endpoints[0].ca_files[0], "b");
    cr_assert_str_eq(file->endpoints[0].ca_files[1], "/c");
    cr_assert_eq(file->endpoints[1].ca_file_count, 0);
    tug__hosts_destroy(file);
    refuse("\nca = true", "f:2: ca: expected a string or a list of strings, not a boolean");
    refuse("ca = ['a',\n['b']]", "f:2: ca: expected a string or a list of strings, not a list");
    refuse("ca = ''", "f:1: ca: an empty file name");
}

Test(hosts_parse, reads_client_certificates_in_all_shapes)
{
    struct tug__hosts_file *const file =
        parse("client = 'both'\n[host.a]\nclient = ['x', 'y']\n"
              "[host.b]\nclient = [['c', 'k'], ['both', ''], ['one'], 'two']\n");
    const struct tug__client_pair *const pairs = file->endpoints[1].client_pairs;

    cr_assert_eq(file->endpoints[2].client_pair_count, 1);
    cr_assert_str_eq(file->endpoints[2].client_pairs[0].certificate_file, "both");
    cr_assert_null(file->endpoints[2].client_pairs[0].key_file);
    cr_assert_eq(file->endpoints[0].client_pair_count, 2);
    cr_assert_str_eq(file->endpoints[0].client_pairs[1].certificate_file, "y");
    cr_assert_null(file->endpoints[0].client_pairs[1].key_file);
    cr_assert_eq(file->endpoints[1].client_pair_count, 4);
    cr_assert_str_eq(pairs[0].certificate_file, "c");
    cr_assert_str_eq(pairs[0].key_file, "k");
    for (size_t i = 1; i < 4; i++) {
        cr_assert_null(pairs[i].key_file);
    }
    cr_assert_str_eq(pairs[3].certificate_file, "two");
    tug__hosts_destroy(file);
}

Test(hosts_parse, refuses_other_shapes_of_client)
{
    static const char shapes[] = "a string, a list of strings or a list of [certificate, key]";
    char message[256];

    (void)snprintf(message, sizeof message, "f:1: client: expected %s, not a number", shapes);
    refuse("client = 1", message);
    refuse("client = [1]", message);
    refuse("client = [['a', 1]]", message);
    refuse("client = [[1, 'a']]", message);
    (void)snprintf(message, sizeof message, "f:1: client: expected %s, not a list", shapes);
    refuse("client = [[['a', 'b']]]", message);
    refuse("client = [['a',\n'b','c']]",
           "f:1: client: a pair has a certificate and a key, not 3 files");
    refuse("client = [\n[]]", "f:2: client: a pair has a certificate and a key, not 0 files");
    refuse("client = ''", "f:1: client: an empty file name");
    refuse("client = [['', 'k']]", "f:1: client: an empty file name");
}

Test(hosts_parse, reads_booleans)
{
    refuse("skip_verify = 1", "f:1: skip_verify: expected true or false, not a number");
    refuse("[host.m]\noverride_path = 'yes'",
           "f:2: override_path: expected true or false, not a string");
}

Test(hosts_parse, reads_headers)
{
    struct tug__hosts_file *const file =
        parse("[header]\nX-One = 'a b'\nx-list = ['1', '2', '']\nAuthorization = 'Basic eA=='\n"
              "none = []\n");
    const struct tug__endpoint_header *const headers = file->endpoints[0].headers;

    cr_assert_eq(file->endpoints[0].header_count, 5);
    cr_assert_str_eq(headers[0].name, "X-One");
    cr_assert_str_eq(headers[0].value, "a b");
    cr_assert_str_eq(headers[1].name, "x-list");
    cr_assert_str_eq(headers[1].value, "1");
    cr_assert_str_eq(headers[2].name, "x-list");
    cr_assert_str_eq(headers[2].value, "2");
    cr_assert_str_eq(headers[3].value, "");
    cr_assert_str_eq(headers[4].name, "Authorization");
    tug__hosts_destroy(file);
}

Test(hosts_parse, refuses_bad_headers)
{
    static const char *const own[] = {"host",   "Content-Length",  "TRANSFER-ENCODING",   "Range",
                                      "Accept", "accept-encoding", "Proxy-Authorization", NULL};
    char text[9000];

    for (size_t i = 0; own[i] != NULL; i++) {
        char message[128];

        (void)snprintf(text, sizeof text, "[header]\n%s = 'x'", own[i]);
        (void)snprintf(message, sizeof message, "f:2: header: '%s' cannot be set", own[i]);
        refuse(text, message);
    }
    refuse("header = 'x'", "f:1: header: expected a table, not a string");
    refuse("header = ['x', 'y']", "f:1: header: expected a table, not a list");
    refuse("[header]\n\na = 1",
           "f:3: header: 'a': expected a string or a list of strings, not a number");
    refuse("[header]\na = ['b', ['c']]",
           "f:2: header: 'a': expected a string or a list of strings, not a list");
    refuse("[header]\n'a b' = 'c'", "f:2: header: 'a b' is not a header's name");
    refuse("[header]\n'a:' = 'c'", "f:2: header: 'a:' is not a header's name");
    refuse("[header]\n\"a\\r\\nb\" = 'c'", "f:2: header: 'a\\x0d\\x0ab' is not a header's name");
    refuse("[header]\n'' = 'c'", "f:2: header: an empty name");
    refuse("[header]\na = \"secret\\r\\nb: c\"",
           "f:2: header: 'a': a control character in its value");
    refuse("[header]\na = ['b',\n\"\\u007F\"]",
           "f:3: header: 'a': a control character in its value");
    refuse("[header]\nab = 'c'\nAB = 'c'", "f:3: header: 'AB' was given before, on line 2");
    (void)snprintf(text, sizeof text, "[header]\na = '%0*d'", 8193, 0);
    refuse(text, "f:2: header: 'a': over the limit of 8192 bytes");
}

static void expect_duration(const char *text, uint64_t expected_ms)
{
    uint64_t ms = 99;

    cr_assert(tug__go_duration_parse(text, &ms), "'%s'", text);
    cr_assert_eq(ms, expected_ms, "'%s': %llu", text, (unsigned long long)ms);
}

Test(hosts_parse, reads_durations_of_go)
{
    static const char *const bad[] = {"",
                                      "0",
                                      "0s",
                                      "5",
                                      "s",
                                      ".s",
                                      "-1s",
                                      "1 s",
                                      "1s ",
                                      "1S",
                                      "1d",
                                      "1e3s",
                                      "1..5s",
                                      "24h1ns",
                                      "25h",
                                      "1ss",
                                      "1s5",
                                      "++1s",
                                      "99999999999999999999h",
                                      "1.s.",
                                      "0x1s",
                                      NULL};
    uint64_t ms = 99;

    expect_duration("5s", 5000);
    expect_duration("+1.5s", 1500);
    expect_duration("1h2m3s4ms", 3723004);
    expect_duration("300ms", 300);
    expect_duration("1us", 1);
    expect_duration("1500\xC2\xB5s", 2);
    expect_duration("1000\xCE\xBCs", 1);
    expect_duration("1ns", 1);
    expect_duration(".5s", 500);
    expect_duration("1.s", 1000);
    expect_duration("0.1h", 360000);
    expect_duration("24h", TUG__DIAL_TIMEOUT_MAX_MS);
    for (size_t i = 0; bad[i] != NULL; i++) {
        cr_assert(!tug__go_duration_parse(bad[i], &ms), "'%s'", bad[i]);
        cr_assert_eq(ms, 99);
    }
    refuse("dial_timeout = 5", "f:1: dial_timeout: expected a string like \"5s\", not a number");
    refuse("\ndial_timeout = '5'",
           "f:2: dial_timeout: '5' is not a duration from 1ns to 24h (example: 1m30s)");
}

Test(hosts_parse, refuses_unknown_keys_and_shapes)
{
    refuse("\nservers = 'x'",
           "f:2: unknown key 'servers' (known here: server, host, capabilities, ca, client, "
           "skip_verify, header, override_path, dial_timeout)");
    refuse("[host.m]\nserver = 'x'",
           "f:2: unknown key 'server' (known for a host: capabilities, ca, client, skip_verify, "
           "header, override_path, dial_timeout)");
    refuse("[hosts.m]", "f:1: unknown key 'hosts' (known here: server, host, capabilities, ca, "
                        "client, skip_verify, header, override_path, dial_timeout)");
    refuse("server = ['x']", "f:1: server: expected a string, not a list");
    refuse("host = 'm'", "f:1: host: expected tables like [host.\"https://mirror\"], not a string");
    refuse("[host]\n'https://m' = true", "f:2: host: expected a table, not a boolean");
    refuse("server = 'a'\n[host.m\n", "f:2: expected '.' or ']' in a table's header");
}

/* A key with a list of that many texts. */
static const char *list_of(const char *key, int count, char out_text[1024])
{
    char *at = out_text + sprintf(out_text, "%s = [", key);

    for (int i = 0; i < count; i++) {
        at = stpcpy(at, "'a', ");
    }
    (void)strcpy(at, "]");
    return out_text;
}

Test(hosts_parse, limits_lists)
{
    char text[1024];
    struct tug__hosts_file *file = parse(list_of("ca", 64, text));

    cr_assert_eq(file->endpoints[0].ca_file_count, 64);
    tug__hosts_destroy(file);
    file = parse(list_of("client", 64, text));
    cr_assert_eq(file->endpoints[0].client_pair_count, 64);
    tug__hosts_destroy(file);
    file = parse(list_of("header.a", 64, text));
    cr_assert_eq(file->endpoints[0].header_count, 64);
    tug__hosts_destroy(file);
    refuse(list_of("ca", 65, text), "f:1: ca: over the limit of 64 files");
    refuse(list_of("client", 65, text), "f:1: client: over the limit of 64 certificates");
    refuse(list_of("header.a", 65, text), "f:1: header: over the limit of 64 lines");
}

Test(hosts_parse, limits_hosts)
{
    char text[4096] = "";
    char *at = text;
    struct tug__hosts_file *file;

    for (int i = 0; i < TUG__HOSTS_ENDPOINTS_MAX - 1; i++) {
        at += snprintf(at, 64, "[host.m%d]\n", i);
    }
    file = parse(text);
    cr_assert_eq(file->endpoint_count, TUG__HOSTS_ENDPOINTS_MAX);
    tug__hosts_destroy(file);
    (void)strcpy(at, "[host.more]\n");
    refuse(text, "f:1: over the limit of 63 hosts");
}
