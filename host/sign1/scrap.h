/* SPDX-License-Identifier: Apache-2.0 */
/* scrap: the maker's order that one unit of one appliance is scrapped (docs/spec.md section 12.1): COSE_Sign1 by the
 * quota key. It counts once: a unit is scrapped once, and the order names unit and appliance. Public data only. */
#ifndef HOST_SIGN1_SCRAP_H
#define HOST_SIGN1_SCRAP_H

#include "base/bytes.h"
#include "base/cbor.h"
#include "host/lib/fault.h"

#define SCRAP_AAD "windlass scrap order"
#define SCRAP_MAX 192 /* bytes of a signed order */
#define SCRAP_CHAIN_LEN 16

struct scrap {
    struct bytes uid;   /* 16 */
    struct bytes chain; /* 16: name of the appliance's chain in the ledger: scrap_chain */
};

/* What is signed. */
void scrap_build(const struct scrap *in, struct cbor_writer *out);
/* Checks the signature by the quota key and reads the order; views look into `encoded`. */
int scrap_check(struct bytes encoded, const uint8_t quota_key[64], struct scrap *out, struct fault *fault);
/* The name of the chain of the appliance with this records key. */
void scrap_chain(const uint8_t records_key[64], uint8_t chain[SCRAP_CHAIN_LEN]);

#endif
