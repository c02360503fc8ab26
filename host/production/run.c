/* SPDX-License-Identifier: Apache-2.0 */
/* run: see run.h. */
#include "host/production/run.h"

#include <stdlib.h>

#include "host/production/images.h"
#include "host/production/locked.h"
#include "host/lib/p256.h"

/* ---- the session key ---- */

/* The key block is opened here, so that a wrong one is found before a chip is touched. */
static int session_open(struct run *run, const struct run_parts *parts, struct fault *fault)
{
    struct fault inner = FAULT_NONE;
    struct block trial;
    run->session = locked_take(sizeof *run->session, "the session key", fault);
    if (run->session == NULL) {
        return -1;
    }
    if (block_open(parts->block, &run->facts, parts->mastering_keys, parts->hsm, KEY_TRANSPORT, run->session, &inner) !=
        0) {
        (void)fault_set(fault, "%s: %s", parts->block_name, inner.what);
        return fault_hint(fault, "have the package made anew: windlass master production");
    }
    /* The length of a key block depends on the package alone: any recipient will do to learn it. */
    if (block_make(&run->facts, run->session, parts->provisioner_key.data, parts->hsm, KEY_PROVISIONER, &trial,
                   fault) != 0) {
        return -1;
    }
    run->block_len = trial.len;
    return 0;
}

/* ---- images ---- */

static size_t rounded(size_t len, size_t to)
{
    return (len + to - 1) / to * to;
}

static void image_set(struct run *run, enum run_image_id id, uint32_t off, struct bytes data)
{
    struct run_image *image = &run->images[id];
    image->off = off;
    image->erase_len = (uint32_t)rounded(data.len, FLASHCTL_SECTOR_LEN);
    image->data = data;
    p256_sha256(data, image->digest);
}

#define STORE_BOOT_AT 0u
#define STORE_SBM_AT LAYOUT_BOOT_LEN
#define STORE_SBM_PACKAGE_AT (STORE_SBM_AT + 2u * LAYOUT_SBM_LEN)
#define STORE_TAIL_AT (STORE_SBM_PACKAGE_AT + LAYOUT_SBM_PACKAGE_LEN)

static int boot_images_make(struct run *run, const struct run_parts *parts, struct fault *fault)
{
    uint8_t *at = run->store;
    if (parts->sbm_package.len > LAYOUT_SBM_PACKAGE_LEN) {
        return fault_set(fault, "%s: too large for its region of %u bytes", parts->sbm_name, LAYOUT_SBM_PACKAGE_LEN);
    }
    const struct images_keys keys = { parts->firmware_keys, parts->mastering_keys };
    if (images_boot_build(parts->bl1_name, parts->bl1, parts->profile, &keys, at, fault) != 0 ||
        images_sbm_build(parts->sbm_name, parts->sbm, 0, at + STORE_SBM_AT, fault) != 0 ||
        images_sbm_build(parts->sbm_name, parts->sbm, 1, at + STORE_SBM_AT + LAYOUT_SBM_LEN, fault) != 0) {
        return -1;
    }
    memcpy(at + STORE_SBM_PACKAGE_AT, parts->sbm_package.data, parts->sbm_package.len);
    image_set(run, RUN_BOOT, LAYOUT_BL1_OFF, bytes_of(at, LAYOUT_BOOT_LEN));
    image_set(run, RUN_SBM_A, LAYOUT_SBM_A_OFF, bytes_of(at + STORE_SBM_AT, LAYOUT_SBM_LEN));
    image_set(run, RUN_SBM_B, LAYOUT_SBM_B_OFF, bytes_of(at + STORE_SBM_AT + LAYOUT_SBM_LEN, LAYOUT_SBM_LEN));
    image_set(run, RUN_SBM_PACKAGE, LAYOUT_SBM_PACKAGE_OFF,
              bytes_of(at + STORE_SBM_PACKAGE_AT, LAYOUT_SBM_PACKAGE_LEN));
    p256_sha256(bytes_of(at + STORE_SBM_AT, 2 * LAYOUT_SBM_LEN), run->sbm_digest);
    run->sbm_sequence = parts->sbm->sequence;
    return 0;
}

/* What of the package stands in the slot's first sector goes to run->head, the rest to the tail. */
static int package_images_make(struct run *run, const struct run_parts *parts, struct fault *fault)
{
    struct bytes package = parts->app_package;
    if (parts->app->image_size > LAYOUT_PRIMARY_LEN || package.len > LAYOUT_PACKAGE_LEN - BLOCK_MAX) {
        return fault_set(fault, "the application package is too large for the chip's slots");
    }
    size_t in_head = RUN_HEAD_LEN - run->block_len;
    in_head = package.len < in_head ? package.len : in_head;
    memset(run->head, 0xFF, sizeof run->head);
    memcpy(run->head, package.data, in_head);
    size_t rest = package.len - in_head;
    size_t padded = rest == 0 ? FLASHCTL_GRANULE_LEN : rounded(rest, FLASHCTL_GRANULE_LEN);
    memcpy(run->store + STORE_TAIL_AT, package.data + in_head, rest);
    image_set(run, RUN_PACKAGE_TAIL, LAYOUT_PACKAGE0_OFF + RUN_HEAD_LEN, bytes_of(run->store + STORE_TAIL_AT, padded));
    return 0;
}

int run_head_build(const struct run *run, const struct block *block, uint8_t out[RUN_HEAD_LEN], struct fault *fault)
{
    if (block->len != run->block_len) {
        return fault_set(fault, "the new key block has %zu bytes instead of %zu", block->len, run->block_len);
    }
    memcpy(out, block->data, block->len);
    memcpy(out + block->len, run->head, RUN_HEAD_LEN - block->len);
    return 0;
}

/* ---- policy ---- */

static int policy_make(struct run *run, const struct run_parts *parts, struct fault *fault)
{
    const struct profile *profile = parts->profile;
    const struct policy policy = {
        .vendor = bytes_of(profile->vendor_uuid, sizeof profile->vendor_uuid),
        .class_id = bytes_of(profile->class_uuid, sizeof profile->class_uuid),
        .firmware_keys = parts->firmware_keys,
        .mastering_keys = parts->mastering_keys,
        .provisioner_key = parts->provisioner_key,
        .provisioned_sequence = run->facts.sequence,
        .boot = profile->boot_policy,
        .on_damage = profile->on_damage,
        .trial_boots = profile->trial_boots,
        .kind = POLICY_PRODUCTION,
        .sbm_class = bytes_of(profile->sbm_class_uuid, sizeof profile->sbm_class_uuid),
        .on_halt = profile->on_halt,
        .watchdog_seconds = profile->watchdog_seconds,
        .outputs_mask = profile->outputs_mask,
        .outputs_level = profile->outputs_level,
        .debug = profile->debug,
    };
    struct policy check;
    struct cbor_writer w = cbor_writer_of(run->policy, sizeof run->policy);
    policy_build(&policy, &w);
    status_t status = w.status == STATUS_OK ? policy_parse(cbor_written(&w), &check) : w.status;
    run->policy_len = w.len;
    return status == STATUS_OK ? 0 : fault_status(fault, "policy from product.yaml", status);
}

static void software_take(struct run *run, const struct run_parts *parts)
{
    struct run_software *s = &run->software;
    memcpy(s->implementation, parts->profile->vendor_uuid, 16);
    memcpy(s->implementation + 16, parts->profile->sbm_class_uuid, 16);
    p256_sha256(bytes_of(run->images[RUN_BOOT].data.data, LAYOUT_BL1_LEN), s->bl1);
    memcpy(s->sbm[0], parts->sbm->image_digests[0].data, TOKEN_HASH_LEN);
    memcpy(s->sbm[1], parts->sbm->image_digests[1].data, TOKEN_HASH_LEN);
    memcpy(s->app, parts->app->image_digests[0].data, TOKEN_HASH_LEN);
}

static int terms_take(struct run *run, const struct run_parts *parts, struct fault *fault)
{
    if (parts->ticket.len == 0 || parts->ticket.len > sizeof run->ticket) {
        return fault_set(fault, "the production package has no ticket for its devices");
    }
    memcpy(run->ticket, parts->ticket.data, parts->ticket.len);
    run->ticket_len = parts->ticket.len;
    run->number = parts->number;
    run->units = parts->units;
    run->not_after = parts->not_after;
    run->channel_ends = parts->channel_ends;
    run->since = run_clock_now();
    return 0;
}

static int forms_make(struct run *run, const struct run_parts *parts, struct fault *fault)
{
    struct cert_spec spec = { .kind = CERT_DEVICE,
                              .organisation = parts->profile->organisation,
                              .common_name = parts->profile->product };
    if (cert_form_make(&spec, parts->issuing, parts->hsm, &run->device_form, fault) != 0) {
        return -1;
    }
    spec.kind = CERT_DEVICE_UPDATE;
    return cert_form_make(&spec, parts->issuing, parts->hsm, &run->update_form, fault);
}

int run_make(const struct run_parts *parts, struct run **out, struct fault *fault)
{
    struct run *run = calloc(1, sizeof *run);
    *out = NULL;
    if (run == NULL) {
        return fault_set(fault, "no memory");
    }
    run->store_len = STORE_TAIL_AT + rounded(parts->app_package.len, FLASHCTL_GRANULE_LEN) + FLASHCTL_GRANULE_LEN;
    run->store = locked_take(run->store_len, "the chips' images", fault);
    if (run->store == NULL) {
        free(run);
        return -1;
    }
    memset(run->store, 0xFF, run->store_len);
    if (boot_images_make(run, parts, fault) != 0 || block_package_read(parts->app_package, &run->facts, fault) != 0 ||
        session_open(run, parts, fault) != 0 || package_images_make(run, parts, fault) != 0 ||
        policy_make(run, parts, fault) != 0 || terms_take(run, parts, fault) != 0 ||
        forms_make(run, parts, fault) != 0 ||
        silicon_parse(parts->vendors, run->vendors, &run->vendor_count, fault) != 0) {
        run_free(run);
        return -1;
    }
    software_take(run, parts);
    *out = run;
    return 0;
}

void run_free(struct run *run)
{
    if (run != NULL) {
        locked_give(run->session, sizeof *run->session);
        locked_give(run->store, run->store_len);
        free(run);
    }
}
