/* SPDX-License-Identifier: Apache-2.0
 *
 * Interface of the chunked room: layers with a table of contents (TOC), and what two of them have
 * in common.
 *
 * zstd:chunked and eStargz compress every chunk of every file on its own, and end with a TOC that
 * names each chunk by digest and offset. So a layer is a sequence of frames without a gap, and each
 * frame has an identity: what was compressed. Two frames of equal identity and equal length are
 * taken as equal bytes. That is a guess, which the layer's own digest proves or refutes.
 *
 *   tug__chunked_find     what a descriptor's annotations say: where the TOC is, its digest
 *   tug__chunked_locate   eStargz: where the TOC is, as its footer says
 *   tug__chunked_read     the TOC, checked, as a table of frames
 *   tug__chunked_match    compare a table with those of donors: copies
 *
 * A TOC comes from a registry, and so do a donor's annotations: every number is checked before it
 * is used (order, overlap, sums, counts, sizes), and the TOC's digest with the annotation. Limits
 * are in oci/limits.h. A layer that is refused here is still fetched as any other.
 *
 * Threads: any; tables and matches belong to one thread at a time. Blocks: where a source does.
 */
#ifndef TUG_CHUNKED_CHUNKED_H
#define TUG_CHUNKED_CHUNKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tug/error.h>
#include <tug/oci.h>

struct tug__descriptor;

enum tug__chunked_format {
    TUG__CHUNKED_NONE = 0, /* no TOC, or none that can be used */
    TUG__CHUNKED_ZSTD,     /* zstd:chunked */
    TUG__CHUNKED_ESTARGZ,
};

/* A part of a layer that is compressed as one. All zero: there is none. */
struct tug__packed {
    uint64_t offset;
    uint64_t length;
    uint64_t raw_length; /* of its content; 0: not known before */
};

/* What a descriptor says about its layer. */
struct tug__chunked_place {
    enum tug__chunked_format format;
    uint64_t size_bytes;          /* of the layer */
    struct tug__packed toc;       /* eStargz: unknown until tug__chunked_locate */
    struct tug__packed tar_split; /* zstd:chunked, newer ones: the headers between the files */
    struct tug_digest checksum;   /* of the TOC: zstd:chunked as it is in the layer, eStargz of the
                                     JSON text */
};

/* Where a layer's bytes come from. */
struct tug__chunked_source {
    /* Read exactly length bytes at an offset, within the layer. */
    enum tug_status (*read)(void *context, uint64_t offset, void *bytes, size_t length,
                            struct tug_error *err);
    void *context;
};

/* Bytes from `first` up to the next frame's, compressed on their own. */
struct tug__frame {
    uint64_t first;
    uint64_t identity[2]; /* a hash; never all zero in a table that was read */
};

/* The frames of a layer, in order, from byte 0. All zero: none. */
struct tug__frame_table {
    struct tug__frame *frames; /* owned */
    size_t count;
    size_t capacity;
    uint64_t end_byte; /* of the last frame: where the TOC and its like begin */
};

/* Bytes of a donor that the target has, too. */
struct tug__chunked_copy {
    uint64_t first; /* in the target */
    uint64_t end;
    uint64_t from; /* in the donor */
    unsigned donor;
};

/* Copies in order, none overlapping the next. */
struct tug__chunked_copies {
    struct tug__chunked_copy *items; /* owned */
    size_t count;
    uint64_t bytes; /* their sum */
};

struct tug__chunked_match;

/* Read the annotations of a layer. Returns: false, with *out_place all zero, when they name no TOC,
 * or one that cannot be: malformed, beyond the layer, or over a limit. */
bool tug__chunked_find(const struct tug__descriptor *descriptor,
                       struct tug__chunked_place *out_place);

/* First byte of the layer's tail: the TOC and what comes after it. Of an eStargz that was not
 * located a guess, but the footer is always in it. */
uint64_t tug__chunked_tail(const struct tug__chunked_place *place);

/* Find an eStargz's TOC by the footer, which must be readable; a zstd:chunked place is complete
 * already. After that tug__chunked_tail is exact. Errors: TUG_ERR_CONTENT (no footer, or it names a
 * place that cannot be), TUG_ERR_TOO_LARGE, and those of the source. */
enum tug_status tug__chunked_locate(struct tug__chunked_place *place,
                                    const struct tug__chunked_source *source,
                                    struct tug_error *err);

/* Read and check the TOC of a located layer: its tail must be readable, and nothing else is read.
 * out_table: to be freed with tug__frame_table_fini; untouched on failure. Memory: 24 bytes for
 * each frame, and the window of the compression while it runs. Errors: TUG_ERR_CONTENT (a wrong
 * digest, malformed, or numbers that cannot be), TUG_ERR_TOO_LARGE (a limit), TUG_ERR_NO_MEMORY,
 * and those of the source. */
enum tug_status tug__chunked_read(const struct tug__chunked_place *place,
                                  const struct tug__chunked_source *source,
                                  struct tug__frame_table *out_table, struct tug_error *err);
/* As tug__chunked_read, of a donor; match: of the target. Gives up after the first quarter of the
 * table, with TUG_ERR_CONTENT, when next to nothing of that is in the target. */
enum tug_status tug__chunked_read_donor(const struct tug__chunked_place *place,
                                        const struct tug__chunked_source *source,
                                        const struct tug__chunked_match *match,
                                        struct tug__frame_table *out_table, struct tug_error *err);
/* Free a table's frames and leave it empty. */
void tug__frame_table_fini(struct tug__frame_table *table);

/* Start to match donors with a target, whose table is borrowed until the match is destroyed.
 * out_match: owned. Errors: TUG_ERR_NO_MEMORY. */
enum tug_status tug__chunked_match_create(const struct tug__frame_table *target,
                                          struct tug__chunked_match **out_match,
                                          struct tug_error *err);
/* Look in a donor for the frames that no donor has had so far. donor: number for the copies. */
void tug__chunked_match_add(struct tug__chunked_match *match, const struct tug__frame_table *donor,
                            unsigned number);
/* Tell whether a part of what a donor has so far is in the target, in bytes and per cent. */
bool tug__chunked_match_has(const struct tug__chunked_match *match,
                            const struct tug__frame_table *donor, unsigned percent);
/* Bytes of the target that were found so far. */
uint64_t tug__chunked_match_bytes(const struct tug__chunked_match *match);
/* Get what was found, adjoining frames as one copy. out_copies: tug__chunked_copies_fini is due;
 * untouched on failure. Errors: TUG_ERR_NO_MEMORY. */
enum tug_status tug__chunked_match_copies(const struct tug__chunked_match *match,
                                          struct tug__chunked_copies *out_copies,
                                          struct tug_error *err);
/* Free a match; NULL is allowed. */
void tug__chunked_match_destroy(struct tug__chunked_match *match);
/* Free the copies and leave none. */
void tug__chunked_copies_fini(struct tug__chunked_copies *copies);

#endif
