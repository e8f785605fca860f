/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of commands, with what help says of each.
 *
 * Knows: every command by its function. Does not know: option values, what commands do.
 * Threads: main.
 */
#include "command.h"

static const char *const fetch_examples[] = {
    "tug fetch alpine:3.20",
    "tug fetch --platform linux/arm64 --platform linux/amd64 nginx:1.27",
    "tug --store /srv/images fetch --from-file images.txt --failed-file again.txt",
    "tug fetch --plain-http --format json localhost:5000/app:1.4 | jq -r .digest",
    NULL,
};

static const char fetch_description[] =
    "Fetch images into the store. A reference is [HOST[:PORT]/]NAME[:TAG][@DIGEST];\n"
    "the default host is docker.io. Content that is already in the store is not\n"
    "fetched again, and interrupted downloads are resumed. Prints\n"
    "FULL-REFERENCE DIGEST for each complete image. TIME is a number with ms, s, m or\n"
    "h, by default seconds; SIZE is in bytes, or with K, M, G, KiB, MiB or GiB\n"
    "(powers of 1024) or KB, MB or GB.\n";

static const char *const resolve_examples[] = {
    "tug resolve alpine:3.20",
    "tug resolve --platform linux/arm64 nginx:1.27",
    "tug resolve --format json --user me registry.example.org/team/app:1.4 | jq -r .digest",
    NULL,
};

static const char resolve_description[] =
    "Ask the registries which digests the references name, and fetch nothing. Prints\n"
    "FULL-REFERENCE DIGEST MEDIA-TYPE SIZE for each: of an index, or with --platform of\n"
    "the manifest for that platform.\n";

static const char *const export_examples[] = {
    "tug export -o alpine.tar alpine:3.20",
    "tug export --platform linux/arm64 alpine:3.20 nginx:1.27 | ssh edge docker load",
    NULL,
};

static const char export_description[] =
    "Write images of the store as one tar archive, which is an OCI layout and can be\n"
    "loaded by docker, podman, ctr, skopeo and others. Of an image for several\n"
    "platforms it has those that are complete in the store. The same images always\n"
    "give the same bytes. Everything is hashed while it is written.\n";
static const char *const verify_examples[] = {
    "tug verify",
    "tug verify --quick --repair",
    "tug verify alpine:3.20 sha256:0123...cdef",
    NULL,
};

static const char verify_description[] =
    "Hash everything in the store, or what the images and blobs named need, and report\n"
    "what is missing, damaged or foreign, one finding a line. Exits with 6 if anything is\n"
    "bad or missing and was not repaired, or if an image is not signed.\n";

static const char *const images_examples[] = {
    "tug images",
    "tug images --format json alpine:3.20 | jq .platforms",
    "tug images --format json | jq -r '.name // empty' | tug fetch --from-file -",
    NULL,
};

static const char images_description[] =
    "List the images in the store, or those named. COMPLETE and MISSING are their\n"
    "platforms; SIZE is what is in the store of them, SHARED how much of that other\n"
    "images need, too. With --quiet only names, or the digest of what has none.\n";

static const char *const ls_examples[] = {
    "tug ls",
    "tug ls --bytes | sort -n -k 2 | tail",
    "tug ls --format json | jq -r 'select(.needed | not) | .digest'",
    NULL,
};

static const char ls_description[] =
    "List the blobs in the store, with the images that need them. An orphan is what\n"
    "no image needs: tug prune deletes it. With --quiet only digests.\n";

static const char *const active_examples[] = {
    "tug active",
    "tug active --format json | jq 'select(.held | not)'",
    NULL,
};

static const char active_description[] =
    "List partial downloads: how much is there of how much, the disk space that it\n"
    "takes, its age, and which process is downloading it. The next fetch of a blob\n"
    "goes on with its partial download. With --quiet only digests.\n";

static const char *const label_examples[] = {
    "tug label alpine:3.20 team=web keep=yes",
    "tug label alpine:3.20 keep=",
    NULL,
};

static const char label_description[] =
    "Set labels of an image that is in the store; KEY= removes one. The image is given\n"
    "by its name, by a reference that makes this name, or by its digest. A later fetch\n"
    "keeps the labels. Prints FULL-REFERENCE DIGEST.\n";

static const char *const rm_examples[] = {
    "tug rm alpine:3.20",
    "tug rm alpine:3.20 nginx:1.27 && tug prune",
    NULL,
};

static const char rm_description[] =
    "Forget images: all of them or, when one is not in the store, none. Their content\n"
    "stays until prune. An image is given by its name, by a reference that makes this\n"
    "name, or by its digest. Prints FULL-REFERENCE DIGEST for each.\n";

static const char *const get_examples[] = {
    "tug get alpine:3.20 | jq .",
    "tug get sha256:DIGEST | tar -tz",
    NULL,
};

static const char get_description[] =
    "Write a blob of the store to standard output: the one with that digest, or the\n"
    "manifest or index that an image's name stands for.\n";

static const char *const prune_examples[] = {
    "tug prune --dry-run",
    "tug prune --wait 10m",
    "tug prune --partials --older-than 168h",
    NULL,
};

static const char prune_description[] =
    "Delete the blobs that no image in the store needs. Prints DIGEST SIZE for each.\n"
    "Runs that use the store hold it: prune refuses to start beside one, or waits with\n"
    "--wait; those that begin later wait for prune.\n";

static const char *const import_examples[] = {
    "tug import images.tar",
    "docker save app:1.4 | tug import -",
    "tug import --name registry.example.org/team/app:1.4 app.tar.zst",
    NULL,
};

static const char import_description[] =
    "Bring images out of an archive into the store: an OCI layout, as a directory or\n"
    "tar, or what docker save, podman save and skopeo write; a tar also compressed with\n"
    "gzip or zstd. '-' is standard input. Everything is verified. Prints\n"
    "FULL-REFERENCE DIGEST for each image.\n";

static const char *const tags_examples[] = {
    "tug tags alpine --match '3.2?'",
    "tug tags registry.example.org/team/app --semver '>=1.2, <2' | tug fetch --from-file -",
    "tug tags nginx --semver '*' --newest 3",
    "tug tags nginx --match '*-alpine' --semver '>=1.27-0, <1.28'",
    NULL,
};

static const char tags_description[] =
    "List the tags of repositories as full references, one a line: versions in their\n"
    "order, then other tags. A range has pre-releases, such as 1.27-alpine, only if it\n"
    "names one.\n";

static const char *const completion_examples[] = {
    "source <(tug completion bash)",
    "tug completion fish > ~/.config/fish/completions/tug.fish",
    NULL,
};

static const char completion_description[] =
    "Print a script by which bash, zsh or fish complete commands, options and their\n"
    "values, and the images and blobs of the store. make install installs all three.\n";

static const struct command all_commands[] = {
    {"fetch", "[options] REF... | --from-file FILE", "fetch images into the store",
     fetch_description, COMMAND_FETCH, fetch_examples, cmd_fetch},
    {"resolve", "[options] REF... | --from-file FILE", "print the digests of references",
     resolve_description, COMMAND_RESOLVE, resolve_examples, cmd_resolve},
    {"tags", "[options] REPOSITORY...", "list the tags of repositories", tags_description,
     COMMAND_TAGS, tags_examples, cmd_tags},
    {"export", "[options] [-o FILE] REF...", "write images as one archive", export_description,
     COMMAND_EXPORT, export_examples, cmd_export},
    {"import", "[options] FILE | DIR | -", "read images from an archive", import_description,
     COMMAND_IMPORT, import_examples, cmd_import},
    {"images", "[options] [REF...]", "list the images in the store", images_description,
     COMMAND_IMAGES, images_examples, cmd_images},
    {"ls", "[options]", "list the blobs in the store", ls_description, COMMAND_LS, ls_examples,
     cmd_ls},
    {"active", "[options]", "list partial downloads", active_description, COMMAND_ACTIVE,
     active_examples, cmd_active},
    {"get", "DIGEST|REF", "write a blob to standard output", get_description, COMMAND_GET,
     get_examples, cmd_get},
    {"label", "[options] IMAGE KEY=VALUE...", "set or remove labels of an image", label_description,
     COMMAND_LABEL, label_examples, cmd_label},
    {"rm", "[options] IMAGE...", "forget images", rm_description, COMMAND_RM, rm_examples, cmd_rm},
    {"verify", "[options] [DIGEST|REF...]", "hash what is stored; repair it", verify_description,
     COMMAND_VERIFY, verify_examples, cmd_verify},
    {"prune", "[options]", "delete what no image needs", prune_description, COMMAND_PRUNE,
     prune_examples, cmd_prune},
    {"completion", "SHELL", "print the completions of a shell", completion_description,
     COMMAND_OTHER, completion_examples, cmd_completion},
    {"version", "", "show the version", NULL, COMMAND_OTHER, NULL, cmd_version},
    {"help", "[COMMAND]", "show help", NULL, COMMAND_OTHER, NULL, cmd_help},
};

const struct command_table *commands_table(void)
{
    static const struct command_table commands = {
        .commands = all_commands,
        .count = sizeof all_commands / sizeof all_commands[0],
    };

    return &commands;
}
