/* SPDX-License-Identifier: Apache-2.0 */
/* visitor: see visitor.h. */
#include "host/dashboard/visitor.h"

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdint.h>

int visitor_is_known(struct MHD_Connection *connection)
{
    unsigned count = 0;
    unsigned status = 1;
    gnutls_typed_vdata_st purpose = { .type = GNUTLS_DT_KEY_PURPOSE_OID,
                                      .data = (unsigned char *)(uintptr_t)GNUTLS_KP_TLS_WWW_CLIENT };
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    gnutls_session_t session = info == NULL ? NULL : (gnutls_session_t)info->tls_session;
    if (session == NULL || gnutls_certificate_get_peers(session, &count) == NULL || count == 0) {
        return 0;
    }
    return gnutls_certificate_verify_peers(session, &purpose, 1, &status) == 0 && status == 0;
}
