/* SPDX-License-Identifier: Apache-2.0 */
/* engine_tpm: what the TPM does when an appliance is enrolled (folder.h). */
#include <string.h>

#include "host/daemon/engine_room.h"

static struct quota_config config_of(const struct folder_tpm_place *place)
{
    struct quota_config config = { .tcti = place->settings->tpm, .folder = place->folder };
    memcpy(config.quota_key, place->quota_key, sizeof config.quota_key);
    return config;
}

static int tpm_enrolment(const struct folder_tpm_place *place, uint8_t *out, size_t *out_len, struct fault *fault)
{
    struct quota *quota = NULL;
    const struct quota_config config = config_of(place);
    _Static_assert(QUOTA_ENROLMENT_MAX <= ENROLMENT_BLOB_MAX, "the block has room");
    if (quota_make(&config, fault) != 0 || quota_open(&config, &quota, fault) != 0) {
        return -1;
    }
    int result = quota_enrolment_build(quota, out, out_len, fault);
    quota_close(quota);
    return result;
}

static int tpm_credential(const struct folder_tpm_place *place, struct bytes credential, struct cert *grant,
                          struct fault *fault)
{
    uint8_t der[QUOTA_CERTIFICATE_MAX];
    size_t len = 0;
    struct quota *quota = NULL;
    const struct quota_config config = config_of(place);
    if (quota_open(&config, &quota, fault) != 0) {
        return -1;
    }
    int result = quota_credential_open(quota, credential, der, &len, fault);
    quota_close(quota);
    return result != 0 ? -1 : cert_parse(bytes_of(der, len), grant, fault);
}

const struct folder_tpm engine_tpm = { tpm_enrolment, tpm_credential };
