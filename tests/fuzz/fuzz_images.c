/* SPDX-License-Identifier: Apache-2.0
 *
 * Fuzz yaml_images_each: every image has a name or the reason why it has none.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lists/yaml_images.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool check_image(void *context, const struct yaml_image *image)
{
    size_t *const length = context;

    if ((image->text == NULL) == (image->why == NULL) || image->line == 0) {
        abort();
    }
    if (image->text != NULL && (*image->text == '\0' || strlen(image->text) > YAML_TEXT_MAX)) {
        abort();
    }
    *length += strlen(image->text != NULL ? image->text : image->why);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    FILE *const file = size > 0 ? fmemopen((void *)(uintptr_t)data, size, "r") : NULL;
    struct yaml_position position;
    struct tug_error err = {0};
    size_t length = 0;

    if (file == NULL) {
        return 0;
    }
    if (yaml_images_each(file, check_image, &length, &position, &err) != TUG_OK &&
        err.message[0] == '\0') {
        abort();
    }
    (void)fclose(file);
    return 0;
}
