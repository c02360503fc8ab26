/* SPDX-License-Identifier: Apache-2.0 */
/* chip_line: a chip as it leaves a silicon vendor that gave it a key pair: BL1 with its agent in locked boot flash, no
 * debug port, and a line (chip.h). What the maker gave the vendor lies beside the room: boot.bin, vendor. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "host/chip/vendor.h"
#include "ports/sim/sim_vendor.h"
#include "tests/crash/chip.h"
#include "tests/crash/chip_net.h"
#include "wire/layout.h"
#include "wire/provision_msg.h"

_Noreturn void bl1_agent_stage_main(void);
uint8_t __wrap_port_link_receive(void);
void __wrap_port_link_send(const uint8_t *data, size_t len);
status_t __real_provision_request_parse(struct bytes in, struct provision_request *out);
status_t __wrap_provision_request_parse(struct bytes in, struct provision_request *out);

static int listen_fd = -1;
static int line = -1;
static uint8_t heard[4096];
static size_t heard_len;
static size_t heard_at;

void chip_kind_bl1(void)
{
    bl1_agent_stage_main();
}

/* ---- the vendor ---- */

static const char *beside(const char *path, const char *name)
{
    static char out[400];
    (void)snprintf(out, sizeof out, "%.*s/%s", (int)(strrchr(path, '/') - path), path, name);
    return out;
}

void chip_kind_make(const char *path)
{
    static struct vendor_identity identity;
    struct fault fault = FAULT_NONE;
    uint32_t *fuses = room->sim.fuses;
    FILE *boot = fopen(beside(path, "boot.bin"), "rb");
    if (boot == NULL || fread(room->sim.flash, 1, LAYOUT_BOOT_LEN, boot) != LAYOUT_BOOT_LEN ||
        vendor_identity_make(room->sim.unique_id, beside(path, "vendor"), &identity, &fault) != 0) {
        (void)fprintf(stderr, "crash_chip_line: error: what a vendor needs is not beside %s %s\n", path, fault.what);
        abort();
    }
    (void)fclose(boot);
    memcpy(room->vendor.key, identity.private_key, sizeof room->vendor.key);
    memcpy(room->vendor.page, identity.page, sizeof room->vendor.page);
    fuses[FUSE_BOOT_LOCK_SECTORS] = LAYOUT_BOOT_SECTORS;
    fuses[FUSE_BOOT_LOCK] = UINT32_MAX;
    fuses[FUSE_DEBUG_LOCK] = UINT32_MAX;
}

static void vendor_plug(void)
{
    const uint8_t *page = room->vendor.page;
    struct port_vendor *says = &sim_vendor.says;
    *says = (struct port_vendor){ bytes_read_le32(page), bytes_read_le16(page + 4), bytes_read_le16(page + 6),
                                  bytes_read_le16(page + 8) };
    if (says->len > sizeof sim_vendor.credential) {
        abort();
    }
    memcpy(sim_vendor.key, room->vendor.key, sizeof sim_vendor.key);
    memcpy(sim_vendor.credential, page + FLASHCTL_VENDOR_HEAD_LEN, says->len);
}

/* ---- the line ---- */

/* Stations come and go; what one sent waits until the chip reads it. */
uint8_t __wrap_port_link_receive(void)
{
    while (heard_at == heard_len) {
        ssize_t n = line < 0 ? 0 : recv(line, heard, sizeof heard, 0);
        heard_at = 0;
        heard_len = n > 0 ? (size_t)n : 0;
        if (heard_len == 0) {
            chip_net_close(&line);
            line = chip_net_accept(listen_fd);
        }
    }
    return heard[heard_at++];
}

/* Nobody need listen. */
void __wrap_port_link_send(const uint8_t *data, size_t len)
{
    (void)chip_net_send(line, data, len);
}

/* No station sees what is in the records: certificates are seen where they arrive. */
status_t __wrap_provision_request_parse(struct bytes in, struct provision_request *out)
{
    status_t status = __real_provision_request_parse(in, out);
    if (status == STATUS_OK && out->op == PROVISION_STORE && out->item == STORE_DEVICE_CERT) {
        room_given(room, out->data);
    }
    return status;
}

void chip_kind_open(void)
{
    vendor_plug();
    listen_fd = chip_net_listen(&room->line_port);
}

/* Its agents wait for the line inside. */
void chip_kind_run(void)
{
}
