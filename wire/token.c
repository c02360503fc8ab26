/* SPDX-License-Identifier: Apache-2.0 */
/* token: see token.h. */
#include "wire/token.h"

#define COSE_TAG_SIGN1 18
#define HASH_NAME "sha-256"
#define VERSION_DIGITS 10

enum claim {
    CLAIM_NONCE = 10,
    CLAIM_INSTANCE = 256,
    CLAIM_PROFILE = 265,
    CLAIM_SEED = 268,
    CLAIM_CLIENT = 2394,
    CLAIM_LIFECYCLE = 2395,
    CLAIM_IMPLEMENTATION = 2396,
    CLAIM_COMPONENTS = 2399
};
enum part_key { PART_TYPE = 1, PART_VALUE = 2, PART_VERSION = 4, PART_SIGNER = 5, PART_HASH = 6 };

static const uint8_t protected_es256[] = { 0xA1, 0x01, 0x26 }; /* {1: -7} */

const char *token_part_name(enum token_part part)
{
    static const char *const names[TOKEN_PARTS] = { "BL", "PRoT", "App" };
    return names[part];
}

int token_nonce_fits(size_t len)
{
    return len == 32 || len == 48 || len == 64;
}

/* ---- building ---- */

static void key_bstr(struct cbor_writer *out, uint64_t key, struct bytes value)
{
    cbor_write_uint(out, key);
    cbor_write_bstr(out, value);
}

static void version_write(struct cbor_writer *out, uint32_t version)
{
    char digits[VERSION_DIGITS + 1];
    size_t at = sizeof digits - 1;
    digits[at] = '\0';
    do {
        digits[--at] = (char)('0' + version % 10);
        version /= 10;
    } while (version != 0);
    cbor_write_uint(out, PART_VERSION);
    cbor_write_tstr(out, digits + at);
}

static void part_build(const struct token_component *in, enum token_part part, struct cbor_writer *out)
{
    cbor_write_map(out, part == TOKEN_BL1 ? 4 : 5);
    cbor_write_uint(out, PART_TYPE);
    cbor_write_tstr(out, token_part_name(part));
    key_bstr(out, PART_VALUE, in->measurement);
    if (part != TOKEN_BL1) {
        version_write(out, in->version);
    }
    key_bstr(out, PART_SIGNER, in->signer);
    cbor_write_uint(out, PART_HASH);
    cbor_write_tstr(out, HASH_NAME);
}

void token_claims_build(const struct token_claims *in, struct cbor_writer *out)
{
    cbor_write_map(out, 8);
    key_bstr(out, CLAIM_NONCE, in->nonce);
    key_bstr(out, CLAIM_INSTANCE, in->instance);
    cbor_write_uint(out, CLAIM_PROFILE);
    cbor_write_tstr(out, TOKEN_PROFILE);
    key_bstr(out, CLAIM_SEED, in->seed);
    cbor_write_uint(out, CLAIM_CLIENT);
    cbor_write_int(out, in->client);
    cbor_write_uint(out, CLAIM_LIFECYCLE);
    cbor_write_uint(out, in->lifecycle);
    key_bstr(out, CLAIM_IMPLEMENTATION, in->implementation);
    cbor_write_uint(out, CLAIM_COMPONENTS);
    cbor_write_array(out, TOKEN_PARTS);
    for (enum token_part part = TOKEN_BL1; part < TOKEN_PARTS; part++) {
        part_build(&in->parts[part], part, out);
    }
}

void token_signed_head_build(size_t claims_len, struct cbor_writer *out)
{
    cbor_write_array(out, 4);
    cbor_write_tstr(out, "Signature1");
    cbor_write_bstr(out, bytes_of(protected_es256, sizeof protected_es256));
    cbor_write_bstr(out, bytes_of(NULL, 0));
    cbor_write_bstr_head(out, claims_len);
}

void token_build(struct bytes claims, const uint8_t signature[TOKEN_SIGNATURE_LEN], struct cbor_writer *out)
{
    cbor_write_tag(out, COSE_TAG_SIGN1);
    cbor_write_array(out, 4);
    cbor_write_bstr(out, bytes_of(protected_es256, sizeof protected_es256));
    cbor_write_map(out, 0);
    cbor_write_bstr(out, claims);
    cbor_write_bstr(out, bytes_of(signature, TOKEN_SIGNATURE_LEN));
}

/* ---- parsing ---- */

static void text_expect(struct cbor_reader *r, const char *text)
{
    struct bytes found = cbor_read_tstr(r);
    if (!bytes_equal(found, bytes_of(text, strlen(text)))) {
        cbor_fail(r, STATUS_UNSUPPORTED);
    }
}

/* The next key of a map whose keys are all required, in order. */
static void key_expect(struct cbor_map *map, int64_t key)
{
    int64_t found = 0;
    if (!cbor_map_next(map, &found)) {
        cbor_fail(map->reader, STATUS_MISSING_FIELD);
    } else if (found != key) {
        cbor_fail(map->reader, STATUS_UNKNOWN_FIELD);
    }
}

static void map_end(struct cbor_map *map)
{
    int64_t key;
    if (cbor_map_next(map, &key)) {
        cbor_fail(map->reader, STATUS_UNKNOWN_FIELD);
    }
}

/* A number from 1 up in decimal, without leading zeros. */
static uint32_t version_read(struct cbor_reader *r)
{
    struct bytes text = cbor_read_tstr(r);
    uint64_t value = 0;
    int good = text.len > 0 && text.len <= VERSION_DIGITS && text.data[0] != '0';
    for (size_t i = 0; i < text.len && good; i++) {
        good = text.data[i] >= '0' && text.data[i] <= '9';
        value = value * 10 + (uint64_t)(text.data[i] - '0');
    }
    if (!good || value > UINT32_MAX) {
        cbor_fail(r, STATUS_BAD_ARGUMENT);
        return 0;
    }
    return (uint32_t)value;
}

static void part_parse(struct cbor_reader *r, enum token_part part, struct token_component *out)
{
    struct cbor_map map = cbor_read_map(r);
    key_expect(&map, PART_TYPE);
    text_expect(r, token_part_name(part));
    key_expect(&map, PART_VALUE);
    out->measurement = cbor_read_bstr_len(r, TOKEN_HASH_LEN);
    if (part != TOKEN_BL1) {
        key_expect(&map, PART_VERSION);
        out->version = version_read(r);
    }
    key_expect(&map, PART_SIGNER);
    out->signer = cbor_read_bstr_len(r, TOKEN_HASH_LEN);
    key_expect(&map, PART_HASH);
    text_expect(r, HASH_NAME);
    map_end(&map);
}

static void parts_parse(struct cbor_reader *r, struct token_claims *out)
{
    if (cbor_read_array(r) != TOKEN_PARTS) {
        cbor_fail(r, STATUS_MISSING_FIELD);
    }
    for (enum token_part part = TOKEN_BL1; part < TOKEN_PARTS; part++) {
        part_parse(r, part, &out->parts[part]);
    }
}

status_t token_claims_parse(struct bytes in, struct token_claims *out)
{
    struct cbor_reader r = cbor_reader_of(in);
    struct cbor_map map = cbor_read_map(&r);
    memset(out, 0, sizeof *out);
    key_expect(&map, CLAIM_NONCE);
    out->nonce = cbor_read_bstr(&r);
    key_expect(&map, CLAIM_INSTANCE);
    out->instance = cbor_read_bstr_len(&r, TOKEN_INSTANCE_LEN);
    key_expect(&map, CLAIM_PROFILE);
    text_expect(&r, TOKEN_PROFILE);
    key_expect(&map, CLAIM_SEED);
    out->seed = cbor_read_bstr_len(&r, TOKEN_SEED_LEN);
    key_expect(&map, CLAIM_CLIENT);
    out->client = cbor_read_int(&r);
    key_expect(&map, CLAIM_LIFECYCLE);
    out->lifecycle = cbor_read_uint(&r);
    key_expect(&map, CLAIM_IMPLEMENTATION);
    out->implementation = cbor_read_bstr_len(&r, TOKEN_IMPLEMENTATION_LEN);
    key_expect(&map, CLAIM_COMPONENTS);
    parts_parse(&r, out);
    map_end(&map);
    status_t status = cbor_reader_finish(&r);
    if (status == STATUS_OK && (!token_nonce_fits(out->nonce.len) || out->lifecycle > UINT16_MAX)) {
        status = STATUS_BAD_ARGUMENT;
    }
    if (status != STATUS_OK) {
        memset(out, 0, sizeof *out);
    }
    return status;
}

status_t token_parse(struct bytes in, struct bytes *claims, struct bytes *signature)
{
    struct cbor_reader r = cbor_reader_of(in);
    if (cbor_read_tag(&r) != COSE_TAG_SIGN1) {
        cbor_fail(&r, STATUS_UNSUPPORTED);
    }
    if (cbor_read_array(&r) != 4) {
        cbor_fail(&r, STATUS_MISSING_FIELD);
    }
    struct bytes header = cbor_read_bstr(&r);
    if (!bytes_equal(header, bytes_of(protected_es256, sizeof protected_es256))) {
        cbor_fail(&r, STATUS_UNSUPPORTED);
    }
    if (cbor_read_map(&r).left != 0) {
        cbor_fail(&r, STATUS_UNKNOWN_FIELD);
    }
    *claims = cbor_read_bstr(&r);
    *signature = cbor_read_bstr_len(&r, TOKEN_SIGNATURE_LEN);
    return cbor_reader_finish(&r);
}
