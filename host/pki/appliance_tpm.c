/* SPDX-License-Identifier: Apache-2.0 */
/* appliance_tpm: the part of an appliance's enrolment that its TPM speaks for (enrol.h). */
#include "host/lib/enrolment.h"
#include "host/pki/enrol_room.h"

int enrol_tpm(struct enrol *e, const struct pki_appliance_order *order, struct bytes enrolment, uint8_t *credential,
              size_t *credential_len, struct fault *fault)
{
    (void)e;
    (void)order;
    (void)enrolment;
    (void)credential;
    *credential_len = 0;
    return fault_set(fault, "appliances with a TPM are not taken by this windlass");
}
