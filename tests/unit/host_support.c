/* SPDX-License-Identifier: Apache-2.0 */
/* host_support: see host_support.h. */
#include "tests/unit/host_support.h"

#include <ftw.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>

static char folder[64];

const char *support_folder_make(void)
{
    (void)snprintf(folder, sizeof folder, "/tmp/windlass-test-XXXXXX");
    assert_non_null(mkdtemp(folder));
    return folder;
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *walk)
{
    (void)info;
    (void)type;
    (void)walk;
    return remove(path);
}

void support_folder_remove(void)
{
    if (folder[0] != '\0') {
        (void)nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
        folder[0] = '\0';
    }
}

const char *support_path(const char *name)
{
    static char paths[8][PATH_MAX];
    static unsigned next;
    char *path = paths[next++ % 8];
    (void)snprintf(path, PATH_MAX, "%s/%s", folder, name);
    return path;
}

void support_write(const char *name, const char *text, unsigned mode)
{
    const char *path = support_path(name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fputs(text, file) >= 0, 1);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, (mode_t)mode), 0);
}

void support_softhsm_start(void)
{
    char text[256];
    assert_int_equal(mkdir(support_path("tokens"), 0700), 0);
    (void)snprintf(text, sizeof text,
                   "directories.tokendir = %s/tokens\nobjectstore.backend = file\nlog.level = ERROR\n", folder);
    support_write("softhsm2.conf", text, 0600);
    assert_int_equal(setenv("SOFTHSM2_CONF", support_path("softhsm2.conf"), 1), 0);
}

struct hsm *support_token_open(const char *label)
{
    struct fault fault = FAULT_NONE;
    struct hsm *hsm = NULL;
    char pin[128];
    char uri[128];
    (void)snprintf(pin, sizeof pin, "%s/%s.pin", folder, label);
    (void)snprintf(uri, sizeof uri, "pkcs11:token=%s", label);
    support_check(hsm_token_make("softhsm2", label, pin, &fault), &fault);
    struct hsm_config config = { "softhsm2", uri, pin, -1 };
    support_check(hsm_open(&config, &hsm, &fault), &fault);
    return hsm;
}

void support_check(int result, const struct fault *fault)
{
    if (result != 0) {
        fail_msg("refused: %s (%s)", fault->what, fault->hint);
    }
}

void support_check_refused(int result, const struct fault *fault, const char *part)
{
    assert_int_equal(result, -1);
    if (strstr(fault->what, part) == NULL && strstr(fault->hint, part) == NULL) {
        fail_msg("'%s' is not in: %s (%s)", part, fault->what, fault->hint);
    }
}

static EVP_PKEY *public_key_of(const uint8_t public_key[64])
{
    uint8_t point[65] = { 0x04 };
    EVP_PKEY *key = NULL;
    memcpy(point + 1, public_key, 64);
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, (char *)(uintptr_t) "prime256v1", 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point),
        OSSL_PARAM_construct_end(),
    };
    EVP_PKEY_CTX *make = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    assert_int_equal(EVP_PKEY_fromdata_init(make), 1);
    assert_int_equal(EVP_PKEY_fromdata(make, &key, EVP_PKEY_PUBLIC_KEY, params), 1);
    EVP_PKEY_CTX_free(make);
    return key;
}

int support_verify(const uint8_t public_key[64], const uint8_t digest[32], const uint8_t signature[64])
{
    uint8_t *der = NULL;
    EVP_PKEY *key = public_key_of(public_key);
    ECDSA_SIG *sig = ECDSA_SIG_new();
    (void)ECDSA_SIG_set0(sig, BN_bin2bn(signature, 32, NULL), BN_bin2bn(signature + 32, 32, NULL));
    int der_len = i2d_ECDSA_SIG(sig, &der);
    EVP_PKEY_CTX *check = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    assert_int_equal(EVP_PKEY_verify_init(check), 1);
    int good = EVP_PKEY_verify(check, der, (size_t)der_len, digest, 32) == 1;
    EVP_PKEY_CTX_free(check);
    OPENSSL_free(der);
    ECDSA_SIG_free(sig);
    EVP_PKEY_free(key);
    return good;
}

void support_peer_with_zero(const uint8_t public_key[64], uint8_t peer[64], uint8_t secret[32])
{
    EVP_PKEY *other = public_key_of(public_key);
    secret[0] = 1;
    while (secret[0] != 0) {
        uint8_t point[65];
        size_t len = 32;
        size_t point_len = 0;
        EVP_PKEY *own = EVP_EC_gen("P-256");
        EVP_PKEY_CTX *derive = EVP_PKEY_CTX_new_from_pkey(NULL, own, NULL);
        assert_int_equal(EVP_PKEY_derive_init(derive), 1);
        assert_int_equal(EVP_PKEY_derive_set_peer(derive, other), 1);
        assert_int_equal(EVP_PKEY_derive(derive, secret, &len), 1);
        assert_int_equal(EVP_PKEY_get_octet_string_param(own, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point, &point_len),
                         1);
        memcpy(peer, point + 1, 64);
        EVP_PKEY_CTX_free(derive);
        EVP_PKEY_free(own);
    }
    EVP_PKEY_free(other);
}
