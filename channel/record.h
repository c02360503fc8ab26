/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record: protected records after the handshake (docs/spec.md section 17.3): COSE_Encrypt0 with a key and a counter for
 * each direction. A record opens only as the next of its direction; one that does not open changes nothing.
 */
#ifndef CHANNEL_RECORD_H
#define CHANNEL_RECORD_H

#include "channel/edhoc.h"

#define RECORD_KEY_LEN 32
#define RECORD_IV_LEN 12
#define RECORD_OVERHEAD_MAX 35 /* head and tag */
/* EDHOC_Exporter labels, of the range for private use. */
#define RECORD_LABEL_TO_CHIP 32768u
#define RECORD_LABEL_FROM_CHIP 32769u

/* One direction. Plain data: BL1 hands the open channel to SBM as these bytes. */
struct record_way {
    uint8_t key[RECORD_KEY_LEN];
    uint8_t iv[RECORD_IV_LEN];
    uint32_t counter; /* of the next record */
};
struct record_channel {
    struct record_way send;
    struct record_way receive;
};

/* Keys of both directions out of a finished handshake, which is wiped. `label_send`: RECORD_LABEL_TO_CHIP at the
 * appliance, _FROM_CHIP at the chip. BAD_STATE. */
status_t record_channel_open(struct record_channel *c, struct edhoc *e, uint32_t label_send);
/* CHANNEL_SPENT: after 2^32 - 1 records nothing more is sealed. NO_SPACE. `plain` may not lie in the output. */
status_t record_seal(struct record_channel *c, struct bytes plain, struct cbor_writer *out);
/* Decrypts into `plain` (at least as long as the record) and gives its length. MESSAGE: not a record; CHANNEL_ORDER:
 * not the next one; CRYPTO_TAG; CHANNEL_SPENT. */
status_t record_open(struct record_channel *c, struct bytes record, uint8_t *plain, size_t *len);
void record_wipe(struct record_channel *c);

#endif
