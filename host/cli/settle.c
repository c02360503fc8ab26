/* SPDX-License-Identifier: Apache-2.0 */
/* settle: see settle.h. */
#include "host/cli/settle.h"

#include <stdlib.h>
#include <string.h>

#include "host/device/device.h"
#include "host/ledger/ledger.h"

/* Asks a virtual chip without debug port for its attestation. */
static int chip_attest(const char *dir, const struct project *project, struct device_attestation *attestation,
                       struct fault *fault)
{
    struct smp_link link;
    struct cert root;
    char path[600];
    if (project_path(project, "pki/root.crt", path, sizeof path, fault) != 0 || cert_read(path, &root, fault) != 0 ||
        smp_line_chip_open(&link, dir, fault) != 0) {
        return -1;
    }
    int result = device_attest(&link, &root, attestation, fault);
    smp_link_close(&link);
    return result;
}

static int record_unknown(struct fault *fault)
{
    (void)fault_set(fault, "this chip is a device already, and this ledger does not know it");
    return fault_hint(fault, "name the project with whose ledger it was made: --project DIR");
}

/* The record of a chip that proved that it is secured. */
static int record_settle(struct ledger *ledger, const struct device_attestation *attestation, struct outcome *out,
                         struct fault *fault)
{
    struct ledger_unit unit;
    int found = ledger_unit_find(ledger, attestation->uid, &unit, fault);
    if (found <= 0) {
        return found < 0 ? -1 : record_unknown(fault);
    }
    if (memcmp(unit.identity_key, attestation->identity_key, sizeof unit.identity_key) != 0 ||
        attestation->claims.lifecycle != TOKEN_LIFECYCLE_SECURED) {
        return fault_set(fault, "unit %llu: the chip's attestation does not fit its record",
                         (unsigned long long)unit.number);
    }
    if (ledger_unit_close(ledger, attestation->uid, bytes_of(NULL, 0), bytes_of(NULL, 0), fault) != 0) {
        return -1;
    }
    *out = (struct outcome){
        .number = unit.number, .sequence = unit.package_sequence, .device = unit.device_cert, .update = unit.update_cert
    };
    memcpy(out->uid, unit.uid, sizeof out->uid);
    return 0;
}

int settle_run(const char *dir, const struct project *project, struct outcome *out, struct fault *fault)
{
    struct fault inner = FAULT_NONE;
    struct device_attestation *attestation = calloc(1, sizeof *attestation);
    struct ledger *ledger = NULL;
    char path[600];
    if (attestation == NULL) {
        return fault_set(fault, "no memory");
    }
    int result = chip_attest(dir, project, attestation, &inner);
    if (result != 0) {
        (void)fault_set(fault, "%s: the chip has no debug port, and does not prove that it is one of ours: %s", dir,
                        inner.what);
        (void)fault_hint(fault,
                         "a locked chip is never provisioned again; if it is another project's, name that one with "
                         "--project; 'windlass device status %.150s' asks what it runs",
                         dir);
    } else {
        result =
            project_path(project, LEDGER_FILE, path, sizeof path, fault) != 0 ||
                    ledger_open(&(struct ledger_config){ .place = path, .mode = LEDGER_WRITE }, &ledger, fault) != 0
                ? -1
                : record_settle(ledger, attestation, out, fault);
    }
    ledger_close(ledger);
    free(attestation);
    return result;
}
