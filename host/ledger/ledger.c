/* SPDX-License-Identifier: Apache-2.0 */
/* ledger: opening and closing, the chain's name, the head. See ledger.h. */
#include "host/ledger/ledger_room.h"

#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <fcntl.h>

#include "host/lib/file.h"
#include "host/lib/p256.h"

/* ---- the head ---- */

struct link_found {
    int found;
    uint8_t link[EVENT_LINK_LEN];
};

static int link_row(void *context, const struct store_value *columns)
{
    struct link_found *link = context;
    if (columns[0].bytes.len != sizeof link->link) {
        return -1;
    }
    link->found = 1;
    memcpy(link->link, columns[0].bytes.data, sizeof link->link);
    return 0;
}

int ledger_head_check(struct ledger *ledger, struct fault *fault)
{
    struct fault ignored = FAULT_NONE;
    struct checkpoint head;
    struct link_found link = { 0 };
    uint8_t *data = NULL;
    size_t len = 0;
    if (ledger->head[0] == '\0' || file_read(ledger->head, CHECKPOINT_MAX, &data, &len, &ignored) != 0) {
        return 0;
    }
    status_t status = checkpoint_parse(bytes_of(data, len), &head);
    free(data);
    if (status != STATUS_OK) {
        return 0;
    }
    const struct store_value arguments[] = { store_bytes(ledger->chain, sizeof ledger->chain), store_number(head.seq) };
    const struct store_query query = { STORE_EVENT_LINK, arguments, 2, link_row, &link };
    if (store_run(&ledger->reader, &query, fault) != 0) {
        return -1;
    }
    if (!link.found || memcmp(link.link, head.link, sizeof link.link) != 0) {
        (void)fault_set(fault, "ledger: it does not hold event %llu, of which %s knows: an older copy was put back",
                        (unsigned long long)head.seq, ledger->head);
        return fault_hint(fault, "restore the newest copy; 'windlass ledger verify' shows what a copy holds");
    }
    return 0;
}

/* No flush: an older head than the ledger's end says less, but nothing wrong. cut: the old file or the new one. */
int ledger_head_write(struct ledger *ledger, struct fault *fault)
{
    char temporary[LEDGER_PLACE_MAX + 8];
    (void)snprintf(temporary, sizeof temporary, "%s.new", ledger->head);
    int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    int written = fd >= 0 && write(fd, ledger->checkpoint, ledger->checkpoint_len) == (ssize_t)ledger->checkpoint_len;
    if (fd >= 0 && close(fd) != 0) {
        written = 0;
    }
    if (!written || rename(temporary, ledger->head) != 0) {
        (void)fault_write(fault, ledger->head);
        (void)unlink(temporary);
        return -1;
    }
    return 0;
}

static int head_name(struct ledger *ledger, const struct ledger_config *config, struct fault *fault)
{
    int len = 0;
    if (config->head != NULL) {
        len = snprintf(ledger->head, sizeof ledger->head, "%s", config->head);
    } else if (!store_place_is_url(config->place)) {
        const char *slash = strrchr(config->place, '/');
        int folder = slash == NULL ? 0 : (int)(slash - config->place) + 1;
        len = snprintf(ledger->head, sizeof ledger->head, "%.*s%s", folder, config->place, LEDGER_HEAD_FILE);
    }
    return len >= (int)sizeof ledger->head ? fault_set(fault, "ledger: the path of its head is too long") : 0;
}

/* ---- the chain ---- */

static int chain_row(void *context, const struct store_value *columns)
{
    struct ledger *ledger = context;
    if (columns[0].bytes.len != sizeof ledger->chain) {
        return -1;
    }
    memcpy(ledger->chain, columns[0].bytes.data, sizeof ledger->chain);
    return 1;
}

/* With a signer: made from its key. Without: the first chain that is there, or a new one. */
static int chain_name(struct ledger *ledger, struct fault *fault)
{
    uint8_t key[64];
    uint8_t digest[32];
    const struct store_query first = { STORE_CHAIN_FIRST, NULL, 0, chain_row, ledger };
    if (ledger->signer.sign != NULL) {
        if (cert_public_key(&ledger->signer_cert, key, fault) != 0) {
            return -1;
        }
        p256_sha256(bytes_of(key, sizeof key), digest);
        memcpy(ledger->chain, digest, sizeof ledger->chain);
        return 0;
    }
    int found = store_run(&ledger->reader, &first, fault);
    if (found == 0 && RAND_bytes(ledger->chain, sizeof ledger->chain) != 1) {
        return fault_set(fault, "ledger: no random bytes");
    }
    return found < 0 ? -1 : 0;
}

static int chain_open(struct ledger *ledger, void *input, struct fault *fault)
{
    const struct event_body body = { .chain = bytes_of(ledger->chain, sizeof ledger->chain),
                                     .cert = bytes_of(ledger->signer_cert.der, ledger->signer_cert.len) };
    (void)input;
    return ledger->tail.seq != 0 ? 0 : ledger_event_write(ledger, EVENT_OPENED, &body, fault);
}

static int signer_take(struct ledger *ledger, const struct ledger_signer *signer, struct fault *fault)
{
    if (signer == NULL) {
        return 0;
    }
    if (signer->sign == NULL || signer->cert == NULL) {
        return fault_set(fault, "ledger: a signer needs a key and its certificate");
    }
    ledger->signer = *signer;
    ledger->signer_cert = *signer->cert;
    ledger->signer.cert = &ledger->signer_cert;
    return 0;
}

static int parts_open(struct ledger *ledger, const struct ledger_config *config, struct fault *fault)
{
    if (config->mode == LEDGER_READ) {
        return store_open(config->place, LEDGER_READ, &ledger->reader, fault);
    }
    if (signer_take(ledger, config->signer, fault) != 0 || head_name(ledger, config, fault) != 0 ||
        store_open(config->place, LEDGER_WRITE, &ledger->writer, fault) != 0 ||
        store_open(config->place, LEDGER_READ, &ledger->reader, fault) != 0 || chain_name(ledger, fault) != 0 ||
        (ledger->signer.sign != NULL && ledger_head_check(ledger, fault) != 0) ||
        ledger_commit_start(ledger, fault) != 0) {
        return -1;
    }
    return ledger_ask(ledger, chain_open, NULL, fault);
}

/* For waits until a time that no clock sets back. */
static void condition_make(pthread_cond_t *condition)
{
    pthread_condattr_t kind;
    (void)pthread_condattr_init(&kind);
    (void)pthread_condattr_setclock(&kind, CLOCK_MONOTONIC);
    (void)pthread_cond_init(condition, &kind);
    (void)pthread_condattr_destroy(&kind);
}

int ledger_open(const struct ledger_config *config, struct ledger **out, struct fault *fault)
{
    struct ledger *ledger = calloc(1, sizeof *ledger);
    *out = NULL;
    if (ledger == NULL) {
        return fault_set(fault, "no memory");
    }
    ledger->tables.store = &ledger->writer;
    ledger->reading_tables.store = &ledger->reader;
    (void)pthread_mutex_init(&ledger->reading, NULL);
    (void)pthread_mutex_init(&ledger->lock, NULL);
    (void)pthread_cond_init(&ledger->wake, NULL);
    condition_make(&ledger->enough);
    if (parts_open(ledger, config, fault) != 0) {
        ledger_close(ledger);
        return -1;
    }
    *out = ledger;
    return 0;
}

void ledger_close(struct ledger *ledger)
{
    if (ledger != NULL) {
        ledger_commit_stop(ledger);
        store_close(&ledger->reader);
        store_close(&ledger->writer);
        (void)pthread_cond_destroy(&ledger->wake);
        (void)pthread_cond_destroy(&ledger->enough);
        (void)pthread_mutex_destroy(&ledger->lock);
        (void)pthread_mutex_destroy(&ledger->reading);
        free(ledger);
    }
}
