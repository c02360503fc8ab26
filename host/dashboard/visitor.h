/* SPDX-License-Identifier: Apache-2.0 */
/* visitor: who comes with a certificate of a CA whose people may read. The only file that speaks to GnuTLS. */
#ifndef HOST_DASHBOARD_VISITOR_H
#define HOST_DASHBOARD_VISITOR_H

#include <microhttpd.h>

/* 1 when the client showed a certificate that is valid now, is for TLS clients (RFC 5280 section 4.2.1.12) and leads to
 * a CA that was given to the daemon (MHD_OPTION_HTTPS_MEM_TRUST); else 0. HTTPS only. */
int visitor_is_known(struct MHD_Connection *connection);

#endif
