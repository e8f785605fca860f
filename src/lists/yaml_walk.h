/* SPDX-License-Identifier: Apache-2.0
 *
 * Where one is in a YAML document, and which of its parts name images. Internal to the files
 * yaml_*. Threads: any; nothing is shared.
 */
#ifndef TUG_LISTS_YAML_WALK_H
#define TUG_LISTS_YAML_WALK_H

#include "yaml_images.h"

/* Keys that matter, and all others. */
enum yaml_key {
    YAML_KEY_OTHER = 0,
    YAML_KEY_IMAGE,
    YAML_KEY_IMAGES,
    YAML_KEY_FIELD, /* the first field of a mapping that names an image */
};

/* Fields of a mapping that names an image; their keys follow YAML_KEY_FIELD in this order. */
enum yaml_field {
    YAML_FIELD_REFERENCE = 0,
    YAML_FIELD_NAME,
    YAML_FIELD_NEW_NAME,
    YAML_FIELD_NEW_TAG,
    YAML_FIELD_DIGEST,
    YAML_FIELD_COUNT,
};

/* What a sequence or mapping is. */
enum yaml_place {
    YAML_PLACE_OTHER = 0,
    YAML_PLACE_IMAGE,  /* the mapping that is the value of "image" */
    YAML_PLACE_IMAGES, /* the sequence that is the value of "images" */
    YAML_PLACE_ENTRY,  /* a mapping in that sequence */
};

/* The texts of a mapping that names an image; owned; NULL: it has none. */
struct yaml_fields {
    char *texts[YAML_FIELD_COUNT];
};

/* An open sequence or mapping. */
struct yaml_frame {
    enum yaml_place place;
    unsigned key;               /* of a mapping: an enum yaml_key, or a field's */
    unsigned long line;         /* where it begins */
    struct yaml_fields *fields; /* owned; NULL: it names no image */
    bool is_mapping;
    bool has_key;     /* of a mapping: the value is next */
    bool is_template; /* of a mapping: its first key is a mapping: {{ … }} */
    bool is_begun;    /* there was something in it */
};

/* An anchor of a scalar. */
struct yaml_anchor {
    char *name; /* owned */
    char *text; /* owned; NULL: it is no text */
};

/* One file. All zero but on_image and context; yaml_walk_fini is due. */
struct yaml_walk {
    yaml_image_fn on_image;
    void *context;
    struct yaml_frame frames[YAML_DEPTH_MAX];
    size_t depth;
    struct yaml_anchor *anchors; /* owned; of this document */
    size_t anchor_count;
};

/* What comes next in the document. Texts are borrowed for the call. */
struct yaml_node {
    unsigned long line;
    const char *anchor; /* its own, or the one that an alias names; NULL: none */
    const char *tag;    /* of a scalar; NULL: none */
    const char *text;   /* of a scalar */
    size_t length;
    bool is_plain; /* the scalar has no quotes and is no block */
};

enum yaml_walk_result {
    YAML_WALK_OK = 0,
    YAML_WALK_TOO_DEEP,
    YAML_WALK_NO_MEMORY,
    YAML_WALK_STOPPED, /* on_image said so */
};

/* Begin a document: no anchor is known. */
void yaml_walk_begin(struct yaml_walk *walk);
/* Take what comes next: a scalar, an alias, the start of a sequence or mapping, its end. */
enum yaml_walk_result yaml_walk_scalar(struct yaml_walk *walk, const struct yaml_node *node);
enum yaml_walk_result yaml_walk_alias(struct yaml_walk *walk, const struct yaml_node *node);
enum yaml_walk_result yaml_walk_open(struct yaml_walk *walk, const struct yaml_node *node,
                                     bool is_mapping);
enum yaml_walk_result yaml_walk_close(struct yaml_walk *walk);
/* Free what it holds. */
void yaml_walk_fini(struct yaml_walk *walk);

/* --- yaml_offer.c --- */

/* Tell whether a scalar is a text by YAML's rules, and no number, truth value or nothing. */
bool yaml_is_text(const struct yaml_node *node);

/* Report what should be the name of an image: with its variables replaced, or why it is none. */
enum yaml_walk_result yaml_offer(struct yaml_walk *walk, unsigned long line, const char *text);
/* Report that there is no name. */
enum yaml_walk_result yaml_skip(struct yaml_walk *walk, unsigned long line, const char *why);
/* Report a mapping that is complete. */
enum yaml_walk_result yaml_offer_mapping(struct yaml_walk *walk, const struct yaml_frame *frame);

#endif
