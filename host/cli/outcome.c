/* SPDX-License-Identifier: Apache-2.0 */
/* outcome: see outcome.h. */
#include "host/cli/outcome.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "host/cli/unit_text.h"
#include "host/lib/file.h"
#include "host/lib/text.h"

/* Writes a certificate; one that stands there already must be the same. */
static int cert_file(const char *path, const struct cert *cert, struct fault *fault)
{
    struct cert there;
    if (access(path, F_OK) != 0) {
        return cert_write(path, cert, fault);
    }
    if (cert_read(path, &there, fault) != 0) {
        return -1;
    }
    return there.len == cert->len && memcmp(there.der, cert->der, cert->len) == 0
               ? 0
               : fault_set(fault, "%s: another certificate stands there", path);
}

int outcome_file(const struct project *project, const struct outcome *o, struct fault *fault)
{
    char uid[33];
    char relative[80];
    char path[640];
    text_hex(o->uid, sizeof o->uid, uid);
    if (project_path(project, "devices", path, sizeof path, fault) != 0 || file_folder_make(path, 0755, fault) != 0) {
        return -1;
    }
    (void)snprintf(relative, sizeof relative, "devices/%s", uid);
    if (project_path(project, relative, path, sizeof path, fault) != 0 || file_folder_make(path, 0755, fault) != 0) {
        return -1;
    }
    (void)snprintf(relative, sizeof relative, "devices/%s/device.crt", uid);
    if (project_path(project, relative, path, sizeof path, fault) != 0 || cert_file(path, &o->device, fault) != 0) {
        return -1;
    }
    (void)snprintf(relative, sizeof relative, "devices/%s/update.crt", uid);
    return project_path(project, relative, path, sizeof path, fault) != 0 ? -1 : cert_file(path, &o->update, fault);
}

void outcome_print(const struct outcome *o, int json)
{
    char uid[33];
    char device[65];
    char update[65];
    text_hex(o->uid, sizeof o->uid, uid);
    unit_fingerprint(o->device.der, o->device.len, device);
    unit_fingerprint(o->update.der, o->update.len, update);
    if (json) {
        (void)printf("{\"unit\":%llu,\"uid\":\"%s\",\"sequence\":%llu,\"device_certificate\":\"%s\","
                     "\"update_certificate\":\"%s\"}\n",
                     (unsigned long long)o->number, uid, (unsigned long long)o->sequence, device, update);
        return;
    }
    (void)printf("unit                %llu\nunique ID           %s\napplication         sequence number %llu\n"
                 "device certificate  SHA-256 %s\nupdate certificate  SHA-256 %s\nfiled in            devices/%s\n",
                 (unsigned long long)o->number, uid, (unsigned long long)o->sequence, device, update, uid);
}
