/* SPDX-License-Identifier: Apache-2.0
 *
 * Which file is about a host, the files it names, certificates without a hosts.toml.
 */
#include "hosts/hosts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "support/tmpdir.h"

#define CERTIFICATE "x\n-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n"
#define KEY "-----BEGIN EC PRIVATE KEY-----\nAA==\n-----END EC PRIVATE KEY-----\n"

static char *root;

static void set_up(void)
{
    root = tmpdir_create();
}

static void tear_down(void)
{
    tmpdir_remove(root);
}

static void make_dir(const char *name)
{
    char *const path = tmpdir_join(root, name);

    cr_assert_eq(mkdir(path, 0700), 0, "%s", path);
    free(path);
}

static void write_file(const char *name, const char *text)
{
    char *const path = tmpdir_join(root, name);

    tmpdir_write(path, text, strlen(text));
    free(path);
}

static void expect_path(const char *path, const char *name)
{
    char *const expected = tmpdir_join(root, name);

    cr_assert_str_eq(path, expected);
    free(expected);
}

static struct tug__hosts_file *load(const char *host)
{
    struct tug__hosts_file *file = NULL;
    struct tug_error err = {0};

    cr_assert_eq(tug__hosts_load(root, host, &file, &err), TUG_OK, "%s: %s", host, err.message);
    return file;
}

/* Expect the upstream that the file for a host names; NULL: that of the host itself. */
static void expect_server(const char *host, const char *server)
{
    struct tug__hosts_file *const file = load(host);

    cr_assert_str_eq(file->endpoints[0].host, server != NULL ? server : host);
    cr_assert_eq(file->path != NULL, server != NULL);
    tug__hosts_destroy(file);
}

/* Expect a refusal; message: what follows the root's path and a slash, or all of it. */
static void refuse(const char *host, const char *message)
{
    struct tug__hosts_file *file = NULL;
    struct tug_error err = {0};

    cr_assert_eq(tug__hosts_load(root, host, &file, &err), TUG_ERR_CONFIG, "%s", host);
    cr_assert_null(file);
    cr_assert_not_null(strstr(err.message, message), "%s", err.message);
}

Test(hosts, defaults_without_a_root)
{
    struct tug__hosts_file *file = NULL;

    cr_assert_eq(tug__hosts_load(NULL, "Docker.io", &file, NULL), TUG_OK);
    cr_assert_null(file->path);
    cr_assert_eq(file->endpoint_count, 1);
    cr_assert_str_eq(file->endpoints[0].host, "registry-1.docker.io");
    cr_assert_str_eq(file->endpoints[0].path, "/v2");
    cr_assert_eq(file->endpoints[0].capabilities, TUG__CAN_ALL);
    cr_assert(file->endpoints[0].is_upstream && !file->endpoints[0].needs_ns);
    tug__hosts_destroy(file);
    tug__hosts_destroy(NULL);
}

Test(hosts, takes_the_first_directory_that_exists, .init = set_up, .fini = tear_down)
{
    expect_server("h:5000", NULL);
    make_dir("h");
    write_file("h/hosts.toml", "server = 'plain'");
    expect_server("h:5000", NULL);
    expect_server("h", "plain");
    make_dir("_default");
    write_file("_default/hosts.toml", "server = 'default'");
    expect_server("h:5000", "default");
    expect_server("other", "default");
    make_dir("h:5000");
    write_file("h:5000/hosts.toml", "server = 'colon'");
    expect_server("h:5000", "colon");
    make_dir("h_5000_");
    write_file("h_5000_/hosts.toml", "server = 'underscore'");
    expect_server("h:5000", "underscore");
    make_dir("[::1]_80_");
    write_file("[::1]_80_/hosts.toml", "server = 'six'");
    expect_server("[::1]:80", "six");
    make_dir("[::1]");
    write_file("[::1]/hosts.toml", "server = 'six-plain'");
    expect_server("[::1]", "six-plain");
}

Test(hosts, goes_no_further_than_the_first_directory, .init = set_up, .fini = tear_down)
{
    make_dir("h_5000_");
    make_dir("_default");
    write_file("_default/hosts.toml", "server = 'default'");
    expect_server("h:5000", NULL);
    write_file("h_5000_/hosts.toml", "");
    expect_server("h:5000", NULL);
    write_file("h_5000_/hosts.toml", "\n");
    {
        struct tug__hosts_file *const file = load("h:5000");

        expect_path(file->path, "h_5000_/hosts.toml");
        cr_assert_str_eq(file->endpoints[0].host, "h:5000");
        tug__hosts_destroy(file);
    }
}

Test(hosts, refuses_what_is_in_the_way, .init = set_up, .fini = tear_down)
{
    char *const link = tmpdir_join(root, "link/hosts.toml");

    write_file("file", "");
    refuse("file", "/file': not a directory");
    make_dir("dir");
    make_dir("dir/hosts.toml");
    refuse("dir", "/dir/hosts.toml': not a regular file");
    make_dir("link");
    cr_assert_eq(symlink("nowhere", link), 0);
    refuse("link", "/link/hosts.toml': No such file or directory");
    free(link);
    refuse("../x", "'../x' is not a host");
    refuse("", "'' is not a host");
    refuse("h:0", "'h:0' is not a host");
}

Test(hosts, names_file_and_line, .init = set_up, .fini = tear_down)
{
    make_dir("h");
    write_file("h/hosts.toml", "\nserver = yes\n");
    refuse("h", "/h/hosts.toml:2: not a value");
    write_file("h/hosts.toml", "\n\nmirror = 'x'\n");
    refuse("h", "/h/hosts.toml:3: unknown key 'mirror'");
}

Test(hosts, follows_links, .init = set_up, .fini = tear_down)
{
    char *const dir_link = tmpdir_join(root, "l");
    char *const file_link = tmpdir_join(root, "h/hosts.toml");

    make_dir("h");
    write_file("real", "server = 'linked'");
    cr_assert_eq(symlink("../real", file_link), 0);
    cr_assert_eq(symlink("h", dir_link), 0);
    expect_server("l", "linked");
    free(dir_link);
    free(file_link);
}

Test(hosts, finds_named_files_beside_hosts_toml, .init = set_up, .fini = tear_down)
{
    char *const absolute = tmpdir_join(root, "abs.pem");
    char text[1024];
    struct tug__hosts_file *file;
    const struct tug__endpoint_config *endpoint;

    make_dir("h");
    make_dir("h/sub");
    write_file("h/sub/ca.pem", CERTIFICATE);
    write_file("abs.pem", CERTIFICATE KEY);
    write_file("key.pem", KEY);
    (void)snprintf(text, sizeof text,
                   "ca = ['sub/ca.pem', '%s']\nclient = [['sub/ca.pem', '../key.pem'], '%s']",
                   absolute, absolute);
    write_file("h/hosts.toml", text);
    file = load("h");
    endpoint = &file->endpoints[0];
    expect_path(endpoint->ca_files[0], "h/sub/ca.pem");
    cr_assert_str_eq(endpoint->ca_files[1], absolute);
    expect_path(endpoint->client_pairs[0].certificate_file, "h/sub/ca.pem");
    expect_path(endpoint->client_pairs[0].key_file, "h/../key.pem");
    cr_assert_str_eq(endpoint->client_pairs[1].certificate_file, absolute);
    cr_assert_null(endpoint->client_pairs[1].key_file);
    tug__hosts_destroy(file);
    free(absolute);
}

Test(hosts, refuses_named_files_that_are_not_fit, .init = set_up, .fini = tear_down)
{
    make_dir("h");
    write_file("h/cert", CERTIFICATE);
    write_file("h/key", KEY);
    write_file("h/empty", "");
    write_file("h/hosts.toml", "\nca = 'gone'");
    refuse("h", "/h/hosts.toml:2: ca: '");
    refuse("h", "/h/gone': No such file or directory");
    write_file("h/hosts.toml", "ca = ['cert',\n'.']");
    refuse("h", "/h/hosts.toml:2: ca: '");
    refuse("h", "/h/.': not a regular file");
    write_file("h/hosts.toml", "ca = 'key'");
    refuse("h", "/h/key': contains no certificate in PEM format");
    write_file("h/hosts.toml", "ca = 'empty'");
    refuse("h", "/h/empty': contains no certificate in PEM format");
    write_file("h/hosts.toml", "client = [['cert', 'gone']]");
    refuse("h", "/h/hosts.toml:1: client: '");
    refuse("h", "/h/gone': No such file or directory");
    write_file("h/hosts.toml", "client = [['cert', 'cert']]");
    refuse("h", "/h/cert': contains no private key in PEM format");
    write_file("h/hosts.toml", "client = ['cert', 'key']");
    refuse("h", "/h/hosts.toml:1: client (a certificate and its key in two files are written "
                "[[\"certificate\", \"key\"]]): '");
}

Test(hosts, takes_certificates_without_hosts_toml, .init = set_up, .fini = tear_down)
{
    struct tug__hosts_file *file;
    const struct tug__endpoint_config *endpoint;

    make_dir("h");
    write_file("h/b.crt", CERTIFICATE);
    write_file("h/a.crt", CERTIFICATE);
    write_file("h/client.key", KEY);
    write_file("h/client.cert", CERTIFICATE);
    write_file("h/both.cert", CERTIFICATE KEY);
    write_file("h/.hidden.crt", "x");
    write_file("h/README", "x");
    file = load("h");
    endpoint = &file->endpoints[0];
    expect_path(file->path, "h");
    cr_assert_eq(file->endpoint_count, 1);
    cr_assert_eq(endpoint->scheme, TUG__SCHEME_UNKNOWN);
    cr_assert_eq(endpoint->ca_file_count, 2);
    expect_path(endpoint->ca_files[0], "h/a.crt");
    expect_path(endpoint->ca_files[1], "h/b.crt");
    cr_assert_eq(endpoint->client_pair_count, 2);
    expect_path(endpoint->client_pairs[0].certificate_file, "h/both.cert");
    cr_assert_null(endpoint->client_pairs[0].key_file);
    expect_path(endpoint->client_pairs[1].certificate_file, "h/client.cert");
    expect_path(endpoint->client_pairs[1].key_file, "h/client.key");
    tug__hosts_destroy(file);
    write_file("h/hosts.toml", "#");
    file = load("h");
    cr_assert_eq(file->endpoints[0].ca_file_count + file->endpoints[0].client_pair_count, 0);
    tug__hosts_destroy(file);
}

Test(hosts, refuses_unfit_certificates_without_hosts_toml, .init = set_up, .fini = tear_down)
{
    make_dir("a");
    write_file("a/lone.key", KEY);
    refuse("a", "/a/lone.key': a key without its certificate (*.cert)");
    make_dir("b");
    write_file("b/x.cert", CERTIFICATE);
    refuse("b", "/b/x.cert': contains no private key in PEM format");
    write_file("b/x.key", CERTIFICATE);
    refuse("b", "/b/x.key': contains no private key in PEM format");
    make_dir("c");
    write_file("c/x.crt", "DER");
    refuse("c", "/c/x.crt': contains no certificate in PEM format");
    make_dir("d");
    for (int i = 0; i <= TUG__HOSTS_FILES_MAX; i++) {
        char name[32];

        (void)snprintf(name, sizeof name, "d/%d.crt", i);
        write_file(name, CERTIFICATE);
    }
    refuse("d", "/d': over the limit of 64 certificates and keys");
}

Test(hosts, chooses_the_root, .init = set_up, .fini = tear_down)
{
    char *const first = tmpdir_join(root, "1");
    char *const second = tmpdir_join(root, "2");
    char *const below_file = tmpdir_join(root, "f/x");
    const char *const defaults[] = {first, second, NULL};
    const char *const blocked[] = {below_file, second, NULL};
    const char *chosen = "untouched";
    struct tug_error err = {0};

    cr_assert_eq(tug__hosts_root(first, defaults, &chosen, &err), TUG_ERR_CONFIG);
    cr_assert_not_null(strstr(err.message, "/1': No such file or directory"), "%s", err.message);
    cr_assert_str_eq(chosen, "untouched");
    cr_assert_eq(tug__hosts_root(NULL, defaults, &chosen, &err), TUG_OK);
    cr_assert_null(chosen);
    make_dir("2");
    cr_assert_eq(tug__hosts_root(NULL, defaults, &chosen, &err), TUG_OK);
    cr_assert_eq(chosen, second);
    make_dir("1");
    cr_assert_eq(tug__hosts_root(NULL, defaults, &chosen, &err), TUG_OK);
    cr_assert_eq(chosen, first);
    cr_assert_eq(tug__hosts_root(root, defaults, &chosen, &err), TUG_OK);
    cr_assert_eq(chosen, root);
    write_file("f", "");
    cr_assert_eq(tug__hosts_root(NULL, blocked, &chosen, &err), TUG_ERR_CONFIG);
    cr_assert_not_null(strstr(err.message, "Not a directory"), "%s", err.message);
    free(first);
    free(second);
    free(below_file);
}
