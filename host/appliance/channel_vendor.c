/* SPDX-License-Identifier: Apache-2.0 */
/* channel_vendor: see channel_vendor.h. */
#include "host/appliance/channel_vendor.h"

#include <string.h>

#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#define UID_DIGITS 32

/* 16 bytes out of 32 lower-case digits. */
static int unique_id_read(const struct cert *chip, uint8_t out[16], struct fault *fault)
{
    static const char digits[] = "0123456789abcdef";
    char text[80];
    if (cert_serial_number(chip, text, sizeof text, fault) != 0) {
        return -1;
    }
    if (strlen(text) != UID_DIGITS || strspn(text, digits) != UID_DIGITS) {
        return fault_set(fault, "the chip's vendor certificate names no unique ID of 32 lower-case hexadecimal digits");
    }
    for (unsigned i = 0; i < 16; i++) {
        out[i] = (uint8_t)((strchr(digits, text[2 * i]) - digits) << 4 | (strchr(digits, text[2 * i + 1]) - digits));
    }
    return 0;
}

static X509 *certificate_of(const uint8_t *der, size_t len)
{
    return d2i_X509(NULL, &der, (long)len);
}

/* The certificates that may stand between the chip's and the vendor's. */
static STACK_OF(X509) * between_make(const struct edhoc_chain *chain)
{
    STACK_OF(X509) *between = sk_X509_new_null();
    for (size_t i = 1; between != NULL && i < chain->count; i++) {
        X509 *one = certificate_of(chain->certificate[i].data, chain->certificate[i].len);
        if (one == NULL || sk_X509_push(between, one) == 0) {
            X509_free(one);
            sk_X509_pop_free(between, X509_free);
            return NULL;
        }
    }
    return between;
}

static X509_STORE *vendors_make(const struct channel_side *side)
{
    X509_STORE *store = X509_STORE_new();
    for (size_t i = 0; store != NULL && i < side->vendor_count; i++) {
        X509 *one = certificate_of(side->vendors[i].der, side->vendors[i].len);
        int ok = one != NULL && X509_STORE_add_cert(store, one) == 1;
        X509_free(one);
        if (!ok) {
            X509_STORE_free(store);
            return NULL;
        }
    }
    return store;
}

/* X509_V_OK or why not. */
static int path_verify(X509_STORE *vendors, X509 *chip, STACK_OF(X509) * between)
{
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    int why = X509_V_ERR_OUT_OF_MEM;
    if (context != NULL && X509_STORE_CTX_init(context, vendors, chip, between) == 1) {
        /* The maker names CAs, whoever is above them. */
        X509_STORE_CTX_set_flags(context, X509_V_FLAG_X509_STRICT | X509_V_FLAG_PARTIAL_CHAIN);
        why = X509_verify_cert(context) == 1 ? X509_V_OK : X509_STORE_CTX_get_error(context);
    }
    X509_STORE_CTX_free(context);
    return why;
}

static int chain_verify(const struct channel_side *side, const struct edhoc_chain *chain, struct fault *fault)
{
    X509_STORE *vendors = vendors_make(side);
    X509 *chip = certificate_of(chain->certificate[0].data, chain->certificate[0].len);
    STACK_OF(X509) *between = between_make(chain);
    int why = vendors == NULL || chip == NULL || between == NULL ? X509_V_ERR_UNSPECIFIED
                                                                 : path_verify(vendors, chip, between);
    int signs = chip != NULL && X509_check_ca(chip) == 0 && (X509_get_key_usage(chip) & KU_DIGITAL_SIGNATURE) != 0;
    sk_X509_pop_free(between, X509_free);
    X509_free(chip);
    X509_STORE_free(vendors);
    if (why != X509_V_OK) {
        (void)fault_hint(fault, "a cloned chip, or one of a vendor whose certificate the appliance does not have");
        return fault_set(fault, "the chip's certificate leads to no silicon vendor that this appliance takes: %s",
                         X509_verify_cert_error_string(why));
    }
    return signs ? 0 : fault_set(fault, "the chip's vendor certificate is not one for signatures");
}

int channel_vendor_check(const struct channel_side *side, const struct edhoc_chain *chain, uint8_t unique_id[16],
                         uint8_t key[64], struct fault *fault)
{
    struct cert chip;
    if (chain_verify(side, chain, fault) != 0 || cert_parse(chain->certificate[0], &chip, fault) != 0 ||
        cert_public_key(&chip, key, fault) != 0) {
        return -1;
    }
    return unique_id_read(&chip, unique_id, fault);
}
