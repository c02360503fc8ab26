/* SPDX-License-Identifier: Apache-2.0 */
/* render: what the source tells, as JSON text. Texts from outside are cleaned (host/lib/text.h), numbers are numbers.
 */
#ifndef HOST_DASHBOARD_RENDER_H
#define HOST_DASHBOARD_RENDER_H

#include "host/dashboard/dashboard.h"

struct json_t;

/* malloc'd text, NULL without memory: the members of the line without version and time; with `fault` its texts only. */
char *render_line(const struct dashboard_line *line, const struct fault *fault);
char *render_units(const struct dashboard_unit *units, size_t count, uint64_t total);
/* The certificates of a unit. */
char *render_certificates(const struct dashboard_unit *unit);
char *render_fault(const char *what, const char *hint);

/* A JSON string of any bytes up to a NUL. */
struct json_t *render_text(const char *text);
/* {"subject", ...} of a certificate; null when there is none or it cannot be read. */
struct json_t *render_cert(const struct cert *cert);

#endif
