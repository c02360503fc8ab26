/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_pki_desk: maker, appliance and station on one computer. Each does what it does in a factory, by the same code. */
#define _XOPEN_SOURCE 700
#include "host/cli/cmd_pki_desk.h"

#include <ftw.h>
#include <getopt.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/appliance/folder.h"
#include "host/cli/cli.h"
#include "host/cli/cmd_pki_server.h"
#include "host/lib/file.h"
#include "host/pki/enrol.h"
#include "host/station/line.h"

#define NAME "pki desk"
#define DESK_YEARS 3
#define PATH_LEN 640
#define GIVE_OPEN 16 /* folders open at once */

static const char help[] =
    "usage: windlass pki desk DIR [--name NAME] [--listen ADDRESS:PORT] [--user NAME] [--project DIR]\n"
    "\n"
    "A factory on your desk: makes an appliance without TPM in DIR/appliance and a station in DIR/station, each with\n"
    "keys of its own, and has this project certify both. It is 'windlassd init', 'windlass pki appliance',\n"
    "'windlassd enrol', 'windlass provision --make-identity' and 'windlass pki station' in one go. For development:\n"
    "whoever owns this computer is maker and factory in one. Run it again after a cut: it goes on.\n"
    "\n"
    "  --name NAME            of the appliance and the station, in the project (default: desk)\n"
    "  --listen ADDRESS:PORT  where the station calls the appliance (default: 127.0.0.1:7443)\n"
    "  --user NAME            as root: the user that the appliance runs as; it gets DIR/appliance\n"
    "  --project DIR          the project's folder (default: here)\n"
    "\n"
    "Example:\n"
    "  windlass pki desk desk --project greenhouse-sensor";

struct desk {
    const char *dir;
    const char *name;
    const char *listen;
    const char *user;
    const char *project_dir;
    struct project project;
    char host[128]; /* of `listen` */
    char appliance[PATH_LEN];
    char station[PATH_LEN];
    int softhsm_set; /* SOFTHSM2_CONF is the user's */
};

/* ---- options ---- */

/* Gives -1 to go on, or an exit code. */
static int options_read(int argc, char **argv, struct desk *d)
{
    static const struct option known[] = {
        { "name", required_argument, NULL, 'n' }, { "listen", required_argument, NULL, 'l' },
        { "user", required_argument, NULL, 'u' }, { "project", required_argument, NULL, 'p' },
        { "help", no_argument, NULL, 'h' },       { NULL, 0, NULL, 0 },
    };
    int option;
    opterr = 0;
    optind = 1;
    while ((option = getopt_long(argc, argv, ":h", known, NULL)) != -1) {
        if (option == 'h') {
            (void)puts(help);
            return CLI_DONE;
        }
        if (option == '?' || option == ':') {
            return cli_option_wrong(NAME, argv, option);
        }
        *(option == 'n' ? &d->name : option == 'l' ? &d->listen : option == 'u' ? &d->user : &d->project_dir) = optarg;
    }
    if (optind + 1 != argc) {
        return cli_usage(NAME, "needs one folder: DIR");
    }
    d->dir = argv[optind];
    return -1;
}

/* ---- who does what ---- */

/* Each opens its own token, as on computers of their own. */
static void tokens_leave(const struct desk *d)
{
    if (!d->softhsm_set) {
        (void)unsetenv("SOFTHSM2_CONF");
    }
}

static int join(const char *dir, const char *name, char out[PATH_LEN], struct fault *fault)
{
    int len = snprintf(out, PATH_LEN, "%s/%s", dir, name);
    return len > 0 && len < PATH_LEN ? 0 : fault_set(fault, "%s: the path is too long", dir);
}

/* Root names another user, and nobody else does. */
static int user_check(const char *user, struct fault *fault)
{
    if (geteuid() != 0) {
        return user == NULL ? 0 : fault_set(fault, "only root can give the appliance to another user");
    }
    if (user == NULL) {
        (void)fault_set(fault, "an appliance never runs as root");
        return fault_hint(fault, "name the user that it runs as: --user nobody");
    }
    const struct passwd *who = getpwnam(user);
    return who == NULL        ? fault_set(fault, "there is no user '%.60s'", user)
           : who->pw_uid == 0 ? fault_set(fault, "'%.60s' is root, too", user)
                              : 0;
}

/* The host as it stands in a certificate: the address without the brackets of IPv6. */
static int listen_split(struct desk *d, struct fault *fault)
{
    const char *colon = strrchr(d->listen, ':');
    const char *port = colon == NULL ? "" : colon + 1;
    size_t len = colon == NULL ? 0 : (size_t)(colon - d->listen);
    const size_t brackets = len >= 2 && d->listen[0] == '[' && colon[-1] == ']' ? 1 : 0;
    len -= 2 * brackets;
    if (len == 0 || len >= sizeof d->host || port[0] == '\0' || strlen(port) > 5 ||
        strspn(port, "0123456789") != strlen(port) || strtoul(port, NULL, 10) > 65535) {
        (void)fault_set(fault, "--listen '%.80s' is not ADDRESS:PORT", d->listen);
        return fault_hint(fault, "such as 127.0.0.1:7443 or [::1]:7443");
    }
    (void)snprintf(d->host, sizeof d->host, "%.*s", (int)len, d->listen + brackets);
    if (strcmp(d->host, "0.0.0.0") == 0 || strcmp(d->host, "::") == 0) {
        (void)fault_set(fault, "--listen %s: every address is none that a station can call", d->listen);
        return fault_hint(fault, "name the one by which it calls, such as 127.0.0.1:7443");
    }
    return 0;
}

static int begin(struct desk *d, struct fault *fault)
{
    d->softhsm_set = getenv("SOFTHSM2_CONF") != NULL;
    if (user_check(d->user, fault) != 0 || listen_split(d, fault) != 0) {
        return -1;
    }
    return project_open(d->project_dir, &d->project, fault) != 0 || file_folder_make(d->dir, 0755, fault) != 0 ||
                   join(d->dir, "appliance", d->appliance, fault) != 0
               ? -1
               : join(d->dir, "station", d->station, fault);
}

/* Keys and records stay out of version control. */
static int ignore(const struct desk *d, struct fault *fault)
{
    char path[PATH_LEN];
    return join(d->dir, ".gitignore", path, fault) != 0
               ? -1
               : file_write(path, bytes_of("*\n", 2), 0644, FILE_REPLACE, fault);
}

static int appliance_make(struct desk *d, struct fault *fault)
{
    char request[PATH_LEN];
    char maker[PATH_LEN];
    struct folder_settings wish = { .tpm = "none" };
    const struct folder_order order = { d->appliance, maker, &wish, NULL };
    if (join(d->appliance, "request.pem", request, fault) != 0 ||
        join(d->project.dir, "pki/public.pem", maker, fault)) {
        return -1;
    }
    (void)snprintf(wish.listen, sizeof wish.listen, "%s", d->listen);
    return access(request, F_OK) == 0 ? 0 : appliance_folder_init(&order, fault);
}

static int appliance_certify(const struct desk *d, const struct pki_listener *listener, struct fault *fault)
{
    char request[PATH_LEN];
    const char *const hosts[] = { d->host, NULL };
    const struct pki_appliance_order order = { request, d->name, hosts, DESK_YEARS, NULL, 0, 0 };
    return join(d->appliance, "request.pem", request, fault) != 0
               ? -1
               : pki_appliance_issue(&d->project, &order, listener, fault);
}

static int appliance_enrol(const struct desk *d, struct fault *fault)
{
    char relative[128];
    char answer[PATH_LEN];
    (void)snprintf(relative, sizeof relative, "pki/appliances/%s.pem", d->name);
    return join(d->project.dir, relative, answer, fault) != 0
               ? -1
               : appliance_folder_enrol(d->appliance, answer, NULL, fault);
}

static int copy(const char *from, const char *dir, const char *name, struct fault *fault)
{
    struct cert cert;
    char to[PATH_LEN];
    return cert_read(from, &cert, fault) != 0 || join(dir, name, to, fault) != 0 ? -1
           : access(to, F_OK) == 0                                               ? 0
                                                                                 : cert_write(to, &cert, fault);
}

static int station_make(const struct desk *d, struct fault *fault)
{
    char key[PATH_LEN];
    return join(d->station, LINE_KEY_FILE, key, fault) != 0 ? -1
           : access(key, F_OK) == 0                         ? 0
                                                            : line_identity_make(d->station, fault);
}

static int station_certify(const struct desk *d, const struct pki_listener *listener, struct fault *fault)
{
    char request[PATH_LEN];
    char relative[128];
    char path[PATH_LEN];
    const struct pki_station_order order = { request, d->name, DESK_YEARS };
    (void)snprintf(relative, sizeof relative, "pki/stations/%s.crt", d->name);
    if (join(d->station, LINE_REQUEST_FILE, request, fault) != 0 ||
        pki_station_issue(&d->project, &order, listener, fault) != 0 ||
        join(d->project.dir, relative, path, fault) != 0 || copy(path, d->station, LINE_CERT_FILE, fault) != 0 ||
        join(d->project.dir, "pki/" KEY_ROOT ".crt", path, fault) != 0) {
        return -1;
    }
    return copy(path, d->station, LINE_ROOT_FILE, fault);
}

/* ---- as root ---- */

static const struct passwd *receiver; /* nftw takes no context */

static int give_one(const char *path, const struct stat *info, int type, struct FTW *place)
{
    (void)info;
    (void)type;
    (void)place;
    return lchown(path, receiver->pw_uid, receiver->pw_gid);
}

static int appliance_give(const struct desk *d, struct fault *fault)
{
    receiver = d->user == NULL ? NULL : getpwnam(d->user);
    return receiver == NULL || nftw(d->appliance, give_one, GIVE_OPEN, FTW_PHYS) == 0
               ? 0
               : fault_errno(fault, "%s: cannot be given to %.60s", d->appliance, d->user);
}

static int desk_make(struct desk *d, struct fault *fault)
{
    const struct pki_listener listener = { cmd_pki_step_print, NULL };
    if (begin(d, fault) != 0 || ignore(d, fault) != 0 || appliance_make(d, fault) != 0) {
        return -1;
    }
    tokens_leave(d);
    if (appliance_certify(d, &listener, fault) != 0 || station_make(d, fault) != 0 ||
        station_certify(d, &listener, fault) != 0) {
        return -1;
    }
    tokens_leave(d);
    return appliance_enrol(d, fault) != 0 ? -1 : appliance_give(d, fault);
}

int cmd_pki_desk(int argc, char **argv)
{
    static struct desk desk; /* too large for a stack */
    struct fault fault = FAULT_NONE;
    desk = (struct desk){ .name = "desk", .listen = "127.0.0.1:7443", .project_dir = "." };
    int code = options_read(argc, argv, &desk);
    if (code >= 0) {
        return code;
    }
    if (desk_make(&desk, &fault) != 0) {
        return cli_fault(NAME, &fault);
    }
    (void)printf("appliance '%s' is ready in %s, its station in %s\n"
                 "next: windlass master production --appliance %s; windlassd load %s; windlassd run %s\n",
                 desk.name, desk.appliance, desk.station, desk.name, desk.appliance, desk.appliance);
    return CLI_DONE;
}
