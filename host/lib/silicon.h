/* SPDX-License-Identifier: Apache-2.0 */
/* silicon: the silicon vendors whose chips a product is made of: their CA certificates, as the maker names them in
 * product.yaml and as a production package carries them. Whatever key they have. */
#ifndef HOST_LIB_SILICON_H
#define HOST_LIB_SILICON_H

#include "host/lib/cert.h"
#include "host/lib/project.h"

#define SILICON_VENDORS_MAX 8
#define SILICON_DER_MAX (SILICON_VENDORS_MAX * CERT_DER_MAX) /* bytes of all */

/* Reads the file that the profile's chip_vendors names: DER, one after the other; *len is 0 when it names none. Fault
 * when one is no CA certificate. */
int silicon_read(const struct project *project, uint8_t out[SILICON_DER_MAX], size_t *len, struct fault *fault);
/* Takes them apart. */
int silicon_parse(struct bytes der, struct cert out[SILICON_VENDORS_MAX], size_t *count, struct fault *fault);

#endif
