/* SPDX-License-Identifier: Apache-2.0
 *
 * Every limit on documents from a registry, with its reason.
 */
#ifndef TUG_OCI_LIMITS_H
#define TUG_OCI_LIMITS_H

#include <stdint.h>

/* A manifest or index: the distribution specification asks registries to accept at least 4 MiB, and
 * registries refuse more. */
#define TUG__MANIFEST_BYTES_MAX ((size_t)4 * 1024 * 1024)
/* An image config, read only to compare its platform: large ones exist (long histories). */
#define TUG__CONFIG_BYTES_MAX ((size_t)8 * 1024 * 1024)
/* Layers of a schema 1 manifest: Docker built at most 127. */
#define TUG__SCHEMA1_LAYERS_MAX ((size_t)1024)
/* One layer of a schema 1 image, unpacked: such images are of years when Docker gave a container 10
 * GB, and gzip makes a thousand bytes of one. */
#define TUG__SCHEMA1_UNPACKED_MAX (UINT64_C(64) << 30)
/* Indexes within indexes that are converted: real ones need 2, and all of them are in memory. */
#define TUG__CONVERT_DEPTH_MAX 4
/* Nesting depth of one JSON document: real ones need 5. */
#define TUG__JSON_DEPTH_MAX 64
/* Values in one JSON document: json-c needs about 100 bytes for each, and a 4 MiB manifest of real
 * descriptors has about 130 000. */
#define TUG__JSON_VALUES_MAX ((size_t)300000)
/* One blob: 1 PiB is beyond every registry and file system in use; a larger size is bogus, and is
 * refused before it enters any sum. */
#define TUG__BLOB_BYTES_MAX (UINT64_C(1) << 50)
/* Indexes within indexes: real ones need 2. */
#define TUG__INDEX_DEPTH_MAX 64
/* Length of a media type: RFC 6838 allows 127 + 1 + 127 characters. */
#define TUG__MEDIA_TYPE_MAX 256

/* Annotations kept of a descriptor, and the length of one with its key. Any beyond that are
 * dropped, and the document is still accepted. The longest that tug reads are those of Cosign's
 * signatures: the signature of an RSA key of 8192 bits has 1.4 KiB, a certificate of a CI job up to
 * 4 KiB; only their logs and chains have 10 KiB. Real layers have up to ten. All that is kept is no
 * longer than the document. */
#define TUG__ANNOTATIONS_MAX 64
#define TUG__ANNOTATION_BYTES_MAX 8192

/* One page of tags: some registries send all of a repository's at once, others add a manifest for
 * each. */
#define TUG__TAGS_PAGE_BYTES_MAX ((size_t)64 * 1024 * 1024)
/* Tags of one repository: those built every night for years have 100 000. */
#define TUG__TAGS_MAX ((size_t)1000000)
/* Pages of tags: registries that ignore the size that is asked for send 50 to 100 on a page. */
#define TUG__TAGS_PAGES_MAX ((size_t)20000)
/* Pages in a row without a tag: some end a list with an empty page. */
#define TUG__TAGS_EMPTY_PAGES_MAX ((size_t)16)

/* What refers to one manifest: an image built and scanned every night for years gathers some
 * thousands, and each is a manifest to be fetched. */
#define TUG__REFERRERS_MAX ((size_t)2000)
/* Pages of such a list: registries that page put at least 50 on one. */
#define TUG__REFERRERS_PAGES_MAX ((size_t)64)
#define TUG__REFERRERS_EMPTY_PAGES_MAX ((size_t)4)
/* Referrers of referrers: a signature of an SBOM of an image is at 2. */
#define TUG__REFERRER_DEPTH_MAX 4
/* What refers to one image with all its platforms, to what refers to that, and so on; and the bytes
 * of the lists of it, which are in memory while the image is fetched. */
#define TUG__EXTRAS_MAX ((size_t)8000)
#define TUG__EXTRAS_LIST_BYTES_MAX ((size_t)64 * 1024 * 1024)

/* Query of the URL of a page, NUL included: registries put a tag or a token into it, of 1 KiB at
 * most. */
#define TUG__PAGE_QUERY_MAX 2048

/* URLs of a foreign layer that are used, and their length; real layers have one. */
#define TUG__FOREIGN_URLS_MAX 8
#define TUG__FOREIGN_URL_MAX 2048

/* The table of contents (TOC) of a layer that can be put together from older ones, compressed and
 * as text: 500 MB of files have 2 to 15 MB of text, compressed to a tenth to a quarter. Over a
 * limit the layer is fetched as a whole. With 18 MB of text the command takes 29 MiB of memory in
 * all, with as much as TUG__TOC_FRAMES_MAX allows, 39 MiB. */
#define TUG__TOC_PACKED_BYTES_MAX (UINT64_C(32) * 1024 * 1024)
#define TUG__TOC_RAW_BYTES_MAX (UINT64_C(64) * 1024 * 1024)
/* The headers that come with it (tar-split): 1.4 KiB for each file. */
#define TUG__TAR_SPLIT_BYTES_MAX (UINT64_C(256) * 1024 * 1024)
/* One entry of it, or one line of the headers: long extended attributes, padding of an archive. */
#define TUG__TOC_ENTRY_BYTES_MAX ((size_t)1024 * 1024)
#define TUG__TOC_ENTRY_VALUES_MAX ((size_t)10000)
/* Chunks, and headers between them: each takes about 80 bytes while two layers are compared, and
 * 500 MB of files have 40 000. */
#define TUG__TOC_FRAMES_MAX 300000
/* Window that a TOC's compression may need, as a power of two: those that write zstd:chunked use 8
 * to 32 MiB, of which only as much is used as there is text. */
#define TUG__TOC_WINDOW_LOG_MAX 25

#endif
