/* SPDX-License-Identifier: Apache-2.0 */
/* refill: answers an appliance's order for units of its TPM, and keeps how many it was given (docs/spec.md section 16).
 */
#ifndef HOST_PKI_REFILL_H
#define HOST_PKI_REFILL_H

#include "host/lib/project.h"
#include "host/pki/tpm_check.h"

/* 1 when the appliance of this name was enrolled with a TPM: it needs an order and a refill; else 0. */
int pki_appliance_has_tpm(const struct project *project, const char *name);

struct pki_refill_order {
    const char *appliance; /* name */
    const char *path;      /* the file that `windlassd order` wrote */
    uint32_t units;        /* that the TPM may count: units, or blocks of them */
};
/* Checks an order alone, for what the TPM states in it: the maker's proof of its count. */
int pki_order_read(const struct project *project, const char *appliance, const char *path, struct tpm_order *out,
                   struct fault *fault);
/*
 * Checks the order and signs the refill with the key `quota`: `out` has room for TPM_CHECK_REFILL_MAX bytes. The new
 * limit is in pki/appliances/<name>/limit.txt and pki/appliances.txt notes it before the refill leaves. cut: nothing,
 * or a limit that nobody was given; the next refill starts above it.
 */
int pki_refill_make(const struct project *project, const struct pki_refill_order *order, uint8_t *out, size_t *out_len,
                    struct fault *fault);

#endif
