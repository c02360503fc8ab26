/* SPDX-License-Identifier: Apache-2.0 */
/* appliance_files: an engine beside the maker's own project, without a production package. See appliance.h. */
#include "host/appliance/appliance_room.h"

#include <stdlib.h>

#include "host/appliance/trust.h"
#include "host/lib/file.h"
#include "host/lib/p256.h"
#include "wire/cose.h"

/* A project that makes devices with what it has itself. */
struct files {
    struct project project;
    struct trust trust;
    struct hsm *hsm;
    struct ledger *ledger;
    struct run *run;
};

/* Files while they are looked at. */
struct loading {
    struct run_parts parts;
    struct package sbm;
    struct package app;
    uint8_t *data[4];
};

static struct bytes firmware_keys(const struct files *f)
{
    return bytes_of(f->trust.firmware_keys, sizeof f->trust.firmware_keys);
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

static int package_load(const struct files *f, const char *path, struct bytes in, int sbm, struct package *out,
                        struct fault *fault)
{
    const struct profile *profile = &f->project.profile;
    const struct package_rules rules = { sbm, firmware_keys(f), profile->vendor_uuid,
                                         sbm ? profile->sbm_class_uuid : profile->class_uuid };
    return package_check(path, in, &rules, out, fault);
}

static int files_load(const struct files *f, const struct appliance_inputs *in, struct loading *l, struct fault *fault)
{
    struct run_parts *p = &l->parts;
    if (file_load(in->bl1, LAYOUT_BL1_LEN, &l->data[0], &p->bl1, "--bl1 takes the raw binary bl1.bin, not the ELF file",
                  fault) != 0 ||
        file_load(in->sbm, LAYOUT_SBM_PACKAGE_LEN, &l->data[1], &p->sbm_package,
                  "--sbm takes what 'windlass master package --component sbm' wrote", fault) != 0 ||
        package_load(f, in->sbm, p->sbm_package, 1, &l->sbm, fault) != 0 ||
        file_load(in->app, LAYOUT_PACKAGE_LEN, &l->data[2], &p->app_package,
                  "--app takes what 'windlass master package' wrote", fault) != 0 ||
        package_load(f, in->app, p->app_package, 0, &l->app, fault) != 0) {
        return -1;
    }
    return file_load(in->block, BLOCK_MAX, &l->data[3], &p->block,
                     "--block takes the key block that 'windlass master package --block-for' wrote", fault);
}

/* Only for a run that is made from files beside the maker's own token: the ticket that a package would bring. */
#define NUMBER_OF_FILES 1

static int ticket_make(const struct files *f, struct cbor_writer *out, struct fault *fault)
{
    uint8_t payload[GRANT_PAYLOAD_MAX];
    uint8_t kid[COSE_KID_LEN];
    struct hsm *oem = NULL;
    const struct ticket ticket = { .package = NUMBER_OF_FILES,
                                   .grant_key = bytes_of(f->trust.provisioner_key, sizeof f->trust.provisioner_key),
                                   .vendor = bytes_of(f->project.profile.vendor_uuid, 16),
                                   .class_id = bytes_of(f->project.profile.class_uuid, 16),
                                   .block = 1 };
    struct cbor_writer w = cbor_writer_of(payload, sizeof payload);
    ticket_build(&ticket, &w);
    p256_kid(f->trust.mastering_keys, kid);
    const struct granting_seal seal = { TICKET_AAD, cbor_written(&w), kid };
    int result = project_hsm_open(&f->project, PROJECT_OEM, &oem, fault) != 0
                     ? -1
                     : granting_sign(&seal, oem, KEY_MASTERING, out, fault);
    hsm_close(oem);
    return result;
}

static int run_load(struct files *f, const struct appliance_inputs *inputs, struct fault *fault)
{
    struct loading l = { 0 };
    uint8_t ticket[GRANT_SIGNED_MAX];
    uint8_t vendors[SILICON_DER_MAX];
    size_t vendors_len = 0;
    struct cbor_writer w = cbor_writer_of(ticket, sizeof ticket);
    if (silicon_read(&f->project, vendors, &vendors_len, fault) != 0) {
        return -1;
    }
    l.parts = (struct run_parts){
        .bl1_name = inputs->bl1,
        .sbm_name = inputs->sbm,
        .block_name = inputs->block,
        .sbm = &l.sbm,
        .app = &l.app,
        .profile = &f->project.profile,
        .firmware_keys = firmware_keys(f),
        .mastering_keys = bytes_of(f->trust.mastering_keys, sizeof f->trust.mastering_keys),
        .provisioner_key = bytes_of(f->trust.provisioner_key, sizeof f->trust.provisioner_key),
        .vendors = bytes_of(vendors, vendors_len),
        .number = NUMBER_OF_FILES,
        .units = 1,
        .issuing = &f->trust.issuing,
        .hsm = f->hsm,
    };
    int result = files_load(f, inputs, &l, fault) != 0 ? -1 : ticket_make(f, &w, fault);
    l.parts.ticket = cbor_written(&w);
    result = result != 0 ? -1 : run_make(&l.parts, &f->run, fault);
    for (size_t i = 0; i < 4; i++) {
        free(l.data[i]);
    }
    return result;
}

static int parts_open(struct files *f, const struct appliance_inputs *inputs, struct fault *fault)
{
    char path[600];
    const struct ledger_config config = { .place = path, .mode = LEDGER_WRITE };
    if (project_hsm_open(&f->project, PROJECT_APPLIANCE, &f->hsm, fault) != 0 ||
        trust_open(&f->project, f->hsm, &f->trust, fault) != 0 || run_load(f, inputs, fault) != 0) {
        return -1;
    }
    return project_path(&f->project, LEDGER_FILE, path, sizeof path, fault) != 0
               ? -1
               : ledger_open(&config, &f->ledger, fault);
}

static int engine_make(struct files *f, int token_needed, struct appliance **out, struct fault *fault)
{
    const struct appliance parts = { .token_needed = token_needed,
                                     .owns = 1,
                                     .hsm = f->hsm,
                                     .ledger = f->ledger,
                                     .root = f->trust.root,
                                     .issuing = f->trust.issuing };
    if (appliance_new(&parts, out, fault) != 0) {
        run_free(f->run);
        return -1;
    }
    appliance_run_set(*out, f->run);
    return 0;
}

int appliance_open(const struct project *project, const struct appliance_inputs *inputs, struct appliance **out,
                   struct fault *fault)
{
    struct files *f = calloc(1, sizeof *f);
    *out = NULL;
    if (f == NULL) {
        return fault_set(fault, "no memory");
    }
    f->project = *project;
    int result = parts_open(f, inputs, fault);
    if (result != 0) {
        ledger_close(f->ledger);
        hsm_close(f->hsm);
        run_free(f->run);
    } else {
        result = engine_make(f, inputs->token_needed, out, fault);
    }
    free(f);
    return result;
}
