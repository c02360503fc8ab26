/* SPDX-License-Identifier: Apache-2.0 */
/* service_crypto: PSA Crypto for the application behind one door: Mbed TLS's PSA core with the keys in secure memory.
 */
#ifndef SBM_SERVICE_CRYPTO_H
#define SBM_SERVICE_CRYPTO_H

#include "windlass/crypto_call.h"

/* The call of sbm_crypto_call, between veneer_enter and veneer_leave: `theirs` and all that it names is untrusted. It
 * is read once; outputs are written on success only. cut: a persistent key is there as before or as after. time: the
 * core's; keys are never compared or indexed with. */
int32_t service_crypto_call(struct sbm_crypto_call *theirs);
/* Wipes all keys in memory, operations and buffers. */
void service_crypto_wipe(void);
/* Multipart operations under way. */
unsigned service_crypto_operations_count(void);

#endif
