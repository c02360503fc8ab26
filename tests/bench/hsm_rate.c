/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hsm_rate: P-256 signatures a second that the token itself gives, through the same module as the appliance's: one
 * key, found once, and as many threads as there are processors, for two seconds. Usage: hsm_rate MODULE TOKEN PIN_FILE
 * LABEL. Prints "<name> <value>" lines.
 */
#include <dlfcn.h>
#include <p11-kit/pkcs11.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define SECONDS 2.0
#define THREADS_MAX 64
#define SLOTS_MAX 64

static CK_FUNCTION_LIST *call;
static CK_SLOT_ID slot;
static const char *label;
static atomic_uint stop;
static _Atomic uint64_t signatures;

static void must(int condition, const char *what)
{
    if (!condition) {
        (void)fprintf(stderr, "hsm_rate: error: %s\n", what);
        exit(1);
    }
}

static double now_seconds(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void module_open(const char *path)
{
    CK_C_GetFunctionList list = NULL;
    CK_C_INITIALIZE_ARGS arguments = { .flags = CKF_OS_LOCKING_OK };
    void *library = dlopen(path, RTLD_NOW);
    must(library != NULL, "the module cannot be loaded");
    *(void **)&list = dlsym(library, "C_GetFunctionList");
    must(list != NULL && list(&call) == CKR_OK && call->C_Initialize(&arguments) == CKR_OK, "not a PKCS#11 module");
}

static void token_find(const char *name)
{
    CK_SLOT_ID slots[SLOTS_MAX];
    CK_ULONG count = SLOTS_MAX;
    int found = 0;
    must(call->C_GetSlotList(CK_TRUE, slots, &count) == CKR_OK, "the module has no slots");
    for (CK_ULONG i = 0; i < count; i++) {
        CK_TOKEN_INFO info;
        if (call->C_GetTokenInfo(slots[i], &info) == CKR_OK && memcmp(info.label, name, strlen(name)) == 0) {
            slot = slots[i];
            found = 1;
        }
    }
    must(found, "there is no such token");
}

static CK_SESSION_HANDLE session_open(void)
{
    CK_SESSION_HANDLE session = 0;
    must(call->C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL, &session) == CKR_OK, "no session can be opened");
    return session;
}

static void login(CK_SESSION_HANDLE session, const char *pin_file)
{
    char pin[256] = "";
    FILE *file = fopen(pin_file, "r");
    must(file != NULL && fgets(pin, sizeof pin, file) != NULL, "the PIN cannot be read");
    (void)fclose(file);
    pin[strcspn(pin, "\r\n")] = '\0';
    must(call->C_Login(session, CKU_USER, (unsigned char *)pin, (CK_ULONG)strlen(pin)) == CKR_OK, "the PIN is wrong");
}

static CK_OBJECT_HANDLE key_find(CK_SESSION_HANDLE session)
{
    CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
    CK_OBJECT_HANDLE key = 0;
    CK_ULONG count = 0;
    CK_ATTRIBUTE wanted[] = { { CKA_CLASS, &class, sizeof class },
                              { CKA_LABEL, (void *)(uintptr_t)label, strlen(label) } };
    must(call->C_FindObjectsInit(session, wanted, 2) == CKR_OK &&
             call->C_FindObjects(session, &key, 1, &count) == CKR_OK && count == 1 &&
             call->C_FindObjectsFinal(session) == CKR_OK,
         "there is no such key");
    return key;
}

static void *signer_run(void *unused)
{
    CK_SESSION_HANDLE session = session_open();
    CK_OBJECT_HANDLE key = key_find(session);
    CK_MECHANISM mechanism = { CKM_ECDSA, NULL, 0 };
    unsigned char digest[32] = { 1 };
    unsigned char signature[64];
    (void)unused;
    while (atomic_load(&stop) == 0) {
        CK_ULONG len = sizeof signature;
        must(call->C_SignInit(session, &mechanism, key) == CKR_OK &&
                 call->C_Sign(session, digest, sizeof digest, signature, &len) == CKR_OK && len == 64,
             "the token does not sign");
        digest[0]++;
        atomic_fetch_add(&signatures, 1);
    }
    return NULL;
}

static double rate_measure(long threads)
{
    pthread_t thread[THREADS_MAX];
    const struct timespec pause = { 0, 10000000 };
    atomic_store(&signatures, 0);
    atomic_store(&stop, 0);
    double begin = now_seconds();
    for (long i = 0; i < threads; i++) {
        must(pthread_create(&thread[i], NULL, signer_run, NULL) == 0, "no thread can be started");
    }
    while (now_seconds() - begin < SECONDS) {
        (void)nanosleep(&pause, NULL);
    }
    double rate = (double)atomic_load(&signatures) / (now_seconds() - begin);
    atomic_store(&stop, 1);
    for (long i = 0; i < threads; i++) {
        (void)pthread_join(thread[i], NULL);
    }
    return rate;
}

static double cpu_seconds(void)
{
    struct rusage used;
    (void)getrusage(RUSAGE_SELF, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) * 1e-6;
}

int main(int argc, char **argv)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    must(argc == 5, "usage: hsm_rate MODULE TOKEN PIN_FILE LABEL");
    label = argv[4];
    module_open(argv[1]);
    token_find(argv[2]);
    login(session_open(), argv[3]);
    double one = rate_measure(1);
    double before = cpu_seconds();
    double all = rate_measure(processors < THREADS_MAX ? processors : THREADS_MAX);
    double cpu_us = (cpu_seconds() - before) * 1e6 / (double)atomic_load(&signatures);
    (void)printf("hsm_signatures_per_second %.0f\nhsm_cpu_us_per_signature %.1f\n", all > one ? all : one, cpu_us);
    return 0;
}
