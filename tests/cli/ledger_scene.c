/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ledger_scene: a maker's project with a ledger in it, for tests of the command line and for the bench.
 * Usage: ledger_scene PROJECT UNITS CALLERS [PLACE]. Writes the certificates under PROJECT/pki, and a ledger of UNITS
 * units (five events each) by CALLERS callers at once; says how many events a second became durable, certificates and
 * all, and how many the auditor checks.
 */
#include "tests/unit/test.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include "host/lib/file.h"
#include "host/lib/text.h"
#include "tests/unit/host_support.h"
#include "tests/unit/ledger_maker.h"

#define CALLERS_MAX 1024

static struct maker maker;

struct caller {
    struct ledger *ledger;
    atomic_uint *next;
    unsigned units;
};

static void *caller_run(void *context)
{
    struct caller *caller = context;
    for (unsigned at = atomic_fetch_add(caller->next, 1); at < caller->units; at = atomic_fetch_add(caller->next, 1)) {
        struct made made;
        maker_unit_make(&maker, caller->ledger, at + 1, MAKE_CLOSE, &made);
        made_free(&made);
    }
    return NULL;
}

static void cert_put(const char *project, const char *name, const struct cert *cert)
{
    char path[600];
    struct fault fault = FAULT_NONE;
    (void)snprintf(path, sizeof path, "%s/pki/%s.crt", project, name);
    support_check(cert_write(path, cert, &fault), &fault);
}

static void folder_put(const char *project, const char *name)
{
    char path[600];
    struct fault fault = FAULT_NONE;
    (void)snprintf(path, sizeof path, "%s/%s", project, name);
    support_check(file_folder_make(path, 0755, &fault), &fault);
}

static void package_put(const char *project)
{
    char path[600];
    char hex[65];
    text_hex(maker.package.digest, 32, hex);
    (void)snprintf(path, sizeof path, "%s/pki/appliances/one/packages.txt", project);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    (void)fprintf(file, "1 %llu %s\n", (unsigned long long)maker.package.quota, hex);
    assert_int_equal(fclose(file), 0);
    (void)snprintf(path, sizeof path, "%s/pki/appliances/one/tpm.cbor", project);
    if (maker.package.tpm) { /* that it is there says that the appliance has a TPM */
        file = fopen(path, "w");
        assert_non_null(file);
        assert_int_equal(fclose(file), 0);
    }
}

static void certs_put(const char *project)
{
    struct cert cert;
    folder_put(project, "pki");
    folder_put(project, "pki/appliances");
    folder_put(project, "pki/appliances/one");
    cert_put(project, "root", &maker.root);
    maker_cert_make(&maker, CERT_SIGNING, "mastering", maker.points[MAKER_MASTERING], &cert);
    cert_put(project, "mastering", &cert);
    maker_cert_make(&maker, CERT_SIGNING, "quota", maker.points[MAKER_QUOTA], &cert);
    cert_put(project, "quota", &cert);
    cert_put(project, "appliances/one/issuing", &maker.issuing);
    cert_put(project, "appliances/one/records", &maker.records);
    package_put(project);
}

static double seconds_since(const struct timespec *begin)
{
    struct timespec end;
    (void)clock_gettime(CLOCK_MONOTONIC, &end);
    return (double)(end.tv_sec - begin->tv_sec) + (double)(end.tv_nsec - begin->tv_nsec) / 1e9;
}

static double units_make(struct ledger *ledger, unsigned units, unsigned callers)
{
    static struct caller all[CALLERS_MAX];
    static pthread_t threads[CALLERS_MAX];
    atomic_uint next = 0;
    struct timespec begin;
    (void)clock_gettime(CLOCK_MONOTONIC, &begin);
    for (unsigned i = 0; i < callers; i++) {
        all[i] = (struct caller){ ledger, &next, units };
        assert_int_equal(pthread_create(&threads[i], NULL, caller_run, &all[i]), 0);
    }
    for (unsigned i = 0; i < callers; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    return seconds_since(&begin);
}

static void finding_tell(void *context, const struct audit_finding *finding)
{
    (void)context;
    (void)fprintf(stderr, "event %llu: %s\n", (unsigned long long)finding->seq, finding->what);
}

/* The whole ledger, every signature. */
static uint64_t ledger_check(const char *place, double *seconds)
{
    struct audit_result result;
    struct fault fault = FAULT_NONE;
    struct timespec begin;
    const struct audit_config config = { .place = place, .trust = &maker.trust, .finding = finding_tell };
    (void)clock_gettime(CLOCK_MONOTONIC, &begin);
    support_check(ledger_audit(&config, &result, &fault), &fault);
    *seconds = seconds_since(&begin);
    audit_result_free(&result);
    assert_int_equal(result.findings, 0);
    return result.events;
}

int main(int argc, char **argv)
{
    char place[600];
    char head[600];
    struct ledger *ledger = NULL;
    struct fault fault = FAULT_NONE;
    unsigned long units = argc > 3 ? strtoul(argv[2], NULL, 10) : 0;
    unsigned long callers = argc > 3 ? strtoul(argv[3], NULL, 10) : 0;
    if (units == 0 || units > 1000000 || callers == 0 || callers > CALLERS_MAX) {
        (void)fputs("usage: ledger_scene PROJECT UNITS CALLERS [PLACE]\n", stderr);
        return 2;
    }
    (void)support_folder_make();
    maker_open(&maker, units, callers == 1, 1); /* the pretended TPM is for one caller */
    certs_put(argv[1]);
    (void)snprintf(place, sizeof place, "%s/%s", argv[1], LEDGER_FILE);
    (void)snprintf(head, sizeof head, "%s/%s", argv[1], LEDGER_HEAD_FILE);
    const struct ledger_config config = { argc > 4 ? argv[4] : place, LEDGER_WRITE, &maker.signer, head };
    support_check(ledger_open(&config, &ledger, &fault), &fault);
    support_check(ledger_package_load(ledger, &maker.package, &fault), &fault);
    double making = units_make(ledger, (unsigned)units, (unsigned)callers);
    double checking = 0;
    ledger_close(ledger);
    uint64_t events = ledger_check(config.place, &checking);
    (void)printf("{\"units\":%lu,\"made_per_second\":%.0f,\"events_per_second\":%.0f,\"events\":%llu,"
                 "\"checked_per_second\":%.0f}\n",
                 units, (double)units / making, 5.0 * (double)units / making, (unsigned long long)events,
                 (double)events / checking);
    maker_close(&maker);
    support_folder_remove();
    return 0;
}
