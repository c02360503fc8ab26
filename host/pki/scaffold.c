/* SPDX-License-Identifier: Apache-2.0 */
/* scaffold: `windlass init` (pki.h). The profile is written last: a folder with a product.yaml is a whole project. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/lib/file.h"
#include "host/pki/pki.h"

#define PROFILE_MAX 6144

static const char profile_template[] =
    "# Windlass product profile. Paths are relative to this folder.\n"
    "\n"
    "# The product's name, as it stands in certificates. It also names the device class: devices of one product\n"
    "# never take the firmware of another. Do not change it once devices are made.\n"
    "product: %s\n"
    "# Your company, as it stands in certificates (X.509 O).\n"
    "organisation: %s\n"
    "# A domain that you own. It identifies you as vendor in every update; do not change it once devices are made.\n"
    "vendor_domain: %s\n"
    "# The chip. mps2-an505 is the virtual chip that comes with windlass.\n"
    "chip: mps2-an505\n"
    "# Chips that leave their silicon vendors with a key of their own are made over the secure channel only. Then "
    "name\n"
    "# the vendors' CA certificates, a PEM file in this folder:\n"
    "# chip_vendors: pki/chip-vendors.pem\n"
    "\n"
    "boot:\n"
    "  # signature: the application's signature and digest are checked at every boot.\n"
    "  # sealed: checked in full when it is installed; then each boot checks a fast seal.\n"
    "  policy: signature\n"
    "  # A damaged application: reinstall it from the update package that is still there, or halt.\n"
    "  on_damage: reinstall\n"
    "  # Boots within which a new application must confirm itself, 1 to 15; else the old one comes back.\n"
    "  trial_boots: 3\n"
    "  # A device that cannot boot: wait for the reset pin; reset, again and again with longer pauses, 16 times; or\n"
    "  # recovery: the boot manager itself takes an update on the data link.\n"
    "  on_halt: recovery\n"
    "  # The device resets, and an update on trial goes back, when the application does not call sbm_watchdog_feed()\n"
    "  # for so long. 1 to 3600 seconds; 0: no watchdog.\n"
    "  watchdog_seconds: 0\n"
    "  # Outputs that a device in trouble sets: mask says which (bit 0 is 1, bit 1 is 2, ...), level says how.\n"
    "  outputs: { mask: 3, level: 0 }\n"
    "  # The debug port of a locked device: it opens never; or until the next reset when you order it for that one\n"
    "  # device (windlass device debug): open; or the same after the application's storage was erased: erase.\n"
    "  debug: erase\n"
    "\n"
    "certificates:\n"
    "  # Validity of the CA and key certificates, 1 to 50 years.\n"
    "  ca_years: 25\n"
    "\n"
    "# Where keys live: PKCS#11 tokens. module: softhsm2 (a stand-in for a real HSM), tpm2, or the path of a PKCS#11\n"
    "# library; token: RFC 7512; pin_file: mode 0600, PIN in the first line. Without pin_file the PIN is read from "
    "the\n"
    "# descriptor that WINDLASS_PIN_FD names.\n"
    "# oem: root, firmware and mastering keys. development: for your desk only. Appliances have keys of their own.\n"
    "hsm:\n"
    "  oem: { module: softhsm2, token: \"pkcs11:token=windlass-oem\", pin_file: hsm/oem.pin }\n"
    "  development: { module: softhsm2, token: \"pkcs11:token=windlass-dev\", pin_file: hsm/development.pin }\n";

/* YAML double-quoted form of a text. 0 when it does not fit. */
static int quote(const char *text, char *out, size_t out_len)
{
    size_t used = 0;
    out[used++] = '"';
    for (const char *at = text; *at != '\0'; at++) {
        if (used + 4 > out_len) {
            return 0;
        }
        if (*at == '"' || *at == '\\') {
            out[used++] = '\\';
        }
        out[used++] = *at;
    }
    out[used++] = '"';
    out[used] = '\0';
    return 1;
}

static int option_check(const char *option, const char *text, struct fault *fault)
{
    size_t len = strlen(text);
    int sound = len >= 1 && len <= 200;
    for (size_t i = 0; i < len; i++) {
        sound = sound && (unsigned char)text[i] >= 0x20 && text[i] != 0x7f;
    }
    return sound ? 0 : fault_set(fault, "%s: give one line of text", option);
}

/* The profile's text; read back, so that it is one that project_open takes. */
static int profile_text(const char *const values[3], char text[PROFILE_MAX], struct profile *profile,
                        struct fault *fault)
{
    static const char *const options[3] = { "--product", "--organisation", "--vendor-domain" };
    char quoted[3][512];
    for (size_t i = 0; i < 3; i++) {
        if (option_check(options[i], values[i], fault) != 0) {
            return -1;
        }
        if (!quote(values[i], quoted[i], sizeof quoted[i])) {
            return fault_set(fault, "%s: too long", options[i]);
        }
    }
    int len = snprintf(text, PROFILE_MAX, profile_template, quoted[0], quoted[1], quoted[2]);
    return profile_parse("product.yaml", (const uint8_t *)text, (size_t)len, profile, fault);
}

static int scaffold_folder(const char *dir, struct project *project, struct fault *fault)
{
    char path[640];
    if (file_folder_make(dir, 0755, fault) != 0) {
        return fault_hint(fault, "make the folder above it first, or name another one");
    }
    char *real = realpath(dir, NULL);
    if (real == NULL) {
        return fault_errno(fault, "%s: cannot open this folder", dir);
    }
    int fits = strlen(real) < sizeof project->dir;
    (void)snprintf(project->dir, sizeof project->dir, "%.511s", real);
    free(real);
    if (!fits || project_path(project, "product.yaml", path, sizeof path, fault) != 0) {
        return fault_set(fault, "%s: the path is too long", dir);
    }
    if (access(path, F_OK) == 0) {
        (void)fault_set(fault, "%s: exists already: this folder is a project", path);
        return fault_hint(fault, "edit that file, or choose another folder");
    }
    return 0;
}

static int scaffold_pins(struct project *project, struct fault *fault)
{
    for (unsigned i = 0; i < PROJECT_TOKENS; i++) {
        struct project_hsm *hsm = &project->profile.hsm[i];
        char absolute[sizeof hsm->pin_file];
        if (project_path(project, hsm->pin_file, absolute, sizeof absolute, fault) != 0) {
            return -1;
        }
        memcpy(hsm->pin_file, absolute, sizeof absolute);
    }
    return 0;
}

static int has_line(const char *text, const char *line)
{
    size_t len = strlen(line);
    for (const char *at = text; at != NULL; at = strchr(at, '\n')) {
        at += *at == '\n';
        if (strncmp(at, line, len) == 0 && (at[len] == '\n' || at[len] == '\0')) {
            return 1;
        }
        if (*at == '\0') {
            break;
        }
    }
    return 0;
}

/* Secrets and production records stay out of version control; lines of the user's own are kept. */
static int scaffold_gitignore(const struct project *project, struct fault *fault)
{
    static const char *const lines[] = { "/hsm/", "/ledger/", "/ledger*.db*" };
    char path[640];
    char text[8192] = "";
    size_t used = 0;
    if (project_path(project, ".gitignore", path, sizeof path, fault) != 0) {
        return -1;
    }
    if (access(path, F_OK) == 0) {
        uint8_t *old;
        if (file_read(path, sizeof text - 128, &old, &used, fault) != 0) {
            return -1;
        }
        memcpy(text, old, used);
        free(old);
        if (used > 0 && text[used - 1] != '\n') {
            text[used++] = '\n';
        }
    }
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        if (!has_line(text, lines[i])) {
            used += (size_t)snprintf(text + used, sizeof text - used, "%s\n", lines[i]);
        }
    }
    return file_write(path, bytes_of(text, used), 0644, FILE_REPLACE, fault);
}

static int scaffold_keys(const struct project *project, const struct pki_listener *listener, struct fault *fault)
{
    struct pki_spec spec;
    if (pki_spec_parse("built-in development.yaml", pki_spec_development(), &spec, fault) != 0) {
        return -1;
    }
    return pki_ceremony_run(project, &spec, listener, fault);
}

static int scaffold_fill(struct project *project, const char *text, const struct pki_listener *listener,
                         struct fault *fault)
{
    char path[640];
    if (scaffold_pins(project, fault) != 0 || project_softhsm_setup(project->dir, fault) != 0 ||
        scaffold_gitignore(project, fault) != 0 || scaffold_keys(project, listener, fault) != 0 ||
        project_path(project, "product.yaml", path, sizeof path, fault) != 0) {
        return -1;
    }
    return file_write(path, bytes_of(text, strlen(text)), 0644, FILE_NEW_ONLY, fault);
}

int pki_scaffold_make(const struct pki_scaffold *scaffold, const struct pki_listener *listener, struct fault *fault)
{
    struct project project = { .dir = "" };
    char text[PROFILE_MAX];
    char folder[512];
    char *real = realpath(scaffold->dir, NULL);
    (void)snprintf(folder, sizeof folder, "%s", real != NULL ? real : scaffold->dir);
    free(real);
    size_t len = strlen(folder);
    while (len > 1 && folder[len - 1] == '/') {
        folder[--len] = '\0';
    }
    const char *slash = strrchr(folder, '/');
    const char *values[3] = { scaffold->product != NULL ? scaffold->product
                              : slash != NULL           ? slash + 1
                                                        : folder,
                              scaffold->organisation != NULL ? scaffold->organisation : "Example Devices",
                              scaffold->vendor_domain != NULL ? scaffold->vendor_domain : "devices.example" };
    if (profile_text(values, text, &project.profile, fault) != 0) {
        return scaffold->product == NULL ? fault_hint(fault, "name the product with --product") : -1;
    }
    return scaffold_folder(scaffold->dir, &project, fault) != 0 ? -1 : scaffold_fill(&project, text, listener, fault);
}
