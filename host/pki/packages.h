/* SPDX-License-Identifier: Apache-2.0 */
/* packages: which production packages the maker gave to an appliance: pki/appliances/<name>/packages.txt, one line
 * each,
 * "<number> <quota> <SHA-256 of the package>", and a line in pki/appliances.txt. */
#ifndef HOST_PKI_PACKAGES_H
#define HOST_PKI_PACKAGES_H

#include "host/lib/project.h"

struct pki_package {
    const char *appliance;
    uint64_t number;
    uint64_t quota;
};

/* A number must be above every one before. A missing file: none was given yet. */
int pki_packages_check(const struct project *project, const struct pki_package *package, struct fault *fault);
/* Notes a package, before it leaves. cut: a package may be noted that nobody got; its number is not given again. */
int pki_packages_note(const struct project *project, const struct pki_package *package, const uint8_t digest[32],
                      struct fault *fault);

/* One that was given; anything but 0 ends the walk. */
typedef int (*pki_packages_each)(void *context, const struct pki_package *package, const uint8_t digest[32]);
/* All that an appliance was given, in their order. 0, also when it was given none; -1 on a fault; or what `each` gave.
 */
int pki_packages_walk(const struct project *project, const char *appliance, pki_packages_each each, void *context,
                      struct fault *fault);

#endif
