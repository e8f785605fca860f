/* Fetch images into a store:  fetch STORE REFERENCE...
 *
 *     cc -o fetch fetch.c $(pkg-config --cflags --libs tug) */
#include <stdio.h>
#include <tug/tug.h>

int main(int argc, char **argv)
{
    struct tug_store *store = NULL;
    struct tug_fetch *fetch = NULL;
    struct tug_error error = {0};
    enum tug_status status;

    if (argc < 3) {
        fprintf(stderr, "usage: fetch STORE REFERENCE...\n");
        return 2;
    }
    status = tug_store_open(argv[1], NULL, &store, &error);
    if (status == TUG_OK) {
        status = tug_fetch_create(store, NULL, &fetch, &error);
    }
    for (int i = 2; status == TUG_OK && i < argc; i++) {
        status = tug_fetch_add(fetch, argv[i], &error);
    }
    if (status == TUG_OK) {
        status = tug_fetch_run(fetch, &error);
    }
    if (status != TUG_OK) {
        fprintf(stderr, "fetch: %s\n", error.message);
    }
    tug_fetch_destroy(fetch);
    tug_store_close(store);
    return status == TUG_OK ? 0 : 1;
}
