/* SPDX-License-Identifier: Apache-2.0 */
/* service: what SBM does for the application. The veneers have checked and copied every pointer before these are
 * called: all memory here is secure. */
#ifndef SBM_SERVICE_H
#define SBM_SERVICE_H

#include "base/bytes.h"
#include "psa/update.h"
#include "windlass/sbm.h"

psa_status_t service_update_query(psa_fwu_component_t component, psa_fwu_component_info_t *info);
psa_status_t service_update_start(psa_fwu_component_t component);
psa_status_t service_update_write(psa_fwu_component_t component, size_t offset, struct bytes block);
psa_status_t service_update_finish(psa_fwu_component_t component);
psa_status_t service_update_install(void);
psa_status_t service_update_reject(psa_status_t error);
psa_status_t service_update_accept(void);
psa_status_t service_update_cancel(psa_fwu_component_t component);
psa_status_t service_update_clean(psa_fwu_component_t component);
/* Sequence number of what is installed at the next reset, or 0. */
uint32_t service_update_pending(void);

/* Obeys a signed command of the maker: sbm_command in windlass/sbm.h. */
psa_status_t service_command(struct bytes in);

psa_status_t service_log_read(uint32_t index, struct sbm_log_entry *out);
psa_status_t service_image_read(uint32_t slot, struct sbm_image *out);
psa_status_t service_recovery_request(void);

void service_status_read(struct sbm_status *out);
/* Writes the attestation token over `challenge` into `out`; *len is its length. Errors: psa/initial_attestation.h. */
psa_status_t service_attest_token(struct bytes challenge, uint8_t *out, size_t capacity, size_t *len);
psa_status_t service_attest_token_size(size_t challenge_len, size_t *len);
/* Decrypts a certificate into `out`; *len is its length, also with BUFFER_TOO_SMALL. DOES_NOT_EXIST, DATA_CORRUPT. */
psa_status_t service_certificate(uint32_t which, uint8_t *out, size_t capacity, size_t *len);

#endif
