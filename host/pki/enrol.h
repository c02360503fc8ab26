/* SPDX-License-Identifier: Apache-2.0 */
/*
 * enrol: certificates for machines of the factory: appliances and stations, and their revocation. The root issues them
 * from requests that come as files; what is issued is filed under pki/ and noted in pki/appliances.txt, stations.txt
 * and revocations.txt before it appears. Nothing is overwritten.
 */
#ifndef HOST_PKI_ENROL_H
#define HOST_PKI_ENROL_H

#include "host/lib/project.h"
#include "host/pki/pki.h"

#define PKI_NAME_MAX 32
#define PKI_HOSTS_MAX 8
#define PKI_CHANNEL_DAYS 366u
#define PKI_CRL "pki/stations.crl"

/* Writes pki/public.pem: the certificates that every appliance begins with. One that is there is replaced. */
int pki_public_write(const struct project *project, struct fault *fault);

struct pki_appliance_order {
    const char *request;      /* request.pem of `windlassd init` */
    const char *name;         /* 1 to PKI_NAME_MAX lower-case letters, digits and hyphens */
    const char *const *hosts; /* 1 or more, ended by NULL: how stations call it */
    unsigned years;           /* 1 to 50 */
    const char *tpm_ca;       /* PEM: CAs of TPM makers; NULL when the request is of an appliance without TPM */
    unsigned channel_days;    /* validity of the credential for chips; 0: PKI_CHANNEL_DAYS */
    int renew;                /* 1: new certificates for the same keys; those before are kept as <label>.<n>.crt */
};
/* Certifies an appliance: pki/appliances/<name>/<label>.crt, channel.cwt and, last, the answer
 * pki/appliances/<name>.pem. A run that was cut goes on; the same request again renews the credential for chips and
 * nothing else; another one under that name is refused. */
int pki_appliance_issue(const struct project *project, const struct pki_appliance_order *order,
                        const struct pki_listener *listener, struct fault *fault);

struct pki_station_order {
    const char *request; /* PEM: PKCS#10 */
    const char *name;
    unsigned years;
};
/* Certifies a station: pki/stations/<name>.crt. */
int pki_station_issue(const struct project *project, const struct pki_station_order *order,
                      const struct pki_listener *listener, struct fault *fault);

/* Puts a station's certificate, all certificates of an appliance, or that of a mastering key on the revocation list
 * (pki/stations.crl), which is carried to the appliances. Once more changes nothing. */
int pki_revoke(const struct project *project, const char *name, const struct pki_listener *listener,
               struct fault *fault);

#endif
