/* SPDX-License-Identifier: Apache-2.0
 *
 * libyaml, loaded when a YAML file is read and not before, so that it costs no other run anything.
 * The only header that includes it; yaml_images.c is its only user.
 * Threads: any. Blocks: on the disk, the first time.
 */
#ifndef TUG_LISTS_LIBYAML_H
#define TUG_LISTS_LIBYAML_H

#include <yaml.h>

#include <tug/error.h>

/* Every function that is used: what it is called, without its "yaml_". */
#define LIBYAML_FUNCTIONS(EACH)                                                                    \
    EACH(parser_initialize)                                                                        \
    EACH(parser_delete)                                                                            \
    EACH(parser_set_input)                                                                         \
    EACH(parser_parse)                                                                             \
    EACH(event_delete)

#define LIBYAML_MEMBER(name) __typeof__(yaml_##name) *name;

/* The functions by name. */
struct libyaml {
    LIBYAML_FUNCTIONS(LIBYAML_MEMBER)
};

/* Get the functions: those that are linked into a program without shared libraries, else those of
 * the system's libyaml, which stays loaded.
 * out_library: filled on success. Errors: TUG_ERR_CONFIG: libyaml is not installed. */
enum tug_status libyaml_load(struct libyaml *out_library, struct tug_error *err);

/* Fill in the functions that are linked in. Only a program that cannot load a library has it
 * (tools/static/linked_yaml.c). */
void libyaml_linked(struct libyaml *out_library) __attribute__((__weak__));

#endif
