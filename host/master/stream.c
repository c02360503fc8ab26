/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stream: see stream.h. In step i one thread reads ahead piece i + 1, encrypts piece i and hashes the result; the other
 * hashes the plain piece i and writes the encrypted piece i - 1. Two buffers of each kind; a barrier after each step.
 */
#include "host/master/stream.h"

#include <errno.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/wipe.h"

#define PIECE_LEN ((size_t)512 << 10)

struct stream {
    const struct stream_order *order;
    uint8_t *plain[2];
    uint8_t *cipher[2];
    EVP_MD_CTX *image_hash;
    EVP_MD_CTX *payload_hash;
    EVP_CIPHER_CTX *ctr; /* NULL: not encrypted */
    uint64_t pieces;
    pthread_barrier_t barrier;
    atomic_int failed;
    struct fault front_fault; /* of the thread that encrypts */
    struct fault back_fault;  /* of the thread that writes */
};

static size_t piece_len(const struct stream *s, uint64_t i)
{
    uint64_t left = s->order->image->len - i * PIECE_LEN;
    return left < PIECE_LEN ? (size_t)left : PIECE_LEN;
}

static int piece_read(struct stream *s, uint64_t i)
{
    return image_read(s->order->image, i * PIECE_LEN, s->plain[i % 2], piece_len(s, i), &s->front_fault);
}

static int piece_encrypt(struct stream *s, uint64_t i)
{
    int len = (int)piece_len(s, i);
    int written = 0;
    uint8_t *out = s->cipher[i % 2];
    if (s->ctr == NULL) {
        memcpy(out, s->plain[i % 2], (size_t)len);
    } else if (EVP_EncryptUpdate(s->ctr, out, &written, s->plain[i % 2], len) != 1 || written != len) {
        return fault_set(&s->front_fault, "AES-128-CTR failed");
    }
    return EVP_DigestUpdate(s->payload_hash, out, (size_t)len) == 1 ? 0 : fault_set(&s->front_fault, "SHA-256 failed");
}

static int piece_write(struct stream *s, uint64_t i)
{
    size_t len = piece_len(s, i);
    size_t done = 0;
    while (done < len) {
        off_t at = s->order->off + (off_t)(i * PIECE_LEN + done);
        ssize_t put = pwrite(s->order->fd, s->cipher[i % 2] + done, len - done, at);
        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put <= 0) {
            return fault_write(&s->back_fault, s->order->path);
        }
        done += (size_t)put;
    }
    return 0;
}

static int front_step(struct stream *s, uint64_t i)
{
    if (i < s->pieces && piece_encrypt(s, i) != 0) {
        return -1;
    }
    return i + 1 < s->pieces ? piece_read(s, i + 1) : 0;
}

static int back_step(struct stream *s, uint64_t i)
{
    if (i < s->pieces && EVP_DigestUpdate(s->image_hash, s->plain[i % 2], piece_len(s, i)) != 1) {
        return fault_set(&s->back_fault, "SHA-256 failed");
    }
    return i > 0 ? piece_write(s, i - 1) : 0;
}

/* After a failure both threads still meet at every barrier, and do nothing else. */
static void steps_run(struct stream *s, int (*step)(struct stream *s, uint64_t i))
{
    for (uint64_t i = 0; i <= s->pieces; i++) {
        if (!atomic_load(&s->failed) && step(s, i) != 0) {
            atomic_store(&s->failed, 1);
        }
        (void)pthread_barrier_wait(&s->barrier);
    }
}

static void *back_main(void *opaque)
{
    steps_run((struct stream *)opaque, back_step);
    return NULL;
}

static int threads_run(struct stream *s, struct fault *fault)
{
    pthread_t back;
    if (pthread_barrier_init(&s->barrier, NULL, 2) != 0) {
        return fault_set(fault, "no memory for threads");
    }
    int error = pthread_create(&back, NULL, back_main, s);
    if (error == 0) {
        steps_run(s, front_step);
        (void)pthread_join(back, NULL);
    }
    (void)pthread_barrier_destroy(&s->barrier);
    if (error != 0) {
        errno = error;
        return fault_errno(fault, "cannot start a thread");
    }
    if (atomic_load(&s->failed)) {
        const struct fault *cause = s->front_fault.what[0] != '\0' ? &s->front_fault : &s->back_fault;
        (void)fault_hint(fault, "%s", cause->hint);
        return fault_set(fault, "%s", cause->what);
    }
    return 0;
}

static int stream_begin(struct stream *s, struct fault *fault)
{
    const struct session_key *key = s->order->key;
    for (size_t i = 0; i < 2; i++) {
        s->plain[i] = (uint8_t *)malloc(PIECE_LEN);
        s->cipher[i] = (uint8_t *)malloc(PIECE_LEN);
    }
    s->image_hash = EVP_MD_CTX_new();
    s->payload_hash = EVP_MD_CTX_new();
    s->ctr = key == NULL ? NULL : EVP_CIPHER_CTX_new();
    if (s->plain[0] == NULL || s->plain[1] == NULL || s->cipher[0] == NULL || s->cipher[1] == NULL ||
        s->image_hash == NULL || s->payload_hash == NULL || (key != NULL && s->ctr == NULL)) {
        return fault_set(fault, "no memory");
    }
    if (EVP_DigestInit_ex(s->image_hash, EVP_sha256(), NULL) != 1 ||
        EVP_DigestInit_ex(s->payload_hash, EVP_sha256(), NULL) != 1 ||
        (key != NULL && EVP_EncryptInit_ex(s->ctr, EVP_aes_128_ctr(), NULL, key->key, key->iv) != 1)) {
        return fault_set(fault, "OpenSSL has no SHA-256 or AES-128-CTR");
    }
    s->pieces = (s->order->image->len + PIECE_LEN - 1) / PIECE_LEN;
    if (s->pieces > 0 && piece_read(s, 0) != 0) {
        return fault_set(fault, "%s", s->front_fault.what);
    }
    return 0;
}

static void stream_end(struct stream *s)
{
    for (size_t i = 0; i < 2; i++) {
        if (s->plain[i] != NULL) {
            wipe(s->plain[i], s->order->image->len < PIECE_LEN ? (size_t)s->order->image->len : PIECE_LEN);
        }
        free(s->plain[i]);
        free(s->cipher[i]);
    }
    EVP_MD_CTX_free(s->image_hash);
    EVP_MD_CTX_free(s->payload_hash);
    EVP_CIPHER_CTX_free(s->ctr);
}

int stream_run(const struct stream_order *order, struct stream_digests *out, struct fault *fault)
{
    struct stream s = { .order = order };
    int result = stream_begin(&s, fault);
    if (result == 0) {
        result = threads_run(&s, fault);
    }
    if (result == 0 && (EVP_DigestFinal_ex(s.image_hash, out->image, NULL) != 1 ||
                        EVP_DigestFinal_ex(s.payload_hash, out->payload, NULL) != 1)) {
        result = fault_set(fault, "SHA-256 failed");
    }
    stream_end(&s);
    return result;
}
