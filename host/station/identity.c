/* SPDX-License-Identifier: Apache-2.0 */
/* identity: the station's own key and the request for its certificate. See line.h. */
#include "host/station/line.h"

#include <stdio.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "host/lib/file.h"

static X509_REQ *request_make(EVP_PKEY *key)
{
    X509_REQ *request = X509_REQ_new();
    X509_NAME *name = request == NULL ? NULL : X509_REQ_get_subject_name(request);
    if (name == NULL || X509_REQ_set_version(request, 0) != 1 ||
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)"station", -1, -1, 0) != 1 ||
        X509_REQ_set_pubkey(request, key) != 1 || X509_REQ_sign(request, key, EVP_sha256()) == 0) {
        X509_REQ_free(request);
        return NULL;
    }
    return request;
}

/* `pem` holds all of the file; secret memory of OpenSSL is cleared when it is freed. */
static int pem_file(const char *dir, const char *name, BIO *pem, mode_t mode, struct fault *fault)
{
    char path[600];
    char *text = NULL;
    long len = BIO_get_mem_data(pem, &text);
    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    return file_write(path, bytes_of(text, (size_t)len), mode, mode == 0600 ? FILE_NEW_ONLY : FILE_REPLACE, fault);
}

static int both_write(const char *dir, EVP_PKEY *key, struct fault *fault)
{
    X509_REQ *request = request_make(key);
    BIO *key_pem = BIO_new(BIO_s_secmem());
    BIO *request_pem = BIO_new(BIO_s_mem());
    int made = request != NULL && key_pem != NULL && request_pem != NULL &&
               PEM_write_bio_PKCS8PrivateKey(key_pem, key, NULL, NULL, 0, NULL, NULL) == 1 &&
               PEM_write_bio_X509_REQ(request_pem, request) == 1;
    ERR_clear_error();
    /* The key last: where there is one, its request is there, too. */
    int result = !made ? fault_set(fault, "the station's key cannot be made")
                 : pem_file(dir, LINE_REQUEST_FILE, request_pem, 0644, fault) != 0
                     ? -1
                     : pem_file(dir, LINE_KEY_FILE, key_pem, 0600, fault);
    BIO_free(request_pem);
    BIO_free(key_pem);
    X509_REQ_free(request);
    return result;
}

int line_identity_make(const char *dir, struct fault *fault)
{
    char path[600];
    int len = snprintf(path, sizeof path, "%s/%s", dir, LINE_KEY_FILE);
    if (len <= 0 || len >= (int)sizeof path) {
        return fault_set(fault, "%s: the path is too long", dir);
    }
    if (access(path, F_OK) == 0) {
        (void)fault_set(fault, "%s: there is a key already", path);
        return fault_hint(fault, "its request is %s in the same folder; for a new identity name another folder",
                          LINE_REQUEST_FILE);
    }
    if (file_folder_make(dir, 0700, fault) != 0) {
        return -1;
    }
    EVP_PKEY *key = EVP_EC_gen("P-256");
    int result = key == NULL ? fault_set(fault, "the station's key cannot be made") : both_write(dir, key, fault);
    EVP_PKEY_free(key);
    ERR_clear_error();
    return result;
}
