/* SPDX-License-Identifier: Apache-2.0
 *
 * The parts of list.c. Internal to the files list*.c.
 * Threads: main.
 */
#ifndef TUG_CLI_LIST_INTERNAL_H
#define TUG_CLI_LIST_INTERNAL_H

#include <stdbool.h>
#include <stdio.h>

#include "list.h"
#include "text.h"

/* What is said of a file that seems to name images in YAML. */
#define LIST_YAML_HINT "a compose file or Kubernetes YAML is read with --images-in"

/* The list being read. */
struct list_reader {
    struct ref_list *list;
    const struct list_source *source;
    void *images; /* tree of the full names of images that YAML files named; borrowed from list */
    char *checked_key; /* owned: the last file of a key that was found good; NULL: none */
    bool has_hinted;   /* this file was said to look like YAML */
};

/* Tell whether a word is meant as a digest, however wrong the rest of it is. */
bool list_is_digest(const char *text);

/* A reference, as text and parsed. All zero: none. */
struct composed {
    struct text text;
    struct tug_ref *ref; /* owned; of a pattern: of its repository */
    size_t glob;         /* of a pattern: offset of GLOB in the text; 0: it is none */
};

/* Make a reference of what a list or an operand says: a pure function.
 * repository: what tags and digests belong to; NULL: nothing does. text: a reference, or a pattern
 * of tags, HOST/NAME:GLOB with '*', '?' or '['; a tag, its pattern or a digest where there is a
 * repository. digest: its digest, from beside it; NULL or "": none.
 * out_composed: zero before; list_composed_fini is due, also on failure.
 * Errors: TUG_ERR_INVALID_ARGUMENT (no such thing, two digests), TUG_ERR_NO_MEMORY. */
enum tug_status list_compose(const char *repository, const char *text, const char *digest,
                             struct composed *out_composed, struct tug_error *err);
/* Free it; it is zero afterwards. */
void list_composed_fini(struct composed *composed);

/* Append a reference, or a pattern. Takes what was parsed of it on success. Returns: 0, or the exit
 * status after the failure was reported. */
int list_append(struct ref_list *list, struct composed *composed, const char *options);

/* Move an item of one list to the end of another. glob: its pattern, which failed, and whose
 * repository is freed; NULL: it is none. Returns: as list_append. */
int list_move(struct ref_list *list, struct ref_list *from, size_t position,
              const struct list_glob *glob);

/* Tell whether a reference is of the wanted part: by its full name, so that it stays where it is
 * when others come and go. */
bool list_is_in_shard(const struct list_source *source, const struct tug_ref *ref);

/* Compose, check with its options, and add. where: "FILE:LINE", NULL for an operand.
 * Returns: 0, or the exit status after the failure was reported. */
int list_add(struct list_reader *reader, const char *where, const char *text, const char *digest,
             const char *options);

/* Add what a line says, comments and blanks around it cut off: REF [DIGEST] [OPTION...], or a line
 * of `tug resolve`. line: changed. Returns: as list_add. */
int list_add_line(struct list_reader *reader, const char *where, char *line);

/* Read a list in JSON to its end. name: of the file, for messages. begin: what was read of it
 * already. Returns: as list_add. */
int list_load_json(struct list_reader *reader, const char *name, FILE *file, const char *begin);

/* Read a YAML file to its end and add the images that it names (yaml_images.h), each once for all
 * files of the reader. Warns of what it leaves out. Returns: as list_add. */
int list_load_images(struct list_reader *reader, const char *name, FILE *file);

#endif
