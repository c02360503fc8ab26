/* SPDX-License-Identifier: Apache-2.0 */
/* server: certificates for the maker's TLS servers, issued by the root, noted in pki/servers.txt. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "host/lib/text.h"
#include "host/pki/transcript.h"

static int certificate_make(const struct project *project, const struct pki_server_order *order, struct cert *out,
                            struct fault *fault)
{
    char path[600];
    struct cert root;
    struct hsm *hsm = NULL;
    struct cert_spec spec = { .kind = CERT_SERVER,
                              .organisation = project->profile.organisation,
                              .common_name = order->common_name,
                              .host = order->host,
                              .years = order->years };
    if (cert_request_read(order->request, spec.public_key, fault) != 0 ||
        project_path(project, "pki/" KEY_ROOT ".crt", path, sizeof path, fault) != 0 ||
        cert_read(path, &root, fault) != 0 || project_hsm_open(project, PROJECT_OEM, &hsm, fault) != 0) {
        return -1;
    }
    int result = cert_issue(&spec, &root, hsm, KEY_ROOT, out, fault);
    hsm_close(hsm);
    return result;
}

int pki_server_issue(const struct project *project, const struct pki_server_order *order,
                     const struct pki_listener *listener, struct fault *fault)
{
    struct transcript transcript;
    struct cert_facts facts;
    struct cert cert;
    char fingerprint[65];
    if (access(order->out, F_OK) == 0) {
        return fault_set(fault, "%s: exists already; nothing is overwritten", order->out);
    }
    if (transcript_open(&transcript, project, "servers", listener, fault) != 0) {
        return -1;
    }
    int result = certificate_make(project, order, &cert, fault);
    if (result == 0) {
        result = cert_facts_read(&cert, &facts, fault);
    }
    if (result == 0) {
        text_hex(facts.fingerprint, sizeof facts.fingerprint, fingerprint);
        result = transcript_line(
            &transcript, fault, "issued a server certificate (%s) for %s by '" KEY_ROOT "', valid until %s, SHA-256 %s",
            facts.subject, order->host, facts.not_after, fingerprint);
    }
    if (result == 0) {
        result = transcript_finish(&transcript, fault);
    }
    transcript_close(&transcript);
    return result == 0 ? cert_write(order->out, &cert, fault) : -1;
}
