/* SPDX-License-Identifier: Apache-2.0 */
/* windlass/status_map: what SBM tells, as maps of the device link (docs/spec.md sections 9.1 and 9.3); for the
 * application's link and for SBM's recovery. */
#ifndef WINDLASS_STATUS_MAP_H
#define WINDLASS_STATUS_MAP_H

#include "base/cbor.h"
#include "psa/update.h"
#include "windlass/sbm.h"
#include "wire/smp_image.h"

void status_map_write(const struct sbm_status *status, struct cbor_writer *w);
/* What SBM tells of an image, as the list of images has it. */
void image_map_take(const struct sbm_image *image, struct smp_image *out);
/* What an answer of the Firmware Update API means; BAD_ARGUMENT when SBM's own refusal says more. */
status_t update_status_map(psa_status_t result);
void log_map_write(const struct sbm_log_entry *entry, struct cbor_writer *w);
/* The whole of `r` is a request for a record of the log: {"index": n}. */
status_t log_map_index(struct cbor_reader *r, uint32_t *index);

#endif
