/* SPDX-License-Identifier: Apache-2.0 */
/* tls_none: for applications without TLS. */
#include "app/tls.h"

int tls_command(const struct smp_head *head, struct cbor_reader *body, struct cbor_writer *answer)
{
    (void)head, (void)body, (void)answer;
    return 0;
}
