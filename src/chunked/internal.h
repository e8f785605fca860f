/* SPDX-License-Identifier: Apache-2.0
 *
 * Declarations shared by the files of the chunked room: place.c (annotations, footer),
 * part_read.c, part_zstd.c and part_gzip.c (compressed parts as streams), json_split.c (a TOC's
 * text, cut into entries), entry.c (one entry), frames.c (entries into frames), toc.c (all of that
 * together), tar_split.c (the headers between the files), match.c (target and donors). Threads:
 * any.
 */
#ifndef TUG_CHUNKED_INTERNAL_H
#define TUG_CHUNKED_INTERNAL_H

#include "base/buf.h"
#include "base/hash.h"
#include "chunked/chunked.h"
#include "chunked/mix.h"

/* Bytes read, and unpacked, at a time. */
#define TUG__PART_BYTES ((size_t)64 * 1024)

/* Receives unpacked bytes in order. Returns: anything but TUG_OK ends the unpacking with it. */
typedef enum tug_status (*tug__part_fn)(void *context, const char *bytes, size_t length,
                                        struct tug_error *err);

/* A part to unpack. All borrowed for the call. */
struct tug__part_stream {
    const struct tug__chunked_source *source;
    struct tug__packed part;
    struct tug__hash *packed_hash; /* receives the compressed bytes; NULL: none */
    tug__part_fn on_bytes;
    void *context;
};

/* Read and hash the next compressed bytes of a part, from an offset in it on. buffer:
 * TUG__PART_BYTES. out_length: how many there are; set on failure as well. Errors: those of
 * source. */
enum tug_status tug__part_read(const struct tug__part_stream *unpacking, uint64_t at, void *buffer,
                               size_t *out_length, struct tug_error *err);
/* Unpack zstd. Errors: TUG_ERR_CONTENT (not zstd; not raw_length bytes), TUG_ERR_TOO_LARGE (the
 * window), TUG_ERR_NO_MEMORY, and those of source and on_bytes. */
enum tug_status tug__part_unzstd(const struct tug__part_stream *unpacking, struct tug_error *err);
/* Unpack one gzip member, of at most raw_length bytes; what comes after it is ignored. Errors: as
 * tug__part_unzstd. */
enum tug_status tug__part_gunzip(const struct tug__part_stream *unpacking, struct tug_error *err);

/* --- place.c --- */

/* zstd:chunked: check that its parts are where the annotations say. Errors: TUG_ERR_CONTENT. */
enum tug_status tug__chunked_check_parts(const struct tug__chunked_place *place,
                                         const struct tug__chunked_source *source,
                                         struct tug_error *err);

/* --- toc.c --- */

/* Finish a hash, and compare it with what was promised. Errors: TUG_ERR_CONTENT. */
enum tug_status tug__chunked_check_digest(struct tug__hash *hash, const struct tug_digest *expected,
                                          struct tug_error *err);

/* --- json_split.c: an object with one large array, as a stream --- */

/* Cuts the text of an object into its members, and the array `entries` among them into its
 * elements. Only one of them is in memory at a time. */
struct tug__json_split {
    /* set at create, the rest zero */
    /* Receives a member but `entries`, as `"name":value`. */
    tug__part_fn on_member;
    /* Receives an element of `entries`. Neither text is checked further. */
    tug__part_fn on_element;
    /* Takes the element that a text begins with, without a copy of it. Returns: its length, with
     * *out_status; 0: it is not complete, or on_element is to say what is wrong with it. NULL is
     * allowed. */
    size_t (*take_element)(void *context, const char *text, size_t length,
                           enum tug_status *out_status, struct tug_error *err);
    void *context;

    /* private */
    struct tug__buf item; /* what was read of the current one */
    unsigned depth;       /* brackets around the current byte */
    bool is_in_string;
    bool is_escaped; /* after a backslash */
    bool is_inside;  /* of `entries` */
    bool has_entries;
    bool is_after_array; /* `entries` is complete, and a comma or the end follows */
    bool is_ended;
    bool needs_item; /* after a comma */
    bool is_taken;   /* the current element was taken as a whole */
};

void tug__json_split_init(struct tug__json_split *split);
void tug__json_split_fini(struct tug__json_split *split);
/* Add text. Errors: TUG_ERR_CONTENT, TUG_ERR_TOO_LARGE (one entry), TUG_ERR_NO_MEMORY, and what the
 * callbacks return. */
enum tug_status tug__json_split_add(struct tug__json_split *split, const char *text, size_t length,
                                    struct tug_error *err);
/* The text has ended: check that it was complete. Errors: TUG_ERR_CONTENT. */
enum tug_status tug__json_split_end(const struct tug__json_split *split, struct tug_error *err);

/* --- entry.c --- */

/* One entry of a TOC, as far as frames depend on it. */
struct tug__toc_entry {
    bool is_chunk;                     /* a further chunk of the file before it */
    bool is_regular;                   /* a file */
    bool has_offset;                   /* it has content */
    uint64_t offset;                   /* of its first chunk, in the layer */
    uint64_t end;                      /* of its last chunk, in the layer; 0: not given */
    uint64_t size;                     /* of the file */
    uint64_t chunk_offset, chunk_size; /* in the file; size 0: its rest */
    struct tug__mix content;           /* of the digest of the first chunk */
    bool has_content;
    struct tug__mix header; /* of everything that is in its header in the archive */
};

/* Read one entry. text: of an object, not checked so far. Errors: TUG_ERR_CONTENT,
 * TUG_ERR_TOO_LARGE (a limit). */
enum tug_status tug__toc_entry_read(const char *text, size_t length,
                                    struct tug__toc_entry *out_entry, struct tug_error *err);
/* Read the entry that a text begins with. Returns: its length; 0: it is not complete, or refused.
 */
size_t tug__toc_entry_take(const char *text, size_t length, struct tug__toc_entry *out_entry);

/* Parse a number of a JSON text: digits only. Errors: TUG_ERR_CONTENT. */
enum tug_status tug__toc_number(const char *text, size_t length, uint64_t *out_value,
                                struct tug_error *err);

/* --- frames.c --- */

/* Builds a table of entries. */
struct tug__framing {
    /* set at create, the rest zero */
    struct tug__frame_table *table; /* empty */
    enum tug__chunked_format format;
    bool has_tar_split; /* the identity of headers comes from there */
    uint64_t end_byte;  /* where the last frame ends */

    /* private */
    uint64_t first;         /* of the frame that is open */
    bool is_content;        /* it has a chunk; else headers only */
    struct tug__mix chunk;  /* its identity, as far as it is known */
    struct tug__mix header; /* of the headers since the last content */
    /* the current file */
    bool is_in_file;
    uint64_t file_size, file_end;
    uint64_t file_done; /* bytes of it in the chunks so far */
    uint64_t chunk_size;

    /* results beside the table */
    size_t header_count;        /* frames that wait for their identity (has_tar_split) */
    struct tug__mix file_sizes; /* of all files with content, from TUG__MIX_FILE_SIZES on */
};

#define TUG__MIX_FILE_SIZES 20

/* Before the first entry. */
void tug__framing_begin(struct tug__framing *framing);
enum tug_status tug__framing_add(struct tug__framing *framing, const struct tug__toc_entry *entry,
                                 struct tug_error *err);
/* The last entry was added. */
enum tug_status tug__framing_end(struct tug__framing *framing, struct tug_error *err);

/* --- tar_split.c --- */

/* Give the frames of headers their identity: the headers themselves. digest: of the compressed
 * bytes. Errors: as tug__chunked_read. */
enum tug_status tug__tar_split_read(const struct tug__chunked_place *place,
                                    const struct tug__chunked_source *source,
                                    const struct tug_digest *digest,
                                    const struct tug__framing *framing, struct tug_error *err);

#endif
