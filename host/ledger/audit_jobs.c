/* SPDX-License-Identifier: Apache-2.0 */
/* audit_jobs: the signatures, by all processors: checkpoints, grants, certificates, receipts, tokens, orders. */
#include "host/ledger/audit_room.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/lib/p256.h"
#include "host/lib/text.h"
#include "host/sign1/ending.h"
#include "host/sign1/scrap.h"
#include "host/sign1/sign1.h"
#include "host/sign1/token.h"
#include "wire/cose.h"
#include "wire/grant.h"
#include "wire/provision_msg.h"

#define THREADS_MAX 64

/* One thread, with what it has found good already: most grants of a package share ticket and block. */
struct worker {
    struct audit *audit;
    atomic_size_t *next;
    uint8_t ticket[32];
    uint8_t block[32];
};

static void job_tell(struct job *job, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void job_tell(struct job *job, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(job->what, sizeof job->what, format, arguments);
    va_end(arguments);
}

/* ---- issuing certificates ---- */

int audit_issuers_open(struct audit *audit, struct fault *fault)
{
    const struct audit_trust *trust = audit->config->trust;
    audit->issuers = calloc(trust->issuing_count + 1, sizeof *audit->issuers);
    if (audit->issuers == NULL) {
        return fault_set(fault, "no memory");
    }
    for (size_t i = 0; i < trust->issuing_count; i++) {
        const struct cert *cert = &trust->issuing[i];
        struct issuer *issuer = &audit->issuers[audit->issuer_count++];
        if (cert_check_past(cert, NULL, &trust->root, CERT_ISSUING, issuer->key, fault) != 0) {
            return -1;
        }
        if (audit_cert_read(bytes_of(cert->der, cert->len), &issuer->cert) != 0) {
            return fault_set(fault, "an issuing certificate is not in the form that devices' certificates follow");
        }
        p256_sha256(bytes_of(cert->der, cert->len), issuer->digest);
    }
    return 0;
}

void audit_issuers_close(struct audit *audit)
{
    free(audit->issuers);
}

/* ---- certificates ---- */

/* What is wrong with a device's certificate, or NULL. */
static const char *cert_wrong(const struct audit_cert *cert, const struct issuer *issuer, enum audit_usage usage,
                              const uint8_t uid[16], const uint8_t key[64])
{
    char serial[33];
    text_hex(uid, 16, serial);
    if (cert->usage != usage || cert->is_ca) {
        return "may be used for other things than a device's";
    }
    if (!bytes_equal(cert->serial_number, bytes_of(serial, 32))) {
        return "names another unique ID";
    }
    if (!bytes_equal(cert->key, bytes_of(key, 64))) {
        return "holds another key than the one that was reserved";
    }
    if (!bytes_equal(cert->issuer, issuer->cert.subject) || !audit_cert_is_signed(cert, issuer->key)) {
        return "is not signed by the issuing key of its package";
    }
    return NULL;
}

static const struct issuer *issuer_find(const struct audit *audit, const struct job *job)
{
    for (size_t i = 0; i < audit->issuer_count && job->load != 0; i++) {
        if (memcmp(audit->issuers[i].digest, audit->memory.loads[job->load - 1].issuing, 32) == 0) {
            return &audit->issuers[i];
        }
    }
    return job->load == 0 && audit->issuer_count > 0 ? &audit->issuers[0] : NULL;
}

static void cert_job(const struct audit *audit, struct job *job, struct bytes der, const char *name,
                     enum audit_usage usage, const uint8_t key[64])
{
    const struct issuer *issuer = issuer_find(audit, job);
    struct audit_cert cert;
    if (issuer == NULL) {
        job_tell(job, "its issuing certificate is of no appliance of this maker");
        return;
    }
    const char *wrong = audit_cert_read(der, &cert) != 0 ? "is not a device's certificate"
                                                         : cert_wrong(&cert, issuer, usage, job->unit.uid, key);
    if (wrong != NULL) {
        job_tell(job, "its %s certificate %s", name, wrong);
    }
}

static void certs_job(const struct audit *audit, struct job *job)
{
    cert_job(audit, job, job->body.cert, "device", AUDIT_USAGE_SIGNATURE, job->unit.identity_key);
    if (job->what[0] == '\0') {
        cert_job(audit, job, job->body.update_cert, "update", AUDIT_USAGE_AGREEMENT, job->unit.update_key);
    }
}

/* ---- grants ---- */

static struct bytes text_bytes(const char *text)
{
    return bytes_of(text, strlen(text));
}

/* Checks a signature, unless the worker met the same bytes before. */
static status_t known_check(struct bytes encoded, const char *aad, const uint8_t *key, uint8_t met[32],
                            struct bytes *payload)
{
    uint8_t digest[32];
    struct cose_sign1 parsed;
    const struct sign1 sign1 = { encoded, text_bytes(aad), { NULL, 0 } };
    p256_sha256(encoded, digest);
    if (memcmp(digest, met, sizeof digest) == 0) {
        status_t status = cose_sign1_parse(encoded, &parsed);
        *payload = parsed.payload;
        return status;
    }
    status_t status = key == NULL ? STATUS_SUIT_KEY_UNKNOWN : sign1_check(&sign1, key, payload);
    if (status == STATUS_OK) {
        memcpy(met, digest, sizeof digest);
    }
    return status;
}

static const uint8_t *mastering_key_find(const struct audit_trust *trust, struct bytes ticket)
{
    struct cose_sign1 parsed;
    if (cose_sign1_parse(ticket, &parsed) != STATUS_OK || parsed.kid.data == NULL) {
        return NULL;
    }
    return p256_key_find(bytes_of(trust->mastering, 64 * trust->mastering_count), parsed.kid);
}

static int ticket_job(struct worker *worker, struct job *job, struct bytes encoded, struct ticket *ticket)
{
    const struct audit *audit = worker->audit;
    struct bytes payload = { NULL, 0 };
    status_t status =
        known_check(encoded, TICKET_AAD, mastering_key_find(audit->config->trust, encoded), worker->ticket, &payload);
    status = status == STATUS_OK ? ticket_parse(payload, ticket) : status;
    if (status != STATUS_OK) {
        job_tell(job, "its ticket: %s", status_text(status));
        return -1;
    }
    const struct load *load = &audit->memory.loads[job->load - 1];
    if (ticket->package != job->unit.package || ticket->block != job->block ||
        !bytes_equal(ticket->grant_key, bytes_of(load->grant_key, sizeof load->grant_key))) {
        job_tell(job, "its ticket is for another package");
        return -1;
    }
    return 0;
}

/* The key that signs the grant: the ticket's own, or the delegate of a block that the ticket's key signed. NULL: told.
 */
static const uint8_t *grant_key_find(struct worker *worker, struct job *job, const struct grant_item *item,
                                     const struct ticket *ticket)
{
    struct grant_block block;
    struct bytes payload = { NULL, 0 };
    if (ticket->block <= 1 || item->block.data == NULL) {
        if (ticket->block > 1 || item->block.data != NULL) {
            job_tell(job, "its grant %s a block", ticket->block > 1 ? "lacks" : "may not have");
            return NULL;
        }
        return ticket->grant_key.data;
    }
    status_t status = known_check(item->block, GRANT_BLOCK_AAD, ticket->grant_key.data, worker->block, &payload);
    status = status == STATUS_OK ? grant_block_parse(payload, &block) : status;
    if (status != STATUS_OK) {
        job_tell(job, "its grant's block: %s", status_text(status));
        return NULL;
    }
    if (block.package != job->unit.package || block.count > ticket->block || job->unit.number < block.first ||
        job->unit.number - block.first >= block.count) {
        job_tell(job, "its grant's block is for other units");
        return NULL;
    }
    return block.delegate_key.data;
}

static void grant_job(struct worker *worker, struct job *job)
{
    struct grant_item item;
    struct ticket ticket;
    struct grant grant;
    struct bytes payload = { NULL, 0 };
    if (job->unit.package == 0) {
        return; /* of a ledger that nobody signs: what it says there is told once, of all of it */
    }
    if (job->load == 0) {
        job_tell(job, "it has a grant, and no package that this appliance loaded");
        return;
    }
    status_t status = grant_item_parse(job->body.item, &item);
    if (status != STATUS_OK) {
        job_tell(job, "its grant: %s", status_text(status));
        return;
    }
    const uint8_t *key =
        ticket_job(worker, job, item.ticket, &ticket) == 0 ? grant_key_find(worker, job, &item, &ticket) : NULL;
    if (key == NULL) {
        return;
    }
    const struct sign1 sign1 = { item.grant, text_bytes(GRANT_AAD), { NULL, 0 } };
    status = sign1_check(&sign1, key, &payload);
    status = status == STATUS_OK ? grant_parse(payload, &grant) : status;
    if (status != STATUS_OK) {
        job_tell(job, "its grant: %s", status_text(status));
    } else if (grant.package != job->unit.package || grant.unit != job->unit.number ||
               !bytes_equal(grant.uid, bytes_of(job->unit.uid, sizeof job->unit.uid)) ||
               !bytes_equal(grant.identity_key, bytes_of(job->unit.identity_key, 64)) ||
               !bytes_equal(grant.update_key, bytes_of(job->unit.update_key, 64))) {
        job_tell(job, "its grant is for another chip");
    }
}

/* ---- receipts, tokens, orders, checkpoints ---- */

static void receipt_job(struct job *job)
{
    struct provision_answer answer;
    status_t status = provision_answer_parse(job->body.receipt, &answer);
    if (status != STATUS_OK || answer.op != PROVISION_CHECK || answer.status != 0) {
        job_tell(job, "its receipt is not a chip's answer to CHECK");
    } else if (answer.app_sequence != job->body.sequence) {
        job_tell(job, "its receipt is for application %llu, not %llu", (unsigned long long)answer.app_sequence,
                 (unsigned long long)job->body.sequence);
    }
}

static void token_job(struct job *job)
{
    struct fault fault = FAULT_NONE;
    struct token_claims claims;
    if (job->body.token.len == 0) {
        return;
    }
    if (token_check(job->body.token, job->unit.identity_key, job->body.nonce, &claims, &fault) != 0) {
        job_tell(job, "its token: %.150s", fault.what);
    } else if (claims.lifecycle != TOKEN_LIFECYCLE_SECURED) {
        job_tell(job, "its token does not say that it is secured");
    }
}

static void scrap_job(const struct audit *audit, struct job *job)
{
    struct fault fault = FAULT_NONE;
    struct scrap scrap;
    if (!audit->config->trust->has_quota_key) {
        job_tell(job, "its order cannot be checked: there is no certificate of the quota key");
    } else if (scrap_check(job->body.order, audit->config->trust->quota_key, &scrap, &fault) != 0) {
        job_tell(job, "what took it out: %.150s", fault.what);
    } else if (!bytes_equal(scrap.uid, bytes_of(job->unit.uid, sizeof job->unit.uid))) {
        job_tell(job, "the order that took it out names another chip");
    } else if (!bytes_equal(scrap.chain, bytes_of(job->unit.chain, sizeof job->unit.chain))) {
        job_tell(job, "the order that took it out is for another appliance");
    }
}

/* What `windlassd record` checked before it wrote it. */
static void ending_job(const struct audit *audit, struct job *job)
{
    struct fault fault = FAULT_NONE;
    const struct audit_trust *trust = audit->config->trust;
    const struct ending ending = { bytes_of(job->unit.uid, sizeof job->unit.uid), job->body.order, job->body.proof,
                                   job->kind == JOB_DEBUG };
    if (ending_check(&ending, bytes_of(trust->mastering, 64 * trust->mastering_count), job->unit.identity_key,
                     &fault) != 0) {
        job_tell(job, "its %s not proved: %.150s", job->kind == JOB_DEBUG ? "debug rights are" : "end is", fault.what);
    }
}

static void checkpoint_job(const struct audit *audit, struct job *job)
{
    const struct audit_chain *chain = &audit->chains[job->chain];
    if (chain->has_key && checkpoint_check(job->encoded, chain->key) != STATUS_OK) {
        job_tell(job, "the signature of its checkpoint is wrong");
    }
}

static void job_run(struct worker *worker, struct job *job)
{
    switch (job->kind) {
    case JOB_CHECKPOINT:
        checkpoint_job(worker->audit, job);
        break;
    case JOB_GRANT:
        grant_job(worker, job);
        break;
    case JOB_CERTS:
        certs_job(worker->audit, job);
        break;
    case JOB_RECEIPT:
        receipt_job(job);
        break;
    case JOB_TOKEN:
        token_job(job);
        break;
    case JOB_SCRAP:
        scrap_job(worker->audit, job);
        break;
    case JOB_DECOMMISSION:
    case JOB_DEBUG:
        ending_job(worker->audit, job);
        break;
    }
}

static void *worker_run(void *context)
{
    struct worker *worker = context;
    size_t count = worker->audit->job_count;
    for (size_t at = atomic_fetch_add(worker->next, 1); at < count; at = atomic_fetch_add(worker->next, 1)) {
        job_run(worker, &worker->audit->jobs[at]);
    }
    return NULL;
}

void audit_jobs_run(struct audit *audit)
{
    struct worker workers[THREADS_MAX];
    pthread_t threads[THREADS_MAX];
    atomic_size_t next = 0;
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    unsigned count = audit->config->threads != 0 ? audit->config->threads : (unsigned)(processors > 0 ? processors : 1);
    count = count > THREADS_MAX ? THREADS_MAX : count;
    unsigned started = 0;
    for (unsigned i = 0; i < count; i++) {
        workers[i] = (struct worker){ .audit = audit, .next = &next };
    }
    while (started + 1 < count && pthread_create(&threads[started], NULL, worker_run, &workers[started + 1]) == 0) {
        started++;
    }
    (void)worker_run(&workers[0]);
    for (unsigned i = 0; i < started; i++) {
        (void)pthread_join(threads[i], NULL);
    }
    for (size_t i = 0; i < audit->job_count; i++) {
        const struct job *job = &audit->jobs[i];
        if (job->what[0] != '\0') {
            audit_tell(audit, job->chain, job->seq, job->unit.number, "%s", job->what);
        }
    }
}
