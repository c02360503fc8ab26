/* SPDX-License-Identifier: Apache-2.0 */
/* transcript: see transcript.h. */
#include "host/pki/transcript.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "host/lib/file.h"

#define TRANSCRIPT_MAX ((size_t)4 << 20)

/* Reads a file that may be missing: then *text is an empty string. The caller frees. */
static int optional_read(const char *path, char **text, size_t *len, struct fault *fault)
{
    uint8_t *data = NULL;
    *len = 0;
    if (access(path, F_OK) != 0) {
        *text = (char *)calloc(1, 1);
        return *text != NULL ? 0 : fault_set(fault, "no memory");
    }
    int result = file_read(path, TRANSCRIPT_MAX, &data, len, fault);
    *text = (char *)data;
    return result;
}

/* A cut after the lines had joined the final transcript, and before their own file was removed. */
static int part_drop_joined(struct transcript *t, const char *part, size_t part_len, struct fault *fault)
{
    char *final;
    size_t final_len;
    if (optional_read(t->final, &final, &final_len, fault) != 0) {
        return -1;
    }
    if (part_len != 0 && final_len >= part_len && memcmp(final + final_len - part_len, part, part_len) == 0) {
        (void)unlink(t->part);
        t->lines = 0;
    }
    free(final);
    return 0;
}

static int part_load(struct transcript *t, struct fault *fault)
{
    char *part;
    size_t len;
    if (optional_read(t->part, &part, &len, fault) != 0) {
        return -1;
    }
    for (size_t i = 0; i < len; i++) {
        t->lines += part[i] == '\n';
    }
    int result = part_drop_joined(t, part, len, fault);
    free(part);
    return result;
}

static int folder_lock(struct transcript *t, struct fault *fault)
{
    if (file_folder_make(t->folder, 0755, fault) != 0) {
        return -1;
    }
    t->lock_fd = open(t->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (t->lock_fd < 0) {
        return fault_errno(fault, "%s: cannot open this folder", t->folder);
    }
    if (flock(t->lock_fd, LOCK_EX | LOCK_NB) != 0) {
        (void)fault_set(fault, "%s: another ceremony is under way", t->folder);
        return fault_hint(fault, "wait until it has ended");
    }
    return 0;
}

int transcript_open(struct transcript *t, const struct project *project, const char *name,
                    const struct pki_listener *listener, struct fault *fault)
{
    memset(t, 0, sizeof *t);
    t->listener = listener;
    t->lock_fd = -1;
    t->part_fd = -1;
    (void)snprintf(t->title, sizeof t->title, "key ceremony of '%s', %s (%s)", project->profile.product,
                   project->profile.organisation, project->profile.vendor_domain);
    if (project_path(project, "pki", t->folder, sizeof t->folder, fault) != 0) {
        return -1;
    }
    (void)snprintf(t->part, sizeof t->part, "%s/%.40s.part", t->folder, name);
    (void)snprintf(t->final, sizeof t->final, "%s/%.40s.txt", t->folder, name);
    if (folder_lock(t, fault) != 0 || part_load(t, fault) != 0) {
        transcript_close(t);
        return -1;
    }
    return 0;
}

/* Opens the lines' file; a line that a power cut tore is ended first. */
static int part_open(struct transcript *t, struct fault *fault)
{
    char last = '\n';
    t->part_fd = open(t->part, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (t->part_fd < 0) {
        return fault_write(fault, t->part);
    }
    off_t end = lseek(t->part_fd, 0, SEEK_END);
    if (end > 0 && pread(t->part_fd, &last, 1, end - 1) == 1 && last != '\n') {
        return write(t->part_fd, "\n", 1) == 1 ? 0 : fault_write(fault, t->part);
    }
    return 0;
}

static int part_append(struct transcript *t, const char *text, struct fault *fault)
{
    char line[640];
    char stamp[32];
    struct tm tm;
    time_t now = time(NULL);
    (void)gmtime_r(&now, &tm);
    (void)strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%SZ", &tm);
    (void)snprintf(line, sizeof line, "%s %.600s\n", stamp, text);
    size_t len = strlen(line);
    if (t->part_fd < 0 && part_open(t, fault) != 0) {
        return -1;
    }
    if (write(t->part_fd, line, len) != (ssize_t)len || fsync(t->part_fd) != 0) {
        return fault_write(fault, t->part);
    }
    t->lines++;
    return 0;
}

static int part_append_titled(struct transcript *t, const char *text, struct fault *fault)
{
    if (t->lines == 0 && part_append(t, t->title, fault) != 0) {
        return -1;
    }
    return part_append(t, text, fault);
}

int transcript_line(struct transcript *t, struct fault *fault, const char *format, ...)
{
    char text[600];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (part_append_titled(t, text, fault) != 0) {
        return -1;
    }
    transcript_tell(t, "%s", text);
    return 0;
}

void transcript_tell(const struct transcript *t, const char *format, ...)
{
    char text[768];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (t->listener != NULL) {
        t->listener->step(t->listener->context, text);
    }
}

int transcript_begin(struct transcript *t, const char *label, struct fault *fault)
{
    char text[96];
    (void)snprintf(text, sizeof text, "begin %.64s", label);
    return part_append_titled(t, text, fault);
}

static int part_holds(const struct transcript *t, const char *wanted, struct fault *fault)
{
    char *text;
    size_t len;
    if (optional_read(t->part, &text, &len, fault) != 0) {
        return -1;
    }
    int holds = strstr(text, wanted) != NULL;
    free(text);
    return holds;
}

int transcript_begun(const struct transcript *t, const char *label, struct fault *fault)
{
    char wanted[96];
    (void)snprintf(wanted, sizeof wanted, "Z begin %.64s\n", label);
    return part_holds(t, wanted, fault);
}

int transcript_made(const struct transcript *t, const char *label, struct fault *fault)
{
    char wanted[96];
    (void)snprintf(wanted, sizeof wanted, "Z made key '%.64s' ", label);
    return part_holds(t, wanted, fault);
}

static int transcript_join(struct transcript *t, struct fault *fault)
{
    char *old = NULL;
    char *part = NULL;
    size_t old_len = 0;
    size_t part_len = 0;
    struct file_draft draft;
    int result = optional_read(t->final, &old, &old_len, fault);
    if (result == 0) {
        result = optional_read(t->part, &part, &part_len, fault);
    }
    if (result == 0) {
        result = file_draft_begin(&draft, t->final, 0644, FILE_REPLACE, fault);
    }
    if (result == 0) {
        if (file_draft_write(&draft, bytes_of(old, old_len), fault) != 0 ||
            file_draft_write(&draft, bytes_of(part, part_len), fault) != 0) {
            file_draft_abandon(&draft);
            result = -1;
        } else {
            result = file_draft_commit(&draft, fault);
        }
    }
    free(old);
    free(part);
    return result;
}

int transcript_finish(struct transcript *t, struct fault *fault)
{
    if (t->lines == 0) {
        return 0;
    }
    if (transcript_join(t, fault) != 0) {
        return -1;
    }
    (void)unlink(t->part);
    return 0;
}

void transcript_close(struct transcript *t)
{
    if (t->part_fd >= 0) {
        (void)close(t->part_fd);
    }
    if (t->lock_fd >= 0) {
        (void)close(t->lock_fd);
    }
    t->part_fd = -1;
    t->lock_fd = -1;
}
