/* SPDX-License-Identifier: Apache-2.0 */
/* quota_rig: TPMs for tests (swtpm, with EK certificates of a CA of the test's own), a maker's key, and the way from
 * nothing to a TPM that has units. */
#ifndef TESTS_UNIT_QUOTA_RIG_H
#define TESTS_UNIT_QUOTA_RIG_H

#include <sys/types.h>

#include "host/quota/quota.h"
#include "host/quota/quota_link.h"
#include "host/pki/tpm_check.h"

struct rig_tpm {
    char name[16];
    char tcti[160];
    pid_t pid;
};

/* An appliance's side and what its maker knows of it. */
struct rig {
    struct rig_tpm *tpm;
    char folder[160];
    struct quota *quota;
    uint8_t block[QUOTA_ENROLMENT_MAX];
    size_t block_len;
    struct tpm_enrolment enrolment;
    uint8_t transport[32];
    uint8_t certificate[700]; /* stands for the grant certificate: only its bytes matter here */
    uint32_t last_limit;
};

/* The maker's key `quota`, made with OpenSSL once for each test program. */
const uint8_t *rig_quota_key(void);
struct tpm_signer rig_signer(void);
/* The maker's CA file for EK certificates. */
const char *rig_ca(void);

/* Makes the state of a new TPM, with EK certificates; the first call makes the CA. The test's folder is there. */
void rig_tpm_make(struct rig_tpm *tpm, const char *name);
void rig_tpm_start(struct rig_tpm *tpm);
/* Ends it as a loss of power does. */
void rig_tpm_kill(struct rig_tpm *tpm);
/* Commands by a stranger who has the TPM: only while no quota is open there. */
void rig_link_open(struct rig_tpm *tpm, struct quota_link *link);

struct quota_config rig_config(const struct rig *rig);
/* quota_make, enrolment, check; its quota stays open. */
void rig_enrol(struct rig *rig, struct rig_tpm *tpm);
/* An order, checked by the maker. */
void rig_order(struct rig *rig, struct tpm_order *order);
/* The maker's answer to it; `refill` has room for TPM_CHECK_REFILL_MAX bytes. */
struct bytes rig_answer(struct rig *rig, const struct tpm_order *order, uint32_t units, uint8_t *refill);
/* Both: a refill of this order, not yet taken. */
struct bytes rig_refill(struct rig *rig, uint32_t units, uint8_t *refill);
/* Order, answer, refill. */
void rig_give(struct rig *rig, uint32_t units);
/* One unit; checks the signature. Its count. */
uint32_t rig_spend(struct rig *rig);
void rig_close(struct rig *rig);
void rig_reopen(struct rig *rig);

#endif
