/* SPDX-License-Identifier: Apache-2.0 */
/* appliance: see appliance.h. Opening with all checks, and the sorting of letters. */
#include "host/appliance/appliance_room.h"

#include <stdlib.h>

#include "base/wipe.h"
#include "host/appliance/images.h"
#include "host/lib/file.h"

static struct bytes firmware_keys(const struct appliance *a)
{
    return bytes_of(a->trust.firmware_keys, sizeof a->trust.firmware_keys);
}

/* Largest files that can be meant; a larger one is not read. */
#define PACKAGE_FILE_MAX LAYOUT_PACKAGE_LEN
#define SBM_FILE_MAX LAYOUT_SBM_PACKAGE_LEN

static int boot_load(struct appliance *a, const char *path, struct fault *fault)
{
    uint8_t *data = NULL;
    size_t len = 0;
    if (file_read(path, LAYOUT_BL1_LEN, &data, &len, fault) != 0) {
        return fault_hint(fault, "--bl1 takes the raw binary bl1.bin, not the ELF file");
    }
    const struct images_keys keys = { firmware_keys(a),
                                      bytes_of(a->trust.mastering_keys, sizeof a->trust.mastering_keys) };
    int result = images_boot_build(path, bytes_of(data, len), &a->project.profile, &keys, a->boot, fault);
    free(data);
    return result;
}

static int sbm_load(struct appliance *a, const char *path, struct fault *fault)
{
    const struct package_rules rules = { 1, firmware_keys(a), a->project.profile.vendor_uuid,
                                         a->project.profile.sbm_class_uuid };
    struct package sbm;
    uint8_t *data = NULL;
    size_t len = 0;
    if (file_read(path, SBM_FILE_MAX, &data, &len, fault) != 0) {
        return fault_hint(fault, "--sbm takes what 'windlass master package --component sbm' wrote");
    }
    int result = package_check(path, bytes_of(data, len), &rules, &sbm, fault);
    if (result == 0) {
        a->sbm_sequence = sbm.sequence;
        a->sbm_needs = sbm.needs_version;
        result = images_sbm_build(path, &sbm, 0, a->sbm[0], fault);
    }
    if (result == 0) {
        result = images_sbm_build(path, &sbm, 1, a->sbm[1], fault);
    }
    if (result == 0 && len > sizeof a->sbm_package) {
        result = fault_set(fault, "%s: too large for its region of %u bytes", path, LAYOUT_SBM_PACKAGE_LEN);
    }
    if (result == 0) {
        memset(a->sbm_package, 0xFF, sizeof a->sbm_package);
        memcpy(a->sbm_package, data, len);
    }
    free(data);
    return result;
}

/* Each may demand a version of the other: a chip would refuse the pair. */
static int versions_check(const struct appliance *a, const struct package *app, struct fault *fault)
{
    if (app->needs_version > a->sbm_sequence) {
        (void)fault_set(fault, "the application needs Secure Boot Manager %llu, and this one is %llu",
                        (unsigned long long)app->needs_version, (unsigned long long)a->sbm_sequence);
        return fault_hint(fault, "give a later --sbm");
    }
    if (a->sbm_needs > app->sequence) {
        (void)fault_set(fault, "the Secure Boot Manager needs application %llu, and this one is %llu",
                        (unsigned long long)a->sbm_needs, (unsigned long long)app->sequence);
        return fault_hint(fault, "give a later --app");
    }
    return 0;
}

static int app_load(struct appliance *a, const char *path, struct fault *fault)
{
    const struct package_rules rules = { 0, firmware_keys(a), a->project.profile.vendor_uuid,
                                         a->project.profile.class_uuid };
    struct package app;
    if (file_read(path, PACKAGE_FILE_MAX, &a->package, &a->package_len, fault) != 0) {
        return fault_hint(fault, "--app takes what 'windlass master package' wrote");
    }
    struct bytes package = bytes_of(a->package, a->package_len);
    if (package_check(path, package, &rules, &app, fault) != 0 || versions_check(a, &app, fault) != 0) {
        return -1;
    }
    if (app.image_size > LAYOUT_PRIMARY_LEN || a->package_len > LAYOUT_PACKAGE_LEN - BLOCK_MAX) {
        return fault_set(fault, "%s: too large for the chip's slots", path);
    }
    return block_package_read(package, &a->facts, fault);
}

/* The key block is opened once, so that a wrong one is found before a chip is touched. */
static int block_load(struct appliance *a, const char *path, struct fault *fault)
{
    struct session_key key;
    struct fault inner = FAULT_NONE;
    if (file_read(path, BLOCK_MAX, &a->block, &a->block_len, fault) != 0) {
        return fault_hint(fault, "--block takes the key block that 'windlass master package --block-for' wrote");
    }
    const struct bytes signers = bytes_of(a->trust.mastering_keys, sizeof a->trust.mastering_keys);
    int result = block_open(bytes_of(a->block, a->block_len), &a->facts, signers, a->hsm, KEY_TRANSPORT, &key, &inner);
    wipe(&key, sizeof key);
    if (result != 0) {
        (void)fault_set(fault, "%s: %s", path, inner.what);
        return fault_hint(
            fault, "give the key block that 'windlass master' made for the transport key together with the package");
    }
    return 0;
}

static int parts_open(struct appliance *a, const struct appliance_inputs *inputs, struct fault *fault)
{
    char path[600];
    struct cbor_writer w = cbor_writer_of(a->policy, sizeof a->policy);
    if (project_hsm_open(&a->project, PROJECT_APPLIANCE, &a->hsm, fault) != 0 ||
        trust_open(&a->project, a->hsm, &a->trust, fault) != 0 || boot_load(a, inputs->bl1, fault) != 0 ||
        sbm_load(a, inputs->sbm, fault) != 0 || app_load(a, inputs->app, fault) != 0 ||
        block_load(a, inputs->block, fault) != 0 ||
        trust_policy_build(&a->trust, &a->project.profile, a->facts.sequence, &w, fault) != 0) {
        return -1;
    }
    a->policy_len = w.len;
    return project_path(&a->project, LEDGER_FILE, path, sizeof path, fault) != 0
               ? -1
               : ledger_open(&(struct ledger_config){ .place = path, .mode = LEDGER_WRITE }, &a->ledger, fault);
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
        free(a->package);
        free(a->block);
        free(a);
    }
}

static int image_give(const struct appliance *a, const struct letter_request *request, struct letter_answer *answer,
                      struct fault *fault)
{
    struct bytes image = { NULL, 0 };
    switch (request->image) {
    case LETTER_IMAGE_BOOT:
        image = bytes_of(a->boot, sizeof a->boot);
        break;
    case LETTER_IMAGE_SBM_A:
        image = bytes_of(a->sbm[0], sizeof a->sbm[0]);
        break;
    case LETTER_IMAGE_SBM_B:
        image = bytes_of(a->sbm[1], sizeof a->sbm[1]);
        break;
    case LETTER_IMAGE_PACKAGE:
        image = bytes_of(a->package, a->package_len);
        break;
    case LETTER_IMAGE_SBM_PACKAGE:
        image = bytes_of(a->sbm_package, sizeof a->sbm_package);
        break;
    default:
        break;
    }
    if (request->offset >= image.len) {
        return fault_set(fault, "appliance: no such piece of an image");
    }
    size_t left = image.len - (size_t)request->offset;
    answer->total = image.len;
    answer->piece = bytes_of(image.data + request->offset, left < LETTER_PIECE_MAX ? left : LETTER_PIECE_MAX);
    return 0;
}

static int letter_answer_find(struct appliance *a, const struct letter_request *request, struct letter_answer *answer,
                              struct fault *fault)
{
    switch (request->op) {
    case LETTER_IMAGE:
        return image_give(a, request, answer, fault);
    case LETTER_BEGIN:
        return unit_begin(a, request, answer, fault);
    case LETTER_POSSESSION:
        return unit_possession(a, request, answer, fault);
    case LETTER_RECEIPT:
        return unit_receipt(a, request, answer, fault);
    case LETTER_CLOSE:
        return unit_close(a, request, answer, fault);
    default:
        return fault_set(fault, "appliance: a letter that is not understood");
    }
}

int appliance_carry(void *appliance, struct bytes request, uint8_t *answer, size_t *answer_len, struct fault *fault)
{
    struct letter_request in;
    struct letter_answer out = { 0 };
    struct fault refusal = FAULT_NONE;
    struct cbor_writer w = cbor_writer_of(answer, LETTER_MAX);
    status_t status = letter_request_parse(request, &in);
    out.op = status == STATUS_OK ? in.op : LETTER_CLOSE;
    if (status != STATUS_OK) {
        (void)fault_status(&refusal, "letter from the station", status);
    }
    if (status == STATUS_OK && letter_answer_find(appliance, &in, &out, &refusal) == 0) {
        letter_answer_build(&out, &w);
    } else {
        letter_refusal_build(out.op, &refusal, &w);
    }
    *answer_len = w.len;
    return w.status == STATUS_OK ? 0 : fault_status(fault, "the appliance's answer", w.status);
}
