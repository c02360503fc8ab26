/* SPDX-License-Identifier: Apache-2.0 */
/* audit_cert: see audit_cert.h. */
#include "host/ledger/audit_cert.h"

#include "host/lib/p256.h"

enum tag {
    TAG_BOOLEAN = 0x01,
    TAG_INTEGER = 0x02,
    TAG_BITS = 0x03,
    TAG_OCTETS = 0x04,
    TAG_OID = 0x06,
    TAG_SEQUENCE = 0x30,
    TAG_SET = 0x31,
    TAG_VERSION = 0xA0,
    TAG_EXTENSIONS = 0xA3
};

static const uint8_t version_3[] = { TAG_INTEGER, 1, 2 };
/* ecdsa-with-SHA256 (RFC 5758) */
static const uint8_t algorithm[] = { 0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x02 };
/* id-ecPublicKey, secp256r1 (RFC 5480) */
static const uint8_t key_kind[] = { 0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01, 0x06,
                                    0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07 };
static const uint8_t oid_serial_number[] = { 0x55, 0x04, 0x05 };
static const uint8_t oid_key_usage[] = { 0x55, 0x1D, 0x0F };
static const uint8_t oid_constraints[] = { 0x55, 0x1D, 0x13 };
static const uint8_t bits_signature[] = { TAG_BITS, 2, 7, 0x80 };
static const uint8_t bits_agreement[] = { TAG_BITS, 2, 3, 0x08 };
static const uint8_t constraints_none[] = { TAG_SEQUENCE, 0 };

#define IS(view, array) bytes_equal(view, bytes_of(array, sizeof(array)))

/* Takes the next element of `in` when it has this tag: its content, and itself (may be NULL). Lengths in the shortest
 * form, to 65535. */
static int take(struct bytes *in, uint8_t tag, struct bytes *content, struct bytes *whole)
{
    if (in->len < 2 || in->data[0] != tag) {
        return -1;
    }
    size_t head = in->data[1] < 0x80 ? 2 : 2 + (size_t)(in->data[1] & 0x7F);
    size_t len = in->data[1];
    if (head > 4 || in->len < head || in->data[1] == 0x80) {
        return -1;
    }
    if (head > 2) {
        len = head == 3 ? in->data[2] : bytes_read_be16(in->data + 2);
    }
    if ((head == 3 && len < 0x80) || (head == 4 && len < 0x100) || in->len - head < len) {
        return -1;
    }
    *content = bytes_of(in->data + head, len);
    if (whole != NULL) {
        *whole = bytes_of(in->data, head + len);
    }
    *in = bytes_of(in->data + head + len, in->len - head - len);
    return 0;
}

/* RelativeDistinguishedNames; only serialNumber is looked at. */
static int subject_read(struct bytes name, struct audit_cert *out)
{
    struct bytes set;
    struct bytes pair;
    struct bytes type;
    unsigned met = 0;
    while (name.len > 0) {
        if (take(&name, TAG_SET, &set, NULL) != 0 || take(&set, TAG_SEQUENCE, &pair, NULL) != 0 || set.len != 0 ||
            take(&pair, TAG_OID, &type, NULL) != 0 || pair.len < 2) {
            return -1;
        }
        struct bytes value;
        if (IS(type, oid_serial_number)) {
            if (take(&pair, pair.data[0], &value, NULL) != 0 || pair.len != 0) {
                return -1;
            }
            out->serial_number = ++met == 1 ? value : bytes_of(NULL, 0);
        }
    }
    return 0;
}

static int key_read(struct bytes info, struct audit_cert *out)
{
    struct bytes kind;
    struct bytes bits;
    if (take(&info, TAG_SEQUENCE, &kind, NULL) != 0 || !IS(kind, key_kind) || take(&info, TAG_BITS, &bits, NULL) != 0 ||
        info.len != 0 || bits.len != 66 || bits.data[0] != 0 || bits.data[1] != 0x04) {
        return -1;
    }
    out->key = bytes_of(bits.data + 2, 64);
    return 0;
}

/* One extension; the two that matter must be critical, and come once. */
static int extension_read(struct bytes extension, struct audit_cert *out, unsigned *met)
{
    struct bytes type;
    struct bytes critical = { NULL, 0 };
    struct bytes value;
    if (take(&extension, TAG_OID, &type, NULL) != 0) {
        return -1;
    }
    int is_critical = take(&extension, TAG_BOOLEAN, &critical, NULL) == 0;
    if (take(&extension, TAG_OCTETS, &value, NULL) != 0 || extension.len != 0) {
        return -1;
    }
    unsigned which = IS(type, oid_key_usage) ? 1 : IS(type, oid_constraints) ? 2 : 0;
    if (which == 0) {
        return 0;
    }
    if ((*met & which) != 0 || !is_critical) {
        return -1;
    }
    *met |= which;
    if (which == 1) {
        out->usage = IS(value, bits_signature)   ? AUDIT_USAGE_SIGNATURE
                     : IS(value, bits_agreement) ? AUDIT_USAGE_AGREEMENT
                                                 : AUDIT_USAGE_OTHER;
    } else {
        out->is_ca = !IS(value, constraints_none);
    }
    return 0;
}

static int extensions_read(struct bytes outer, struct audit_cert *out)
{
    struct bytes list;
    struct bytes extension;
    unsigned met = 0;
    if (take(&outer, TAG_SEQUENCE, &list, NULL) != 0 || outer.len != 0) {
        return -1;
    }
    while (list.len > 0) {
        if (take(&list, TAG_SEQUENCE, &extension, NULL) != 0 || extension_read(extension, out, &met) != 0) {
            return -1;
        }
    }
    return met == 3 ? 0 : -1;
}

static int tbs_read(struct bytes in, struct audit_cert *out)
{
    struct bytes part;
    struct bytes content;
    if (take(&in, TAG_VERSION, &part, NULL) != 0 || !IS(part, version_3) || take(&in, TAG_INTEGER, &part, NULL) != 0 ||
        take(&in, TAG_SEQUENCE, &part, NULL) != 0 || !IS(part, algorithm) ||
        take(&in, TAG_SEQUENCE, &content, &out->issuer) != 0 || take(&in, TAG_SEQUENCE, &part, NULL) != 0 ||
        take(&in, TAG_SEQUENCE, &content, &out->subject) != 0 || subject_read(content, out) != 0 ||
        take(&in, TAG_SEQUENCE, &part, NULL) != 0 || key_read(part, out) != 0 ||
        take(&in, TAG_EXTENSIONS, &part, NULL) != 0 || in.len != 0) {
        return -1;
    }
    return extensions_read(part, out);
}

/* A positive INTEGER of at most 256 bits, to 32 bytes. */
static int integer_read(struct bytes *in, uint8_t out[32])
{
    struct bytes value;
    if (take(in, TAG_INTEGER, &value, NULL) != 0 || value.len == 0 || (value.data[0] & 0x80) != 0 ||
        (value.len > 1 && value.data[0] == 0 && (value.data[1] & 0x80) == 0)) {
        return -1;
    }
    if (value.data[0] == 0) {
        value = bytes_of(value.data + 1, value.len - 1);
    }
    if (value.len > 32) {
        return -1;
    }
    memset(out, 0, 32 - value.len);
    memcpy(out + 32 - value.len, value.data, value.len);
    return 0;
}

static int signature_read(struct bytes bits, uint8_t out[64])
{
    struct bytes pair;
    if (bits.len < 1 || bits.data[0] != 0) {
        return -1;
    }
    bits = bytes_of(bits.data + 1, bits.len - 1);
    if (take(&bits, TAG_SEQUENCE, &pair, NULL) != 0 || bits.len != 0 || integer_read(&pair, out) != 0 ||
        integer_read(&pair, out + 32) != 0 || pair.len != 0) {
        return -1;
    }
    return 0;
}

int audit_cert_read(struct bytes der, struct audit_cert *out)
{
    struct bytes all;
    struct bytes tbs;
    struct bytes part;
    memset(out, 0, sizeof *out);
    if (take(&der, TAG_SEQUENCE, &all, NULL) != 0 || der.len != 0 || take(&all, TAG_SEQUENCE, &tbs, &out->tbs) != 0 ||
        take(&all, TAG_SEQUENCE, &part, NULL) != 0 || !IS(part, algorithm) || tbs_read(tbs, out) != 0 ||
        take(&all, TAG_BITS, &part, NULL) != 0 || all.len != 0) {
        return -1;
    }
    return signature_read(part, out->signature);
}

int audit_cert_is_signed(const struct audit_cert *cert, const uint8_t key[64])
{
    uint8_t digest[32];
    p256_sha256(cert->tbs, digest);
    return p256_verify(key, digest, cert->signature) == STATUS_OK;
}
