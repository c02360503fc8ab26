/* SPDX-License-Identifier: Apache-2.0 */
/* cose_record: the COSE_Encrypt0 of the secure channel (RFC 9052 section 5.2), of cose.h. All but counter, length and
 * ciphertext are the same bytes in each. */
#include "wire/cose.h"

/* 16([<<{1: 24}>>, {6: 4 bytes}, ...]) */
static const uint8_t prefix[] = { 0xD0, 0x83, 0x44, 0xA1, 0x01, 0x18, 0x18, 0xA1, 0x06, 0x44 };

/* ["Encrypt0", <<{1: 24}>>, h''] */
const uint8_t cose_record_aad[16] = { 0x83, 0x68, 'E',  'n',  'c',  'r',  'y',  'p',
                                      't',  '0',  0x44, 0xA1, 0x01, 0x18, 0x18, 0x40 };

status_t cose_record_parse(struct bytes in, struct cose_record *out)
{
    size_t head_len = sizeof prefix + COSE_COUNTER_LEN;
    if (in.len < head_len || memcmp(in.data, prefix, sizeof prefix) != 0) {
        return STATUS_MESSAGE;
    }
    struct cbor_reader r = cbor_reader_of(bytes_of(in.data + head_len, in.len - head_len));
    out->counter = bytes_of(in.data + sizeof prefix, COSE_COUNTER_LEN);
    out->ciphertext = cbor_read_bstr(&r);
    return cbor_reader_finish(&r);
}

uint32_t cose_record_counter(struct bytes record)
{
    const uint8_t *at = record.data + sizeof prefix;
    return (uint32_t)bytes_read_be16(at) << 16 | bytes_read_be16(at + 2);
}

void cose_record_head_build(const struct cose_record *in, struct cbor_writer *out)
{
    cbor_write_raw(out, bytes_of(prefix, sizeof prefix));
    cbor_write_raw(out, in->counter);
    cbor_write_bstr_head(out, in->ciphertext.len);
}
