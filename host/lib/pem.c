/* SPDX-License-Identifier: Apache-2.0 */
/* pem: see pem.h. */
#include "host/lib/pem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "host/lib/file.h"

/* 1: one block more; 0: there is none; -1: what there is, is not a sound block. */
static int block_read(BIO *bio, struct pem_file *out)
{
    char *name = NULL;
    char *header = NULL;
    unsigned char *data = NULL;
    long len = 0;
    if (PEM_read_bio(bio, &name, &header, &data, &len) != 1) {
        int ends = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
        ERR_clear_error();
        return ends ? 0 : -1;
    }
    int good = header[0] == '\0' && strlen(name) <= PEM_LABEL_MAX && out->count < PEM_BLOCKS_MAX && len > 0;
    if (good) {
        struct pem_block *block = &out->blocks[out->count++];
        (void)snprintf(block->label, sizeof block->label, "%s", name);
        block->data = bytes_of(data, (size_t)len);
    } else {
        OPENSSL_free(data);
    }
    OPENSSL_free(name);
    OPENSSL_free(header);
    return good ? 1 : -1;
}

int pem_read(const char *path, size_t max, struct pem_file *out, struct fault *fault)
{
    uint8_t *text = NULL;
    size_t len = 0;
    int more = -1;
    memset(out, 0, sizeof *out);
    if (file_read(path, max, &text, &len, fault) != 0) {
        return -1;
    }
    BIO *bio = BIO_new_mem_buf(text, (int)len);
    if (bio != NULL) {
        do {
            more = block_read(bio, out);
        } while (more == 1);
    }
    BIO_free(bio);
    free(text);
    if (more != 0 || out->count == 0) {
        pem_free(out);
        return fault_set(fault, "%s: not a file of 1 to %d whole PEM blocks", path, PEM_BLOCKS_MAX);
    }
    return 0;
}

const struct pem_block *pem_find(const struct pem_file *file, const char *label)
{
    const struct pem_block *found = NULL;
    for (size_t i = 0; i < file->count; i++) {
        if (strcmp(file->blocks[i].label, label) == 0) {
            if (found != NULL) {
                return NULL;
            }
            found = &file->blocks[i];
        }
    }
    return found;
}

void pem_free(struct pem_file *file)
{
    for (size_t i = 0; i < file->count; i++) {
        OPENSSL_free((void *)(uintptr_t)file->blocks[i].data.data);
    }
    memset(file, 0, sizeof *file);
}

static int text_append(struct pem_text *text, const char *more, size_t len, struct fault *fault)
{
    char *grown = (char *)realloc(text->data, text->len + len + 1);
    if (grown == NULL) {
        return fault_set(fault, "no memory");
    }
    memcpy(grown + text->len, more, len);
    text->data = grown;
    text->len += len;
    text->data[text->len] = '\0';
    return 0;
}

int pem_note(struct pem_text *text, const char *line, struct fault *fault)
{
    return text_append(text, line, strlen(line), fault) != 0 ? -1 : text_append(text, "\n", 1, fault);
}

int pem_add(struct pem_text *text, const char *label, struct bytes data, struct fault *fault)
{
    char *encoded = NULL;
    BIO *bio = BIO_new(BIO_s_mem());
    int result = -1;
    if (bio == NULL || PEM_write_bio(bio, label, "", data.data, (long)data.len) <= 0) {
        ERR_clear_error();
        (void)fault_set(fault, "%s: cannot be written as PEM", label);
    } else {
        long len = BIO_get_mem_data(bio, &encoded);
        result = text_append(text, encoded, (size_t)len, fault);
    }
    BIO_free(bio);
    return result;
}

void pem_text_free(struct pem_text *text)
{
    free(text->data);
    memset(text, 0, sizeof *text);
}
