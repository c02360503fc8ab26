/* SPDX-License-Identifier: Apache-2.0 */
/* appliance_channel: what an appliance shows to chips on the secure channel (enrol_room.h; docs/spec.md section 17.2).
 * Made anew with each answer: that is how one is renewed. */
#include <string.h>
#include <time.h>

#include "host/lib/cert_crl.h"
#include "host/lib/file.h"
#include "host/pki/enrol_room.h"
#include "host/sign1/credential.h"

#define DAY 86400u

/* The first mastering key that was not revoked. */
static int mastering_find(const struct enrol *e, const char **label, struct fault *fault)
{
    static const char *const labels[] = { KEY_MASTERING, KEY_MASTERING_NEXT };
    char path[ENROL_PATH_MAX];
    struct cert_crl crl = { NULL, 0 };
    struct cert cert;
    int revoked = 1;
    if (enrol_path(e, path, fault, PKI_CRL) != 0 || cert_crl_read(path, &e->root, &crl, fault) != 0) {
        return -1;
    }
    for (size_t i = 0; revoked == 1 && i < 2; i++) {
        *label = labels[i];
        revoked = enrol_path(e, path, fault, "pki/%s.crt", labels[i]) != 0 || cert_read(path, &cert, fault) != 0
                      ? -1
                      : cert_crl_has(&crl, &cert, fault);
    }
    cert_crl_free(&crl);
    return revoked == 1 ? fault_set(fault, "both mastering keys were revoked") : revoked;
}

int enrol_channel(struct enrol *e, const struct pki_appliance_order *order, const uint8_t key[64],
                  uint8_t out[CREDENTIAL_MAX], size_t *len, struct fault *fault)
{
    char path[ENROL_PATH_MAX];
    const char *label = NULL;
    const struct profile *profile = &e->project->profile;
    const unsigned days = order->channel_days != 0 ? order->channel_days : PKI_CHANNEL_DAYS;
    const struct edhoc_claims claims = { .subject = bytes_of(order->name, strlen(order->name)),
                                         .expires = (uint64_t)time(NULL) + (uint64_t)days * DAY,
                                         .x = bytes_of(key, 32),
                                         .y = bytes_of(key + 32, 32),
                                         .vendor = bytes_of(profile->vendor_uuid, 16),
                                         .class_id = bytes_of(profile->class_uuid, 16) };
    if (mastering_find(e, &label, fault) != 0 || credential_make(e->hsm, label, &claims, out, len, fault) != 0 ||
        transcript_line(&e->transcript, fault, "signed a credential for chips for '%s' with '%s', valid for %u days",
                        order->name, label, days) != 0 ||
        enrol_path(e, path, fault, "pki/appliances/%s/channel.cwt", order->name) != 0) {
        return -1;
    }
    return file_write(path, bytes_of(out, *len), 0644, FILE_REPLACE, fault);
}
