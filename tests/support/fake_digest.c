/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Generated content and digests, of memory, files and generated content.
 * Knows: OpenSSL's EVP. Does not know: the server. Threads: any.
 */
#include "fake_internal.h"

#include <openssl/evp.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STEP_BYTES ((size_t)256 * 1024)

/* The mixing step of splitmix64: every bit of x decides about half the bits of the result. */
static uint64_t mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
    return x ^ (x >> 31);
}

void fake_generate(uint64_t seed, uint64_t offset, void *buf, size_t len)
{
    const uint64_t start = mix(seed + 0x9e3779b97f4a7c15U);
    unsigned char *out = buf;
    uint64_t index = offset / 8;
    size_t skip = (size_t)(offset % 8);
    while (len > 0) {
        const uint64_t word = mix(start + index * 0x9e3779b97f4a7c15U);
        const size_t count = 8 - skip < len ? 8 - skip : len;
        if (count == 8) {
            memcpy(out, &word, 8);
        } else {
            memcpy(out, (const unsigned char *)&word + skip, count);
        }
        out += count;
        len -= count;
        index++;
        skip = 0;
    }
}

static EVP_MD_CTX *start_digest(const char *algorithm)
{
    EVP_MD_CTX *const ctx = EVP_MD_CTX_new();
    const EVP_MD *const md = EVP_get_digestbyname(algorithm);
    if (ctx == NULL || md == NULL || EVP_DigestInit_ex(ctx, md, NULL) != 1) {
        fake_die("no digest algorithm '%s'", algorithm);
    }
    return ctx;
}

static void finish_digest(EVP_MD_CTX *ctx, const char *algorithm, char *out_digest)
{
    unsigned char value[EVP_MAX_MD_SIZE];
    unsigned value_len = 0;
    if (EVP_DigestFinal_ex(ctx, value, &value_len) != 1) {
        fake_die("cannot finish a digest");
    }
    EVP_MD_CTX_free(ctx);
    int at = snprintf(out_digest, FAKE_DIGEST_SIZE, "%s:", algorithm);
    for (unsigned i = 0; i < value_len; i++) {
        at += snprintf(out_digest + at, (size_t)(FAKE_DIGEST_SIZE - at), "%02x", value[i]);
    }
}

void fake_digest(const char *algorithm, const void *data, size_t len, char *out_digest)
{
    const char *const name = algorithm != NULL ? algorithm : "sha256";
    EVP_MD_CTX *const ctx = start_digest(name);
    if (len > 0) {
        EVP_DigestUpdate(ctx, data, len);
    }
    finish_digest(ctx, name, out_digest);
}

void fake_digest_generated(const char *algorithm, uint64_t size_bytes, uint64_t seed,
                           char *out_digest)
{
    const char *const name = algorithm != NULL ? algorithm : "sha256";
    EVP_MD_CTX *const ctx = start_digest(name);
    char *const buf = fake_alloc(STEP_BYTES);
    for (uint64_t at = 0; at < size_bytes;) {
        const uint64_t rest = size_bytes - at;
        const size_t len = rest < STEP_BYTES ? (size_t)rest : STEP_BYTES;
        fake_generate(seed, at, buf, len);
        EVP_DigestUpdate(ctx, buf, len);
        at += len;
    }
    free(buf);
    finish_digest(ctx, name, out_digest);
}

void fake_digest_file(const char *algorithm, const char *path, char *out_digest)
{
    const char *const name = algorithm != NULL ? algorithm : "sha256";
    EVP_MD_CTX *const ctx = start_digest(name);
    char *const buf = fake_alloc(STEP_BYTES);
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd;
    while (got >= 0 && (got = read(fd, buf, STEP_BYTES)) > 0) {
        EVP_DigestUpdate(ctx, buf, (size_t)got);
    }
    if (got < 0) {
        fake_die("cannot read '%s': %m", path);
    }
    close(fd);
    free(buf);
    finish_digest(ctx, name, out_digest);
}
