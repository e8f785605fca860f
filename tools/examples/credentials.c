/* Print a manifest, or a blob by its digest, with credentials of the program's own:
 *     credentials REFERENCE
 *
 * Of a registry HOST, the password is what $PASSWORD_COMMAND prints when it is run with HOST as its
 * argument, for the user $USER_NAME; other hosts are left to auth files and credential helpers.
 *
 *     cc -o credentials credentials.c $(pkg-config --cflags --libs tug) */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tug/tug.h>

#define MAX_BYTES (1024 * 1024)

/* Read what a program prints for a host, without the end of the line. Returns: 0 if it failed. */
static int read_password(const char *program, const char *host, char *out_text, int capacity)
{
    char command[1024];
    FILE *pipe;

    /* a host has no characters that a shell would look at */
    if (snprintf(command, sizeof command, "%s %s", program, host) >= (int)sizeof command) {
        return 0;
    }
    pipe = popen(command, "r");
    if (pipe == NULL) {
        return 0;
    }
    if (fgets(out_text, capacity, pipe) == NULL) {
        out_text[0] = '\0';
    }
    out_text[strcspn(out_text, "\n")] = '\0';
    return pclose(pipe) == 0 && out_text[0] != '\0';
}

/* Called on a thread of the run, one call at a time, after a registry has asked. */
static enum tug_status on_credential(void *context, const struct tug_credential_request *request,
                                     struct tug_credential_answer *answer, struct tug_error *err)
{
    const char *const program = getenv("PASSWORD_COMMAND");
    const char *const user = getenv("USER_NAME");
    enum tug_status status = TUG_OK;
    char password[256];

    (void)context;
    if (program == NULL || user == NULL) {
        return TUG_OK; /* no answer: others are asked */
    }
    if (read_password(program, request->host, password, sizeof password)) {
        status = tug_credential_give_password(answer, user, password, err);
    } else {
        status = err->code = TUG_ERR_AUTH;
        snprintf(err->message, sizeof err->message, "%s failed", program);
    }
    explicit_bzero(password, sizeof password);
    return status;
}

int main(int argc, char **argv)
{
    struct tug_fetch_options options = TUG_FETCH_OPTIONS_INIT;
    struct tug_content content = TUG_CONTENT_INIT;
    struct tug_fetch *fetch = NULL;
    struct tug_error error = {0};
    enum tug_status status;

    if (argc != 2) {
        fprintf(stderr, "usage: credentials REFERENCE\n");
        return 2;
    }
    options.on_credential = on_credential;
    options.user_agent = "tug-example/1";
    status = tug_fetch_create(NULL, &options, &fetch, &error); /* nothing is stored */
    if (status == TUG_OK) {
        status = tug_fetch_add(fetch, argv[1], &error);
    }
    if (status == TUG_OK) {
        status = tug_fetch_read(fetch, MAX_BYTES, &content, &error);
    }
    if (status == TUG_OK) {
        fwrite(content.bytes, 1, content.length, stdout);
    } else {
        fprintf(stderr, "credentials: %s\n", error.message);
    }
    tug_content_fini(&content);
    tug_fetch_destroy(fetch);
    return status == TUG_OK ? 0 : 1;
}
