/* SPDX-License-Identifier: Apache-2.0 */
/* production_rig: see production_rig.h. */
#include "tests/unit/production_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "host/pki/enrol.h"
#include "tests/unit/host_support.h"
#include "wire/cose.h"
#include "wire/layout.h"

#define SBM_LEN 9000
#define BL1_LEN 2000

static const char *const hosts[] = { "127.0.0.1", NULL };
struct appliance_folder made_folder;
struct hsm *made_hsm;
struct bytes made_package;
int64_t made_at;
const struct production_floor made_floor = { 0, { 0 }, 0 };

static void image_file(const char *name, size_t len, uint32_t address)
{
    struct fault fault = FAULT_NONE;
    uint8_t *image = (uint8_t *)calloc(1, len);
    assert_non_null(image);
    for (size_t i = 0; i < len; i++) {
        image[i] = (uint8_t)(i * 31 + address);
    }
    memcpy(image + 64, cose_record_aad, sizeof cose_record_aad); /* fit for the secure channel, too */
    bytes_write_le32(image, 0x38020000u);
    bytes_write_le32(image + 4, address + 0x101u);
    support_check(file_write(rig_path(name), bytes_of(image, len), 0644, FILE_REPLACE, &fault), &fault);
    free(image);
}

static void firmware_make(void)
{
    struct fault fault = FAULT_NONE;
    const uint32_t a = LAYOUT_FLASH_SECURE_ADDR + LAYOUT_SBM_A_OFF + LAYOUT_SBM_IMAGE_OFF;
    const uint32_t b = LAYOUT_FLASH_SECURE_ADDR + LAYOUT_SBM_B_OFF + LAYOUT_SBM_IMAGE_OFF;
    struct master_package_order sbm = {
        .input = rig_path("sbm-a.bin"), .input_b = rig_path("sbm-b.bin"), .sequence = 1, .out = rig_path("sbm.suit")
    };
    image_file("bl1.bin", BL1_LEN, LAYOUT_FLASH_SECURE_ADDR);
    image_file("sbm-a.bin", SBM_LEN, a);
    image_file("sbm-b.bin", SBM_LEN, b);
    image_rules_of(IMAGE_SBM_A, &sbm.rules);
    image_rules_of(IMAGE_SBM_B, &sbm.rules_b);
    support_check(master_package(&rig_project, &sbm, &fault), &fault);
    rig_package_make(1, "v1.suit", 0);
}

static void appliance_make(const char *dir, const char *name)
{
    struct fault fault = FAULT_NONE;
    char answer[64];
    const struct folder_order order = { rig_path(dir), rig_path("pki/public.pem"), NULL, NULL };
    char request[64];
    (void)snprintf(request, sizeof request, "%s/request.pem", dir);
    (void)snprintf(answer, sizeof answer, "pki/appliances/%s.pem", name);
    const struct pki_appliance_order issue = { rig_path(request), name, hosts, 3, NULL, 0, 0 };
    (void)unsetenv("SOFTHSM2_CONF");
    support_check(appliance_folder_init(&order, &fault), &fault);
    (void)unsetenv("SOFTHSM2_CONF");
    support_check(pki_appliance_issue(&rig_project, &issue, NULL, &fault), &fault);
    (void)unsetenv("SOFTHSM2_CONF");
    support_check(appliance_folder_enrol(rig_path(dir), rig_path(answer), NULL, &fault), &fault);
}

struct master_production_order production_order_usual(const char *out)
{
    return (struct master_production_order){ .appliance = "factory-1",
                                             .number = 7,
                                             .quota = 3,
                                             .block = 1,
                                             .days = 30,
                                             .bl1 = rig_path("bl1.bin"),
                                             .sbm = rig_path("sbm.suit"),
                                             .app = rig_path("v1.suit"),
                                             .out = rig_path(out) };
}

/* As on two machines: the maker makes the package, then the appliance's token is opened. */
int production_setup(void **state)
{
    struct fault fault = FAULT_NONE;
    (void)rig_setup(state);
    appliance_make("a", "factory-1");
    appliance_make("b", "factory-2");
    (void)unsetenv("SOFTHSM2_CONF");
    firmware_make();
    const struct master_production_order order = production_order_usual("run.wpp");
    support_check(master_production(&rig_project, &order, &fault), &fault);
    made_at = (int64_t)time(NULL);
    made_package = rig_load("run.wpp");
    (void)unsetenv("SOFTHSM2_CONF");
    support_check(appliance_folder_open(rig_path("a"), &made_folder, &made_hsm, &fault), &fault);
    return 0;
}

int production_teardown(void **state)
{
    rig_unload(made_package);
    hsm_close(made_hsm);
    return rig_teardown(state);
}

int production_try(struct bytes bytes, int64_t now, const struct production_floor *floor, struct fault *fault)
{
    struct production_run run;
    const struct production_inputs in = { bytes, made_hsm, &made_folder.trust, floor, now };
    *fault = FAULT_NONE;
    int result = production_open(&in, &run, fault);
    production_close(&run);
    return result;
}

void production_refused(struct bytes bytes, int64_t now, const struct production_floor *floor, const char *part)
{
    struct fault fault = FAULT_NONE;
    int result = production_try(bytes, now, floor, &fault);
    support_check_refused(result, &fault, part);
}

void production_reopen(void)
{
    struct fault fault = FAULT_NONE;
    (void)unsetenv("SOFTHSM2_CONF");
    support_check(appliance_folder_open(rig_path("a"), &made_folder, &made_hsm, &fault), &fault);
}
