/* SPDX-License-Identifier: Apache-2.0 */
/* profile: reads and checks product.yaml (project.h). Values are checked here once; nobody checks them again. */
#include <stdio.h>
#include <string.h>

#include "host/lib/hsm_uri.h"
#include "host/lib/project.h"
#include "host/lib/uuid.h"
#include "host/lib/yaml_file.h"
#include "wire/policy.h"

#define PRODUCT_MAX 40
#define YEARS_MAX 50
#define TRIAL_BOOTS_MAX 15
#define OUTPUTS_MAX 0x1FFFFFFFu /* 29 outputs: numbers here have nine digits */

static const char letters_digits[] = "abcdefghijklmnopqrstuvwxyz0123456789";

/* Letters, digits, '-', '_' and '.', first a letter or digit. */
static int profile_product(const struct yaml_map *root, struct profile *out, struct fault *fault)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    if (yaml_map_text(root, "product", out->product, PRODUCT_MAX + 1, fault) != 0) {
        return -1;
    }
    if (out->product[strspn(out->product, allowed)] != '\0' || strchr("-_.", out->product[0]) != NULL) {
        return yaml_map_refuse(root, "product", "is not a product name",
                               "letters, digits, '-', '_' and '.', such as greenhouse-sensor", fault);
    }
    return 0;
}

/* RFC 1123 host name in lower case with at least two labels. */
static int domain_is_sound(const char *domain)
{
    size_t labels = 0;
    for (const char *at = domain;;) {
        size_t len = strcspn(at, ".");
        char label[64];
        if (len < 1 || len > 63) {
            return 0;
        }
        memcpy(label, at, len);
        label[len] = '\0';
        if (label[strspn(label, letters_digits)] != '\0' &&
            (label[strspn(label, "abcdefghijklmnopqrstuvwxyz0123456789-")] != '\0' || label[0] == '-' ||
             label[len - 1] == '-')) {
            return 0;
        }
        labels++;
        if (at[len] == '\0') {
            return labels >= 2;
        }
        at += len + 1;
    }
}

static int profile_vendor(const struct yaml_map *root, struct profile *out, struct fault *fault)
{
    if (yaml_map_text(root, "organisation", out->organisation, sizeof out->organisation, fault) != 0 ||
        yaml_map_text(root, "vendor_domain", out->vendor_domain, sizeof out->vendor_domain, fault) != 0) {
        return -1;
    }
    if (!domain_is_sound(out->vendor_domain)) {
        return yaml_map_refuse(root, "vendor_domain", "is not a domain name in lower case",
                               "a domain that your company owns, such as devices.example", fault);
    }
    return 0;
}

static int profile_chip(const struct yaml_map *root, struct profile *out, struct fault *fault)
{
    static const char *const chips[] = { "mps2-an505", NULL };
    unsigned chip = 0;
    if (yaml_map_choice(root, "chip", chips, &chip, fault) != 0) {
        return -1;
    }
    (void)snprintf(out->chip, sizeof out->chip, "%s", chips[chip]);
    return 0;
}

/* May be left out: chips have no key of their own. */
static int profile_chip_vendors(const struct yaml_map *root, struct profile *out, struct fault *fault)
{
    if (!yaml_map_has(root, "chip_vendors")) {
        return 0;
    }
    if (yaml_map_text(root, "chip_vendors", out->chip_vendors, sizeof out->chip_vendors, fault) != 0) {
        return -1;
    }
    return out->chip_vendors[0] != '\0' && out->chip_vendors[0] != '/'
               ? 0
               : yaml_map_refuse(root, "chip_vendors", "is not a file in this folder",
                                 "the silicon vendors' CA certificates (PEM), such as pki/chip-vendors.pem", fault);
}

/* Both may be left out: a halt waits, and there is no watchdog. */
static int profile_halt(const struct yaml_map *boot, struct profile *out, struct fault *fault)
{
    static const char *const ends[] = { "wait", "reset", "recovery", NULL };
    unsigned end = 0;
    if ((yaml_map_has(boot, "on_halt") && yaml_map_choice(boot, "on_halt", ends, &end, fault) != 0) ||
        (yaml_map_has(boot, "watchdog_seconds") &&
         yaml_map_uint(boot, "watchdog_seconds", 0, POLICY_WATCHDOG_MAX, &out->watchdog_seconds, fault) != 0)) {
        return -1;
    }
    out->on_halt = POLICY_HALT_WAIT + end;
    return 0;
}

/* May be left out: the debug port of a locked device never opens. */
static int profile_debug(const struct yaml_map *boot, struct profile *out, struct fault *fault)
{
    static const char *const choices[] = { "never", "open", "erase", NULL };
    unsigned choice = 0;
    if (yaml_map_has(boot, "debug") && yaml_map_choice(boot, "debug", choices, &choice, fault) != 0) {
        return -1;
    }
    out->debug = POLICY_DEBUG_NEVER + choice;
    return 0;
}

/* May be left out: no output is touched. */
static int profile_outputs(const struct yaml_map *boot, struct profile *out, struct fault *fault)
{
    static const char *const known[] = { "mask", "level", NULL };
    struct yaml_map outputs;
    if (!yaml_map_has(boot, "outputs")) {
        return 0;
    }
    if (yaml_map_map(boot, "outputs", &outputs, fault) != 0 || yaml_map_check(&outputs, known, fault) != 0 ||
        yaml_map_uint(&outputs, "mask", 0, OUTPUTS_MAX, &out->outputs_mask, fault) != 0 ||
        yaml_map_uint(&outputs, "level", 0, OUTPUTS_MAX, &out->outputs_level, fault) != 0) {
        return -1;
    }
    if ((out->outputs_level & ~out->outputs_mask) != 0) {
        return yaml_map_refuse(&outputs, "level", "sets an output that is not in mask",
                               "set the same bit in mask, or clear it in level", fault);
    }
    return 0;
}

static int profile_boot(const struct yaml_map *root, struct profile *out, struct fault *fault)
{
    static const char *const known[] = { "policy",           "on_damage", "trial_boots", "on_halt",
                                         "watchdog_seconds", "outputs",   "debug",       NULL };
    static const char *const policies[] = { "signature", "sealed", NULL };
    static const char *const damages[] = { "reinstall", "halt", NULL };
    struct yaml_map boot;
    unsigned policy = 0;
    unsigned damage = 0;
    if (yaml_map_map(root, "boot", &boot, fault) != 0 || yaml_map_check(&boot, known, fault) != 0 ||
        yaml_map_choice(&boot, "policy", policies, &policy, fault) != 0 ||
        yaml_map_choice(&boot, "on_damage", damages, &damage, fault) != 0) {
        return -1;
    }
    out->boot_policy = policy == 0 ? POLICY_BOOT_SIGNATURE : POLICY_BOOT_SEALED;
    out->on_damage = damage == 0 ? POLICY_DAMAGE_REINSTALL : POLICY_DAMAGE_HALT;
    return yaml_map_uint(&boot, "trial_boots", 1, TRIAL_BOOTS_MAX, &out->trial_boots, fault) != 0 ||
                   profile_halt(&boot, out, fault) != 0 || profile_debug(&boot, out, fault) != 0
               ? -1
               : profile_outputs(&boot, out, fault);
}

static int profile_certificates(const struct yaml_map *root, struct profile *out, struct fault *fault)
{
    static const char *const known[] = { "ca_years", NULL };
    struct yaml_map certificates;
    if (yaml_map_map(root, "certificates", &certificates, fault) != 0 ||
        yaml_map_check(&certificates, known, fault) != 0) {
        return -1;
    }
    return yaml_map_uint(&certificates, "ca_years", 1, YEARS_MAX, &out->ca_years, fault);
}

/* A pin_file is relative to the folder of the file that names it. */
static int token_pin_file(const struct yaml_map *token, const char *dir, struct project_hsm *out, struct fault *fault)
{
    char name[sizeof out->pin_file];
    if (!yaml_map_has(token, "pin_file")) {
        return 0;
    }
    if (yaml_map_text(token, "pin_file", name, sizeof name, fault) != 0) {
        return -1;
    }
    const int relative = dir != NULL && name[0] != '/';
    int len = snprintf(out->pin_file, sizeof out->pin_file, "%s%s%s", relative ? dir : "", relative ? "/" : "", name);
    return (size_t)len < sizeof out->pin_file ? 0 : fault_set(fault, "%s: the path is too long", name);
}

int project_token_parse(const struct yaml_map *hsm, const char *key, const char *dir, struct project_hsm *out,
                        struct fault *fault)
{
    static const char *const known[] = { "module", "token", "pin_file", NULL };
    struct yaml_map token;
    struct hsm_uri uri;
    struct fault inner = FAULT_NONE;
    if (yaml_map_map(hsm, key, &token, fault) != 0 || yaml_map_check(&token, known, fault) != 0 ||
        yaml_map_text(&token, "module", out->module, sizeof out->module, fault) != 0 ||
        yaml_map_text(&token, "token", out->uri, sizeof out->uri, fault) != 0) {
        return -1;
    }
    if (strchr(out->module, '/') != NULL && out->module[0] != '/') {
        return yaml_map_refuse(&token, "module", "is a relative path",
                               "a short name such as softhsm2 or tpm2, or an absolute path", fault);
    }
    if (hsm_uri_parse(out->uri, &uri, &inner) != 0) {
        return yaml_map_refuse(&token, "token", inner.what, inner.hint, fault);
    }
    return token_pin_file(&token, dir, out, fault);
}

/* Development keys and production keys in one token would make mistakes easy; so would two owners of one token. */
static int profile_tokens_differ(const struct yaml_map *hsm, const struct profile *profile, const char *const *names,
                                 struct fault *fault)
{
    for (unsigned i = 0; i < PROJECT_TOKENS; i++) {
        for (unsigned j = 0; j < i; j++) {
            if (strcmp(profile->hsm[i].module, profile->hsm[j].module) == 0 &&
                strcmp(profile->hsm[i].uri, profile->hsm[j].uri) == 0) {
                char why[64];
                (void)snprintf(why, sizeof why, "names the same token as hsm.%s", names[j]);
                return yaml_map_refuse(hsm, names[i], why, "each role has a token of its own", fault);
            }
        }
    }
    return 0;
}

static int profile_hsm(const struct yaml_map *root, struct profile *out, struct fault *fault)
{
    /* In the order of enum project_token. */
    static const char *const known[] = { "oem", "development", NULL };
    struct yaml_map hsm;
    if (yaml_map_map(root, "hsm", &hsm, fault) != 0) {
        return -1;
    }
    if (yaml_map_has(&hsm, "appliance")) {
        return yaml_map_refuse(&hsm, "appliance", "has no place here any more: an appliance has its own keys",
                               "remove this line; an appliance is made by: windlassd init, or windlass pki desk",
                               fault);
    }
    if (yaml_map_check(&hsm, known, fault) != 0) {
        return -1;
    }
    for (unsigned i = 0; i < PROJECT_TOKENS; i++) {
        if (project_token_parse(&hsm, known[i], NULL, &out->hsm[i], fault) != 0) {
            return -1;
        }
    }
    return profile_tokens_differ(&hsm, out, known, fault);
}

static int profile_uuids(struct profile *out, struct fault *fault)
{
    char sbm[sizeof out->product + 8];
    (void)snprintf(sbm, sizeof sbm, "%s sbm", out->product);
    if (uuid_make(uuid_namespace_dns, out->vendor_domain, out->vendor_uuid, fault) != 0 ||
        uuid_make(out->vendor_uuid, out->product, out->class_uuid, fault) != 0) {
        return -1;
    }
    return uuid_make(out->vendor_uuid, sbm, out->sbm_class_uuid, fault);
}

static int profile_read(const struct yaml_map *root, struct profile *out, struct fault *fault)
{
    static const char *const known[] = { "product", "organisation", "vendor_domain", "chip", "chip_vendors",
                                         "boot",    "certificates", "hsm",           NULL };
    if (yaml_map_check(root, known, fault) != 0 || profile_product(root, out, fault) != 0 ||
        profile_vendor(root, out, fault) != 0 || profile_chip(root, out, fault) != 0 ||
        profile_chip_vendors(root, out, fault) != 0 || profile_boot(root, out, fault) != 0 ||
        profile_certificates(root, out, fault) != 0 || profile_hsm(root, out, fault) != 0) {
        return -1;
    }
    return profile_uuids(out, fault);
}

int profile_parse(const char *name, const uint8_t *text, size_t len, struct profile *out, struct fault *fault)
{
    struct yaml_file file;
    struct yaml_map root;
    memset(out, 0, sizeof *out);
    if (yaml_file_load(name, bytes_of(text, len), &file, &root, fault) != 0) {
        return -1;
    }
    int result = profile_read(&root, out, fault);
    yaml_file_free(&file);
    if (result != 0) {
        memset(out, 0, sizeof *out);
    }
    return result;
}
