/* SPDX-License-Identifier: Apache-2.0 */
/* unit_release: certificates and key block for a unit that is reserved. See unit.h. */
#include "host/appliance/appliance_room.h"

#include "host/appliance/granting.h"
#include "host/ledger/audit_cert.h"
#include "host/lib/p256.h"
#include "host/lib/text.h"

/* Read back as an auditor will: it must say what was asked for, and no more. */
static int cert_is(const struct cert *cert, enum cert_kind kind, const struct cert_spec *spec)
{
    struct audit_cert read;
    const enum audit_usage usage = kind == CERT_DEVICE ? AUDIT_USAGE_SIGNATURE : AUDIT_USAGE_AGREEMENT;
    return audit_cert_read(bytes_of(cert->der, cert->len), &read) == 0 && !read.is_ca && read.usage == usage &&
           bytes_equal(read.key, bytes_of(spec->public_key, 64)) &&
           bytes_equal(read.serial_number, bytes_of(spec->serial_number, strlen(spec->serial_number)));
}

static int cert_make(const struct unit *u, enum cert_kind kind, const uint8_t public_key[64], struct cert *out,
                     struct fault *fault)
{
    struct appliance *a = u->appliance;
    char serial[2 * PROVISION_UID_LEN + 1];
    struct cert_spec spec = { .kind = kind, .serial_number = serial };
    const struct cert_form *form = kind == CERT_DEVICE ? &u->run->device_form : &u->run->update_form;
    text_hex(u->record.uid, sizeof u->record.uid, serial);
    memcpy(spec.public_key, public_key, sizeof spec.public_key);
    if (cert_form_issue(form, &spec, a->hsm, KEY_ISSUING, out, fault) != 0) {
        return -1;
    }
    return cert_is(out, kind, &spec) ? 0 : fault_set(fault, "the new certificate says something else than it should");
}

/* What is on its way into the ledger. */
struct release {
    struct granting_work grant;
    struct ledger_pending *certs;
};

/* A unit that has its certificates keeps them. */
static int certify_begin(struct unit *u, struct release *r, struct fault *fault)
{
    struct ledger_unit *record = &u->record;
    if (record->device_cert.len != 0) {
        return 0;
    }
    if (cert_make(u, CERT_DEVICE, record->identity_key, &record->device_cert, fault) != 0 ||
        cert_make(u, CERT_DEVICE_UPDATE, record->update_key, &record->update_cert, fault) != 0) {
        return -1;
    }
    r->certs = ledger_unit_certify_begin(u->appliance->ledger, record->uid, &record->device_cert, &record->update_cert,
                                         r->grant.pending, fault);
    return r->certs != NULL ? 0 : -1;
}

/* The grant says that this chip was counted. */
static int grant_begin(struct unit *u, struct release *r, struct fault *fault)
{
    const struct run *run = u->run;
    const struct granting_terms terms = { bytes_of(run->ticket, run->ticket_len), run->number, run->units };
    if (u->record.grant_len == 0 && u->record.package != run->number) {
        (void)fault_set(fault, "unit %llu is counted in package %llu and has no grant; package %llu cannot give one",
                        (unsigned long long)u->record.number, (unsigned long long)u->record.package,
                        (unsigned long long)run->number);
        return fault_hint(fault, "another package was loaded meanwhile: begin again");
    }
    return granting_unit_begin(&u->appliance->granting, &terms, &u->record, &r->grant, fault);
}

/* The key block, in the first sector of the package slot. */
static int head_make(struct unit *u, struct fault *fault)
{
    struct block block;
    if (block_make(&u->run->facts, u->run->session, u->record.update_key, u->appliance->hsm, KEY_PROVISIONER, &block,
                   fault) != 0 ||
        run_head_build(u->run, &block, u->head, fault) != 0) {
        return -1;
    }
    p256_sha256(bytes_of(u->head, sizeof u->head), u->head_digest);
    return 0;
}

/* Nothing leaves before all of it is durable. What goes wrong first is told. */
static int records_await(struct unit *u, struct release *r, int result, struct fault *fault)
{
    struct fault unsaid = FAULT_NONE;
    if (ledger_pending_end(r->certs, result == 0 ? fault : &unsaid) != 0) {
        result = -1;
    }
    unsaid = (struct fault)FAULT_NONE;
    if (granting_unit_end(&u->appliance->granting, &u->record, &r->grant, &unsaid) != 0) {
        *fault = unsaid; /* the certificates were refused because of that */
        result = -1;
    }
    return result;
}

/* The ledger's disk and the token work side by side. */
int unit_release(struct unit *u, struct fault *fault)
{
    struct release release = { .certs = NULL };
    if (grant_begin(u, &release, fault) != 0) {
        return -1;
    }
    int result = certify_begin(u, &release, fault) != 0 ? -1 : head_make(u, fault);
    return records_await(u, &release, result, fault);
}

static struct bytes cert_bytes(const struct cert *cert)
{
    return bytes_of(cert->der, cert->len);
}

struct bytes unit_item(const struct unit *u, enum store_type item)
{
    switch (item) {
    case STORE_POLICY:
        return bytes_of(u->run->policy, u->run->policy_len);
    case STORE_DEVICE_CERT:
        return cert_bytes(&u->record.device_cert);
    case STORE_ISSUER_CERT:
        return cert_bytes(&u->appliance->issuing);
    case STORE_ROOT_CERT:
        return cert_bytes(&u->appliance->root);
    case STORE_GRANT:
        return bytes_of(u->record.grant, u->record.grant_len);
    default:
        return bytes_of(NULL, 0);
    }
}
