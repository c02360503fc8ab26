/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit: the maker's side of a ledger: reads a copy, offline, believes nothing, and derives everything anew from the
 * chain: links, checkpoints, rules, signatures, certificates, counts, tables. docs/spec.md section 12.6.
 */
#ifndef HOST_LEDGER_AUDIT_H
#define HOST_LEDGER_AUDIT_H

#include "host/ledger/ledger.h"

#define AUDIT_MASTERING_MAX 8

/* A production package that the maker gave to an appliance. */
struct audit_given {
    uint64_t number;
    uint64_t quota;
    uint8_t digest[32];
    uint8_t records_key[64]; /* of that appliance */
    int tpm;                 /* 1: it has a TPM */
};

/* What the maker knows for sure. */
struct audit_trust {
    struct cert root;
    const struct cert *issuing; /* of the appliances; each is checked to the root */
    size_t issuing_count;
    const struct cert *records; /* of the appliances */
    size_t records_count;
    const uint64_t *revoked; /* when each of `records` was, unix seconds; 0: it was not. NULL: none was */
    uint8_t mastering[AUDIT_MASTERING_MAX][64];
    size_t mastering_count;
    const struct audit_given *given;
    size_t given_count;
    int has_quota_key;
    uint8_t quota_key[64]; /* signs scrap orders */
};

/* Something that does not hold. seq and unit are 0 where there is none. */
struct audit_finding {
    const uint8_t *chain; /* 16, or NULL */
    uint64_t seq;
    uint64_t unit;
    const char *what;
};

struct audit_config {
    const char *place;
    const struct audit_trust *trust;
    const char *head; /* file with a checkpoint that was kept outside; NULL: none */
    int has_count;    /* `count` is the TPM's, as certified by the TPM itself */
    uint64_t count;
    int count_may_be_older;   /* 1: only a count above the ledger's is a finding */
    const uint8_t *count_key; /* 64: records key of the appliance whose count it is; NULL: of the only one with a TPM */
    int final;                /* 1: the order is finished: a unit without a receipt is a finding */
    const struct cert *found; /* certificates that were met outside: each must stand in the ledger */
    size_t found_count;
    unsigned threads; /* 0: as many as there are processors */
    void (*finding)(void *context, const struct audit_finding *finding);
    void *context;
};

/* What one package came to, over all appliances. */
struct audit_package {
    uint64_t number;
    uint64_t quota;
    uint64_t block;
    int tpm;
    uint64_t not_after;
    uint64_t reserved; /* that count against the quota */
    uint64_t granted;
    uint64_t certified;
    uint64_t done;
    uint64_t open; /* begun, neither done nor out of the line */
    uint64_t quarantined;
    uint64_t scrapped;
    uint64_t decommissioned;
    uint64_t without_token; /* done without the device's own token */
    uint64_t moved;         /* reserved here, counted in a later package */
    uint64_t debugged;      /* units that got debug rights */
};

struct audit_result {
    uint64_t events;
    uint64_t checkpoints;
    uint64_t chains;
    uint64_t units;
    uint64_t unpackaged; /* units in no package */
    uint64_t failures;   /* FAILED events */
    uint64_t debugs;     /* DEBUG events */
    uint64_t spent;      /* TPM operations that the appliance says it lost */
    uint64_t gaps;       /* TPM operations that nothing explains */
    uint64_t count;      /* the highest TPM count that is recorded */
    uint64_t findings;
    uint64_t first_time; /* unix seconds; 0: none */
    uint64_t last_time;
    struct audit_package *packages;
    size_t package_count;
};

/*
 * Reads the whole ledger, as it is at one moment: an appliance may go on writing. Findings come in the order of the
 * chain; those about the end come last. 0 also with findings: see result->findings; -1 when the ledger or the trust
 * cannot be read. audit_result_free afterwards, in any case.
 */
int ledger_audit(const struct audit_config *config, struct audit_result *result, struct fault *fault);
void audit_result_free(struct audit_result *result);

#endif
