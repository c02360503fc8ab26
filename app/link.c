/* SPDX-License-Identifier: Apache-2.0 */
/* link: what the data link's commands do here (docs/spec.md section 9). wire/smp_server speaks the protocol, SBM
 * decides; this only carries. */
#include <string.h>

#include "app/app.h"
#include "app/tls.h"
#include "psa/initial_attestation.h"
#include "psa/update.h"
#include "windlass/status_map.h"
#include "wire/smp_server.h"

enum windlass_command {
    WINDLASS_STATUS = 0,
    WINDLASS_ATTEST = 1,
    WINDLASS_CONFIRM = 2,
    WINDLASS_PEEK = 3,
    WINDLASS_LOG = 4,
    WINDLASS_RECOVERY = 5,
    WINDLASS_COMMAND = 6
};

static struct smp_server server;
static psa_fwu_component_t component; /* of the upload under way */
static int recovery_asked;

static void status_write(struct cbor_writer *w)
{
    struct sbm_status s;
    if (sbm_status_read(&s, sizeof s) != PSA_SUCCESS) {
        smp_rc_build(w, SMP_RC_UNKNOWN);
        return;
    }
    status_map_write(&s, w);
}

static void log_write(struct cbor_reader *r, struct cbor_writer *w)
{
    struct sbm_log_entry entry;
    uint32_t index;
    if (log_map_index(r, &index) != STATUS_OK) {
        smp_rc_build(w, SMP_RC_INVALID);
    } else if (sbm_log_read(index, &entry) != PSA_SUCCESS) {
        smp_rc_build(w, SMP_RC_NOT_FOUND);
    } else {
        log_map_write(&entry, w);
    }
}

/* A signed command of the maker: {"data": bstr}. */
static void command(struct cbor_reader *r, struct cbor_writer *w)
{
    struct smp_map map = smp_map_open(r);
    struct sbm_status s = { 0 };
    struct bytes data = bytes_of(NULL, 0);
    struct bytes key;
    while (smp_map_next(&map, &key)) {
        data = cbor_read_bstr(r);
    }
    if (cbor_reader_finish(r) != STATUS_OK || data.data == NULL) {
        smp_rc_build(w, SMP_RC_INVALID);
        return;
    }
    psa_status_t result = sbm_command(data.data, data.len);
    if (result != PSA_SUCCESS) {
        (void)sbm_status_read(&s, sizeof s);
    }
    smp_status_build(w, result == PSA_SUCCESS ? STATUS_OK : s.refused != 0 ? s.refused : STATUS_BAD_ARGUMENT);
}

static void certificate_write(struct cbor_writer *w, uint32_t which)
{
    static uint8_t certificate[SBM_CERTIFICATE_MAX];
    size_t len = 0;
    if (sbm_certificate_read(which, certificate, sizeof certificate, &len) != PSA_SUCCESS) {
        len = 0;
    }
    cbor_write_bstr(w, bytes_of(certificate, len));
}

static void attest(struct cbor_reader *r, struct cbor_writer *w)
{
    static uint8_t token[PSA_INITIAL_ATTEST_MAX_TOKEN_SIZE];
    struct smp_map map = smp_map_open(r);
    struct bytes nonce = { NULL, 0 };
    struct bytes key;
    size_t len = 0;
    while (smp_map_next(&map, &key)) {
        if (smp_key_is(key, "nonce")) {
            nonce = cbor_read_bstr(r);
        } else {
            cbor_fail(r, STATUS_UNKNOWN_FIELD);
        }
    }
    if (cbor_reader_finish(r) != STATUS_OK ||
        psa_initial_attest_get_token(nonce.data, nonce.len, token, sizeof token, &len) != PSA_SUCCESS) {
        smp_rc_build(w, SMP_RC_INVALID);
        return;
    }
    cbor_write_map(w, 2);
    cbor_write_tstr(w, "certs");
    cbor_write_array(w, 2);
    certificate_write(w, SBM_CERTIFICATE_DEVICE);
    certificate_write(w, SBM_CERTIFICATE_ISSUER);
    smp_pair_bytes(w, "token", bytes_of(token, len));
}

/* Reads any address and gives what is there. For the demonstration: on secure memory it ends in SBM's fault handler. */
static void peek(struct cbor_reader *r, struct cbor_writer *w)
{
    struct smp_map map = smp_map_open(r);
    struct bytes key;
    uint32_t addr = 0;
    while (smp_map_next(&map, &key)) {
        addr = (uint32_t)cbor_read_uint(r);
    }
    if (cbor_reader_finish(r) != STATUS_OK) {
        smp_rc_build(w, SMP_RC_INVALID);
        return;
    }
    cbor_write_map(w, 1);
    smp_pair_uint(w, "value", *(volatile uint32_t *)(addr & ~3u));
}

/* The precise reason: SBM's own when it looked at a package, else what its answer means. */
static status_t status_of(psa_status_t result)
{
    psa_fwu_component_info_t info = { 0 };
    status_t status = update_status_map(result);
    if (status != STATUS_BAD_ARGUMENT) {
        return status;
    }
    (void)psa_fwu_query(component, &info);
    return info.state == PSA_FWU_FAILED || result == PSA_ERROR_DEPENDENCY_NEEDED ? info.impl.refused : status;
}

static status_t upload_start(uint32_t image, uint32_t len)
{
    psa_fwu_component_info_t info;
    component = (psa_fwu_component_t)image;
    if (image > UINT8_MAX || psa_fwu_query(component, &info) != PSA_SUCCESS) {
        return STATUS_NOT_FOUND;
    }
    if (len > info.max_size) {
        return STATUS_SUIT_SIZE;
    }
    (void)psa_fwu_cancel(component);
    (void)psa_fwu_clean(component);
    return status_of(psa_fwu_start(component, NULL, 0));
}

static status_t upload_write(uint32_t off, struct bytes data)
{
    return status_of(psa_fwu_write(component, off, data.data, data.len));
}

static status_t upload_finish(void)
{
    psa_status_t result = psa_fwu_finish(component);
    result = result == PSA_SUCCESS ? psa_fwu_install() : result;
    status_t status = status_of(result);
    if (result != PSA_SUCCESS_REBOOT) {
        (void)psa_fwu_cancel(component); /* a candidate would stand in the way of the next upload */
    }
    return status;
}

static status_t upload_erase(void)
{
    psa_fwu_component_info_t info;
    if (psa_fwu_query(component, &info) == PSA_SUCCESS && info.state == PSA_FWU_STAGED) {
        (void)psa_fwu_reject(PSA_SUCCESS);
    }
    (void)psa_fwu_cancel(component);
    (void)psa_fwu_clean(component);
    return STATUS_OK;
}

static status_t confirm(void)
{
    return status_of(psa_fwu_accept());
}

static int image_read(unsigned slot, struct smp_image *out)
{
    struct sbm_image image;
    if (sbm_image_read(slot, &image) != PSA_SUCCESS) {
        return 0;
    }
    image_map_take(&image, out);
    return 1;
}

static void other(const struct smp_head *head, struct cbor_reader *r, struct cbor_writer *w)
{
    switch ((unsigned)head->group << 8 | head->command) {
    case SMP_GROUP_WINDLASS << 8 | WINDLASS_STATUS:
        status_write(w);
        break;
    case SMP_GROUP_WINDLASS << 8 | WINDLASS_ATTEST:
        attest(r, w);
        break;
    case SMP_GROUP_WINDLASS << 8 | WINDLASS_CONFIRM:
        smp_rc_build(w, psa_fwu_accept() == PSA_SUCCESS ? SMP_RC_OK : SMP_RC_UNKNOWN);
        break;
    case SMP_GROUP_WINDLASS << 8 | WINDLASS_PEEK:
        peek(r, w);
        break;
    case SMP_GROUP_WINDLASS << 8 | WINDLASS_LOG:
        log_write(r, w);
        break;
    case SMP_GROUP_WINDLASS << 8 | WINDLASS_RECOVERY:
        recovery_asked = 1;
        smp_rc_build(w, SMP_RC_OK);
        break;
    case SMP_GROUP_WINDLASS << 8 | WINDLASS_COMMAND:
        command(r, w);
        break;
    default:
        if (!tls_command(head, r, w)) {
            smp_rc_build(w, SMP_RC_NOT_SUPPORTED);
        }
        break;
    }
}

static const struct smp_calls calls = {
    .upload_start = upload_start,
    .upload_write = upload_write,
    .upload_finish = upload_finish,
    .upload_erase = upload_erase,
    .confirm = confirm,
    .image_read = image_read,
    .other = other,
};

void app_link_open(void)
{
    smp_server_open(&server, &calls);
    app_uart_open(APP_UART_LINK);
    app_uart_listen(APP_UART_LINK);
}

int app_link_step(void)
{
    struct smp_head head;
    uint8_t byte;
    if (!app_uart_take(APP_UART_LINK, &byte)) {
        return 0;
    }
    struct bytes frames = smp_server_take(&server, byte, &head);
    app_uart_send(APP_UART_LINK, frames.data, frames.len);
    if (frames.len > 0 && smp_is_reset(&head)) {
        (void)psa_fwu_request_reboot();
    }
    if (recovery_asked) {
        recovery_asked = 0;
        (void)sbm_recovery_request();
    }
    return 1;
}

_Noreturn void app_link_serve(void)
{
    app_link_open();
    for (;;) {
        if (!app_link_step()) {
            app_idle();
        }
        app_watchdog_step();
    }
}
