/* SPDX-License-Identifier: Apache-2.0 */
/* project: opening a product's folder and its tokens (project.h). */
#include "host/lib/project.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/lib/file.h"
#include "host/lib/yaml_file.h"

#define PROFILE_NAME "product.yaml"
#define SOFTHSM_CONF "hsm/softhsm2.conf"
#define SOFTHSM_CONF_MAX 4096
#define SOFTHSM_MARK "# Written by windlass"

static int path_join(const char *dir, const char *relative, char *out, size_t out_len, struct fault *fault)
{
    int len = snprintf(out, out_len, "%s/%s", dir, relative);
    return len > 0 && (size_t)len < out_len ? 0 : fault_set(fault, "%s/%s: the path is too long", dir, relative);
}

int project_path(const struct project *project, const char *relative, char *out, size_t out_len, struct fault *fault)
{
    return path_join(project->dir, relative, out, out_len, fault);
}

/* ---- SoftHSM's configuration ---- */

/* SoftHSM wants absolute paths, so that the file changes when the folder moves. */
static int softhsm_conf_text(const char *dir, char *out, size_t out_len, struct fault *fault)
{
    int len = snprintf(out, out_len,
                       SOFTHSM_MARK " for SoftHSM, the stand-in for a real HSM. Written anew when the folder moves.\n"
                                    "directories.tokendir = %s/hsm/tokens\n"
                                    "objectstore.backend = file\n"
                                    "objectstore.umask = 0077\n"
                                    "log.level = ERROR\n"
                                    "slots.removable = false\n",
                       dir);
    return len > 0 && (size_t)len < out_len ? 0 : fault_set(fault, "%s: the path is too long", dir);
}

/* Writes the configuration when it is missing, or ours and outdated. */
static int softhsm_conf_write(const char *dir, const char *path, struct fault *fault)
{
    char wanted[SOFTHSM_CONF_MAX];
    uint8_t *present = NULL;
    size_t len = 0;
    if (softhsm_conf_text(dir, wanted, sizeof wanted, fault) != 0) {
        return -1;
    }
    if (access(path, F_OK) == 0) {
        if (file_read(path, SOFTHSM_CONF_MAX, &present, &len, fault) != 0) {
            return -1;
        }
        int keep = strncmp((const char *)present, SOFTHSM_MARK, strlen(SOFTHSM_MARK)) != 0 ||
                   strcmp((const char *)present, wanted) == 0;
        free(present);
        if (keep) {
            return 0;
        }
    }
    return file_write(path, bytes_of(wanted, strlen(wanted)), 0644, FILE_REPLACE, fault);
}

int project_softhsm_setup(const char *dir, struct fault *fault)
{
    char path[PATH_MAX];
    if (path_join(dir, "hsm", path, sizeof path, fault) != 0 || file_folder_make(path, 0700, fault) != 0 ||
        path_join(dir, "hsm/tokens", path, sizeof path, fault) != 0 || file_folder_make(path, 0700, fault) != 0) {
        return -1;
    }
    return path_join(dir, SOFTHSM_CONF, path, sizeof path, fault) != 0 ? -1 : softhsm_conf_write(dir, path, fault);
}

int project_softhsm_follow(const char *dir, struct fault *fault)
{
    char path[PATH_MAX];
    if (path_join(dir, SOFTHSM_CONF, path, sizeof path, fault) != 0) {
        return -1;
    }
    if (access(path, F_OK) == 0 && softhsm_conf_write(dir, path, fault) != 0) {
        return fault_hint(fault, "the folder has moved, and this file must follow");
    }
    if (access(path, R_OK) == 0 && setenv("SOFTHSM2_CONF", path, 0) != 0) {
        return fault_errno(fault, "SOFTHSM2_CONF cannot be set");
    }
    return 0;
}

int project_softhsm_use(const struct project *project, struct fault *fault)
{
    return project_softhsm_follow(project->dir, fault);
}

/* ---- opening ---- */

/* Files named in the profile are relative to the project's folder. */
static int project_pin_files(struct project *project, struct fault *fault)
{
    for (unsigned i = 0; i < PROJECT_TOKENS; i++) {
        struct project_hsm *hsm = &project->profile.hsm[i];
        char absolute[sizeof hsm->pin_file];
        if (hsm->pin_file[0] == '\0' || hsm->pin_file[0] == '/') {
            continue;
        }
        if (project_path(project, hsm->pin_file, absolute, sizeof absolute, fault) != 0) {
            return -1;
        }
        memcpy(hsm->pin_file, absolute, sizeof absolute);
    }
    return 0;
}

static int project_dir(const char *dir, struct project *out, struct fault *fault)
{
    char *real = realpath(dir, NULL);
    if (real == NULL) {
        (void)fault_errno(fault, "%s: cannot open this project folder", dir);
        return fault_hint(fault, "name the project's folder with --project, or start one: windlass init");
    }
    int len = snprintf(out->dir, sizeof out->dir, "%s", strcmp(real, "/") == 0 ? "" : real);
    free(real);
    return (size_t)len < sizeof out->dir ? 0 : fault_set(fault, "%s: the path is too long", dir);
}

static int project_read(struct project *project, struct fault *fault)
{
    char path[PATH_MAX];
    uint8_t *text;
    size_t len;
    if (project_path(project, PROFILE_NAME, path, sizeof path, fault) != 0) {
        return -1;
    }
    if (file_read(path, YAML_FILE_MAX, &text, &len, fault) != 0) {
        return fault_hint(fault, access(path, F_OK) != 0
                                     ? "go to a project's folder, name it with --project, or start one: windlass init"
                                     : "product.yaml is a text file of at most 64 KiB");
    }
    int result = profile_parse(path, text, len, &project->profile, fault);
    free(text);
    return result;
}

int project_open(const char *dir, struct project *out, struct fault *fault)
{
    memset(out, 0, sizeof *out);
    return project_dir(dir, out, fault) != 0 || project_read(out, fault) != 0 ? -1 : project_pin_files(out, fault);
}

const char *project_token_name(enum project_token token)
{
    static const char *const names[PROJECT_TOKENS] = { "oem", "development" };
    return token < PROJECT_TOKENS ? names[token] : "unknown";
}

/* The descriptor that WINDLASS_PIN_FD names, or -1. */
static int pin_fd(void)
{
    const char *text = getenv("WINDLASS_PIN_FD");
    if (text == NULL || text[0] == '\0' || strlen(text) > 4 || strspn(text, "0123456789") != strlen(text)) {
        return -1;
    }
    return (int)strtol(text, NULL, 10);
}

int project_token_open(const char *dir, const struct project_hsm *token, struct hsm **out, struct fault *fault)
{
    *out = NULL;
    struct hsm_config config = { token->module, token->uri, token->pin_file[0] != '\0' ? token->pin_file : NULL,
                                 pin_fd() };
    return project_softhsm_follow(dir, fault) != 0 ? -1 : hsm_open(&config, out, fault);
}

int project_hsm_open(const struct project *project, enum project_token token, struct hsm **out, struct fault *fault)
{
    *out = NULL;
    if ((unsigned)token >= PROJECT_TOKENS) {
        return fault_set(fault, "the project has no such token");
    }
    return project_token_open(project->dir, &project->profile.hsm[token], out, fault);
}
