/* SPDX-License-Identifier: Apache-2.0 */
/* hsm_module: finds, loads and initialises PKCS#11 modules. A library is initialised once in a process, however many
 * tokens are open. */
#include <dlfcn.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/lib/hsm_room.h"

static pthread_mutex_t modules_lock = PTHREAD_MUTEX_INITIALIZER;
static struct hsm_module *modules;

/* Folders as Debian, Fedora, SUSE and local installations have them; "*" stands for the multiarch triplet. */
static const char *const module_folders[] = {
    "/usr/lib/*-linux-*/pkcs11",
    "/usr/lib64/pkcs11",
    "/usr/lib/pkcs11",
    "/usr/local/lib/pkcs11",
    "/usr/lib/softhsm",
    "/usr/lib64/softhsm",
    "/usr/lib/*-linux-*/softhsm",
    "/usr/local/lib/softhsm",
    "/usr/lib/*-linux-*",
    "/usr/lib64",
    "/usr/lib",
    "/usr/local/lib",
};
static const char *const module_names[] = { "lib%s.so",        "lib%s_pkcs11.so", "%s-pkcs11.so",
                                            "lib%s-pkcs11.so", "%s.so",           "%s" };

static int module_glob(const char *folder, const char *name, char *out, size_t out_len)
{
    char pattern[256];
    glob_t found;
    int result = -1;
    (void)snprintf(pattern, sizeof pattern, "%s/%s", folder, name);
    if (glob(pattern, 0, NULL, &found) == 0) {
        if (strlen(found.gl_pathv[0]) < out_len) {
            (void)snprintf(out, out_len, "%s", found.gl_pathv[0]);
            result = 0;
        }
        globfree(&found);
    }
    return result;
}

static int module_search(const char *name, char *out, size_t out_len)
{
    char file[96];
    for (size_t f = 0; f < sizeof module_folders / sizeof module_folders[0]; f++) {
        for (size_t n = 0; n < sizeof module_names / sizeof module_names[0]; n++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
            (void)snprintf(file, sizeof file, module_names[n], name);
#pragma GCC diagnostic pop
            if (module_glob(module_folders[f], file, out, out_len) == 0) {
                return 0;
            }
        }
    }
    return -1;
}

int hsm_module_find(const char *name, char *out, size_t out_len, struct fault *fault)
{
    if (name[0] == '\0' || strlen(name) >= out_len) {
        return fault_set(fault, "the PKCS#11 module's name is %s", name[0] == '\0' ? "empty" : "too long");
    }
    if (strchr(name, '/') != NULL) {
        char *real = realpath(name, NULL);
        int fits = real != NULL && strlen(real) < out_len;
        if (fits) {
            (void)snprintf(out, out_len, "%s", real);
        } else {
            (void)fault_errno(fault, "%s: cannot load this PKCS#11 module", name);
        }
        free(real);
        return fits ? 0 : -1;
    }
    if (strlen(name) > 64 || strpbrk(name, "*?[]%") != NULL || module_search(name, out, out_len) != 0) {
        (void)fault_set(fault, "there is no PKCS#11 module '%.80s' in the usual library folders", name);
        return fault_hint(fault, "install it (SoftHSM: package softhsm2), or give its full path");
    }
    return 0;
}

static int module_initialise(struct hsm_module *module, struct fault *fault)
{
    CK_C_INITIALIZE_ARGS args = { .flags = CKF_OS_LOCKING_OK };
    CK_RV rv = module->call->C_Initialize(&args);
    if (rv != CKR_OK && rv != CKR_CRYPTOKI_ALREADY_INITIALIZED) {
        return hsm_error(fault, module->path, "initialise the PKCS#11 module", rv);
    }
    module->initialised_here = rv == CKR_OK;
    return 0;
}

static int module_load(struct hsm_module *module, struct fault *fault)
{
    /* RTLD_NODELETE: some modules leave exit handlers behind that must still be there at exit. */
    module->library = dlopen(module->path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (module->library == NULL) {
        (void)fault_set(fault, "%s: cannot load this PKCS#11 module: %s", module->path, dlerror());
        return fault_hint(fault, "give the path of a PKCS#11 library for this machine's architecture");
    }
    void *symbol = dlsym(module->library, "C_GetFunctionList");
    CK_C_GetFunctionList get;
    memcpy(&get, &symbol, sizeof get);
    if (get == NULL || get(&module->call) != CKR_OK || module->call == NULL) {
        return fault_set(fault, "%s: not a PKCS#11 module (no C_GetFunctionList)", module->path);
    }
    if (module->call->version.major < 2) {
        return fault_set(fault, "%s: PKCS#11 version %d.%d is too old; 2.x or 3.x is needed", module->path,
                         module->call->version.major, module->call->version.minor);
    }
    return module_initialise(module, fault);
}

static struct hsm_module *module_known(const char *path)
{
    for (struct hsm_module *m = modules; m != NULL; m = m->next) {
        if (strcmp(m->path, path) == 0) {
            return m;
        }
    }
    return NULL;
}

/* With the lock held. */
static int module_add(const char *path, struct hsm_module **out, struct fault *fault)
{
    struct hsm_module *module = (struct hsm_module *)calloc(1, sizeof *module);
    if (module == NULL) {
        return fault_set(fault, "%s: no memory", path);
    }
    (void)snprintf(module->path, sizeof module->path, "%s", path);
    if (module_load(module, fault) != 0) {
        if (module->library != NULL) {
            (void)dlclose(module->library);
        }
        free(module);
        return -1;
    }
    module->next = modules;
    modules = module;
    *out = module;
    return 0;
}

int hsm_module_open(const char *name, struct hsm_module **out, struct fault *fault)
{
    char path[sizeof((struct hsm_module *)0)->path];
    int result = 0;
    if (hsm_module_find(name, path, sizeof path, fault) != 0) {
        return -1;
    }
    (void)pthread_mutex_lock(&modules_lock);
    *out = module_known(path);
    if (*out == NULL) {
        result = module_add(path, out, fault);
    }
    if (result == 0) {
        (*out)->users++;
    }
    (void)pthread_mutex_unlock(&modules_lock);
    return result;
}

void hsm_module_close(struct hsm_module *module)
{
    (void)pthread_mutex_lock(&modules_lock);
    if (--module->users == 0) {
        struct hsm_module **at = &modules;
        while (*at != module) {
            at = &(*at)->next;
        }
        *at = module->next;
        if (module->initialised_here) {
            (void)module->call->C_Finalize(NULL);
        }
        (void)dlclose(module->library);
        free(module);
    }
    (void)pthread_mutex_unlock(&modules_lock);
}

int hsm_module_slots(struct hsm_module *module, int present, CK_SLOT_ID **slots, CK_ULONG *count, struct fault *fault)
{
    CK_BBOOL only = present ? CK_TRUE : CK_FALSE;
    CK_RV rv = CKR_BUFFER_TOO_SMALL;
    *slots = NULL;
    /* A slot may come between the two calls; then both are made again. */
    for (int tries = 0; tries < 8 && rv == CKR_BUFFER_TOO_SMALL; tries++) {
        rv = module->call->C_GetSlotList(only, NULL, count);
        if (rv == CKR_OK) {
            *slots = (CK_SLOT_ID *)calloc(*count + 1, sizeof **slots);
            rv = *slots == NULL ? CKR_HOST_MEMORY : module->call->C_GetSlotList(only, *slots, count);
        }
        if (rv != CKR_OK) {
            free(*slots);
            *slots = NULL;
        }
    }
    return rv == CKR_OK ? 0 : hsm_error(fault, module->path, "list the slots", rv);
}
