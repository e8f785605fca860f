/* SPDX-License-Identifier: Apache-2.0
 *
 * Declarations shared by the files of the index room.
 */
#ifndef TUG_INDEX_INTERNAL_H
#define TUG_INDEX_INTERNAL_H

#include "index/annotations.h"
#include "index/index.h"
#include "oci/digest_set.h"

/* --- steps of an edit --- */

/* Keep an element. All elements are passed in order, to this function or the next one.
 * Errors: TUG_ERR_NO_MEMORY. */
enum tug_status tug__index_edit_keep(struct tug__index_edit *edit,
                                     const struct tug__index_element *element,
                                     struct tug_error *err);
/* The same for an element that may be dropped or replaced later. out_place: for those calls. */
enum tug_status tug__index_edit_hold(struct tug__index_edit *edit,
                                     const struct tug__index_element *element, size_t *out_place,
                                     struct tug_error *err);
/* Drop a held element. */
void tug__index_edit_drop(struct tug__index_edit *edit, size_t place);
/* Replace a held element by the part of texts from begin on. */
void tug__index_edit_replace(struct tug__index_edit *edit, size_t place, size_t begin);
/* Add the part of texts from begin on as the last element, after all were passed.
 * Errors: TUG_ERR_NO_MEMORY. */
enum tug_status tug__index_edit_add(struct tug__index_edit *edit, size_t begin,
                                    struct tug_error *err);
/* --- elements that refer to images --- */

/* Those of an edit. All zero: none. Fields are private to followers.c. */
struct tug__index_followers {
    struct tug__index_follower *items; /* owned */
    size_t count, capacity;
};

/* Hold an element that refers to images. Errors: TUG_ERR_NO_MEMORY. */
enum tug_status tug__index_followers_hold(struct tug__index_followers *followers,
                                          struct tug__index_edit *edit,
                                          const struct tug__index_element *element,
                                          struct tug_error *err);
/* Tell whether an image stays in the index. */
typedef bool (*tug__index_stays_fn)(void *context, const struct tug__index_element *element);
/* Drop those that refer to no image in the index any more. roots: of images that the edit adds; all
 * others that are found are added. Errors: as tug__index_scan. */
enum tug_status tug__index_followers_judge(const struct tug__index_followers *followers,
                                           struct tug__index_edit *edit, tug__index_stays_fn stays,
                                           void *context, struct tug__digest_set *roots,
                                           struct tug_error *err);
void tug__index_followers_fini(struct tug__index_followers *followers);
/* Add an image to those that an element refers to already. out_text: owned. Errors:
 * TUG_ERR_NO_MEMORY. */
enum tug_status tug__index_refers_to_join(const char *old, const char *new, char **out_text,
                                          struct tug_error *err);

/* --- sources of an image --- */

/* Most repositories of one host in an entry. */
#define TUG__INDEX_REPOSITORIES_MAX 16
/* Most bytes of a source's key and value: containerd accepts no longer label. */
#define TUG__INDEX_SOURCE_BYTES_MAX 4096

/* The distribution sources of an entry: repositories by host. All zero: none. Fields are private to
 * provenance.c. */
struct tug__index_sources {
    struct tug__index_source *hosts; /* owned; in the order they were added */
    size_t count;
};

/* Add a repository, unless the set has it already or has no room for it. host: without its port;
 * host_length characters. Errors: TUG_ERR_NO_MEMORY. */
enum tug_status tug__index_sources_add(struct tug__index_sources *sources, const char *host,
                                       size_t host_length, const char *repository,
                                       size_t repository_length, struct tug_error *err);
/* Add the repository that an entry was fetched from, if any. */
enum tug_status tug__index_sources_add_own(struct tug__index_sources *sources,
                                           const struct tug__index_entry *entry,
                                           struct tug_error *err);
/* Add all repositories in the annotations of an entry; NULL: none. */
enum tug_status tug__index_sources_add_all(struct tug__index_sources *sources,
                                           const struct tug__json_value *annotations,
                                           struct tug_error *err);
/* Tell whether annotations name the source that an entry was fetched from, if it was. */
bool tug__index_sources_have_own(const struct tug__json_value *annotations,
                                 const struct tug__index_entry *entry);
/* Append the set as members of annotations, with a comma before each: hosts in the order they were
 * added, the repositories of each sorted and joined by commas. Errors: as tug__buf_append. */
enum tug_status tug__index_sources_append(struct tug__buf *buf,
                                          const struct tug__index_sources *sources,
                                          struct tug_error *err);
/* Add another set. */
enum tug_status tug__index_sources_join(struct tug__index_sources *sources,
                                        const struct tug__index_sources *others,
                                        struct tug_error *err);
/* Free the set and leave it empty. */
void tug__index_sources_fini(struct tug__index_sources *sources);
/* Length of a host without its port; the brackets of IPv6 stay. */
size_t tug__index_host_length(const char *host);

/* The roots of entries: all entries with the same root share their sources. All zero: none. Fields
 * are private to root.c. */
struct tug__index_roots {
    struct tug__index_root *roots; /* owned; sorted by digest */
    size_t count;
    struct tug__index_relative *relatives; /* owned */
    size_t relative_count, relative_capacity;
};

/* Collect the roots. entries: borrowed for the call. tug__index_roots_fini is due, on failure, too.
 * Errors: TUG_ERR_NO_MEMORY. */
enum tug_status tug__index_roots_init(struct tug__index_roots *out_roots,
                                      const struct tug__index_entry *entries, size_t count,
                                      struct tug_error *err);
/* Note an element of the index that no entry replaces. Errors: TUG_ERR_NO_MEMORY. */
enum tug_status tug__index_roots_see(struct tug__index_roots *roots,
                                     const struct tug__index_element *element,
                                     struct tug_error *err);
/* Add the known sources of all other entries and elements with a root.
 * text: of the index. Errors: TUG_ERR_NO_MEMORY. */
enum tug_status tug__index_roots_add(struct tug__index_roots *roots,
                                     const struct tug_digest *digest, const char *text,
                                     struct tug__index_sources *sources, struct tug_error *err);
/* Free everything. */
void tug__index_roots_fini(struct tug__index_roots *roots);

/* --- platforms of an entry --- */

/* Join what two fetches of the same root tell of its platforms (TUG__INDEX_PLATFORMS): "all" has
 * any other, "none" adds nothing. old, new: NULL: nothing is known, as of a manifest that is no
 * index's, when its content was fetched. out_text: owned; NULL: nothing is known. Errors:
 * TUG_ERR_NO_MEMORY. */
enum tug_status tug__index_platforms_join(const char *old, const char *new, char **out_text,
                                          struct tug_error *err);

/* --- text of an entry --- */

/* Append an image's entry as JSON text. Labels of the replaced entry stay in their places, unless
 * the new entry sets them itself. old: the annotations of the replaced entry; NULL: none. sources:
 * all sources for the entry, including its own. Errors: as tug__buf_append. */
enum tug_status tug__index_entry_append(struct tug__buf *buf, const struct tug__index_entry *entry,
                                        const struct tug__json_value *old,
                                        const struct tug__index_sources *sources,
                                        struct tug_error *err);
/* Tell whether an element already has everything that the entry has; it may have more: other labels
 * and sources, or members unknown to tug. */
bool tug__index_entry_is_said(const struct tug__index_entry *entry,
                              const struct tug__json_value *element);

/* Append an element with changed labels; everything else stays byte for byte. element: length
 * bytes, borrowed. labels: "KEY=VALUE"; an empty value removes the label; the last one with a key
 * counts. out_is_changed: false when it has the labels already; the text is then the same. Errors:
 * TUG_ERR_CONTENT (its annotations are not an object), as tug__buf_append. */
enum tug_status tug__index_label_append(struct tug__buf *buf, const char *element, size_t length,
                                        const char *const *labels, size_t count,
                                        bool *out_is_changed, struct tug_error *err);
/* Tell whether a later label has the same key and so overrides that one. */
bool tug__index_label_is_overridden(const char *const *labels, size_t count, size_t position);

/* --- which elements are meant --- */

/* Tell whether an element is among the best fits of any wanted image. */
bool tug__index_selection_has(const struct tug__index_selection *selection,
                              const struct tug__index_element *element);
/* Similarity of a name to a wanted image; 0: none. */
unsigned tug__index_likeness(const struct tug__index_wanted *wanted, const char *name,
                             size_t length);

#endif
