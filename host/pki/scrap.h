/* SPDX-License-Identifier: Apache-2.0 */
/* scrap: what the maker keeps of orders to scrap a unit: a line in pki/appliances.txt for each, before it leaves. */
#ifndef HOST_PKI_SCRAP_H
#define HOST_PKI_SCRAP_H

#include "host/lib/project.h"

/* The public key of an appliance's records certificate, checked to the root. */
int pki_records_key(const struct project *project, const char *appliance, uint8_t key[64], struct fault *fault);
/* Notes an order for the chip with this unique ID (hexadecimal). */
int pki_scrap_note(const struct project *project, const char *appliance, const char *uid, struct fault *fault);

#endif
