/* SPDX-License-Identifier: Apache-2.0 */
/* visitor: who comes with a certificate of a CA whose people may read, and is in no revocation list. The only file that
 * speaks to GnuTLS. Thread-safe. */
#ifndef HOST_DASHBOARD_VISITOR_H
#define HOST_DASHBOARD_VISITOR_H

#include <microhttpd.h>

#include "host/lib/fault.h"

struct visitors;

/* `clients`: PEM file of CAs; `crl`: PEM file of their revocation lists, or NULL: nobody is looked up. Both names must
 * outlive it. Faults: see visitors_reload. */
int visitors_open(const char *clients, const char *crl, struct visitors **out, struct fault *fault);
/* Reads the revocation lists again. Faults, and the lists of before stand: no list, one that is not signed by a CA of
 * the file or has expired, an issuer's list that is older than the one in use, or gone. */
int visitors_reload(struct visitors *visitors, struct fault *fault);
/* NULL is allowed. */
void visitors_close(struct visitors *visitors);
/* 1 when the client showed a certificate that is valid now, is for TLS clients (RFC 5280 section 4.2.1.12), leads to
 * a CA that was given to the daemon (MHD_OPTION_HTTPS_MEM_TRUST), and, where lists are, stands in no list of its
 * issuer, of which one must be there and not be over; else 0. HTTPS only. */
int visitor_is_known(struct visitors *visitors, struct MHD_Connection *connection);

#endif
