/* SPDX-License-Identifier: Apache-2.0 */
/*
 * transcript: what a ceremony did, line by line, each on disk before the next step (pki/<name>.part). At the end it
 * joins pki/<name>.txt. It also remembers which keys a ceremony was about to make when it was cut. It holds no secret.
 */
#ifndef HOST_PKI_TRANSCRIPT_H
#define HOST_PKI_TRANSCRIPT_H

#include "host/lib/project.h"
#include "host/pki/pki.h"

struct transcript {
    const struct pki_listener *listener;
    char folder[576];
    char part[640];
    char final[640];
    char title[320]; /* first line of a ceremony that does anything */
    int lock_fd;     /* the folder: one ceremony at a time */
    int part_fd;     /* -1 until the first line */
    size_t lines;    /* written now or by the run that was cut */
};

/* Makes pki/ and takes the lock. `name` is "transcript" or another. */
int transcript_open(struct transcript *transcript, const struct project *project, const char *name,
                    const struct pki_listener *listener, struct fault *fault);
/* One line, with the time (UTC) before it; also told to the listener. */
int transcript_line(struct transcript *transcript, struct fault *fault, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Tells the listener only: for what was found, not done. */
void transcript_tell(const struct transcript *transcript, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Notes that a key with a label that is free is about to be made. */
int transcript_begin(struct transcript *transcript, const char *label, struct fault *fault);
/* 1 when a run that was cut had begun this key, 0 when not, -1 on error. */
int transcript_begun(const struct transcript *transcript, const char *label, struct fault *fault);
/* The same for a key that it had noted as made. */
int transcript_made(const struct transcript *transcript, const char *label, struct fault *fault);
/* Joins the lines to the final transcript. */
int transcript_finish(struct transcript *transcript, struct fault *fault);
/* Releases the lock; the lines stay for the next run. */
void transcript_close(struct transcript *transcript);

#endif
