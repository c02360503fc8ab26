/* SPDX-License-Identifier: Apache-2.0 */
/* production: see production.h. The signature first, then the terms, then the key; the content is looked at last. */
#include "host/production/production.h"

#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <time.h>

#include "host/production/locked.h"
#include "host/production/production_content.h"
#include "host/lib/p256.h"
#include "host/lib/parcel.h"
#include "host/lib/text.h"
#include "wire/cose.h"

#define MASTER_AGAIN "have it made for this appliance: windlass master production"

/* SHA-256 over the Sig_structure around `payload`. */
static int signed_digest(struct bytes payload, uint8_t digest[32])
{
    uint8_t head[PRODUCTION_STRUCTURE_MAX];
    struct cbor_writer w = cbor_writer_of(head, sizeof head);
    production_sig_head_build(payload.len, &w);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    int done = ctx != NULL && w.status == STATUS_OK && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1 &&
               EVP_DigestUpdate(ctx, head, w.len) == 1 && EVP_DigestUpdate(ctx, payload.data, payload.len) == 1 &&
               EVP_DigestFinal_ex(ctx, digest, NULL) == 1;
    EVP_MD_CTX_free(ctx);
    return done ? 0 : -1;
}

static int signature_check(const struct production_inputs *in, struct bytes *payload, struct fault *fault)
{
    struct cose_sign1 sign1;
    uint8_t digest[32];
    status_t status = in->package.len > PRODUCTION_MAX ? STATUS_TOO_LONG : cose_sign1_parse(in->package, &sign1);
    if (status == STATUS_OK && (sign1.payload.data == NULL || sign1.kid.data == NULL)) {
        status = STATUS_MISSING_FIELD;
    }
    if (status != STATUS_OK) {
        (void)fault_status(fault, "not a production package", status);
        return fault_hint(fault, "give the file that 'windlass master production' wrote");
    }
    const uint8_t *key = p256_key_find(bytes_of(in->trust->mastering_keys, in->trust->mastering_len), sign1.kid);
    if (key == NULL) {
        char kid[2 * COSE_KID_LEN + 1];
        text_hex(sign1.kid.data, COSE_KID_LEN, kid);
        (void)fault_set(fault, "the production package is not signed by a mastering key that this appliance takes (%s)",
                        kid);
        return fault_hint(fault, "was it made with development keys, or with a key that was revoked since?");
    }
    if (signed_digest(sign1.payload, digest) != 0 || p256_verify(key, digest, sign1.signature.data) != STATUS_OK) {
        (void)fault_set(fault, "the production package was changed: its signature is wrong");
        return fault_hint(fault, "copy the file again");
    }
    *payload = sign1.payload;
    return 0;
}

static int addressee_check(const struct production *terms, const struct production_trust *trust, struct fault *fault)
{
    uint8_t own[32];
    uint8_t issuing[32];
    parcel_kid(trust->transport_key, own);
    p256_sha256(bytes_of(trust->issuing.der, trust->issuing.len), issuing);
    if (!bytes_equal(terms->recipient, bytes_of(own, sizeof own))) {
        (void)fault_set(fault, "the production package is for another appliance");
        return fault_hint(fault, MASTER_AGAIN);
    }
    if (!bytes_equal(terms->issuing, bytes_of(issuing, sizeof issuing))) {
        (void)fault_set(fault, "the production package is for another issuing certificate than this appliance's");
        return fault_hint(fault,
                          "bring the last 'windlass pki appliance' answer here (windlassd enrol), or " MASTER_AGAIN);
    }
    if ((terms->tpm != 0) != (trust->tpm != 0) || (terms->refill.len != 0) != (trust->tpm != 0)) {
        (void)fault_set(fault, trust->tpm != 0 ? "the production package is for an appliance without TPM"
                                               : "the production package is for an appliance with a TPM");
        return fault_hint(fault, MASTER_AGAIN);
    }
    if (!bytes_equal(terms->grant_key, bytes_of(trust->grant_key, sizeof trust->grant_key))) {
        (void)fault_set(fault, "the production package is for another grant key than this appliance's");
        return fault_hint(fault, MASTER_AGAIN);
    }
    return 0;
}

static int number_check(const struct production_inputs *in, struct production_run *run, struct fault *fault)
{
    const struct production_floor *floor = in->floor;
    const uint64_t number = run->terms.number;
    if (number == floor->number && memcmp(run->terms.digest, floor->digest, sizeof floor->digest) == 0) {
        run->resumed = 1;
        return 0;
    }
    if (number == floor->number) {
        (void)fault_set(fault, "the production package has number %" PRIu64 ", and another one with it was loaded",
                        number);
        return fault_hint(fault, "have it made with a higher --number");
    }
    if (number < floor->number) {
        (void)fault_set(fault,
                        "the production package has number %" PRIu64 ", and number %" PRIu64
                        " was loaded already: this one is over",
                        number, floor->number);
        return fault_hint(fault, "have it made with a higher --number");
    }
    return 0;
}

/* UTC, as people write it. */
static const char *time_text(uint64_t seconds, char out[32])
{
    struct tm tm;
    time_t when = (time_t)seconds;
    if (gmtime_r(&when, &tm) == NULL || strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0) {
        (void)snprintf(out, 32, "a far time");
    }
    return out;
}

static int clock_check(const struct production_inputs *in, const struct production *terms, struct fault *fault)
{
    char now[32];
    char then[32];
    (void)time_text((uint64_t)in->now, now);
    if (in->now < 0 || in->now < in->floor->latest - PRODUCTION_CLOCK_SLACK) {
        (void)fault_set(fault, "the clock was set back: it shows %s, and the ledger has seen %s", now,
                        time_text((uint64_t)in->floor->latest, then));
        return fault_hint(fault, "set this machine's clock");
    }
    if ((uint64_t)in->now < terms->not_before) {
        (void)fault_set(fault, "the production package is not valid yet: from %s; it is %s",
                        time_text(terms->not_before, then), now);
        return fault_hint(fault, "wait, or check this machine's clock");
    }
    if ((uint64_t)in->now > terms->not_after) {
        (void)fault_set(fault, "the production package is no longer valid: it was until %s; it is %s",
                        time_text(terms->not_after, then), now);
        return fault_hint(fault, "have a new one made: windlass master production");
    }
    return 0;
}

static int terms_check(const struct production_inputs *in, const struct production *terms, struct production_run *run,
                       struct fault *fault)
{
    struct production_terms *t = &run->terms;
    t->number = terms->number;
    t->not_before = terms->not_before;
    t->not_after = terms->not_after;
    t->quota = terms->quota;
    t->block = terms->block;
    t->tpm = terms->tpm != 0;
    t->refill_len = terms->refill.len;
    memcpy(t->grant_key, terms->grant_key.data, sizeof t->grant_key);
    memcpy(t->issuing, terms->issuing.data, sizeof t->issuing);
    memcpy(t->refill, terms->refill.data, terms->refill.len);
    p256_sha256(in->package, t->digest);
    if (addressee_check(terms, in->trust, fault) != 0 || clock_check(in, terms, fault) != 0 ||
        number_check(in, run, fault) != 0) {
        return -1;
    }
    if (terms->quota == 0) {
        (void)fault_set(fault, "the production package allows no unit: its quota is 0");
        return fault_hint(fault, "have it made with --quota of 1 or more");
    }
    return 0;
}

static int content_open(const struct production_inputs *in, const struct production *terms, struct production_run *run,
                        struct fault *fault)
{
    struct production_cipher cipher;
    status_t status = production_cipher_parse(terms->encrypted, &cipher);
    if (status == STATUS_OK && !bytes_equal(cipher.kid, terms->recipient)) {
        status = STATUS_SUIT_RECIPIENT;
    }
    if (status != STATUS_OK) {
        return fault_status(fault, "the production package's encryption", status);
    }
    const size_t len = cipher.ciphertext.len - PRODUCTION_TAG_LEN;
    run->memory = locked_take(len, "the production package", fault);
    run->memory_len = len;
    if (run->memory == NULL || parcel_open(&cipher, in->hsm, KEY_TRANSPORT, run->memory, fault) != 0) {
        return -1;
    }
    status = production_content_parse(bytes_of(run->memory, len), &run->content);
    return status == STATUS_OK ? production_content_check(in, terms, run, fault)
                               : fault_status(fault, "the production package's content", status);
}

int production_open(const struct production_inputs *in, struct production_run *out, struct fault *fault)
{
    struct bytes payload;
    struct production terms;
    memset(out, 0, sizeof *out);
    if (signature_check(in, &payload, fault) != 0) {
        return -1;
    }
    status_t status = production_parse(payload, &terms);
    if (status != STATUS_OK) {
        (void)fault_status(fault, "the production package's terms", status);
        return fault_hint(fault, "was it made by a later windlass?");
    }
    if (terms_check(in, &terms, out, fault) != 0 || content_open(in, &terms, out, fault) != 0) {
        production_close(out);
        return -1;
    }
    return 0;
}

void production_close(struct production_run *run)
{
    locked_give(run->memory, run->memory_len);
    memset(run, 0, sizeof *run);
}
