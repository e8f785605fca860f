/* SPDX-License-Identifier: Apache-2.0
 *
 * libarchive, loaded when an archive is read and not before: it comes with a dozen libraries, and a
 * command that is linked with them starts half as slowly again (src/README.md, "Decisions"). The
 * only header that includes it; archive/tar_in.c and unpack.c are its only users.
 * Threads: any. Blocks: on the disk, the first time.
 */
#ifndef TUG_UNPACK_LIBARCHIVE_H
#define TUG_UNPACK_LIBARCHIVE_H

#include <archive.h>
#include <archive_entry.h>

#include <tug/error.h>

/* Every function that is used: what it is called, without its "archive_". */
#define TUG__LIBARCHIVE_FUNCTIONS(EACH)                                                            \
    EACH(error_string)                                                                             \
    EACH(read_new)                                                                                 \
    EACH(read_free)                                                                                \
    EACH(read_support_format_tar)                                                                  \
    EACH(read_support_format_raw)                                                                  \
    EACH(read_support_filter_gzip)                                                                 \
    EACH(read_support_filter_zstd)                                                                 \
    EACH(read_open2)                                                                               \
    EACH(read_next_header)                                                                         \
    EACH(read_data)                                                                                \
    EACH(filter_code)                                                                              \
    EACH(entry_pathname)                                                                           \
    EACH(entry_filetype)                                                                           \
    EACH(entry_hardlink)                                                                           \
    EACH(entry_symlink)                                                                            \
    EACH(entry_size)                                                                               \
    EACH(entry_size_is_set)                                                                        \
    EACH(entry_sparse_count)

#define TUG__LIBARCHIVE_MEMBER(name) __typeof__(archive_##name) *name;

/* The functions by name. */
struct tug__libarchive {
    TUG__LIBARCHIVE_FUNCTIONS(TUG__LIBARCHIVE_MEMBER)
};

/* Get the functions: those that are linked into a program without shared libraries, else those of
 * the system's libarchive.
 * out_library: filled on success. out_handle: for tug__libarchive_unload; NULL where they are
 * linked in. Errors: TUG_ERR_CONFIG: libarchive is not installed. */
enum tug_status tug__libarchive_load(struct tug__libarchive *out_library, void **out_handle,
                                     struct tug_error *err);
/* Give the library back. NULL is allowed. */
void tug__libarchive_unload(void *handle);

/* Fill in the functions that are linked in. Only a program that cannot load a library has it
 * (tools/static/linked.c). */
void tug__libarchive_linked(struct tug__libarchive *out_library) __attribute__((__weak__));

#endif
