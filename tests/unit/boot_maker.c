/* SPDX-License-Identifier: Apache-2.0 */
/* boot_maker: see boot_maker.h. */
#include "tests/unit/boot_maker.h"

#include <assert.h>
#include <openssl/evp.h>
#include <stdlib.h>

#include "boot/counter.h"
#include "boot/journal.h"
#include "boot/state.h"
#include "boot/verify.h"
#include "sbm/device.h"
#include "wire/cose.h"
#include "wire/layout.h"
#include "wire/suit.h"

/* The tests run on a map whose primary slot begins here in every geometry that they use. */
static uint32_t primary_run_addr;

static void key_make(struct maker_key *key)
{
    status_t status = crypto_p256_generate(key->secret, key->open);
    assert(status == STATUS_OK);
    (void)status;
}

void maker_start(struct maker *maker)
{
    memset(maker, 0, sizeof *maker);
    key_make(&maker->firmware);
    key_make(&maker->firmware_next);
    key_make(&maker->mastering);
    key_make(&maker->mastering_next);
    key_make(&maker->provisioner);
    key_make(&maker->grant);
    key_make(&maker->identity);
    key_make(&maker->update);
    memset(maker->vendor, 0x11, sizeof maker->vendor);
    memset(maker->class_id, 0x22, sizeof maker->class_id);
    maker->on_damage = POLICY_DAMAGE_REINSTALL;
    maker->boot = POLICY_BOOT_SIGNATURE;
    maker->on_halt = POLICY_HALT_WAIT;
}

struct maker_package maker_package_right(const struct maker *maker, uint64_t sequence, size_t image_len)
{
    return (struct maker_package){ .sequence = sequence,
                                   .image_len = image_len,
                                   .signer = &maker->firmware,
                                   .block_signer = &maker->mastering,
                                   .recipient = &maker->update,
                                   .vendor = maker->vendor,
                                   .class_id = maker->class_id };
}

uint8_t maker_image_byte(uint64_t sequence, size_t at, size_t image_len, uint32_t run_addr)
{
    const uint32_t head[2] = { 0x20010000u, run_addr + 9u };
    (void)image_len;
    if (at < 8) {
        return (uint8_t)(head[at / 4] >> (8 * (at % 4)));
    }
    return (uint8_t)(at * 31u + sequence * 7u + at / 251u);
}

static void wrap(const uint8_t kek[16], const uint8_t key[16], uint8_t wrapped[24])
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int len = 0;
    EVP_CIPHER_CTX_set_flags(ctx, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
    int done =
        EVP_EncryptInit_ex(ctx, EVP_aes_128_wrap(), NULL, kek, NULL) && EVP_EncryptUpdate(ctx, wrapped, &len, key, 16);
    assert(done && len == 24);
    (void)done;
    EVP_CIPHER_CTX_free(ctx);
}

static void encryption_info_write(const struct maker_key *recipient, const uint8_t key[16], const uint8_t iv[16],
                                  struct cbor_writer *out)
{
    struct maker_key ephemeral;
    uint8_t secret[32];
    uint8_t kek[16];
    uint8_t wrapped[24];
    uint8_t kid[COSE_KID_LEN];
    uint8_t context[COSE_KDF_CONTEXT_MAX];
    struct cbor_writer c = cbor_writer_of(context, sizeof context);
    key_make(&ephemeral);
    (void)crypto_p256_agree(ephemeral.secret, recipient->open, secret);
    cose_kdf_context_build(&c);
    (void)crypto_hkdf(bytes_of(secret, 32), cbor_written(&c), kek, 16);
    wrap(kek, key, wrapped);
    verify_key_id(bytes_of(recipient->open, 64), kid);
    const struct cose_encrypt info = { .iv = bytes_of(iv, 16),
                                       .ephemeral_x = bytes_of(ephemeral.open, 32),
                                       .ephemeral_y = bytes_of(ephemeral.open + 32, 32),
                                       .kid = bytes_of(kid, sizeof kid),
                                       .wrapped_key = bytes_of(wrapped, sizeof wrapped) };
    cose_encrypt_build(&info, out);
}

void maker_envelope_write(struct bytes manifest, const struct maker_key *signer, const struct suit_payload payloads[2],
                          struct cbor_writer *out, uint8_t digest[32])
{
    size_t count = 0;
    static uint8_t item[SUIT_MANIFEST_MAX];
    uint8_t statement[64];
    uint8_t structure[128];
    uint8_t hashed[32];
    uint8_t signature[64];
    uint8_t kid[COSE_KID_LEN];
    uint8_t sign1_bytes[COSE_SIGN1_MAX];
    struct cbor_writer i = cbor_writer_of(item, sizeof item);
    struct cbor_writer d = cbor_writer_of(statement, sizeof statement);
    struct cbor_writer s = cbor_writer_of(structure, sizeof structure);
    struct cbor_writer c = cbor_writer_of(sign1_bytes, sizeof sign1_bytes);
    cbor_write_bstr(&i, manifest);
    crypto_sha256(cbor_written(&i), digest);
    suit_digest_build(bytes_of(digest, 32), &d);
    cose_sig_structure_build(bytes_of(NULL, 0), cbor_written(&d), &s);
    crypto_sha256(cbor_written(&s), hashed);
    (void)crypto_p256_sign(signer->secret, hashed, signature);
    verify_key_id(bytes_of(signer->open, 64), kid);
    const struct cose_sign1 sign1 = { .kid = bytes_of(kid, sizeof kid), .signature = bytes_of(signature, 64) };
    cose_sign1_build(&sign1, &c);
    while (count < 2 && payloads[count].key.data != NULL) {
        count++;
    }
    status_t status = suit_envelope_start(manifest, bytes_of(digest, 32), cbor_written(&c), count, out);
    assert(status == STATUS_OK);
    (void)status;
    for (size_t at = 0; at < count; at++) {
        (void)suit_payload_head_build((const char *)payloads[at].key.data, payloads[at].data.len, out);
        cbor_write_raw(out, payloads[at].data);
    }
}

static void digest_of(struct bytes data, uint8_t out[32])
{
    crypto_sha256(data, out);
}

size_t maker_package_write(const struct maker_package *package, uint8_t *out, size_t capacity, size_t *block_len)
{
    static uint8_t manifest[SUIT_MANIFEST_MAX];
    uint8_t *image = malloc(package->image_len);
    uint8_t *cipher = malloc(package->image_len);
    uint8_t *envelope = malloc(capacity);
    uint8_t key[16];
    uint8_t iv[16];
    uint8_t image_digest[32];
    uint8_t cipher_digest[32];
    uint8_t package_digest[32];
    uint8_t block_digest[32];
    uint8_t info[COSE_ENCRYPT_MAX];
    struct crypto_ctr ctr;
    assert(image != NULL && cipher != NULL && envelope != NULL);
    for (size_t i = 0; i < package->image_len; i++) {
        image[i] = maker_image_byte(package->sequence, i, package->image_len, primary_run_addr);
    }
    (void)crypto_random(key, sizeof key);
    (void)crypto_random(iv, sizeof iv);
    crypto_ctr_start(&ctr, key, iv);
    crypto_ctr_apply(&ctr, image, cipher, package->image_len);
    digest_of(bytes_of(image, package->image_len), image_digest);
    digest_of(bytes_of(cipher, package->image_len), cipher_digest);
    const struct suit_package_spec spec = { .sequence = package->sequence,
                                            .vendor = bytes_of(package->vendor, 16),
                                            .class_id = bytes_of(package->class_id, 16),
                                            .component = "app",
                                            .image_digest = bytes_of(image_digest, 32),
                                            .image_size = package->image_len,
                                            .encrypted_digest = bytes_of(cipher_digest, 32),
                                            .needs_version = package->needs_version };
    struct cbor_writer m = cbor_writer_of(manifest, sizeof manifest);
    struct cbor_writer e = cbor_writer_of(envelope, capacity);
    (void)suit_package_manifest_build(&spec, &m);
    const struct suit_payload encrypted[2] = { { bytes_of("#app", 4), bytes_of(cipher, package->image_len) } };
    const struct suit_payload none[2] = { { { NULL, 0 }, { NULL, 0 } } };
    maker_envelope_write(cbor_written(&m), package->signer, encrypted, &e, package_digest);

    struct cbor_writer x = cbor_writer_of(info, sizeof info);
    encryption_info_write(package->recipient, key, iv, &x);
    const struct suit_block_spec block = { .sequence = package->sequence,
                                           .encryption_info = cbor_written(&x),
                                           .package_digest = bytes_of(package_digest, 32),
                                           .package_size = e.len };
    struct cbor_writer b = cbor_writer_of(manifest, sizeof manifest);
    struct cbor_writer o = cbor_writer_of(out, capacity);
    (void)suit_block_manifest_build(&block, &b);
    maker_envelope_write(cbor_written(&b), package->block_signer, none, &o, block_digest);
    *block_len = o.len;
    cbor_write_raw(&o, cbor_written(&e));
    assert(o.status == STATUS_OK && e.status == STATUS_OK && b.status == STATUS_OK && x.status == STATUS_OK);
    free(image);
    free(cipher);
    free(envelope);
    return o.len;
}

static const struct maker *provisioning;
static const uint8_t *first_package;
static size_t first_package_len;

static void key_store(struct store *store, uint8_t type, const struct maker_key *key)
{
    uint8_t record[96];
    memcpy(record, key->secret, 32);
    memcpy(record + 32, key->open, 64);
    status_t status = store_write(store, type, bytes_of(record, sizeof record));
    assert(status == STATUS_OK);
    (void)status;
}

/* The current key, then the next. */
static struct bytes both_keys(const struct maker_key *current, const struct maker_key *next, uint8_t out[128])
{
    memcpy(out, current->open, 64);
    memcpy(out + 64, next->open, 64);
    return bytes_of(out, 128);
}

size_t maker_policy_write(const struct maker *maker, uint64_t sequence, uint8_t out[POLICY_MAX])
{
    uint8_t firmware[128];
    uint8_t mastering[128];
    struct cbor_writer w = cbor_writer_of(out, POLICY_MAX);
    const struct policy policy = { .vendor = bytes_of(maker->vendor, 16),
                                   .class_id = bytes_of(maker->class_id, 16),
                                   .firmware_keys = both_keys(&maker->firmware, &maker->firmware_next, firmware),
                                   .mastering_keys = both_keys(&maker->mastering, &maker->mastering_next, mastering),
                                   .provisioner_key = bytes_of(maker->provisioner.open, 64),
                                   .provisioned_sequence = sequence,
                                   .boot = maker->boot,
                                   .on_damage = maker->on_damage,
                                   .trial_boots = 3,
                                   .kind = POLICY_PRODUCTION,
                                   .sbm_class = bytes_of(maker->class_id, 16),
                                   .on_halt = maker->on_halt,
                                   .watchdog_seconds = maker->watchdog_seconds,
                                   .outputs_mask = maker->outputs_mask,
                                   .outputs_level = maker->outputs_level,
                                   .debug = maker->debug };
    policy_build(&policy, &w);
    return w.len;
}

static void items_store(struct store *store)
{
    uint8_t policy[POLICY_MAX];
    size_t policy_len = maker_policy_write(provisioning, 1, policy);
    key_store(store, STORE_IDENTITY_KEY, &provisioning->identity);
    key_store(store, STORE_UPDATE_KEY, &provisioning->update);
    (void)store_write(store, STORE_POLICY, bytes_of(policy, policy_len));
    for (uint8_t type = STORE_DEVICE_CERT; type <= STORE_ROOT_CERT; type++) {
        (void)store_write(store, type, bytes_of("certificate", 11));
    }
}

/* What the agent does on the chip, without the mailbox. */
static void provision_run(void)
{
    const struct port_region *slot = &port_flash()->package[0];
    struct provisioned provisioned;
    struct state_store state;
    struct install install;
    uint64_t sequence;
    uint8_t digest[32];
    (void)store_open(&provisioned.store, STORE_ITEMS);
    items_store(&provisioned.store);
    memcpy(sim_now()->flash + slot->off, first_package, first_package_len);
    status_t status = provisioned_load(&provisioned);
    assert(status == STATUS_OK);
    const struct install_trust trust = provisioned_trust(&provisioned, 0);
    status = install_check(port_flash_view(slot->off, slot->len), &trust, &install, &sequence);
    assert(status == STATUS_OK);
    status = install_run(&install, digest);
    assert(status == STATUS_OK);
    (void)state_open(&state);
    state.now.active = 0;
    status = state_save(&state);
    assert(status == STATUS_OK);
    status = counter_advance(COUNTER_APP, (uint32_t)sequence);
    assert(status == STATUS_OK);
    status = counter_advance(COUNTER_SBM, 1);
    assert(status == STATUS_OK);
    (void)status;
}

void maker_provision(const struct maker *maker, struct sim *sim, const uint8_t *first, size_t first_len)
{
    provisioning = maker;
    first_package = first;
    first_package_len = first_len;
    sim_secure(sim);
    (void)sim_run(sim, provision_run);
    sim->operations = 0;
    sim->erases = 0;
}

void maker_anchor(const struct maker *maker, struct sim *sim, uint64_t least_sequence)
{
    uint8_t keys[128];
    uint8_t mastering[128];
    const struct anchor anchor = { .firmware_keys = both_keys(&maker->firmware, &maker->firmware_next, keys),
                                   .vendor = bytes_of(maker->vendor, 16),
                                   .sbm_class = bytes_of(maker->class_id, 16),
                                   .least_sequence = least_sequence,
                                   .mastering_keys = both_keys(&maker->mastering, &maker->mastering_next, mastering),
                                   .class_id = bytes_of(maker->class_id, 16) };
    for (unsigned i = 0; i < 2; i++) {
        uint8_t *page = sim->flash + sim->map.anchor[i].off;
        struct cbor_writer w = cbor_writer_of(page, sim->map.anchor[i].len);
        anchor_build(&anchor, &w);
        assert(w.status == STATUS_OK);
        crypto_sha256(cbor_written(&w), page + w.len);
    }
}

void maker_geometry(const struct sim *sim)
{
    primary_run_addr = sim->map.primary.off;
    maker_sbm_geometry(sim);
}
