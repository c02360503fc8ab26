/* SPDX-License-Identifier: Apache-2.0 */
/*
 * letter_carrier: how a station's letters (wire/letter.h) come to the appliance. The station is given one; the
 * appliance is one (appliance_carry); a network in between is a carrier on the one side and a caller on the other.
 */
#ifndef HOST_LIB_LETTER_CARRIER_H
#define HOST_LIB_LETTER_CARRIER_H

#include "base/bytes.h"
#include "host/lib/fault.h"

/*
 * Carries a request to the appliance and brings its answer, which has room for LETTER_MAX bytes. 0, or -1 with the
 * fault when the way there failed. One at a time for one context.
 */
struct letter_carrier {
    void *context;
    int (*carry)(void *context, struct bytes request, uint8_t *answer, size_t *answer_len, struct fault *fault);
};

#endif
