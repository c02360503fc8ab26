/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scenario_end: the maker ends a device for good. After a cut it is what it was, and is ordered again; or it is
 * decommissioned. At rest it is that: nothing that it kept is left, no key is in its RAM, it never starts again.
 */
#include "boot/flash.h"
#include "boot/verify.h"
#include "sbm/device.h"
#include "sbm/service.h"
#include "tests/cuts/scenario.h"
#include "wire/command.h"
#include "wire/token.h"

static uint8_t first[COMMAND_MAX]; /* signed in prepare */
static size_t first_len;
static uint8_t again[COMMAND_MAX]; /* for another boot */
static struct bytes order;
static uint8_t token[TOKEN_MAX];
static size_t token_len;
static const char *between; /* what did not hold of a device that lives on */

static void attest(void)
{
    static const uint8_t challenge[32] = { 7 };
    token_len = 0;
    (void)service_attest_token(bytes_of(challenge, sizeof challenge), token, sizeof token, &token_len);
}

static void obey(void)
{
    rig_result = service_command(order);
}

/* The claims of a token that it makes now; views look into `token`. 1: it made one. */
static int claims_get(struct token_claims *claims)
{
    struct bytes encoded;
    struct bytes signature;
    (void)chip_call(attest);
    return token_parse(bytes_of(token, token_len), &encoded, &signature) == STATUS_OK &&
           token_claims_parse(encoded, claims) == STATUS_OK;
}

/* An order for this boot, in `out`; empty when the device makes no token. */
static struct bytes order_sign(uint8_t out[COMMAND_MAX])
{
    uint8_t payload[COMMAND_MAX];
    uint8_t structure[2 * COMMAND_MAX];
    uint8_t digest[32];
    uint8_t signature[64];
    uint8_t kid[8];
    struct token_claims claims;
    struct cbor_writer p = cbor_writer_of(payload, sizeof payload);
    struct cbor_writer s = cbor_writer_of(structure, sizeof structure);
    struct cbor_writer w = cbor_writer_of(out, COMMAND_MAX);
    if (!claims_get(&claims)) {
        return bytes_of(NULL, 0);
    }
    const struct order content = { ORDER_DECOMMISSION, bytes_of(chip.unique_id, 16), claims.seed };
    order_build(&content, &p);
    cose_sig_structure_build(bytes_of(COMMAND_AAD, sizeof COMMAND_AAD - 1), cbor_written(&p), &s);
    crypto_sha256(cbor_written(&s), digest);
    (void)crypto_p256_sign(chip_maker.mastering.secret, digest, signature);
    verify_key_id(bytes_of(chip_maker.mastering.open, 64), kid);
    const struct cose_sign1 sign1 = { .kid = bytes_of(kid, sizeof kid),
                                      .payload = cbor_written(&p),
                                      .signature = bytes_of(signature, sizeof signature) };
    cose_sign1_build(&sign1, &w);
    return cbor_written(&w);
}

void end_prepare(void)
{
    chip_provision(1);
    (void)chip_boot();
    storage_fill();
    first_len = order_sign(first).len;
    between = NULL;
}

/* Obeys, says so, and is started once more: that erases what is left. */
static enum sim_end order_do(void)
{
    enum sim_end end = chip_call(obey);
    if (end == SIM_RETURNED && rig_result != PSA_SUCCESS) {
        between = "the order is refused";
    }
    return end == SIM_RETURNED ? chip_boot() : end;
}

enum sim_end end_run(void)
{
    order = bytes_of(first, first_len);
    return order_do();
}

/* One that still starts is the device that it was, and is ordered again. */
enum sim_end end_recover(void)
{
    enum sim_end end = chip_boot();
    if (end != SIM_STARTED_APPLICATION) {
        return end;
    }
    if (port_lifecycle() != PORT_SECURED || !chip_has_keys() || chip_ran != 1 || !storage_holds()) {
        between = "it starts, and is not what it was";
    }
    order = order_sign(again);
    return order_do();
}

static int is_left(const struct port_region *region)
{
    return !flash_is_erased(region->off, region->len);
}

static const char *remains(void)
{
    const struct port_flash *map = &chip.map;
    const struct port_region gone[] = { map->store[0],   map->store[1],   map->vault[0], map->vault[1],
                                        map->package[0], map->package[1], map->primary,  map->sbm_package };
    static const uint8_t nothing[sizeof device.provisioned];
    for (size_t i = 0; i < sizeof gone / sizeof gone[0]; i++) {
        if (is_left(&gone[i])) {
            return "something of what it kept is left";
        }
    }
    return memcmp(&device.provisioned, nothing, sizeof nothing) == 0 ? NULL : "a key is left in RAM";
}

const char *end_after(void)
{
    const char *why = between;
    between = NULL;
    if (why != NULL) {
        return why;
    }
    if (port_lifecycle() != PORT_DECOMMISSIONED || chip.fuses[0] != UINT32_MAX) {
        return "it rests and is not decommissioned";
    }
    why = remains();
    if (why != NULL) {
        return why;
    }
    return chip_boot() == SIM_ASLEEP ? remains() : "it starts again";
}
