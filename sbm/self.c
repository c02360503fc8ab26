/* SPDX-License-Identifier: Apache-2.0 */
/* self: see self.h. */
#include "sbm/self.h"

#include "boot/counter.h"
#include "boot/flash.h"
#include "boot/statement.h"
#include "sbm/device.h"
#include "sbm/log.h"

#define SPARE_CHECK_BOOTS 16u /* the spare is hashed at every so many boots, and whenever something looks odd */

static const struct port_region *slot_region(unsigned slot)
{
    return &port_flash()->sbm[slot];
}

static struct bytes envelope_view(unsigned slot)
{
    return port_flash_view(slot_region(slot)->off, port_flash()->sbm_image_off);
}

static struct bytes image_view(unsigned slot, uint64_t size)
{
    return port_flash_view(slot_region(slot)->off + port_flash()->sbm_image_off, (uint32_t)size);
}

static unsigned other_slot(void)
{
    return 1u - device.sbm_slot;
}

/* Syntax only: for the slot that BL1 verified a moment ago, and to compare. */
static status_t package_read(struct bytes in, struct package *out)
{
    memset(out, 0, sizeof *out);
    status_t status = suit_envelope_parse(in, &out->envelope);
    return status == STATUS_OK ? suit_manifest_parse(out->envelope.manifest, &out->manifest) : status;
}

static struct verify_trust trust_of(unsigned slot, uint64_t least)
{
    return (struct verify_trust){ .keys = { device.provisioned.policy.firmware_keys,
                                            port_keys_retired(PORT_KEYS_FIRMWARE) },
                                  .vendor = device.provisioned.policy.vendor,
                                  .class_id = device.provisioned.policy.sbm_class,
                                  .target = slot == 0 ? VERIFY_SBM_A : VERIFY_SBM_B,
                                  .least_sequence = least,
                                  .other_version = counter_read(COUNTER_APP) };
}

void self_load(void)
{
    struct package package;
    device.sbm_slot = port_sbm_slot();
    device.sbm_sequence =
        package_read(envelope_view(device.sbm_slot), &package) == STATUS_OK ? package.manifest.sequence : 0;
}

/* Whether it runs was BL1's to decide: neither its age nor what it demands of the application is looked at again. */
status_t self_describe(uint8_t digest[CRYPTO_SHA256_LEN], uint8_t key_id[COSE_KID_LEN])
{
    struct verify_trust trust = trust_of(device.sbm_slot, 0);
    struct package package;
    struct cose_sign1 sign1;
    trust.other_version = VERIFY_ANY_VERSION;
    status_t status = verify_package(envelope_view(device.sbm_slot), &trust, &package);
    if (status == STATUS_OK) {
        status = cose_sign1_parse(package.envelope.sign1, &sign1);
    }
    if (status == STATUS_OK) {
        memcpy(digest, package.image.digest.data, CRYPTO_SHA256_LEN);
        memcpy(key_id, sign1.kid.data, COSE_KID_LEN);
    }
    return status;
}

int self_on_trial(void)
{
    uint32_t counter = counter_read(COUNTER_SBM);
    return counter != 0 && device.sbm_sequence > counter;
}

/* An image that was linked for the other slot would run into what lies there. */
static status_t entry_check(struct bytes image, unsigned slot)
{
    uint32_t entry = image.len < 8 ? 0 : bytes_read_le32(image.data + 4);
    return (entry & 1u) == 1 && entry - 1 - port_sbm_run_addr(slot) < image.len ? STATUS_OK : STATUS_SUIT_ENTRY;
}

/* Verifies SBM_PACKAGE for one slot: its image is then package->envelope.payloads[slot].data. */
static status_t package_verify(struct bytes in, unsigned slot, const struct self_demand *demand, struct package *out)
{
    struct verify_trust trust = trust_of(slot, demand->least);
    trust.other_version = demand->version ? trust.other_version : VERIFY_ANY_VERSION;
    status_t status = crypto_selftest_signature();
    if (status == STATUS_OK) {
        status = statement_verify(in, &trust, out);
    }
    if (status == STATUS_OK) {
        status = verify_payload(out);
    }
    if (status == STATUS_OK &&
        (out->image.size == 0 || out->image.size > slot_region(slot)->len - port_flash()->sbm_image_off)) {
        status = STATUS_SUIT_SIZE;
    }
    return status == STATUS_OK ? entry_check(out->envelope.payloads[slot].data, slot) : status;
}

status_t self_package_check(uint32_t len, const struct self_demand *demand, uint64_t *sequence)
{
    struct bytes in = port_flash_view(port_flash()->sbm_package.off, len);
    struct package package;
    *sequence = 0;
    if (in.len == 0 || in.data[0] == port_flash()->erased) {
        return STATUS_SUIT_NO_PACKAGE;
    }
    status_t status = package_verify(in, 0, demand, &package);
    *sequence = package.manifest.sequence;
    return status == STATUS_OK ? package_verify(in, 1, demand, &package) : status;
}

/* Image first, envelope last: until that is whole the slot holds nothing that BL1 would look at. */
static status_t slot_write(unsigned slot, const struct package *package)
{
    static struct flash_stream stream;
    static uint8_t envelope[STATEMENT_MAX];
    struct cbor_writer w = cbor_writer_of(envelope, sizeof envelope);
    const struct port_region *region = slot_region(slot);
    uint32_t image_off = region->off + port_flash()->sbm_image_off;
    suit_envelope_sever(&package->envelope, &w);
    status_t status = w.status == STATUS_OK ? flash_erase(region->off, region->len) : STATUS_SUIT_SIZE;
    if (status != STATUS_OK) {
        return status;
    }
    flash_stream_start(&stream, image_off, region->off + region->len);
    flash_stream_add(&stream, package->envelope.payloads[slot].data);
    status = flash_stream_finish(&stream);
    if (status != STATUS_OK) {
        return status;
    }
    flash_stream_start(&stream, region->off, image_off);
    flash_stream_add(&stream, cbor_written(&w));
    return flash_stream_finish(&stream);
}

/* Fills the other slot from SBM_PACKAGE, if that states a sequence number from `least` to `most`. */
static status_t other_fill(uint64_t least, uint64_t most)
{
    const struct self_demand demand = { .least = least, .version = 1 };
    struct package package;
    struct bytes in = port_flash_view(port_flash()->sbm_package.off, port_flash()->sbm_package.len);
    status_t status = package_read(in, &package);
    if (status == STATUS_OK && (package.manifest.sequence < least || package.manifest.sequence > most)) {
        status = STATUS_SUIT_NO_PACKAGE;
    }
    if (status == STATUS_OK) {
        status = package_verify(in, other_slot(), &demand, &package);
    }
    return status == STATUS_OK ? slot_write(other_slot(), &package) : status;
}

/* 1 when the other slot states the same package as the running one and, if asked for, holds its image. */
static int spare_is_sound(int with_image)
{
    struct package running;
    struct package spare;
    const struct verify_trust trust = trust_of(other_slot(), 0);
    if (package_read(envelope_view(device.sbm_slot), &running) != STATUS_OK ||
        package_read(envelope_view(other_slot()), &spare) != STATUS_OK ||
        !bytes_equal(running.envelope.encoded, spare.envelope.encoded)) {
        return 0;
    }
    uint8_t digest[CRYPTO_SHA256_LEN];
    return !with_image || (verify_package(envelope_view(other_slot()), &trust, &spare) == STATUS_OK &&
                           spare.image.size <= slot_region(other_slot())->len - port_flash()->sbm_image_off &&
                           verify_image(&spare, image_view(other_slot(), spare.image.size), digest) == STATUS_OK);
}

static void pending_install(void)
{
    struct boot_state *now = &device.state.now;
    uint32_t tries = counter_read(COUNTER_SBM_TRIES) + 1 + (uint32_t)device.provisioned.policy.trial_boots;
    status_t status = counter_advance(COUNTER_SBM_TRIES_LIMIT, tries);
    device_log("installing the new Secure Boot Manager", STATUS_OK);
    if (status == STATUS_OK) {
        status = other_fill(device.sbm_sequence + 1, UINT32_MAX);
    }
    now->sbm_pending = 0;
    if (status != STATUS_OK) {
        device_refuse(status, 0);
    }
    if (state_save(&device.state) == STATUS_OK && status == STATUS_OK) {
        (void)log_append(LOG_SBM_CHANGED, STATUS_OK, other_slot());
        port_reset();
    }
}

/* BL1 takes slot A first when both hold the same SBM: running from B then means that A was refused. */
static int something_is_odd(void)
{
    return device.sbm_slot == 1 || device.state.now.boots % SPARE_CHECK_BOOTS == 0;
}

void self_maintain(void)
{
    if (device.state.now.sbm_pending && self_on_trial()) {
        device.state.now.sbm_pending = 0; /* the power went between the slot's last word and the state's */
        (void)log_append(LOG_SBM_CHANGED, STATUS_OK, device.sbm_slot);
    } else if (device.state.now.sbm_pending) {
        pending_install();
    }
    if (self_on_trial() || spare_is_sound(something_is_odd())) {
        return;
    }
    if (other_fill(device.sbm_sequence, device.sbm_sequence) == STATUS_OK) {
        device_log("the spare copy of the Secure Boot Manager was written anew", STATUS_OK);
        device_mended(SBM_PLACE_SPARE);
        return;
    }
    device_damaged(SBM_PLACE_SPARE);
}

status_t self_confirm(void)
{
    if (!spare_is_sound(1)) {
        (void)other_fill(device.sbm_sequence,
                         device.sbm_sequence); /* without the spare this SBM is still the one to keep */
    }
    status_t status = counter_advance(COUNTER_SBM, (uint32_t)device.sbm_sequence);
    if (status == STATUS_OK) {
        device_log_number("Secure Boot Manager confirmed, sequence ", device.sbm_sequence);
        (void)log_append(LOG_CONFIRMED, STATUS_OK, device.sbm_sequence);
    }
    return status;
}

status_t self_reject(void)
{
    return counter_advance(COUNTER_SBM_TRIES, counter_read(COUNTER_SBM_TRIES_LIMIT));
}
