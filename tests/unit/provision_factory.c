/* SPDX-License-Identifier: Apache-2.0 */
/* provision_factory: see provision_factory.h. */
#include "tests/unit/provision_factory.h"

#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "host/appliance/folder.h"
#include "host/appliance/granting.h"
#include "host/lib/file.h"
#include "host/lib/p256.h"
#include "host/lib/parcel.h"
#include "host/lib/silicon.h"
#include "host/production/production.h"
#include "host/sign1/credential.h"
#include "tests/unit/host_support.h"
#include "wire/cose.h"
#include "wire/layout.h"
#include "wire/suit.h"
#include "wire/token.h"

#define PACKAGE_MAX (1u << 20)
#define UNITS 1000000
#define DAY 86400

static const char profile_text[] = "product: test-product\n"
                                   "organisation: Test Works\n"
                                   "vendor_domain: test.example\n"
                                   "chip: mps2-an505\n"
                                   "boot: { policy: signature, on_damage: reinstall, trial_boots: 3 }\n"
                                   "certificates: { ca_years: 10 }\n"
                                   "hsm:\n"
                                   "  oem: { module: softhsm2, token: \"pkcs11:token=oem\" }\n"
                                   "  development: { module: softhsm2, token: \"pkcs11:token=development\" }\n";

#define PROFILE_MAX (sizeof profile_text + 128)

static uint8_t implementation[32]; /* of the factory that was opened last */

static void key_make(struct hsm *hsm, const char *label, enum hsm_key_kind kind, uint8_t key[64])
{
    struct fault fault = FAULT_NONE;
    support_check(hsm_key_generate(hsm, label, kind, key, &fault), &fault);
}

static void cert_make(struct factory *f, const char *label, enum cert_kind kind, const uint8_t key[64],
                      struct cert *out)
{
    struct fault fault = FAULT_NONE;
    struct cert_spec spec = { .kind = kind, .organisation = "Test Works", .common_name = label, .years = 10 };
    memcpy(spec.public_key, key, sizeof spec.public_key);
    support_check(cert_issue(&spec, kind == CERT_ROOT ? NULL : &f->folder->trust.root, f->oem, KEY_ROOT, out, &fault),
                  &fault);
}

static void file_make(struct factory *f, size_t at, const char *name, struct bytes data)
{
    struct fault fault = FAULT_NONE;
    (void)snprintf(f->paths[at], sizeof f->paths[at], "%s", support_path(name));
    support_check(file_write(f->paths[at], data, 0644, FILE_REPLACE, &fault), &fault);
}

/* Signs a manifest with `label` and puts an envelope with these payloads around it; the caller frees. */
static uint8_t *package_make(struct factory *f, const struct suit_package_spec *spec, const char *label,
                             const struct suit_payload payloads[2], size_t *len)
{
    struct fault fault = FAULT_NONE;
    uint8_t manifest[SUIT_MANIFEST_MAX];
    uint8_t item[SUIT_MANIFEST_MAX + 9];
    uint8_t digest[32];
    uint8_t digest_item[64];
    uint8_t structure[128];
    uint8_t hash[32];
    uint8_t signature[64];
    uint8_t key[64];
    uint8_t kid[8];
    uint8_t sign1[COSE_SIGN1_MAX];
    struct cbor_writer m = cbor_writer_of(manifest, sizeof manifest);
    assert_int_equal(suit_package_manifest_build(spec, &m), STATUS_OK);
    struct cbor_writer i = cbor_writer_of(item, sizeof item);
    cbor_write_bstr(&i, cbor_written(&m));
    p256_sha256(cbor_written(&i), digest);
    struct cbor_writer d = cbor_writer_of(digest_item, sizeof digest_item);
    suit_digest_build(bytes_of(digest, 32), &d);
    struct cbor_writer s = cbor_writer_of(structure, sizeof structure);
    cose_sig_structure_build(bytes_of(NULL, 0), cbor_written(&d), &s);
    p256_sha256(cbor_written(&s), hash);
    support_check(hsm_sign(f->oem, label, hash, signature, &fault), &fault);
    support_check(hsm_key_public(f->oem, label, key, &fault), &fault);
    p256_kid(key, kid);
    const struct cose_sign1 c = { .kid = bytes_of(kid, 8), .signature = bytes_of(signature, 64) };
    struct cbor_writer w1 = cbor_writer_of(sign1, sizeof sign1);
    cose_sign1_build(&c, &w1);
    size_t count = payloads[1].key.data != NULL ? 2 : 1;
    size_t capacity = payloads[0].data.len + payloads[1].data.len + 8192;
    uint8_t *out = malloc(capacity);
    struct cbor_writer w = cbor_writer_of(out, capacity);
    assert_int_equal(suit_envelope_start(cbor_written(&m), bytes_of(digest, 32), cbor_written(&w1), count, &w),
                     STATUS_OK);
    for (size_t n = 0; n < count; n++) {
        cbor_write_tstr_bytes(&w, payloads[n].key);
        cbor_write_bstr(&w, payloads[n].data);
    }
    assert_int_equal(w.status, STATUS_OK);
    *len = w.len;
    return out;
}

static void bl1_make(struct factory *f)
{
    uint8_t bl1[2000];
    memset(bl1, 0x5A, sizeof bl1);
    bytes_write_le32(bl1, 0x38020000);
    bytes_write_le32(bl1 + 4, LAYOUT_FLASH_SECURE_ADDR + 0x101);
    file_make(f, 0, "bl1.bin", bytes_of(bl1, sizeof bl1));
}

static void sbm_make(struct factory *f)
{
    uint8_t image[2][FACTORY_SBM_LEN];
    uint8_t digests[2][32];
    size_t len = 0;
    for (size_t slot = 0; slot < 2; slot++) {
        memset(image[slot], slot == 0 ? FACTORY_SBM_A_BYTE : FACTORY_SBM_B_BYTE, sizeof image[slot]);
        p256_sha256(bytes_of(image[slot], sizeof image[slot]), digests[slot]);
    }
    const struct suit_package_spec spec = { .sequence = FACTORY_SBM_SEQUENCE,
                                            .vendor = bytes_of(f->project.profile.vendor_uuid, 16),
                                            .class_id = bytes_of(f->project.profile.sbm_class_uuid, 16),
                                            .component = "sbm",
                                            .image_digest = bytes_of(digests[0], 32),
                                            .image_size = sizeof image[0],
                                            .second_digest = bytes_of(digests[1], 32),
                                            .second_size = sizeof image[1],
                                            .needs_version = f->sbm_needs };
    const struct suit_payload payloads[2] = { { bytes_of("#sbm.a", 6), bytes_of(image[0], sizeof image[0]) },
                                              { bytes_of("#sbm.b", 6), bytes_of(image[1], sizeof image[1]) } };
    uint8_t *package = package_make(f, &spec, f->next_key ? KEY_FIRMWARE_NEXT : KEY_FIRMWARE, payloads, &len);
    file_make(f, 1, "sbm.suit", bytes_of(package, len));
    free(package);
}

/* The cipher is not looked at here: any bytes will do for an encrypted image. */
static void app_make(struct factory *f)
{
    struct fault fault = FAULT_NONE;
    uint8_t cipher[20001];
    uint8_t digest[32];
    uint8_t plain_digest[32] = { FACTORY_APP_DIGEST_BYTE };
    struct block block;
    size_t len = 0;
    memset(cipher, 0xC3, sizeof cipher);
    p256_sha256(bytes_of(cipher, sizeof cipher), digest);
    const struct suit_package_spec spec = { .sequence = FACTORY_APP_SEQUENCE,
                                            .vendor = bytes_of(f->project.profile.vendor_uuid, 16),
                                            .class_id = bytes_of(f->project.profile.class_uuid, 16),
                                            .component = "app",
                                            .image_digest = bytes_of(plain_digest, 32),
                                            .image_size = sizeof cipher,
                                            .encrypted_digest = bytes_of(digest, 32),
                                            .needs_version = f->app_needs };
    const struct suit_payload payloads[2] = { { bytes_of("#app", 4), bytes_of(cipher, sizeof cipher) } };
    uint8_t *package = package_make(f, &spec, f->next_key ? KEY_FIRMWARE_NEXT : KEY_FIRMWARE, payloads, &len);
    file_make(f, 2, "v1.suit", bytes_of(package, len));
    support_check(block_package_read(bytes_of(package, len), &f->facts, &fault), &fault);
    free(package);
    memset(&f->session, 0x11, sizeof f->session);
    support_check(block_make(&f->facts, &f->session, f->folder->trust.transport_key, f->oem,
                             f->next_key ? KEY_MASTERING_NEXT : KEY_MASTERING, &block, &fault),
                  &fault);
    file_make(f, 3, "v1.transport.block", bytes_of(block.data, block.len));
}

void factory_claims_fill(const uint8_t *flash, struct factory_claims *room, struct token_claims *claims)
{
    static const uint32_t versions[TOKEN_PARTS] = { 0, FACTORY_SBM_SEQUENCE, FACTORY_APP_SEQUENCE };
    memset(room, 0, sizeof *room);
    memcpy(room->implementation, implementation, sizeof room->implementation);
    p256_sha256(bytes_of(flash, LAYOUT_BL1_LEN), room->digests[TOKEN_BL1]);
    p256_sha256(bytes_of(flash + LAYOUT_SBM_A_OFF + LAYOUT_SBM_IMAGE_OFF, FACTORY_SBM_LEN), room->digests[TOKEN_SBM]);
    room->digests[TOKEN_APP][0] = FACTORY_APP_DIGEST_BYTE;
    room->signer[0] = 1;
    claims->implementation = bytes_of(room->implementation, 32);
    for (enum token_part part = TOKEN_BL1; part < TOKEN_PARTS; part++) {
        claims->parts[part].measurement = bytes_of(room->digests[part], 32);
        claims->parts[part].signer = bytes_of(part == TOKEN_BL1 ? room->nobody : room->signer, 32);
        claims->parts[part].version = versions[part];
    }
}

void factory_packages_make(struct factory *f)
{
    sbm_make(f);
    app_make(f);
    factory_package_forget(f);
}

/* ---- the production package ---- */

static struct bytes file_take(const char *path, uint8_t **memory)
{
    struct fault fault = FAULT_NONE;
    size_t len = 0;
    support_check(file_read(path, PACKAGE_MAX, memory, &len, &fault), &fault);
    return bytes_of(*memory, len);
}

static struct bytes ticket_make(struct factory *f, uint8_t out[GRANT_SIGNED_MAX])
{
    struct fault fault = FAULT_NONE;
    uint8_t payload[GRANT_PAYLOAD_MAX];
    uint8_t kid[COSE_KID_LEN];
    const struct ticket ticket = { .package = f->number,
                                   .grant_key = bytes_of(f->folder->trust.grant_key, 64),
                                   .vendor = bytes_of(f->project.profile.vendor_uuid, 16),
                                   .class_id = bytes_of(f->project.profile.class_uuid, 16),
                                   .block = 1 };
    struct cbor_writer p = cbor_writer_of(payload, sizeof payload);
    struct cbor_writer w = cbor_writer_of(out, GRANT_SIGNED_MAX);
    ticket_build(&ticket, &p);
    p256_kid(f->folder->trust.mastering_keys, kid);
    const struct granting_seal seal = { TICKET_AAD, cbor_written(&p), kid };
    support_check(granting_sign(&seal, f->oem, KEY_MASTERING, &w, &fault), &fault);
    return cbor_written(&w);
}

/* For the appliance alone: what the files are now. */
static void content_seal(struct factory *f, struct cbor_writer *out)
{
    static uint8_t plain[PACKAGE_MAX];
    static uint8_t ciphertext[PACKAGE_MAX];
    struct fault fault = FAULT_NONE;
    struct parcel parcel;
    struct production_cipher cipher;
    uint8_t ticket[GRANT_SIGNED_MAX];
    uint8_t vendors[SILICON_DER_MAX];
    char profile[PROFILE_MAX];
    size_t vendors_len = 0;
    uint8_t *memory[4];
    struct bytes parts[4];
    for (size_t i = 0; i < 4; i++) {
        parts[i] = file_take(f->files[i], &memory[i]);
    }
    (void)snprintf(profile, sizeof profile, "%s%s%s\n", profile_text, f->vendors[0] != '\0' ? "chip_vendors: " : "",
                   f->vendors);
    (void)snprintf(f->project.profile.chip_vendors, sizeof f->project.profile.chip_vendors, "%s", f->vendors);
    support_check(silicon_read(&f->project, vendors, &vendors_len, &fault), &fault);
    const struct production_content content = { .bl1 = parts[0],
                                                .sbm = parts[1],
                                                .app = parts[2],
                                                .block = parts[3],
                                                .profile = bytes_of(profile, strlen(profile)),
                                                .firmware_keys = bytes_of(f->firmware_keys, sizeof f->firmware_keys),
                                                .mastering_keys = bytes_of(f->folder->trust.mastering_keys, 128),
                                                .root = bytes_of(f->folder->trust.root.der, f->folder->trust.root.len),
                                                .ticket = ticket_make(f, ticket),
                                                .quota_key = bytes_of(f->folder->trust.quota_key, 64),
                                                .vendors = bytes_of(vendors, vendors_len) };
    struct cbor_writer p = cbor_writer_of(plain, sizeof plain);
    production_content_build(&content, &p);
    assert_int_equal(p.status, STATUS_OK);
    support_check(parcel_seal(cbor_written(&p), f->folder->trust.transport_key, &parcel, ciphertext, &cipher, &fault),
                  &fault);
    production_cipher_build(&cipher, out);
    for (size_t i = 0; i < 4; i++) {
        free(memory[i]);
    }
}

static void terms_build(struct factory *f, struct bytes encrypted, struct cbor_writer *out)
{
    uint8_t recipient[32];
    uint8_t issuing[32];
    const struct production_trust *trust = &f->folder->trust;
    parcel_kid(trust->transport_key, recipient);
    p256_sha256(bytes_of(trust->issuing.der, trust->issuing.len), issuing);
    const uint64_t now = (uint64_t)time(NULL);
    const struct production terms = { .number = f->number,
                                      .recipient = bytes_of(recipient, sizeof recipient),
                                      .vendor = bytes_of(f->project.profile.vendor_uuid, 16),
                                      .class_id = bytes_of(f->project.profile.class_uuid, 16),
                                      .not_before = now - DAY,
                                      .not_after = now + DAY,
                                      .quota = UNITS,
                                      .block = 1,
                                      .grant_key = bytes_of(trust->grant_key, 64),
                                      .issuing = bytes_of(issuing, sizeof issuing),
                                      .encrypted = encrypted };
    production_build(&terms, out);
}

/* Signed as the maker signs. */
static void package_build(struct factory *f)
{
    static uint8_t encrypted[PACKAGE_MAX];
    static uint8_t message[PACKAGE_MAX]; /* head of the signature's structure, then the terms */
    struct fault fault = FAULT_NONE;
    uint8_t head[PRODUCTION_STRUCTURE_MAX];
    uint8_t digest[32];
    uint8_t kid[COSE_KID_LEN];
    uint8_t signature[64];
    struct cbor_writer e = cbor_writer_of(encrypted, sizeof encrypted);
    struct cbor_writer t = cbor_writer_of(message + sizeof head, sizeof message - sizeof head);
    struct cbor_writer h = cbor_writer_of(head, sizeof head);
    content_seal(f, &e);
    terms_build(f, cbor_written(&e), &t);
    assert_int_equal(t.status, STATUS_OK);
    production_sig_head_build(t.len, &h);
    uint8_t *begin = message + sizeof head - h.len;
    memcpy(begin, head, h.len);
    p256_sha256(bytes_of(begin, h.len + t.len), digest);
    support_check(hsm_sign(f->oem, KEY_MASTERING, digest, signature, &fault), &fault);
    p256_kid(f->folder->trust.mastering_keys, kid);
    const struct cose_sign1 sign1 = { .kid = bytes_of(kid, sizeof kid),
                                      .payload = cbor_written(&t),
                                      .signature = bytes_of(signature, sizeof signature) };
    f->package = malloc(PACKAGE_MAX);
    struct cbor_writer w = cbor_writer_of(f->package, PACKAGE_MAX);
    cose_sign1_build(&sign1, &w);
    assert_int_equal(w.status, STATUS_OK);
    f->package_len = w.len;
}

void factory_package_forget(struct factory *f)
{
    free(f->package);
    f->package = NULL;
    f->number++;
}

void factory_file_flip(struct factory *f, size_t file, size_t at)
{
    struct fault fault = FAULT_NONE;
    uint8_t *data = NULL;
    const struct bytes all = file_take(f->paths[file], &data);
    data[at % all.len] ^= 0x10;
    support_check(file_write(f->paths[file], all, 0644, FILE_REPLACE, &fault), &fault);
    free(data);
    factory_package_forget(f);
}

/* ---- the appliance ---- */

int factory_appliance_open(struct factory *f, struct appliance **out, struct fault *fault)
{
    const struct ledger_config ledger = { .place = support_path(LEDGER_FILE), .mode = LEDGER_WRITE };
    if (f->package == NULL) {
        package_build(f);
    }
    support_check(ledger_open(&ledger, &f->ledger, fault), fault);
    const struct appliance_config config = { f->folder, f->appliance, f->ledger, NULL, f->token_needed };
    support_check(appliance_make(&config, out, fault), fault);
    int result = appliance_load(*out, bytes_of(f->package, f->package_len), fault);
    if (result != 0) {
        factory_appliance_close(f, *out);
        *out = NULL;
    }
    return result;
}

void factory_appliance_close(struct factory *f, struct appliance *appliance)
{
    ledger_close(f->ledger);
    f->ledger = NULL;
    appliance_close(appliance);
}

/* ---- the whole ---- */

static void profile_fill(struct factory *f, const char *dir)
{
    struct fault fault = FAULT_NONE;
    struct profile *p = &f->project.profile;
    (void)snprintf(f->project.dir, sizeof f->project.dir, "%s", dir);
    support_check(profile_parse("product.yaml", (const uint8_t *)profile_text, sizeof profile_text - 1, p, &fault),
                  &fault);
    memcpy(implementation, p->vendor_uuid, 16);
    memcpy(implementation + 16, p->sbm_class_uuid, 16);
}

static void maker_make(struct factory *f)
{
    struct fault fault = FAULT_NONE;
    struct production_trust *trust = &f->folder->trust;
    uint8_t key[64];
    f->oem = support_token_open("oem");
    key_make(f->oem, KEY_ROOT, HSM_KEY_SIGN, key);
    cert_make(f, KEY_ROOT, CERT_ROOT, key, &trust->root);
    support_check(cert_write(support_path("root.crt"), &trust->root, &fault), &fault);
    key_make(f->oem, KEY_FIRMWARE, HSM_KEY_SIGN, f->firmware_keys);
    key_make(f->oem, KEY_FIRMWARE_NEXT, HSM_KEY_SIGN, f->firmware_keys + 64);
    key_make(f->oem, KEY_MASTERING, HSM_KEY_SIGN, trust->mastering_keys);
    key_make(f->oem, KEY_MASTERING_NEXT, HSM_KEY_SIGN, trust->mastering_keys + 64);
    trust->mastering_len = sizeof trust->mastering_keys;
    memset(trust->quota_key, 9, sizeof trust->quota_key);
}

static void channel_fill(struct factory *f)
{
    struct fault fault = FAULT_NONE;
    uint8_t *key = f->folder->channel_key;
    const struct profile *profile = &f->project.profile;
    key_make(f->appliance, KEY_CHANNEL, HSM_KEY_SIGN, key);
    const struct edhoc_claims claims = { bytes_of("line 1", 6),
                                         UINT32_MAX,
                                         bytes_of(key, 32),
                                         bytes_of(key + 32, 32),
                                         bytes_of(profile->vendor_uuid, 16),
                                         bytes_of(profile->class_uuid, 16) };
    support_check(credential_make(f->oem, KEY_MASTERING, &claims, f->folder->channel, &f->folder->channel_len, &fault),
                  &fault);
}

/* As an enrolled folder without TPM opens. */
static void appliance_fill(struct factory *f)
{
    struct production_trust *trust = &f->folder->trust;
    uint8_t key[64];
    f->appliance = support_token_open("appliance");
    key_make(f->appliance, KEY_ISSUING, HSM_KEY_SIGN, key);
    cert_make(f, KEY_ISSUING, CERT_ISSUING, key, &trust->issuing);
    key_make(f->appliance, KEY_TRANSPORT, HSM_KEY_AGREE, trust->transport_key);
    key_make(f->appliance, KEY_PROVISIONER, HSM_KEY_SIGN, f->folder->provisioner_key);
    memcpy(trust->grant_key, f->folder->provisioner_key, sizeof trust->grant_key);
    channel_fill(f);
}

void factory_open(struct factory *f)
{
    static const char *const chips[] = { "", "2" };
    uint8_t key[64];
    char label[16];
    memset(f, 0, sizeof *f);
    f->folder = calloc(1, sizeof *f->folder);
    assert_non_null(f->folder);
    profile_fill(f, support_folder_make());
    support_softhsm_start();
    maker_make(f);
    appliance_fill(f);
    f->chip = support_token_open("chip");
    for (size_t i = 0; i < 2; i++) {
        (void)snprintf(label, sizeof label, "identity%s", chips[i]);
        key_make(f->chip, label, HSM_KEY_SIGN, key);
        (void)snprintf(label, sizeof label, "update%s", chips[i]);
        key_make(f->chip, label, HSM_KEY_AGREE, key);
    }
    bl1_make(f);
    factory_packages_make(f);
    for (size_t i = 0; i < 4; i++) {
        f->files[i] = f->paths[i];
    }
}

void factory_close(struct factory *f)
{
    free(f->package);
    free(f->folder);
    hsm_close(f->oem);
    hsm_close(f->appliance);
    hsm_close(f->chip);
    support_folder_remove();
}
