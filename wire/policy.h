/* SPDX-License-Identifier: Apache-2.0 */
/* policy: the anchor page of BL1 and the policy of SBM (docs/spec.md section 5). Syntax and ranges only. */
#ifndef WIRE_POLICY_H
#define WIRE_POLICY_H

#include "base/bytes.h"
#include "base/cbor.h"
#include "base/status.h"

#define POLICY_KEY_LEN 64
#define POLICY_UUID_LEN 16
#define POLICY_KEYS_MAX 4
#define POLICY_MAX 768 /* an encoded policy or anchor map */

struct anchor {
    struct bytes firmware_keys; /* 64 each, 1 to POLICY_KEYS_MAX of them */
    struct bytes vendor;        /* 16 */
    struct bytes sbm_class;     /* 16 */
    uint64_t least_sequence;
    uint64_t outputs_mask; /* outputs of the board that the halt state sets, and their level there */
    uint64_t outputs_level;
    struct bytes mastering_keys; /* 64 each, 1 to POLICY_KEYS_MAX of them: they sign tickets (wire/grant.h) */
    struct bytes class_id;       /* 16: of the application */
};
/* Parses the map at the start of a page; *map_len is its length. The caller checks the SHA-256 that follows. */
status_t anchor_parse(struct bytes page, struct anchor *out, size_t *map_len);
void anchor_build(const struct anchor *in, struct cbor_writer *out);

enum policy_boot { POLICY_BOOT_SIGNATURE = 1, POLICY_BOOT_SEALED = 2 };
enum policy_damage { POLICY_DAMAGE_REINSTALL = 1, POLICY_DAMAGE_HALT = 2 };
enum policy_kind { POLICY_PRODUCTION = 1, POLICY_DEVELOPMENT = 2 };
enum policy_halt { POLICY_HALT_WAIT = 1, POLICY_HALT_RESET = 2, POLICY_HALT_RECOVERY = 3 };
enum policy_debug { POLICY_DEBUG_NEVER = 0, POLICY_DEBUG_OPEN = 1, POLICY_DEBUG_ERASE = 2 };
#define POLICY_WATCHDOG_MAX 3600 /* seconds */

struct policy {
    struct bytes vendor;          /* 16 */
    struct bytes class_id;        /* 16 */
    struct bytes firmware_keys;   /* 64 each, 1 to POLICY_KEYS_MAX of them */
    struct bytes mastering_keys;  /* the same */
    struct bytes provisioner_key; /* 64 */
    uint64_t provisioned_sequence;
    uint64_t boot;             /* enum policy_boot */
    uint64_t on_damage;        /* enum policy_damage */
    uint64_t trial_boots;      /* 1..15 */
    uint64_t kind;             /* enum policy_kind */
    struct bytes sbm_class;    /* 16 */
    uint64_t on_halt;          /* enum policy_halt */
    uint64_t watchdog_seconds; /* 0: none */
    uint64_t outputs_mask;     /* as in the anchor page */
    uint64_t outputs_level;
    uint64_t
        debug; /* enum policy_debug: whether an order opens the debug port, and whether the vault is erased first */
};
/* The whole of `in` is one policy. Every field is required. POLICY_BAD when a value is out of its range. */
status_t policy_parse(struct bytes in, struct policy *out);
void policy_build(const struct policy *in, struct cbor_writer *out);

#endif
