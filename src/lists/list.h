/* SPDX-License-Identifier: Apache-2.0
 *
 * The references of a run: from the command line and from files, all checked before use.
 * Threads: main.
 */
#ifndef TUG_CLI_LIST_H
#define TUG_CLI_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include <tug/fetch.h>
#include <tug/ref.h>

#include "options.h"

/* Longest line of a file; a reference with a digest has at most about 500 characters. */
#define LIST_LINE_MAX 4096

/* An item that is a pattern of tags, HOST/NAME:GLOB, until ref_list_expand. */
struct list_glob {
    size_t position;        /* of the item; its ref is of the repository */
    size_t offset;          /* of GLOB in it */
    struct tug_error error; /* why it was not expanded; then it has no ref. TUG_OK: not yet */
};

/* References in the order given, as given. All zero is the empty list. */
struct ref_list {
    char **items;          /* owned; each is the reference, NUL, its options as text, NUL */
    struct tug_ref **refs; /* the same, parsed; owned, but for the first given_count */
    size_t count;
    size_t given_count; /* of refs: a run's, which frees them (tug_fetch_add_parsed) */
    size_t capacity;
    struct list_glob *globs; /* owned, in the order of their positions */
    size_t glob_count;
};

/* What follows a reference in a file, taken apart. All zero: nothing. */
struct line_options {
    struct tug_platform *platforms;       /* owned */
    char **labels;                        /* owned, "KEY=VALUE" */
    char *name;                           /* owned */
    char **verify_keys;                   /* owned, files */
    char *referrer_type;                  /* owned */
    struct tug_reference_options options; /* points to those above */
};

/* How lists are read. */
struct list_source {
    const char *repository; /* of tags, digests and the manifests of an index; NULL: not given */
    const struct tug_platform *platforms; /* entries of an index for others are left out */
    size_t platform_count;                /* 0: none is left out */
    unsigned shard_index;                 /* references of other parts are checked and left out */
    unsigned shard_count;                 /* 0: there are no parts */
    bool images_in;                       /* files are YAML that names images (yaml_images.h) */
};

/* Read all operands and files into a list and check each reference.
 * A file has one reference a line, with its digest and options after it; blanks around it, blank
 * lines, a byte order mark, Windows line ends and comments ('#' at the start of a line or after a
 * blank, to its end) are skipped. A file whose first character that is no blank is '{', or '[' in
 * front of a text, is a list in JSON (tug_list_each). With images_in a file is YAML instead, and
 * each image that it names is taken once. All errors are reported on standard error, with FILE:LINE
 * where there is one, before this returns. inputs, source: borrowed for the call. list: filled,
 * also on failure; free with ref_list_fini. Returns: 0, or the exit status. Blocks: until the end
 * of each file. */
int ref_list_load(struct ref_list *list, const struct input *inputs, size_t input_count,
                  const struct list_source *source);

/* The options of a reference as they stand in the file; "" when it has none. Borrowed. */
const char *ref_list_options(const struct ref_list *list, size_t position);

/* Refuse a list in which different references are to have one name in the store (name=REF, or the
 * reference itself): one image would replace the other, whichever is complete first. list: after
 * ref_list_expand. Returns: 0, or the exit status after the failure was reported. */
int ref_list_check_names(const struct ref_list *list);

/* Take options apart. text: as ref_list_options gives them. out_options: line_options_fini is due,
 * also on failure. Errors: TUG_ERR_INVALID_ARGUMENT, TUG_ERR_NO_MEMORY. */
enum tug_status line_options_parse(const char *text, struct line_options *out_options,
                                   struct tug_error *err);

/* Free options; there are none afterwards. */
void line_options_fini(struct line_options *options);

/* Free a list; it is empty afterwards. */
void ref_list_fini(struct ref_list *list);

#endif
