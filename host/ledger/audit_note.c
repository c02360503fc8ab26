/* SPDX-License-Identifier: Apache-2.0 */
/* audit_note: what is kept of an event beside the state: what its signatures are to be checked against, the TPM's
 * counts, what the maker knows of it. See audit_room.h. */
#include "host/ledger/audit_room.h"

#include <stdlib.h>
#include <string.h>

#include "host/lib/p256.h"
#include "wire/grant.h"

static void opened_read(struct audit *audit, size_t index, const struct event_body *body)
{
    struct audit_chain *chain = &audit->chains[index];
    const struct audit_trust *trust = audit->config->trust;
    struct fault fault = FAULT_NONE;
    struct cert cert;
    uint8_t digest[32];
    size_t known = 0;
    if (!bytes_equal(body->chain, bytes_of(chain->id, sizeof chain->id))) {
        audit_tell(audit, index, chain->seq, 0, "the chain was opened with another name");
    }
    if (body->cert.len == 0) {
        audit_tell(audit, index, chain->seq, 0, "the appliance signs no checkpoints: nothing vouches for this chain");
        return;
    }
    while (known < trust->records_count &&
           !bytes_equal(body->cert, bytes_of(trust->records[known].der, trust->records[known].len))) {
        known++;
    }
    if (known == trust->records_count) {
        audit_tell(audit, index, chain->seq, 0, "its records certificate is of no appliance of this maker");
    } else if (trust->revoked != NULL) {
        chain->revoked = trust->revoked[known];
    }
    if (cert_parse(body->cert, &cert, &fault) != 0 ||
        cert_check_past(&cert, NULL, &trust->root, CERT_SIGNING, chain->key, &fault) != 0) {
        audit_tell(audit, index, chain->seq, 0, "its records certificate: %s", fault.what);
        return;
    }
    chain->has_key = 1;
    p256_sha256(bytes_of(chain->key, sizeof chain->key), digest);
    if (memcmp(digest, chain->id, sizeof chain->id) != 0) {
        audit_tell(audit, index, chain->seq, 0, "the chain's name is not that of its records certificate");
    }
}

static void count_add(struct audit *audit, size_t index, const struct audit_count *count)
{
    if (audit->count_count == audit->count_room) {
        size_t room = audit->count_room == 0 ? 1024 : 2 * audit->count_room;
        struct audit_count *counts = realloc(audit->counts, room * sizeof *counts);
        if (counts == NULL) {
            audit->broken = 1;
            (void)fault_set(audit->fault, "no memory for the TPM's counts");
            return;
        }
        audit->counts = counts;
        audit->count_room = room;
    }
    audit->counts[audit->count_count] = *count;
    audit->counts[audit->count_count++].chain = index;
}

/* The appliance writes what a package grants; the maker knows it. */
static void given_check(struct audit *audit, size_t index, const struct event_body *body)
{
    const struct audit_trust *trust = audit->config->trust;
    const struct audit_chain *chain = &audit->chains[index];
    for (size_t i = 0; i < trust->given_count; i++) {
        const struct audit_given *given = &trust->given[i];
        if (!bytes_equal(body->digest, bytes_of(given->digest, sizeof given->digest))) {
            continue;
        }
        if (given->number != body->package || given->quota != body->quota || (uint64_t)given->tpm != body->tpm ||
            !chain->has_key || memcmp(given->records_key, chain->key, sizeof chain->key) != 0) {
            audit_tell(
                audit, index, chain->seq, 0,
                "package %llu, quota %llu: the maker gave it as package %llu, quota %llu, %s a TPM, or elsewhere",
                (unsigned long long)body->package, (unsigned long long)body->quota, (unsigned long long)given->number,
                (unsigned long long)given->quota, given->tpm ? "with" : "without");
        }
        return;
    }
    audit_tell(audit, index, chain->seq, 0, "package %llu: the maker gave no such package",
               (unsigned long long)body->package);
}

/* What a load says of itself, beside what the rules keep. */
static void load_note(struct audit *audit, size_t index, const struct event_body *body)
{
    size_t place = audit_load_find(&audit->memory, audit->chains[index].id, body->package);
    struct load *load = &audit->memory.loads[place - 1];
    load->tpm = body->tpm;
    load->not_after = body->not_after;
    memcpy(load->grant_key, body->grant_key.data, sizeof load->grant_key);
    memcpy(load->issuing, body->issuing.data, sizeof load->issuing);
    given_check(audit, index, body);
}

static void found_note(struct audit *audit, struct bytes cert)
{
    uint8_t digest[32];
    if (audit->config->found_count == 0) {
        return;
    }
    p256_sha256(cert, digest);
    for (size_t i = 0; i < audit->config->found_count; i++) {
        audit->found_met[i] |= memcmp(audit->found[i], digest, sizeof digest) == 0;
    }
}

static void certified_note(struct audit *audit, size_t index, const struct event_body *body)
{
    const struct audit_chain *chain = &audit->chains[index];
    struct state_unit unit;
    found_note(audit, body->cert);
    found_note(audit, body->update_cert);
    if (chain->revoked != 0 && chain->time > chain->revoked &&
        audit->view.unit_by_uid(audit->view.context, body->uid.data, &unit, audit->fault) == 1) {
        audit_tell(audit, index, chain->seq, unit.number, "its appliance certified it after it was revoked");
    }
}

/* What is checked by signature is put aside for the threads. */
static void job_add(struct audit *audit, size_t index, enum job_kind kind, const struct event_body *body)
{
    struct job *job = &audit->jobs[audit->job_count];
    struct state_package package;
    *job = (struct job){ .kind = kind, .chain = index, .seq = audit->chains[index].seq, .body = *body };
    if (audit->view.unit_by_uid(audit->view.context, body->uid.data, &job->unit, audit->fault) != 1) {
        return;
    }
    job->load = audit_load_find(&audit->memory, job->unit.chain, job->unit.package);
    if (audit->view.package_find(audit->view.context, job->unit.package, &package, audit->fault) == 1) {
        job->block = package.block;
    }
    audit->job_count++;
}

static void granted_note(struct audit *audit, size_t index, const struct event_body *body)
{
    const struct audit_chain *chain = &audit->chains[index];
    struct state_unit unit;
    if (audit->view.unit_by_uid(audit->view.context, body->uid.data, &unit, audit->fault) != 1) {
        return;
    }
    size_t place = audit_load_find(&audit->memory, unit.chain, unit.package);
    int tpm = place != 0 && audit->memory.loads[place - 1].tpm != 0;
    if (tpm != (body->tpm_count != 0)) {
        audit_tell(audit, index, chain->seq, unit.number,
                   tpm ? "its grant states no count of the TPM" : "its grant states a count where no TPM counts");
    } else if (tpm) {
        struct audit_count count = { 0, body->tpm_count - 1, body->tpm_count, chain->seq, 0, { 0 } };
        struct grant_item item;
        if (grant_item_parse(body->item, &item) == STATUS_OK && item.block.data != NULL) {
            count.has_block = 1;
            p256_sha256(item.block, count.block);
        }
        count_add(audit, index, &count);
    }
}

static void token_note(struct audit *audit, const struct event_body *body)
{
    struct state_unit unit;
    if (body->token.len == 0 &&
        audit->view.unit_by_uid(audit->view.context, body->uid.data, &unit, audit->fault) == 1) {
        size_t place = audit_load_find(&audit->memory, unit.chain, unit.package);
        if (place != 0) {
            audit->memory.loads[place - 1].without_token++;
        }
    }
}

static void moved_note(struct audit *audit, size_t index, const struct event_body *body)
{
    size_t place = audit_load_find(&audit->memory, audit->chains[index].id, body->package_from);
    if (place != 0) {
        audit->memory.loads[place - 1].moved++;
    }
}

void audit_event_note(struct audit *audit, size_t index, unsigned kind, const struct event_body *body)
{
    switch (kind) {
    case EVENT_OPENED:
        opened_read(audit, index, body);
        break;
    case EVENT_PACKAGE:
        load_note(audit, index, body);
        break;
    case EVENT_RESERVED:
        if (body->package == 0 && audit->chains[index].has_key) {
            audit_tell(audit, index, audit->chains[index].seq, body->unit, "it is counted in no package");
        }
        break;
    case EVENT_GRANTED:
        granted_note(audit, index, body);
        job_add(audit, index, JOB_GRANT, body);
        break;
    case EVENT_CERTIFIED:
        certified_note(audit, index, body);
        job_add(audit, index, JOB_CERTS, body);
        break;
    case EVENT_CHECKED:
        job_add(audit, index, JOB_RECEIPT, body);
        break;
    case EVENT_DONE:
        token_note(audit, body);
        job_add(audit, index, JOB_TOKEN, body);
        break;
    case EVENT_SCRAPPED:
        job_add(audit, index, JOB_SCRAP, body);
        break;
    case EVENT_DEBUG:
        audit->result->debugs++;
        job_add(audit, index, JOB_DEBUG, body);
        break;
    case EVENT_MOVED:
        moved_note(audit, index, body);
        break;
    case EVENT_DECOMMISSIONED:
        job_add(audit, index, JOB_DECOMMISSION, body);
        break;
    case EVENT_SPENT:
        count_add(audit, index,
                  &(struct audit_count){ 0, body->tpm_count, body->tpm_to, audit->chains[index].seq, 0, { 0 } });
        audit->result->spent += body->tpm_to - body->tpm_count;
        break;
    case EVENT_FAILED:
        audit->result->failures++;
        break;
    default:
        break;
    }
}
