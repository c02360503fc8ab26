/* SPDX-License-Identifier: Apache-2.0 */
/* production_parts: see production_parts.h. */
#include "host/master/production_parts.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "boot/verify.h"
#include "host/lib/block.h"
#include "host/lib/cert_crl.h"
#include "host/lib/file.h"
#include "host/lib/p256.h"
#include "host/lib/parcel.h"
#include "host/lib/yaml_file.h"
#include "wire/cose.h"
#include "wire/layout.h"

/* ---- the appliance ---- */

struct reader {
    const struct project *project;
    const char *name;
    const struct cert *root;
    struct cert_crl crl;
};

/* One certificate of the appliance: to the root, of this kind, not revoked. */
static int cert_get(const struct reader *r, const char *label, enum cert_kind kind, struct cert *out, uint8_t key[64],
                    struct fault *fault)
{
    char relative[128];
    char path[PATH_MAX];
    struct fault inner = FAULT_NONE;
    (void)snprintf(relative, sizeof relative, "pki/appliances/%.64s/%s.crt", r->name, label);
    if (project_path(r->project, relative, path, sizeof path, fault) != 0) {
        return -1;
    }
    if (access(path, F_OK) != 0) {
        (void)fault_set(fault, "there is no appliance '%.64s' (%s is missing)", r->name, relative);
        return fault_hint(fault, "certify it first: windlass pki appliance");
    }
    if (cert_read(path, out, fault) != 0) {
        return -1;
    }
    if (cert_check(out, NULL, r->root, kind, key, &inner) != 0) {
        (void)fault_set(fault, "%s: %s", relative, inner.what);
        return fault_hint(fault, "%s", inner.hint);
    }
    int revoked = cert_crl_has(&r->crl, out, fault);
    return revoked == 1 ? fault_set(fault, "the appliance '%.64s' was revoked", r->name) : revoked;
}

static int has_grant(const struct project *project, const char *name)
{
    char relative[128];
    char path[PATH_MAX];
    struct fault none = FAULT_NONE;
    (void)snprintf(relative, sizeof relative, "pki/appliances/%.64s/" KEY_GRANT ".crt", name);
    return project_path(project, relative, path, sizeof path, &none) == 0 && access(path, F_OK) == 0;
}

static int recipient_read(const struct reader *r, struct production_recipient *out, struct fault *fault)
{
    struct cert issuing;
    struct cert other;
    uint8_t issuing_key[64];
    out->tpm = has_grant(r->project, r->name);
    if (cert_get(r, KEY_TRANSPORT, CERT_AGREEMENT, &other, out->transport_key, fault) != 0 ||
        cert_get(r, KEY_ISSUING, CERT_ISSUING, &issuing, issuing_key, fault) != 0 ||
        cert_get(r, out->tpm ? KEY_GRANT : KEY_PROVISIONER, CERT_SIGNING, &other, out->grant_key, fault) != 0) {
        return -1;
    }
    parcel_kid(out->transport_key, out->kid);
    p256_sha256(bytes_of(issuing.der, issuing.len), out->issuing);
    return 0;
}

int production_recipient_read(const struct project *project, const char *name, struct production_recipient *out,
                              struct fault *fault)
{
    char path[PATH_MAX];
    uint8_t root_key[64];
    struct reader r = { project, name, &out->root, { NULL, 0 } };
    if (name[0] == '\0' || name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-")] != '\0') {
        return fault_set(fault, "'%.64s' is not an appliance's name", name);
    }
    if (project_path(project, "pki/" KEY_ROOT ".crt", path, sizeof path, fault) != 0 ||
        cert_read(path, &out->root, fault) != 0 ||
        cert_check(&out->root, NULL, &out->root, CERT_ROOT, root_key, fault) != 0 ||
        project_path(project, "pki/stations.crl", path, sizeof path, fault) != 0 ||
        cert_crl_read(path, &out->root, &r.crl, fault) != 0) {
        return -1;
    }
    int result = recipient_read(&r, out, fault);
    cert_crl_free(&r.crl);
    return result;
}

/* ---- the files ---- */

/* A vector table whose entry lies inside, in Thumb state: so that an ELF file or another image is not taken. */
static int bl1_check(const char *path, struct bytes bl1, struct fault *fault)
{
    uint32_t entry = bl1.len < 16 ? 0 : bytes_read_le32(bl1.data + 4);
    if ((entry & 1) != 0 && entry > LAYOUT_FLASH_SECURE_ADDR && entry - LAYOUT_FLASH_SECURE_ADDR < bl1.len) {
        return 0;
    }
    (void)fault_set(fault, "%s: not a BL1 image: a raw binary of at most %u bytes for address 0x%08x", path,
                    LAYOUT_BL1_LEN, LAYOUT_FLASH_SECURE_ADDR);
    return fault_hint(fault, "give bl1.bin, not the ELF file");
}

/* What a chip of a silicon vendor gets must speak the secure channel, and then holds these bytes. */
static int channel_check(const char *path, struct bytes image, const char *give, struct fault *fault)
{
    if (memmem(image.data, image.len, cose_record_aad, sizeof cose_record_aad) != NULL) {
        return 0;
    }
    (void)fault_set(fault, "%s: cannot speak the secure channel, which the chips of chip_vendors are made over", path);
    return fault_hint(fault, "give %s", give);
}

static int channels_check(const struct production_files *files, const struct production_parts *parts,
                          struct fault *fault)
{
    return parts->vendors.len > 0 &&
                   (channel_check(files->bl1, parts->bl1, "bl1-agent.bin", fault) != 0 ||
                    channel_check(files->sbm, parts->sbm, "a package of sbm-line-a.elf and sbm-line-b.elf", fault) != 0)
               ? -1
               : 0;
}

static int target_check(const char *path, struct bytes file, const struct verify_trust *trust, uint64_t *sequence,
                        struct fault *fault)
{
    struct package package;
    status_t status = verify_package(file, trust, &package);
    if (status == STATUS_OK && package.encoded_len != file.len) {
        status = STATUS_TRAILING;
    }
    if (status == STATUS_OK) {
        status = verify_payload(&package);
    }
    if (status != STATUS_OK) {
        (void)fault_set(fault, "%s: a device would refuse this package (%s)", path, status_text(status));
        return fault_hint(fault, "give what 'windlass master package' made for production with this project's keys");
    }
    *sequence = package.manifest.sequence;
    return 0;
}

static int firmware_check(const struct profile *profile, const struct production_files *files, struct bytes keys,
                          const struct production_parts *parts, struct fault *fault)
{
    uint64_t sbm = 0;
    uint64_t app = 0;
    struct verify_trust trust = { .keys = { keys, 0 },
                                  .vendor = bytes_of(profile->vendor_uuid, 16),
                                  .class_id = bytes_of(profile->class_uuid, 16),
                                  .target = VERIFY_APP,
                                  .other_version = VERIFY_ANY_VERSION };
    if (target_check(files->app, parts->app, &trust, &app, fault) != 0) {
        return -1;
    }
    trust.class_id = bytes_of(profile->sbm_class_uuid, 16);
    trust.other_version = app;
    for (int slot = 0; slot < 2; slot++) {
        trust.target = slot == 0 ? VERIFY_SBM_A : VERIFY_SBM_B;
        if (target_check(files->sbm, parts->sbm, &trust, &sbm, fault) != 0) {
            return -1;
        }
    }
    trust.target = VERIFY_APP;
    trust.class_id = bytes_of(profile->class_uuid, 16);
    trust.other_version = sbm;
    return target_check(files->app, parts->app, &trust, &app, fault);
}

int production_parts_read(const struct project *project, const struct production_files *files,
                          struct bytes firmware_keys, struct production_parts *out, struct fault *fault)
{
    char profile[PATH_MAX];
    size_t vendors_len = 0;
    if (project_path(project, "product.yaml", profile, sizeof profile, fault) != 0) {
        return -1;
    }
    const struct {
        const char *path;
        size_t max;
        struct bytes *bytes;
    } wanted[] = {
        { files->bl1, LAYOUT_BL1_LEN, &out->bl1 },
        { files->sbm, LAYOUT_SBM_PACKAGE_LEN, &out->sbm },
        { files->app, LAYOUT_PACKAGE_LEN - BLOCK_MAX, &out->app },
        { profile, YAML_FILE_MAX, &out->profile },
    };
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        size_t len = 0;
        if (file_read(wanted[i].path, wanted[i].max, &out->memory[i], &len, fault) != 0) {
            return -1;
        }
        *wanted[i].bytes = bytes_of(out->memory[i], len);
    }
    if (silicon_read(project, out->vendors_der, &vendors_len, fault) != 0) {
        return -1;
    }
    out->vendors = bytes_of(out->vendors_der, vendors_len);
    return bl1_check(files->bl1, out->bl1, fault) != 0 || channels_check(files, out, fault) != 0
               ? -1
               : firmware_check(&project->profile, files, firmware_keys, out, fault);
}

void production_parts_free(struct production_parts *parts)
{
    for (size_t i = 0; i < sizeof parts->memory / sizeof parts->memory[0]; i++) {
        free(parts->memory[i]);
    }
    memset(parts, 0, sizeof *parts);
}
