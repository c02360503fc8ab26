/* SPDX-License-Identifier: Apache-2.0 */
/*
 * channel_chip: the secure channel to the real firmware on the virtual chip.
 *   channel_chip maker ANCHOR KEYS             makes the maker's keys and an anchor page
 *   channel_chip appliance CHIP FIRMWARE KEYS  sends SBM over the line of the chip that runs, starts it, makes its keys
 */
#include "tests/unit/test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "tests/unit/boot_maker.h"
#include "tests/unit/channel_line.h"
#include "wire/flashctl.h"
#include "wire/layout.h"

#define IMAGE_MAX 0x2F000u
#define CHUNK PROVISION_WRITE_MAX

static struct {
    struct maker maker;
    struct channel_key channel;
} keys;
static struct channel_rig rig;
static struct channel_line talk;
static uint8_t slot[LAYOUT_SBM_LEN];

static _Noreturn void stop(const char *what)
{
    (void)fprintf(stderr, "channel_chip: %s\n", what);
    exit(1);
}

static void check(int holds, const char *what)
{
    if (!holds) {
        stop(what);
    }
}

static size_t file_read(const char *dir, const char *name, uint8_t *out, size_t room)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s%s%s", dir, *dir == 0 ? "" : "/", name);
    FILE *file = fopen(path, "rb");
    check(file != NULL, path);
    size_t len = fread(out, 1, room, file);
    (void)fclose(file);
    return len;
}

static void file_put(const char *path, const void *data, size_t len)
{
    FILE *file = fopen(path, "wb");
    check(file != NULL && fwrite(data, 1, len, file) == len && fclose(file) == 0, path);
}

static struct bytes key_of(const struct maker_key *key)
{
    return bytes_of(key->open, sizeof key->open);
}

static void maker_run(const char *anchor_file, const char *key_file)
{
    static uint8_t page[LAYOUT_ANCHOR_LEN];
    maker_start(&keys.maker);
    check(crypto_p256_generate(keys.channel.secret, keys.channel.open) == STATUS_OK, "no randomness");
    const struct anchor anchor = { .firmware_keys = key_of(&keys.maker.firmware),
                                   .vendor = bytes_of(keys.maker.vendor, 16),
                                   .sbm_class = bytes_of(keys.maker.class_id, 16),
                                   .least_sequence = 1,
                                   .mastering_keys = key_of(&keys.maker.mastering),
                                   .class_id = bytes_of(keys.maker.class_id, 16) };
    struct cbor_writer w = cbor_writer_of(page, sizeof page);
    memset(page, 0xFF, sizeof page);
    anchor_build(&anchor, &w);
    check(w.status == STATUS_OK, "the anchor page does not fit");
    crypto_sha256(cbor_written(&w), page + w.len);
    file_put(anchor_file, page, sizeof page);
    file_put(key_file, &keys, sizeof keys);
}

/* The public key of the chip's vendor certificate: the appliance knows it from there. */
static void vendor_key_read(const char *chip, uint8_t out[64])
{
    char path[512];
    uint8_t point[65];
    size_t len = 0;
    (void)snprintf(path, sizeof path, "%s/vendor.crt", chip);
    FILE *file = fopen(path, "r");
    X509 *certificate = file == NULL ? NULL : PEM_read_X509(file, NULL, NULL, NULL);
    check(certificate != NULL, path);
    check(EVP_PKEY_get_octet_string_param(X509_get0_pubkey(certificate), "pub", point, sizeof point, &len) && len == 65,
          "not a P-256 key");
    memcpy(out, point + 1, 64);
    X509_free(certificate);
    (void)fclose(file);
}

static void line_connect(const char *chip)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s/link.sock", chip);
    talk.fd = socket(AF_UNIX, SOCK_STREAM, 0);
    check(connect(talk.fd, (struct sockaddr *)&address, sizeof address) == 0, address.sun_path);
}

/* The slot as BL1 wants it: signed envelope, image. */
static void slot_fill(const char *firmware, unsigned which, uint8_t digests[2][32], const size_t sizes[2])
{
    static uint8_t manifest[4096];
    uint8_t digest[32];
    static const char *const names[] = { "sbm-line-a.bin", "sbm-line-b.bin" };
    const struct suit_package_spec package = { .sequence = 1,
                                               .vendor = bytes_of(keys.maker.vendor, 16),
                                               .class_id = bytes_of(keys.maker.class_id, 16),
                                               .component = "sbm",
                                               .image_digest = bytes_of(digests[0], 32),
                                               .image_size = sizes[0],
                                               .second_digest = bytes_of(digests[1], 32),
                                               .second_size = sizes[1] };
    const struct suit_payload none[2] = { { { NULL, 0 }, { NULL, 0 } } };
    struct cbor_writer m = cbor_writer_of(manifest, sizeof manifest);
    struct cbor_writer e = cbor_writer_of(slot, LAYOUT_SBM_IMAGE_OFF);
    memset(slot, 0xFF, sizeof slot);
    check(suit_package_manifest_build(&package, &m) == STATUS_OK, "no manifest");
    maker_envelope_write(cbor_written(&m), &keys.maker.firmware, none, &e, digest);
    check(file_read(firmware, names[which], slot + LAYOUT_SBM_IMAGE_OFF, IMAGE_MAX) == sizes[which], names[which]);
}

static void ask(const struct provision_request *request, const char *what)
{
    uint64_t status = channel_line_ask(&talk, request);
    if (status != 0) {
        (void)fprintf(stderr, "channel_chip: %s: status %u\n", what, (unsigned)status);
        exit(1);
    }
}

static void slot_send(uint32_t off, size_t len)
{
    for (uint32_t at = 0; at < len; at += CHUNK) {
        const struct provision_request request = { .op = PROVISION_WRITE,
                                                   .off = off + at,
                                                   .data = bytes_of(slot + at, CHUNK) };
        ask(&request, "WRITE");
    }
}

static void images_send(const char *firmware)
{
    static uint8_t image[IMAGE_MAX];
    uint8_t digests[2][32];
    size_t sizes[2] = { file_read(firmware, "sbm-line-a.bin", image, sizeof image), 0 };
    crypto_sha256(bytes_of(image, sizes[0]), digests[0]);
    sizes[1] = file_read(firmware, "sbm-line-b.bin", image, sizeof image);
    crypto_sha256(bytes_of(image, sizes[1]), digests[1]);
    slot_fill(firmware, 0, digests, sizes);
    slot_send(LAYOUT_SBM_A_OFF, LAYOUT_SBM_IMAGE_OFF + sizes[0]);
    slot_fill(firmware, 1, digests, sizes);
    slot_send(LAYOUT_SBM_B_OFF, LAYOUT_SBM_IMAGE_OFF + sizes[1]);
}

static void appliance(const char *chip, const char *firmware, const char *key_file)
{
    struct channel_claims claims = { "line 1", 0xFFFFFFFFu, { 0 }, { 0 } };
    const struct provision_request hello = { .op = PROVISION_HELLO, .version = PROVISION_VERSION };
    const struct provision_request start = { .op = PROVISION_START };
    uint8_t fuses[256];
    check(file_read("", key_file, (uint8_t *)&keys, sizeof keys) == sizeof keys, key_file);
    memcpy(claims.vendor, keys.maker.vendor, 16);
    memcpy(claims.class_id, keys.maker.class_id, 16);
    channel_rig_open(&rig);
    rig.channel = keys.channel;
    memcpy(rig.mastering.secret, keys.maker.mastering.secret, 32);
    memcpy(rig.mastering.open, keys.maker.mastering.open, 64);
    channel_rig_credential(&rig, &claims, &rig.mastering);
    vendor_key_read(chip, rig.expected);
    line_connect(chip);
    check(channel_line_shake(&talk, &rig) == STATUS_OK, "no handshake");
    (void)puts("handshake: done");
    ask(&hello, "HELLO to BL1");
    check(file_read(chip, "fuses.bin", fuses, sizeof fuses) == sizeof fuses, "fuses.bin");
    check(memcmp(talk.answer.uid.data, fuses + 4 * FUSE_UNIQUE_ID, 16) == 0, "another unique ID");
    images_send(firmware);
    (void)puts("SBM: written");
    ask(&start, "START");
    ask(&hello, "HELLO to SBM");
    check(talk.answer.sbm_sequence == 1, "no SBM answers");
    const struct provision_request make = { .op = PROVISION_MAKE_KEYS, .challenge = bytes_of(rig.vendor.open, 32) };
    ask(&make, "MAKE_KEYS");
    check(talk.answer.possession.len > 200, "no proof of possession");
    (void)puts("SBM: proves its keys");
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "maker") == 0) {
        maker_run(argv[2], argv[3]);
    } else if (argc == 5 && strcmp(argv[1], "appliance") == 0) {
        appliance(argv[2], argv[3], argv[4]);
    } else {
        stop("usage: channel_chip maker ANCHOR KEYS | appliance CHIP FIRMWARE KEYS");
    }
    return 0;
}
