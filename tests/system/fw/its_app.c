/* SPDX-License-Identifier: Apache-2.0 */
/* its_app: an application that counts its starts in internal trusted storage, checks that its values survive, tries
 * what the standard forbids, prints what came of it, and goes on as the example does. */
#include <string.h>

#include "app/app.h"
#include "psa/internal_trusted_storage.h"
#include "windlass/sbm.h"
#include "windlass/storage_call.h"

#define UID_STARTS 1u
#define UID_ONCE 2u
#define UID_NAME 0xFEDCBA9876543210u
#define SECURE_RAM ((void *)0x38000000u)
#define SECURE_FLASH ((void *)0x10014000u)
#define DEVICE_ADDRESS ((void *)0x40202000u)

static const char name[] = "a name that must not stand in flash as it is";
static uint8_t long_value[2048];
static uint8_t got[2064];
static unsigned wrong;

static void expect(const char *what, int right)
{
    if (!right) {
        wrong++;
        app_print("[its] ");
        app_print(what);
        app_print(": NOT AS IT SHOULD BE\n");
    }
}

static void values_make(void)
{
    expect("set once",
           psa_its_set(UID_ONCE, sizeof long_value, long_value, PSA_STORAGE_FLAG_WRITE_ONCE) == PSA_SUCCESS);
    expect("set name", psa_its_set(UID_NAME, sizeof name, name, PSA_STORAGE_FLAG_NONE) == PSA_SUCCESS);
}

static void values_check(void)
{
    struct psa_storage_info_t info;
    size_t len = 0;
    expect("get once", psa_its_get(UID_ONCE, 0, sizeof got, got, &len) == PSA_SUCCESS && len == sizeof long_value &&
                           memcmp(got, long_value, len) == 0);
    expect("get a part", psa_its_get(UID_ONCE, 1000, 10, got, &len) == PSA_SUCCESS && len == 10 &&
                             memcmp(got, long_value + 1000, 10) == 0);
    expect("get name", psa_its_get(UID_NAME, 0, sizeof got, got, &len) == PSA_SUCCESS && len == sizeof name &&
                           memcmp(got, name, len) == 0);
    expect("info", psa_its_get_info(UID_ONCE, &info) == PSA_SUCCESS && info.size == sizeof long_value &&
                       info.flags == PSA_STORAGE_FLAG_WRITE_ONCE);
}

static void rules_check(void)
{
    size_t len = 77;
    expect("uid 0", psa_its_set(0, 4, name, 0) == PSA_ERROR_INVALID_ARGUMENT);
    expect("other flags", psa_its_set(9, 4, name, 16) == PSA_ERROR_NOT_SUPPORTED);
    expect("too long", psa_its_set(9, 2049, got, 0) == PSA_ERROR_INSUFFICIENT_STORAGE);
    expect("overwrite once", psa_its_set(UID_ONCE, 4, name, 0) == PSA_ERROR_NOT_PERMITTED);
    expect("remove once", psa_its_remove(UID_ONCE) == PSA_ERROR_NOT_PERMITTED);
    expect("get nothing", psa_its_get(9, 0, 4, got, &len) == PSA_ERROR_DOES_NOT_EXIST && len == 77);
    expect("offset past the end", psa_its_get(UID_NAME, 100, 4, got, &len) == PSA_ERROR_INVALID_ARGUMENT);
    expect("set and remove", psa_its_set(9, 0, NULL, 0) == PSA_SUCCESS && psa_its_remove(9) == PSA_SUCCESS &&
                                 psa_its_remove(9) == PSA_ERROR_DOES_NOT_EXIST);
    expect("reset of a sound storage", sbm_storage_reset() == PSA_ERROR_BAD_STATE);
}

static void pointers_check(void)
{
    struct sbm_its_set from_everything = { 9, got, SIZE_MAX, 0 };
    size_t len = 0;
    expect("set from secure RAM", psa_its_set(9, 64, SECURE_RAM, 0) == PSA_ERROR_INVALID_ARGUMENT);
    expect("set from the vault", psa_its_set(9, 64, SECURE_FLASH, 0) == PSA_ERROR_INVALID_ARGUMENT);
    expect("set from a device", psa_its_set(9, 4, DEVICE_ADDRESS, 0) == PSA_ERROR_INVALID_ARGUMENT);
    expect("set from everything", sbm_its_set(&from_everything) == PSA_ERROR_INVALID_ARGUMENT);
    expect("set by a secure call block", sbm_its_set(SECURE_RAM) == PSA_ERROR_INVALID_ARGUMENT);
    expect("get into secure RAM", psa_its_get(UID_NAME, 0, 8, SECURE_RAM, &len) == PSA_ERROR_INVALID_ARGUMENT);
    expect("get by a secure call block", sbm_its_get(SECURE_RAM) == PSA_ERROR_INVALID_ARGUMENT);
    expect("info into secure RAM", psa_its_get_info(UID_NAME, SECURE_RAM) == PSA_ERROR_INVALID_ARGUMENT);
    expect("nothing was set", psa_its_remove(9) == PSA_ERROR_DOES_NOT_EXIST);
}

_Noreturn void app_main(void)
{
    uint32_t starts = 0;
    size_t len = 0;
    app_uart_open(APP_UART_CONSOLE);
    for (size_t i = 0; i < sizeof long_value; i++) {
        long_value[i] = (uint8_t)(i * 7 + i / 256);
    }
    psa_status_t status = psa_its_get(UID_STARTS, 0, sizeof starts, &starts, &len);
    if (status == PSA_ERROR_DATA_CORRUPT) {
        app_print("[its] rolled back\n");
        expect("nothing can be set", psa_its_set(9, 4, name, 0) == PSA_ERROR_DATA_CORRUPT);
        expect("reset", sbm_storage_reset() == PSA_SUCCESS);
        status = psa_its_get(UID_STARTS, 0, sizeof starts, &starts, &len);
        starts = 0;
    }
    if (status == PSA_ERROR_DOES_NOT_EXIST) {
        values_make();
    }
    starts++;
    expect("set starts", psa_its_set(UID_STARTS, sizeof starts, &starts, 0) == PSA_SUCCESS);
    values_check();
    rules_check();
    pointers_check();
    app_print(wrong == 0 ? "[its] all right at start " : "[its] something is wrong at start ");
    app_print_number(starts);
    app_print("\n");
    app_link_serve();
}
