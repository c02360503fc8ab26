/* SPDX-License-Identifier: Apache-2.0 */
/* master_rig: see master_rig.h. */
#include "tests/unit/master_rig_trust.h"

#include <stdio.h>
#include <stdlib.h>

#include "host/lib/cert.h"
#include "host/pki/pki.h"
#include "tests/unit/host_support.h"

static char folder[256];
struct project rig_project;
uint8_t *rig_image;

char *rig_path(const char *name)
{
    static char names[16][512];
    static size_t next;
    char *out = names[next++ % 16];
    (void)snprintf(out, 512, "%s/%s", folder, name);
    return out;
}

static void silent(void *context, const char *line)
{
    (void)context;
    (void)line;
}

int rig_setup(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    const struct pki_listener listener = { silent, NULL };
    (void)snprintf(folder, sizeof folder, "%s", support_folder_make());
    const struct pki_scaffold scaffold = { folder, "sensor", "Example Devices", "devices.example" };
    (void)unsetenv("SOFTHSM2_CONF");
    support_check(pki_scaffold_make(&scaffold, &listener, &fault), &fault);
    support_check(project_open(folder, &rig_project, &fault), &fault);
    support_check(pki_create(&rig_project, "ceremony.yaml", pki_spec_ceremony(), &listener, &fault), &fault);
    rig_image = (uint8_t *)malloc(RIG_IMAGE_LEN);
    assert_non_null(rig_image);
    for (size_t i = 0; i < RIG_IMAGE_LEN; i++) {
        rig_image[i] = (uint8_t)(i * 2654435761u >> 13);
    }
    bytes_write_le32(rig_image, 0x28400000u);
    bytes_write_le32(rig_image + 4, 0x00080009u);
    support_check(file_write(rig_path("app.bin"), bytes_of(rig_image, RIG_IMAGE_LEN), 0644, FILE_NEW_ONLY, &fault),
                  &fault);
    return 0;
}

struct hsm *rig_appliance_open(void)
{
    struct fault fault = FAULT_NONE;
    struct hsm *hsm = NULL;
    support_check(project_hsm_open(&rig_project, PROJECT_DEVELOPMENT, &hsm, &fault), &fault);
    return hsm;
}

static void appliance_key_make(struct hsm *oem, struct hsm *own, const char *label, enum cert_kind kind)
{
    struct fault fault = FAULT_NONE;
    struct cert root;
    struct cert cert;
    char path[128];
    struct cert_spec spec = { .kind = kind, .organisation = "Example Devices", .common_name = label, .years = 3 };
    (void)snprintf(path, sizeof path, "pki/appliances/factory-1/%s.crt", label);
    support_check(cert_read(rig_path("pki/root.crt"), &root, &fault), &fault);
    support_check(
        hsm_key_generate(own, label, kind == CERT_AGREEMENT ? HSM_KEY_AGREE : HSM_KEY_SIGN, spec.public_key, &fault),
        &fault);
    support_check(cert_issue(&spec, &root, oem, KEY_ROOT, &cert, &fault), &fault);
    support_check(cert_write(rig_path(path), &cert, &fault), &fault);
}

int rig_setup_with_appliance(void **state)
{
    struct fault fault = FAULT_NONE;
    struct hsm *oem = NULL;
    (void)rig_setup(state);
    struct hsm *own = rig_appliance_open();
    support_check(project_hsm_open(&rig_project, PROJECT_OEM, &oem, &fault), &fault);
    support_check(file_folder_make(rig_path("pki/appliances"), 0755, &fault), &fault);
    support_check(file_folder_make(rig_path("pki/appliances/factory-1"), 0755, &fault), &fault);
    appliance_key_make(oem, own, KEY_TRANSPORT, CERT_AGREEMENT);
    appliance_key_make(oem, own, KEY_ISSUING, CERT_ISSUING);
    hsm_close(oem);
    hsm_close(own);
    return 0;
}

int rig_teardown(void **state)
{
    (void)state;
    free(rig_image);
    support_folder_remove();
    return 0;
}

struct master_package_order rig_order(uint64_t sequence, const char *out)
{
    struct master_package_order order = { .input = rig_path("app.bin"), .sequence = sequence, .out = rig_path(out) };
    image_rules_of(IMAGE_APP, &order.rules);
    return order;
}

void rig_package_make(uint64_t sequence, const char *out, int development)
{
    struct fault fault = FAULT_NONE;
    struct master_package_order order = rig_order(sequence, out);
    order.development = development;
    support_check(master_package(&rig_project, &order, &fault), &fault);
}

struct bytes rig_load(const char *name)
{
    struct fault fault = FAULT_NONE;
    uint8_t *data = NULL;
    size_t len = 0;
    support_check(file_read(rig_path(name), (size_t)8 << 20, &data, &len, &fault), &fault);
    return bytes_of(data, len);
}

void rig_unload(struct bytes b)
{
    free((void *)(uintptr_t)b.data);
}

void rig_key(const char *label, uint8_t key[64])
{
    struct cert cert;
    struct fault fault = FAULT_NONE;
    char name[64];
    (void)snprintf(name, sizeof name, "pki/%s.crt", label);
    support_check(cert_read(rig_path(name), &cert, &fault), &fault);
    support_check(cert_public_key(&cert, key, &fault), &fault);
}

struct verify_trust rig_trust(const char *label, uint8_t key[64])
{
    rig_key(label, key);
    return (struct verify_trust){ .keys = { bytes_of(key, 64), 0 },
                                  .vendor = bytes_of(rig_project.profile.vendor_uuid, 16),
                                  .class_id = bytes_of(rig_project.profile.class_uuid, 16),
                                  .target = VERIFY_APP,
                                  .other_version = VERIFY_ANY_VERSION };
}

struct master_block_order rig_block_order(const char *package, const char *to, const char *out)
{
    return (struct master_block_order){ .package = rig_path(package), .to = rig_path(to), .out = rig_path(out) };
}
