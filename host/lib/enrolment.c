/* SPDX-License-Identifier: Apache-2.0 */
/* enrolment: see enrolment.h. */
#include "host/lib/enrolment.h"

#include "host/lib/project.h"

const struct enrolment_key enrolment_keys[ENROLMENT_KEYS] = {
    { KEY_ISSUING, CERT_ISSUING }, { KEY_TRANSPORT, CERT_AGREEMENT }, { KEY_PROVISIONER, CERT_SIGNING },
    { KEY_RECORDS, CERT_SIGNING }, { KEY_APPLIANCE, CERT_SERVER },    { KEY_CHANNEL, CERT_SIGNING },
};

const char *const enrolment_maker_labels[ENROLMENT_MAKER_CERTS] = {
    KEY_ROOT, KEY_QUOTA, KEY_MASTERING, KEY_MASTERING_NEXT, KEY_FIRMWARE, KEY_FIRMWARE_NEXT
};
