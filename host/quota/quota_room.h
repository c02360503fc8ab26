/* SPDX-License-Identifier: Apache-2.0 */
/* quota_room: what the files quota*.c share. Not for others. */
#ifndef HOST_QUOTA_QUOTA_ROOM_H
#define HOST_QUOTA_QUOTA_ROOM_H

#include <pthread.h>

#include "host/quota/quota.h"
#include "host/quota/quota_link.h"
#include "host/lib/tpm_shape.h"

struct quota {
    pthread_mutex_t lock;
    char tcti[256];
    char folder[512];
    uint8_t quota_key[64];
    unsigned seconds;
    struct quota_link link;
    int known; /* 1: what follows was read once */
    uint8_t grant_key[64];
    uint32_t count; /* that the TPM should hold, by what this process saw */
    uint32_t limit;
    uint32_t strays;
    int written;
};

/* What the index holds; written == 0: nothing yet. */
struct quota_index {
    int there;
    int written;
    uint32_t count;
    uint32_t limit;
};

/* Copies `config`; does not connect. The caller destroys the lock. */
int quota_config_take(const struct quota_config *config, struct quota *out, struct fault *fault);
/* Connects if that is needed and checks that this is the TPM of before. The lock is held. */
int quota_connect(struct quota *quota, struct fault *fault);
/* Reads the index and settles count and strays by it. */
int quota_settle(struct quota *quota, struct fault *fault);
/* Reads the index; fault when it is not the one that quota_make makes. */
int quota_index_read(struct quota *quota, struct quota_index *out, struct fault *fault);

/* TPMT_PUBLIC of a loaded key into `out` (TPM_SHAPE_KEY_MAX bytes), which must be of `kind`; its point. 0, -1, or 1
 * when there is no such key. */
int quota_key_read(struct quota *quota, enum tpm_shape_key kind, uint8_t *out, size_t *out_len, uint8_t point[64],
                   struct fault *fault);
/* Where a kind lives in the TPM. */
TPMI_DH_PERSISTENT quota_key_handle(enum tpm_shape_key kind);
/* The template of a kind for creation, or the public key itself when `point` is not NULL. */
int quota_public_build(const struct quota *quota, enum tpm_shape_key kind, const uint8_t *point, TPM2B_PUBLIC *out,
                       struct fault *fault);
/* r and s of an ECDSA signature, filled up to 32 bytes each. 1 when it is one. */
int quota_signature_raw(const TPMT_SIGNATURE *signature, uint8_t raw[64]);

/* The attestation key's statement: that the grant key is in this TPM, or what the index holds. */
struct quota_statement {
    uint8_t attest[512];
    size_t attest_len;
    uint8_t signature[64];
};
TSS2_RC quota_state_grant(struct quota *quota, const uint8_t qualifying[32], struct quota_statement *out);
TSS2_RC quota_state_index(struct quota *quota, const uint8_t qualifying[32], struct quota_statement *out);

#endif
