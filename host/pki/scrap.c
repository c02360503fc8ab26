/* SPDX-License-Identifier: Apache-2.0 */
/* scrap: see scrap.h. */
#include "host/pki/scrap.h"

#include "host/pki/enrol_room.h"

int pki_records_key(const struct project *project, const char *appliance, uint8_t key[64], struct fault *fault)
{
    const struct enrol e = { .project = project };
    char path[ENROL_PATH_MAX];
    struct cert root;
    struct cert records;
    if (enrol_name_check(appliance, fault) != 0 || enrol_path(&e, path, fault, "pki/" KEY_ROOT ".crt") != 0 ||
        cert_read(path, &root, fault) != 0 ||
        enrol_path(&e, path, fault, "pki/appliances/%s/" KEY_RECORDS ".crt", appliance) != 0) {
        return -1;
    }
    if (cert_read(path, &records, fault) != 0) {
        return fault_hint(fault, "name an appliance that 'windlass pki appliance' certified");
    }
    return cert_check(&records, NULL, &root, CERT_SIGNING, key, fault);
}

int pki_scrap_note(const struct project *project, const char *appliance, const char *uid, struct fault *fault)
{
    struct transcript transcript;
    if (transcript_open(&transcript, project, "appliances", NULL, fault) != 0) {
        return -1;
    }
    int result = transcript_line(&transcript, fault, "order to scrap the chip %s of '%s'", uid, appliance);
    result = result == 0 ? transcript_finish(&transcript, fault) : result;
    transcript_close(&transcript);
    return result;
}
