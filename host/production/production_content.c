/* SPDX-License-Identifier: Apache-2.0 */
/* production_content: see production_content.h. */
#include "host/production/production_content.h"

#include "base/wipe.h"
#include "host/lib/p256.h"
#include "host/lib/silicon.h"
#include "host/sign1/sign1.h"
#include "wire/cose.h"
#include "wire/grant.h"
#include "wire/layout.h"

#define PART "the production package's "

static int misfit(struct fault *fault, const char *what)
{
    (void)fault_set(fault, PART "parts do not fit together: %s", what);
    return fault_hint(fault, "have it made anew: windlass master production");
}

static int profile_check(const struct production *terms, struct production_run *run, struct fault *fault)
{
    const struct bytes text = run->content.profile;
    if (profile_parse(PART "product.yaml", text.data, text.len, &run->profile, fault) != 0) {
        return -1;
    }
    if (!bytes_equal(terms->vendor, bytes_of(run->profile.vendor_uuid, 16)) ||
        !bytes_equal(terms->class_id, bytes_of(run->profile.class_uuid, 16))) {
        return misfit(fault, "product.yaml is of another product");
    }
    return 0;
}

static int trust_check(const struct production_trust *trust, const struct production_content *content,
                       struct fault *fault)
{
    if (!bytes_equal(content->root, bytes_of(trust->root.der, trust->root.len))) {
        return misfit(fault, "the root certificate is another than this appliance's");
    }
    if (!bytes_equal(content->quota_key, bytes_of(trust->quota_key, 64))) {
        return misfit(fault, "the quota key is another than this appliance's");
    }
    return 0;
}

/* The ticket says the same as the terms, and a mastering key of the devices signed it. */
static int ticket_check(const struct production *terms, const struct production_content *content, struct fault *fault)
{
    struct cose_sign1 parsed;
    struct ticket ticket;
    struct bytes payload = { NULL, 0 };
    const struct sign1 sign1 = { content->ticket, bytes_of(TICKET_AAD, sizeof TICKET_AAD - 1), { NULL, 0 } };
    status_t status = cose_sign1_parse(content->ticket, &parsed);
    const uint8_t *key = status == STATUS_OK ? p256_key_find(content->mastering_keys, parsed.kid) : NULL;
    if (key == NULL || sign1_check(&sign1, key, &payload) != STATUS_OK || ticket_parse(payload, &ticket) != STATUS_OK) {
        return misfit(fault, "the ticket is not signed by a mastering key of the devices");
    }
    if (ticket.package != terms->number || ticket.block != terms->block ||
        !bytes_equal(ticket.grant_key, terms->grant_key) || !bytes_equal(ticket.vendor, terms->vendor) ||
        !bytes_equal(ticket.class_id, terms->class_id)) {
        return misfit(fault, "the ticket is for another package");
    }
    return 0;
}

/* A product says once how its chips are reached: whoever asks for the open channel where the maker wants the secure one
 * would get firmware in the clear. */
static int vendors_check(struct production_run *run, struct fault *fault)
{
    struct cert vendors[SILICON_VENDORS_MAX];
    size_t count = 0;
    struct fault inner = FAULT_NONE;
    if (silicon_parse(run->content.vendors, vendors, &count, &inner) != 0) {
        return misfit(fault, inner.what);
    }
    return (count > 0) == (run->profile.chip_vendors[0] != '\0')
               ? 0
               : misfit(fault, "product.yaml and the silicon vendors' certificates do not belong together");
}

/* Each may demand a version of the other: a chip would refuse the pair. */
static int versions_check(const struct package *sbm, const struct package *app, struct fault *fault)
{
    if (app->needs_version > sbm->sequence) {
        (void)fault_set(fault, "the application needs Secure Boot Manager %llu, and this one is %llu",
                        (unsigned long long)app->needs_version, (unsigned long long)sbm->sequence);
        return fault_hint(fault, "have it made anew with a later --sbm: windlass master production");
    }
    if (sbm->needs_version > app->sequence) {
        (void)fault_set(fault, "the Secure Boot Manager needs application %llu, and this one is %llu",
                        (unsigned long long)sbm->needs_version, (unsigned long long)app->sequence);
        return fault_hint(fault, "have it made anew with a later --app: windlass master production");
    }
    return 0;
}

static int packages_check(struct production_run *run, struct fault *fault)
{
    const struct production_content *c = &run->content;
    const struct package_rules sbm = { 1, c->firmware_keys, run->profile.vendor_uuid, run->profile.sbm_class_uuid };
    const struct package_rules app = { 0, c->firmware_keys, run->profile.vendor_uuid, run->profile.class_uuid };
    if (c->bl1.len > LAYOUT_BL1_LEN || c->sbm.len > LAYOUT_SBM_PACKAGE_LEN ||
        c->app.len > LAYOUT_PACKAGE_LEN - BLOCK_MAX) {
        return misfit(fault, "BL1, SBM or application is too large for the chip");
    }
    if (package_check(PART "SBM", c->sbm, &sbm, &run->sbm, fault) != 0 ||
        package_check(PART "application", c->app, &app, &run->app, fault) != 0) {
        return -1;
    }
    if (run->app.image_size > LAYOUT_PRIMARY_LEN) {
        return misfit(fault, "the application is too large for the chip");
    }
    return versions_check(&run->sbm, &run->app, fault) != 0 ? -1 : block_package_read(c->app, &run->app_facts, fault);
}

static int block_check_once(const struct production_inputs *in, struct production_run *run, struct fault *fault)
{
    struct session_key key;
    struct fault inner = FAULT_NONE;
    int result = block_open(run->content.block, &run->app_facts, run->content.mastering_keys, in->hsm, KEY_TRANSPORT,
                            &key, &inner);
    wipe(&key, sizeof key);
    return result == 0 ? 0 : misfit(fault, inner.what);
}

int production_content_check(const struct production_inputs *in, const struct production *terms,
                             struct production_run *run, struct fault *fault)
{
    if (profile_check(terms, run, fault) != 0 || trust_check(in->trust, &run->content, fault) != 0 ||
        ticket_check(terms, &run->content, fault) != 0 || vendors_check(run, fault) != 0 ||
        packages_check(run, fault) != 0) {
        return -1;
    }
    return block_check_once(in, run, fault);
}
