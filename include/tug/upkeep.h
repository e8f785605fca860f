/* SPDX-License-Identifier: Apache-2.0
 *
 * Keep a store in order.
 */
#ifndef TUG_UPKEEP_H
#define TUG_UPKEEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tug/error.h>
#include <tug/fetch.h>
#include <tug/oci.h>
#include <tug/store.h>
#include <tug/trace.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/* What is wrong with a part of a store. Later versions add kinds. */
enum tug_damage {
    TUG_DAMAGE_NONE = 0,
    TUG_DAMAGE_MISSING,      /* a document that is stored names it, and it is not there */
    TUG_DAMAGE_SIZE,         /* its size is not what its descriptor says */
    TUG_DAMAGE_CONTENT,      /* its bytes do not have the digest it is named after */
    TUG_DAMAGE_UNREADABLE,   /* the disk fails to read it */
    TUG_DAMAGE_NOT_A_FILE,   /* a link, directory, FIFO or device where a blob should be */
    TUG_DAMAGE_DOCUMENT,     /* of the right bytes, but no manifest or index that can be read */
    TUG_DAMAGE_FOREIGN_FILE, /* a file that is no part of a store */
    TUG_DAMAGE_INDEX,        /* index.json: missing, or not what it has to be */
    TUG_DAMAGE_UNSIGNED,     /* none of options.verify_keys signed this root of an image */
};

/* Return the stable short name of a kind, e.g. "missing". Static text, never NULL. */
const char *tug_damage_name(enum tug_damage damage);

/* One finding. Pointers are borrowed for the call that it is handed to. */
struct tug_finding {
    enum tug_damage damage;
    struct tug_digest digest;  /* of the blob; unset for FOREIGN_FILE and INDEX */
    const char *path;          /* below the store's root, raw */
    uint64_t size_bytes;       /* as its descriptor says; 0: nothing says it */
    const char *text;          /* one line, escaped: what is wrong, and what to do */
    const char *const *images; /* full names of the images that need it, sorted; UNSIGNED: of the
                                  one image */
    size_t image_count;
    bool is_repaired; /* it was wrong, and is right now */
};

/* Receives a finding, on the thread that called tug_store_verify. */
typedef void (*tug_finding_fn)(void *context, const struct tug_finding *finding);

/* What a verification did. Start with `= TUG_VERIFY_RESULT_INIT`. */
struct tug_verify_result {
    size_t size;            /* of this struct: TUG_VERIFY_RESULT_INIT sets it */
    uint64_t blobs;         /* that were looked at */
    uint64_t bytes_hashed;  /* of them */
    uint64_t blobs_trusted; /* not hashed: options.is_quick, and unchanged since they were */
    uint64_t findings;      /* of any kind but FOREIGN_FILE */
    uint64_t foreign_files;
    uint64_t repaired;       /* of findings */
    uint64_t bytes_received; /* over the network, for repairs */
    double seconds;
    uint64_t images_signed;   /* by one of options.verify_keys */
    uint64_t images_unsigned; /* of findings */
};

#define TUG_VERIFY_RESULT_INIT TUG_SIZED(struct tug_verify_result)

/* Options of a verification. Start with `= TUG_VERIFY_OPTIONS_INIT`. */
struct tug_verify_options {
    size_t size; /* of this struct: TUG_VERIFY_OPTIONS_INIT sets it */
    /* Images (as for tug_store_find_image) and blobs ("sha256:…") to look at, with all they need;
     * NULL: the whole store. */
    const char *const *what;
    size_t what_count;
    bool is_quick; /* trust what was verified before and has the same size, times and inode since */
    unsigned threads; /* that hash; 0: as many as there are cores */
    /* Fetch again what is bad or missing, from where its images came from. NULL: only report. Of
     * these options those of registries, retries, downloads and rate count. */
    const struct tug_fetch_options *repair;
    tug_finding_fn on_finding; /* NULL: nobody is told */
    void *finding_context;
    tug_trace_fn on_trace; /* what each thread does, repairs included; NULL: nothing is noted */
    void *trace_context;
    bool verify_any_name; /* signatures count whatever repository they name */
    /* Check also that one of these keys signed each image, by signatures that the store has. Files,
     * as for tug_verify_key_check. NULL: signatures are not looked at. */
    const char *const *verify_keys;
    size_t verify_key_count;
};

#define TUG_VERIFY_OPTIONS_INIT TUG_SIZED(struct tug_verify_options)

/* Hash what a store has, read its documents, and report what is wrong with it.
 * A blob that nothing names is hashed as well. What is missing counts only where a document that is
 * stored needs it: platforms of an index that were never fetched are no damage, and neither are
 * layers that an image is known to lack.
 * With options.verify_keys, the digest that index.json has of each image that is looked at must be
 * signed: by Cosign's simple signing or a sigstore bundle v0.3, which also names the repository of
 * the image: that of its name, or, if it was given that name, where it was fetched from. Images
 * that only refer to others, as signatures do, need none when the whole store is looked at.
 * options: borrowed; NULL: all defaults. watch: may be NULL. out_result: filled also on failure.
 * Returns: TUG_OK: nothing is wrong, or everything was repaired; foreign files do not count.
 * Errors: TUG_ERR_CONTENT: something is wrong, see the findings. TUG_ERR_NOT_FOUND (options.what),
 * TUG_ERR_STORE (the store cannot be read at all), TUG_ERR_CONFIG (a key that cannot be used),
 * TUG_ERR_CANCELLED, TUG_ERR_NO_MEMORY, TUG_ERR_INVALID_ARGUMENT.
 * Threads: any, one call for a store at a time. Blocks: on the disk, and the network for repairs.
 */
enum tug_status tug_store_verify(struct tug_store *store, const struct tug_verify_options *options,
                                 const struct tug_watch *watch,
                                 struct tug_verify_result *out_result, struct tug_error *err);

/* What kind of file is pruned. Later versions add kinds. */
enum tug_pruned_kind {
    TUG_PRUNED_BLOB = 1,
    TUG_PRUNED_PARTIAL,  /* a partial download, with the files beside it */
    TUG_PRUNED_LEFTOVER, /* of a change of index.json that was interrupted */
};

/* Something that was deleted, or would be. Pointers are borrowed for the call that it is handed to.
 */
struct tug_pruned {
    enum tug_pruned_kind kind;
    struct tug_digest digest; /* unset for a leftover */
    const char *path;         /* below the store's root */
    uint64_t size_bytes;      /* of the file */
    uint64_t disk_bytes;      /* that it takes up, and that are free then */
    int64_t modified_s;       /* of the last write: seconds since the epoch */
};

/* Receives it, on the thread that called tug_store_prune. */
typedef void (*tug_pruned_fn)(void *context, const struct tug_pruned *pruned);

/* What was deleted, or would be. Start with `= TUG_PRUNE_RESULT_INIT`. */
struct tug_prune_result {
    size_t size; /* of this struct: TUG_PRUNE_RESULT_INIT sets it */
    uint64_t blobs;
    uint64_t partials;       /* and leftovers */
    uint64_t disk_bytes;     /* freed */
    uint64_t kept_blobs;     /* that something needs */
    uint64_t kept_partials;  /* that a process holds, or that are too young */
    uint64_t young_partials; /* of these: too young */
};

#define TUG_PRUNE_RESULT_INIT TUG_SIZED(struct tug_prune_result)

/* Options. Start with `= TUG_PRUNE_OPTIONS_INIT`. */
struct tug_prune_options {
    size_t size;   /* of this struct: TUG_PRUNE_OPTIONS_INIT sets it */
    bool dry_run;  /* say what would be deleted, and delete nothing; the store may be in use */
    bool partials; /* delete partial downloads that no process holds, and no blobs */
    uint64_t older_than_s;   /* partials: only those without a write for so long; 0: all */
    uint64_t wait_ms;        /* how long to wait while runs use the store; 0: not at all */
    tug_pruned_fn on_pruned; /* NULL: nobody is told */
    void *pruned_context;
};

#define TUG_PRUNE_OPTIONS_INIT TUG_SIZED(struct tug_prune_options)

/* Delete the blobs that index.json does not reach. Reached is: each entry; what the documents that
 * are stored name, however deeply; the subject of a manifest that is reached, and stored manifests
 * whose subject is reached. No blob is deleted when a document that is reached cannot be read, the
 * root of an image is missing, or index.json is missing or no valid index: then nobody knows what
 * is needed (TUG_ERR_CONTENT). While it deletes, runs that bring content wait. Programs that know
 * nothing of lock.use must not write to the store meanwhile.
 * With options.partials, delete partial downloads instead; runs need not wait for that.
 * options: borrowed; NULL: all defaults. watch: may be NULL. out_result: filled also on failure;
 * may be NULL.
 * Returns: TUG_OK. Errors: TUG_ERR_BUSY (a run uses the store; the message names a process),
 * TUG_ERR_CONTENT, TUG_ERR_STORE, TUG_ERR_CANCELLED, TUG_ERR_NO_MEMORY, TUG_ERR_INVALID_ARGUMENT,
 * TUG_ERR_UNSUPPORTED.
 * Threads: any. Blocks: on the disk and other processes. */
enum tug_status tug_store_prune(struct tug_store *store, const struct tug_prune_options *options,
                                const struct tug_watch *watch, struct tug_prune_result *out_result,
                                struct tug_error *err);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
