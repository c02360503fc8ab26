/* SPDX-License-Identifier: Apache-2.0 */
/* folder_channel: the credential that the appliance shows to chips (folder.h; docs/spec.md section 17.2). */
#include <stdlib.h>
#include <string.h>

#include "host/appliance/folder_room.h"
#include "host/lib/file.h"

#define RENEW "the maker renews it: 'windlass pki appliance' with the same request; then: windlassd enrol"

int folder_channel_check(struct bytes cwt, struct bytes mastering_keys, const uint8_t key[64],
                         struct edhoc_claims *claims, struct fault *fault)
{
    struct fault inner = FAULT_NONE;
    int result = -1;
    (void)fault_set(&inner, "the appliance's credential for chips: no mastering key is left");
    for (size_t at = 0; result != 0 && at < mastering_keys.len; at += 64) {
        inner = FAULT_NONE;
        result = credential_read(cwt, mastering_keys.data + at, 0, claims, &inner);
    }
    if (result != 0) {
        (void)fault_set(fault, "%s", inner.what);
        return fault_hint(fault, RENEW);
    }
    if (!bytes_equal(claims->x, bytes_of(key, 32)) || !bytes_equal(claims->y, bytes_of(key + 32, 32))) {
        (void)fault_set(fault, "the appliance's credential for chips is for another key than '" KEY_CHANNEL "'");
        return fault_hint(fault, RENEW);
    }
    return 0;
}

int folder_channel_read(struct appliance_folder *folder, struct fault *fault)
{
    char path[FOLDER_PATH_MAX];
    uint8_t *cwt = NULL;
    if (folder_join(folder->dir, FOLDER_CHANNEL, path, fault) != 0) {
        return -1;
    }
    if (file_read(path, sizeof folder->channel, &cwt, &folder->channel_len, fault) != 0) {
        return fault_hint(fault, "was the maker's answer brought here? windlassd enrol");
    }
    memcpy(folder->channel, cwt, folder->channel_len);
    free(cwt);
    return 0;
}

int appliance_folder_channel(const struct appliance_folder *folder, struct edhoc_claims *claims, struct fault *fault)
{
    const struct production_trust *trust = &folder->trust;
    return folder_channel_check(bytes_of(folder->channel, folder->channel_len),
                                bytes_of(trust->mastering_keys, trust->mastering_len), folder->channel_key, claims,
                                fault);
}
