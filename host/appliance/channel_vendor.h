/* SPDX-License-Identifier: Apache-2.0 */
/* channel_vendor: is this chip's certificate one of a silicon vendor that the appliance takes? (RFC 5280) The vendors'
 * profiles are their own; what is asked of them is here. */
#ifndef HOST_APPLIANCE_CHANNEL_VENDOR_H
#define HOST_APPLIANCE_CHANNEL_VENDOR_H

#include "host/appliance/channel.h"
#include "wire/edhoc.h"

/*
 * The chain's signatures, validity, CA flags and path lengths up to one of side->vendors; the chip's certificate is no
 * CA, its key is P-256 and may sign, its subject serialNumber is the unique ID in 32 lower-case hexadecimal digits.
 * Gives unique ID and key (X, Y).
 */
int channel_vendor_check(const struct channel_side *side, const struct edhoc_chain *chain, uint8_t unique_id[16],
                         uint8_t key[64], struct fault *fault);

#endif
