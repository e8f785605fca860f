/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench-limit: the least that fetches blobs with the guarantee that tug gives: what a fetcher on
 * this machine could reach at best.
 *
 *     bench-limit [-c CONNECTIONS] [-t CA-FILE] HOST:PORT FOLDER < LIST
 *
 * Each line of the list is "PATH HEX SIZE". Bytes are received from a bare socket (with -t through
 * OpenSSL) into 256 KiB, written with pwrite, hashed with SHA-256, sent to the disk every 8 MiB;
 * then the digest is compared, the file synced and renamed to HEX, at the end the folder synced.
 * With one connection a second thread hashes behind the written mark;
 * with several, each thread hashes what it has just received.
 *
 * Leaves out what any real client needs: manifests, redirects, retries, partial files, progress.
 * Knows: one kind of answer, 200 with a Content-Length. Threads: one or two for each connection.
 */
#include <fcntl.h>
#include <netinet/in.h>
#include <arpa/inet.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PIECE_BYTES ((size_t)256 * 1024)
#define WRITE_BACK_BYTES ((uint64_t)8 * 1024 * 1024)
#define BLOBS_MAX 4096
#define CONNECTIONS_MAX 64

struct blob {
    char path[512];
    char hex[EVP_MAX_MD_SIZE * 2 + 1];
    uint64_t size_bytes;
};

/* Set before the threads start, then read-only, but for next. */
static struct blob blobs[BLOBS_MAX];
static unsigned blob_count;
static atomic_uint next_blob;
static const char *host;
static const char *folder;
static SSL_CTX *tls;
static bool is_following;

struct connection {
    int fd;
    SSL *ssl;
    unsigned char *piece;
    size_t gathered; /* bytes of the body at the beginning of piece */
};

/* One blob on its way; seen by both threads when one follows the other. */
struct file {
    const struct blob *blob;
    char name[640];
    int fd;
    EVP_MD_CTX *hash;
    uint64_t pushed_bytes;
    /* shared: written by the receiver, read by the follower after a post */
    _Atomic uint64_t written_bytes;
    sem_t grown;
};

_Noreturn static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static void check(bool is_good, const char *what)
{
    if (!is_good) {
        fail(what);
    }
}

static void open_connection(struct connection *connection)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    char ip[64];
    const char *const colon = strrchr(host, ':');

    check(colon != NULL && (size_t)(colon - host) < sizeof ip, "HOST:PORT");
    memcpy(ip, host, (size_t)(colon - host));
    ip[colon - host] = '\0';
    address.sin_port = htons((uint16_t)atoi(colon + 1));
    check(inet_pton(AF_INET, ip, &address.sin_addr) == 1, "HOST is no IPv4 address");
    connection->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    check(connect(connection->fd, (struct sockaddr *)&address, sizeof address) == 0, "connect");
    if (tls != NULL) {
        connection->ssl = SSL_new(tls);
        check(connection->ssl != NULL && SSL_set_fd(connection->ssl, connection->fd) == 1 &&
                  X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(connection->ssl), ip) == 1 &&
                  SSL_connect(connection->ssl) == 1,
              "TLS");
    }
    connection->piece = aligned_alloc(4096, PIECE_BYTES);
    check(connection->piece != NULL, "memory");
}

static void send_all(struct connection *connection, const char *text)
{
    const size_t length = strlen(text);

    check(connection->ssl != NULL
              ? SSL_write(connection->ssl, text, (int)length) == (int)length
              : send(connection->fd, text, length, MSG_NOSIGNAL) == (ssize_t)length,
          "send");
}

static size_t receive(struct connection *connection, unsigned char *into, size_t room)
{
    const ssize_t got = connection->ssl != NULL ? SSL_read(connection->ssl, into, (int)room)
                                                : recv(connection->fd, into, room, 0);

    check(got > 0, "receive");
    return (size_t)got;
}

/* Ask for a blob and read the head of the answer; body bytes that came with it stay in piece. */
static void ask(struct connection *connection, const struct blob *blob)
{
    char text[1024];
    const unsigned char *end = NULL;
    size_t length = 0;
    const char *field;

    (void)snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", blob->path, host);
    send_all(connection, text);
    while (end == NULL) {
        check(length < PIECE_BYTES, "head of the answer");
        length += receive(connection, connection->piece + length, PIECE_BYTES - length);
        end = memmem(connection->piece, length, "\r\n\r\n", 4);
    }
    const size_t head = (size_t)(end - connection->piece) + 4;
    (void)snprintf(text, sizeof text, "%.*s", (int)head, (const char *)connection->piece);
    field = strcasestr(text, "\r\nContent-Length: ");
    check(strncmp(text, "HTTP/1.1 200", 12) == 0 && field != NULL &&
              strtoull(field + 18, NULL, 10) == blob->size_bytes,
          text);
    connection->gathered = length - head;
    memmove(connection->piece, connection->piece + head, connection->gathered);
}

static void write_back(struct file *file, uint64_t reached)
{
    if (reached - file->pushed_bytes >= WRITE_BACK_BYTES) {
        (void)sync_file_range(file->fd, (off_t)file->pushed_bytes,
                              (off_t)(reached - file->pushed_bytes), SYNC_FILE_RANGE_WRITE);
        file->pushed_bytes = reached;
    }
}

/* Hash behind the receiver, what is in the page cache. Through a mapping of the file it was not
 * less on a quiet machine and half as much again (page faults) on a busy one. */
static void *follow(void *argument)
{
    struct file *const file = argument;
    uint64_t hashed = 0;
    unsigned char *const piece = aligned_alloc(4096, PIECE_BYTES);

    check(piece != NULL, "memory");
    while (hashed < file->blob->size_bytes) {
        (void)sem_wait(&file->grown);
        const uint64_t written = atomic_load_explicit(&file->written_bytes, memory_order_acquire);

        while (hashed < written) {
            const size_t length =
                written - hashed < PIECE_BYTES ? (size_t)(written - hashed) : PIECE_BYTES;

            check(pread(file->fd, piece, length, (off_t)hashed) == (ssize_t)length, "read");
            check(EVP_DigestUpdate(file->hash, piece, length) == 1, "hash");
            hashed += length;
        }
        write_back(file, hashed);
    }
    free(piece);
    return NULL;
}

static void put_piece(struct connection *connection, struct file *file, uint64_t offset)
{
    const size_t length = connection->gathered;

    check(pwrite(file->fd, connection->piece, length, (off_t)offset) == (ssize_t)length, "write");
    if (is_following) {
        atomic_store_explicit(&file->written_bytes, offset + length, memory_order_release);
        (void)sem_post(&file->grown);
    } else {
        check(EVP_DigestUpdate(file->hash, connection->piece, length) == 1, "hash");
        write_back(file, offset + length);
    }
    connection->gathered = 0;
}

static void open_file(struct file *file, const struct blob *blob)
{
    *file = (struct file){.blob = blob};
    (void)snprintf(file->name, sizeof file->name, "%s/%s.part", folder, blob->hex);
    file->fd = open(file->name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0444);
    check(file->fd >= 0, file->name);
    file->hash = EVP_MD_CTX_new();
    check(file->hash != NULL && EVP_DigestInit_ex(file->hash, EVP_sha256(), NULL) == 1, "hash");
    check(sem_init(&file->grown, 0, 0) == 0, "semaphore");
}

static void commit_file(struct file *file)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    char hex[sizeof file->blob->hex];
    char name[640];
    unsigned length = 0;

    check(EVP_DigestFinal_ex(file->hash, digest, &length) == 1, "hash");
    for (unsigned i = 0; i < length; i++) {
        (void)snprintf(hex + (size_t)2 * i, 3, "%02x", digest[i]);
    }
    if (strcmp(hex, file->blob->hex) != 0) {
        fprintf(stderr, "bench-limit: %s has the digest %s\n", file->blob->hex, hex);
        exit(1);
    }
    check(fsync(file->fd) == 0, "fsync");
    (void)snprintf(name, sizeof name, "%s/%s", folder, hex);
    check(rename(file->name, name) == 0, "rename");
    check(close(file->fd) == 0, "close");
    EVP_MD_CTX_free(file->hash);
    (void)sem_destroy(&file->grown);
}

static void fetch_blob(struct connection *connection, const struct blob *blob)
{
    struct file file;
    pthread_t follower;
    uint64_t offset = 0;

    open_file(&file, blob);
    ask(connection, blob);
    check(!is_following || pthread_create(&follower, NULL, follow, &file) == 0, "thread");
    while (offset < blob->size_bytes) {
        const uint64_t rest = blob->size_bytes - offset;
        const size_t wanted = rest < PIECE_BYTES ? (size_t)rest : PIECE_BYTES;

        while (connection->gathered < wanted) {
            connection->gathered += receive(connection, connection->piece + connection->gathered,
                                            wanted - connection->gathered);
        }
        put_piece(connection, &file, offset);
        offset += wanted;
    }
    check(!is_following || pthread_join(follower, NULL) == 0, "thread");
    commit_file(&file);
}

static void *fetch_blobs(void *argument)
{
    struct connection connection = {.fd = -1};

    (void)argument;
    for (;;) {
        const unsigned number = atomic_fetch_add_explicit(&next_blob, 1, memory_order_relaxed);

        if (number >= blob_count) {
            break;
        }
        if (connection.fd < 0) {
            open_connection(&connection);
        }
        fetch_blob(&connection, &blobs[number]);
    }
    SSL_free(connection.ssl);
    free(connection.piece);
    if (connection.fd >= 0) {
        (void)close(connection.fd);
    }
    return NULL;
}

static void read_list(void)
{
    struct blob *blob = &blobs[0];

    while (blob_count < BLOBS_MAX &&
           scanf("%511s %128s %" SCNu64, blob->path, blob->hex, &blob->size_bytes) == 3) {
        blob = &blobs[++blob_count];
    }
    check(blob_count > 0 && feof(stdin), "list");
}

static void use_tls(const char *ca_file)
{
    tls = SSL_CTX_new(TLS_client_method());
    check(tls != NULL && SSL_CTX_load_verify_locations(tls, ca_file, NULL) == 1, ca_file);
    SSL_CTX_set_verify(tls, SSL_VERIFY_PEER, NULL);
}

int main(int argc, char **argv)
{
    pthread_t threads[CONNECTIONS_MAX];
    unsigned connection_count = 1;
    int option;

    while ((option = getopt(argc, argv, "c:t:")) != -1) {
        if (option == 'c') {
            connection_count = (unsigned)atoi(optarg);
        } else if (option == 't') {
            use_tls(optarg);
        } else {
            return 2;
        }
    }
    if (argc - optind != 2 || connection_count < 1 || connection_count > CONNECTIONS_MAX) {
        fputs("usage: bench-limit [-c CONNECTIONS] [-t CA-FILE] HOST:PORT FOLDER < LIST\n", stderr);
        return 2;
    }
    host = argv[optind];
    folder = argv[optind + 1];
    is_following = connection_count == 1;
    read_list();
    for (unsigned i = 0; i < connection_count; i++) {
        check(pthread_create(&threads[i], NULL, fetch_blobs, NULL) == 0, "thread");
    }
    for (unsigned i = 0; i < connection_count; i++) {
        check(pthread_join(threads[i], NULL) == 0, "thread");
    }
    const int folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    check(folder_fd >= 0 && fsync(folder_fd) == 0 && close(folder_fd) == 0, folder);
    SSL_CTX_free(tls);
    return 0;
}
