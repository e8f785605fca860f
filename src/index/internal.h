/* SPDX-License-Identifier: Apache-2.0
 *
 * Declarations shared by the files of the index room.
 */
#ifndef TUG_INDEX_INTERNAL_H
#define TUG_INDEX_INTERNAL_H

#include "index/annotations.h"
#include "index/index.h"

/* --- how an edit is made --- */

/* Keep an element. All elements are handed on in order, to this function or the next one.
 * Errors: TUG_ERR_NO_MEMORY. */
enum tug_status tug__index_edit_keep(struct tug__index_edit *edit,
                                     const struct tug__index_element *element,
                                     struct tug_error *err);
/* The same for an element that may be dropped or replaced later. out_place: for these. */
enum tug_status tug__index_edit_hold(struct tug__index_edit *edit,
                                     const struct tug__index_element *element, size_t *out_place,
                                     struct tug_error *err);
/* Leave a held element out. */
void tug__index_edit_drop(struct tug__index_edit *edit, size_t place);
/* Put what texts has from begin on in the place of a held element. */
void tug__index_edit_replace(struct tug__index_edit *edit, size_t place, size_t begin);
/* Add what texts has from begin on as the last element, after all were handed on.
 * Errors: TUG_ERR_NO_MEMORY. */
enum tug_status tug__index_edit_add(struct tug__index_edit *edit, size_t begin,
                                    struct tug_error *err);
/* --- where an image comes from --- */

/* Most repositories of one host that an entry names. */
#define TUG__INDEX_REPOSITORIES_MAX 16
/* Most bytes of a source's key and value: containerd takes no longer label. */
#define TUG__INDEX_SOURCE_BYTES_MAX 4096

/* The distribution sources of an entry: repositories by host. All zero: none. Fields are private to
 * provenance.c. */
struct tug__index_sources {
    struct tug__index_source *hosts; /* owned; in the order they were added */
    size_t count;
};

/* Add a repository; one that is there already changes nothing, and neither does one for which there
 * is no room. host: without its port; host_length characters. Errors: TUG_ERR_NO_MEMORY. */
enum tug_status tug__index_sources_add(struct tug__index_sources *sources, const char *host,
                                       size_t host_length, const char *repository,
                                       size_t repository_length, struct tug_error *err);
/* Add the one that an entry was fetched from, if it was. */
enum tug_status tug__index_sources_add_own(struct tug__index_sources *sources,
                                           const struct tug__index_entry *entry,
                                           struct tug_error *err);
/* Add all that the annotations of an entry name; NULL: none. */
enum tug_status tug__index_sources_add_all(struct tug__index_sources *sources,
                                           const struct tug__json_value *annotations,
                                           struct tug_error *err);
/* Tell whether a repository is among them. */
bool tug__index_sources_has(const struct tug__index_sources *sources, const char *host,
                            size_t host_length, const char *repository);
/* Append them as members of annotations, a comma before each: hosts in the order they were added,
 * the repositories of each sorted and joined by commas. Errors: as tug__buf_append. */
enum tug_status tug__index_sources_append(struct tug__buf *buf,
                                          const struct tug__index_sources *sources,
                                          struct tug_error *err);
/* Add all of another set. */
enum tug_status tug__index_sources_join(struct tug__index_sources *sources,
                                        const struct tug__index_sources *others,
                                        struct tug_error *err);
/* Free them and leave none. */
void tug__index_sources_fini(struct tug__index_sources *sources);
/* Length of a host without its port; the brackets of IPv6 stay. */
size_t tug__index_host_length(const char *host);

/* The roots that entries name: all entries of one root share their sources. All zero: none. Fields
 * are private to root.c. */
struct tug__index_roots {
    struct tug__index_root *roots; /* owned; sorted by digest */
    size_t count;
    struct tug__index_relative *relatives; /* owned */
    size_t relative_count, relative_capacity;
};

/* Begin. entries: borrowed for the call. tug__index_roots_fini is due, on failure, too. Errors:
 * TUG_ERR_NO_MEMORY. */
enum tug_status tug__index_roots_init(struct tug__index_roots *out_roots,
                                      const struct tug__index_entry *entries, size_t count,
                                      struct tug_error *err);
/* Look at an element of the index that none of the entries replaces. Errors: TUG_ERR_NO_MEMORY. */
enum tug_status tug__index_roots_see(struct tug__index_roots *roots,
                                     const struct tug__index_element *element,
                                     struct tug_error *err);
/* Add the sources of all other entries and elements of a root, as far as they are known.
 * text: of the index. Errors: TUG_ERR_NO_MEMORY. */
enum tug_status tug__index_roots_add(struct tug__index_roots *roots,
                                     const struct tug_digest *digest, const char *text,
                                     struct tug__index_sources *sources, struct tug_error *err);
/* Free everything. */
void tug__index_roots_fini(struct tug__index_roots *roots);

/* --- the text of an entry --- */

/* Append an image's entry as JSON text. Of the entry that it replaces all labels stay that it does
 * not set itself, in their places. old: the annotations of that one; NULL: none. sources: all that
 * the entry is to have, its own one included. Errors: as tug__buf_append. */
enum tug_status tug__index_entry_append(struct tug__buf *buf, const struct tug__index_entry *entry,
                                        const struct tug__json_value *old,
                                        const struct tug__index_sources *sources,
                                        struct tug_error *err);
/* Tell whether an element says already what the entry says, and perhaps more: further labels and
 * sources, or members that tug does not know. */
bool tug__index_entry_is_said(const struct tug__index_entry *entry,
                              const struct tug__json_value *element);
/* Tell whether an annotation is a label, and not one that tug writes. */
bool tug__index_is_label(const char *key);

/* Append an element with its labels changed; everything else stays byte for byte.
 * element: length bytes, borrowed. labels: "KEY=VALUE"; with an empty value the label is removed;
 * the last one of a key counts. out_is_changed: false when it has the labels already; the text is
 * the same then. Errors: TUG_ERR_CONTENT (its annotations are no object), as tug__buf_append. */
enum tug_status tug__index_label_append(struct tug__buf *buf, const char *element, size_t length,
                                        const char *const *labels, size_t count,
                                        bool *out_is_changed, struct tug_error *err);
/* Tell whether a later label has the same key and so overrides that one. */
bool tug__index_label_is_overridden(const char *const *labels, size_t count, size_t position);

/* --- which elements are meant --- */

/* Tell whether an element is among those that fit something best. */
bool tug__index_selection_has(const struct tug__index_selection *selection,
                              const struct tug__index_element *element);
/* How much a name looks like what was wanted; 0: not at all. */
unsigned tug__index_likeness(const struct tug__index_wanted *wanted, const char *name,
                             size_t length);

#endif
