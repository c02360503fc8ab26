/* SPDX-License-Identifier: Apache-2.0 */
/* pem: files of several PEM blocks (RFC 7468). What stands between the blocks is for people and is not looked at. */
#ifndef HOST_LIB_PEM_H
#define HOST_LIB_PEM_H

#include "base/bytes.h"
#include "host/lib/fault.h"

#define PEM_BLOCKS_MAX 16
#define PEM_LABEL_MAX 40

struct pem_block {
    char label[PEM_LABEL_MAX + 1];
    struct bytes data;
};
struct pem_file {
    struct pem_block blocks[PEM_BLOCKS_MAX];
    size_t count;
};

/* Reads a file of at most `max` bytes: 1 to PEM_BLOCKS_MAX whole blocks without header lines. After success: pem_free.
 */
int pem_read(const char *path, size_t max, struct pem_file *out, struct fault *fault);
/* The one block with this label, or NULL when there is none or more than one. */
const struct pem_block *pem_find(const struct pem_file *file, const char *label);
void pem_free(struct pem_file *file);

/* A file being made. */
struct pem_text {
    char *data;
    size_t len;
};
/* Appends a line for people, or a block. */
int pem_note(struct pem_text *text, const char *line, struct fault *fault);
int pem_add(struct pem_text *text, const char *label, struct bytes data, struct fault *fault);
/* Safe on zeros. */
void pem_text_free(struct pem_text *text);

#endif
