/* SPDX-License-Identifier: Apache-2.0 */
/* appliance: see appliance.h. Opening with all checks. */
#include "host/appliance/appliance_room.h"

#include <stdlib.h>

#include "host/appliance/granting.h"
#include "host/lib/file.h"
#include "host/lib/p256.h"
#include "wire/cose.h"

/* Files while they are looked at. */
struct loading {
    struct run_parts parts;
    struct package sbm;
    struct package app;
    uint8_t *data[4];
};

static struct bytes firmware_keys(const struct appliance *a)
{
    return bytes_of(a->trust.firmware_keys, sizeof a->trust.firmware_keys);
}

/* `most`: the largest file that can be meant; a larger one is not read. */
static int file_load(const char *path, size_t most, uint8_t **data, struct bytes *out, const char *hint,
                     struct fault *fault)
{
    size_t len = 0;
    if (file_read(path, most, data, &len, fault) != 0) {
        return fault_hint(fault, "%s", hint);
    }
    *out = bytes_of(*data, len);
    return 0;
}

static int package_load(const struct appliance *a, const char *path, struct bytes in, int sbm, struct package *out,
                        struct fault *fault)
{
    const struct profile *profile = &a->project.profile;
    const struct package_rules rules = { sbm, firmware_keys(a), profile->vendor_uuid,
                                         sbm ? profile->sbm_class_uuid : profile->class_uuid };
    return package_check(path, in, &rules, out, fault);
}

static int files_load(const struct appliance *a, const struct appliance_inputs *in, struct loading *l,
                      struct fault *fault)
{
    struct run_parts *p = &l->parts;
    if (file_load(in->bl1, LAYOUT_BL1_LEN, &l->data[0], &p->bl1, "--bl1 takes the raw binary bl1.bin, not the ELF file",
                  fault) != 0 ||
        file_load(in->sbm, LAYOUT_SBM_PACKAGE_LEN, &l->data[1], &p->sbm_package,
                  "--sbm takes what 'windlass master package --component sbm' wrote", fault) != 0 ||
        package_load(a, in->sbm, p->sbm_package, 1, &l->sbm, fault) != 0 ||
        file_load(in->app, LAYOUT_PACKAGE_LEN, &l->data[2], &p->app_package,
                  "--app takes what 'windlass master package' wrote", fault) != 0 ||
        package_load(a, in->app, p->app_package, 0, &l->app, fault) != 0) {
        return -1;
    }
    return file_load(in->block, BLOCK_MAX, &l->data[3], &p->block,
                     "--block takes the key block that 'windlass master package --block-for' wrote", fault);
}

/* Only for a run that is made from files beside the maker's own token: the ticket that a package would bring. */
#define NUMBER_OF_FILES 1

static int ticket_make(const struct appliance *a, struct cbor_writer *out, struct fault *fault)
{
    uint8_t payload[GRANT_PAYLOAD_MAX];
    uint8_t kid[COSE_KID_LEN];
    struct hsm *oem = NULL;
    const struct ticket ticket = { .package = NUMBER_OF_FILES,
                                   .grant_key = bytes_of(a->trust.provisioner_key, sizeof a->trust.provisioner_key),
                                   .vendor = bytes_of(a->project.profile.vendor_uuid, 16),
                                   .class_id = bytes_of(a->project.profile.class_uuid, 16),
                                   .block = 1 };
    struct cbor_writer w = cbor_writer_of(payload, sizeof payload);
    ticket_build(&ticket, &w);
    p256_kid(a->trust.mastering_keys, kid);
    const struct granting_seal seal = { TICKET_AAD, cbor_written(&w), kid };
    int result = project_hsm_open(&a->project, PROJECT_OEM, &oem, fault) != 0
                     ? -1
                     : granting_sign(&seal, oem, KEY_MASTERING, out, fault);
    hsm_close(oem);
    return result;
}

static int run_load(struct appliance *a, const struct appliance_inputs *inputs, struct fault *fault)
{
    struct loading l = { 0 };
    uint8_t ticket[GRANT_SIGNED_MAX];
    struct cbor_writer w = cbor_writer_of(ticket, sizeof ticket);
    l.parts = (struct run_parts){
        .bl1_name = inputs->bl1,
        .sbm_name = inputs->sbm,
        .block_name = inputs->block,
        .sbm = &l.sbm,
        .app = &l.app,
        .profile = &a->project.profile,
        .firmware_keys = firmware_keys(a),
        .mastering_keys = bytes_of(a->trust.mastering_keys, sizeof a->trust.mastering_keys),
        .provisioner_key = bytes_of(a->trust.provisioner_key, sizeof a->trust.provisioner_key),
        .number = NUMBER_OF_FILES,
        .hsm = a->hsm,
    };
    int result = files_load(a, inputs, &l, fault) != 0 ? -1 : ticket_make(a, &w, fault);
    l.parts.ticket = cbor_written(&w);
    result = result != 0 ? -1 : run_make(&l.parts, &a->run, fault);
    for (size_t i = 0; i < 4; i++) {
        free(l.data[i]);
    }
    return result;
}

static int parts_open(struct appliance *a, const struct appliance_inputs *inputs, struct fault *fault)
{
    char path[600];
    if (project_hsm_open(&a->project, PROJECT_APPLIANCE, &a->hsm, fault) != 0 ||
        trust_open(&a->project, a->hsm, &a->trust, fault) != 0 || run_load(a, inputs, fault) != 0) {
        return -1;
    }
    const struct ledger_config config = { .place = path, .mode = LEDGER_WRITE };
    return project_path(&a->project, LEDGER_FILE, path, sizeof path, fault) != 0
               ? -1
               : ledger_open(&config, &a->ledger, fault);
}

int appliance_open(const struct project *project, const struct appliance_inputs *inputs, struct appliance **out,
                   struct fault *fault)
{
    struct appliance *a = calloc(1, sizeof *a);
    *out = NULL;
    if (a == NULL) {
        return fault_set(fault, "no memory");
    }
    a->project = *project;
    a->token_needed = inputs->token_needed;
    hand_init(&a->hand);
    if (parts_open(a, inputs, fault) != 0) {
        appliance_close(a);
        return -1;
    }
    *out = a;
    return 0;
}

void appliance_close(struct appliance *a)
{
    if (a != NULL) {
        ledger_close(a->ledger);
        hsm_close(a->hsm);
        run_free(a->run);
        (void)pthread_mutex_destroy(&a->hand.lock);
        free(a);
    }
}
