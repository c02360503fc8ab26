/* SPDX-License-Identifier: Apache-2.0 */
/* provision_factory: see provision_factory.h. */
#include "tests/unit/provision_factory.h"

#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "host/lib/file.h"
#include "host/lib/p256.h"
#include "host/sign1/sign1.h"
#include "tests/unit/host_support.h"
#include "wire/cose.h"
#include "wire/layout.h"
#include "wire/suit.h"
#include "wire/token.h"

static void certify(struct factory *f, struct hsm *hsm, const char *label, enum cert_kind kind)
{
    struct fault fault = FAULT_NONE;
    struct cert_spec spec = { .kind = kind, .organisation = "Test Works", .common_name = label, .years = 10 };
    enum hsm_key_kind use = kind == CERT_AGREEMENT ? HSM_KEY_AGREE : HSM_KEY_SIGN;
    struct cert cert;
    char name[64];
    support_check(hsm_key_generate(hsm, label, use, spec.public_key, &fault), &fault);
    support_check(cert_issue(&spec, kind == CERT_ROOT ? NULL : &f->root, f->oem, KEY_ROOT, &cert, &fault), &fault);
    (void)snprintf(name, sizeof name, "pki/%s.crt", label);
    support_check(cert_write(support_path(name), &cert, &fault), &fault);
    if (kind == CERT_ROOT) {
        f->root = cert;
    }
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
    uint8_t transport[64];
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
    support_check(hsm_key_public(f->appliance, KEY_TRANSPORT, transport, &fault), &fault);
    support_check(block_make(&f->facts, &f->session, transport, f->oem,
                             f->next_key ? KEY_MASTERING_NEXT : KEY_MASTERING, &block, &fault),
                  &fault);
    file_make(f, 3, "v1.transport.block", bytes_of(block.data, block.len));
}

void factory_claims_fill(const uint8_t *flash, struct factory_claims *room, struct token_claims *claims)
{
    static const uint32_t versions[TOKEN_PARTS] = { 0, FACTORY_SBM_SEQUENCE, FACTORY_APP_SEQUENCE };
    memset(room, 0, sizeof *room);
    memset(room->implementation, FACTORY_VENDOR_BYTE, 16);
    memset(room->implementation + 16, FACTORY_SBM_CLASS_BYTE, 16);
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
}

static void token_name(struct project_hsm *hsm, const char *label)
{
    char pin[64];
    (void)snprintf(pin, sizeof pin, "%s.pin", label);
    (void)snprintf(hsm->module, sizeof hsm->module, "softhsm2");
    (void)snprintf(hsm->uri, sizeof hsm->uri, "pkcs11:token=%s", label);
    (void)snprintf(hsm->pin_file, sizeof hsm->pin_file, "%s", support_path(pin));
}

static void profile_fill(struct factory *f, const char *dir)
{
    struct profile *p = &f->project.profile;
    (void)snprintf(f->project.dir, sizeof f->project.dir, "%s", dir);
    (void)snprintf(p->product, sizeof p->product, "test-product");
    (void)snprintf(p->organisation, sizeof p->organisation, "Test Works");
    memset(p->vendor_uuid, FACTORY_VENDOR_BYTE, 16);
    memset(p->class_uuid, 2, 16);
    memset(p->sbm_class_uuid, FACTORY_SBM_CLASS_BYTE, 16);
    p->boot_policy = 1;
    p->on_damage = 1;
    p->trial_boots = 3;
    p->on_halt = 1;
    p->ca_years = 10;
    token_name(&p->hsm[PROJECT_APPLIANCE], "appliance");
    token_name(&p->hsm[PROJECT_OEM], "oem");
}

void factory_open(struct factory *f)
{
    struct fault fault = FAULT_NONE;
    uint8_t key[64];
    memset(f, 0, sizeof *f);
    const char *dir = support_folder_make();
    support_softhsm_start();
    assert_int_equal(mkdir(support_path("pki"), 0755), 0);
    f->oem = support_token_open("oem");
    f->appliance = support_token_open("appliance");
    f->chip = support_token_open("chip");
    profile_fill(f, dir);
    certify(f, f->oem, KEY_ROOT, CERT_ROOT);
    certify(f, f->oem, KEY_FIRMWARE, CERT_SIGNING);
    certify(f, f->oem, KEY_FIRMWARE_NEXT, CERT_SIGNING);
    certify(f, f->oem, KEY_MASTERING, CERT_SIGNING);
    certify(f, f->oem, KEY_MASTERING_NEXT, CERT_SIGNING);
    certify(f, f->appliance, KEY_ISSUING, CERT_ISSUING);
    certify(f, f->appliance, KEY_PROVISIONER, CERT_SIGNING);
    certify(f, f->appliance, KEY_TRANSPORT, CERT_AGREEMENT);
    support_check(hsm_key_public(f->appliance, KEY_PROVISIONER, f->provisioner_key, &fault), &fault);
    support_check(hsm_key_generate(f->chip, "identity", HSM_KEY_SIGN, key, &fault), &fault);
    support_check(hsm_key_generate(f->chip, "update", HSM_KEY_AGREE, key, &fault), &fault);
    support_check(hsm_key_generate(f->chip, "identity2", HSM_KEY_SIGN, key, &fault), &fault);
    support_check(hsm_key_generate(f->chip, "update2", HSM_KEY_AGREE, key, &fault), &fault);
    bl1_make(f);
    factory_packages_make(f);
    f->inputs = (struct appliance_inputs){ f->paths[0], f->paths[1], f->paths[2], f->paths[3], 0 };
}

void factory_close(struct factory *f)
{
    hsm_close(f->oem);
    hsm_close(f->appliance);
    hsm_close(f->chip);
    support_folder_remove();
}
