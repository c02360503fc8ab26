/* SPDX-License-Identifier: Apache-2.0 */
/* chip_echoes CHIP COUNT: sends COUNT echo requests over the data link of a virtual chip, each once, and tells how many
 * got no answer. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/device/device.h"

int main(int argc, char **argv)
{
    struct smp_link link;
    struct fault fault;
    char text[257];
    long lost = 0;
    memset(&fault, 0, sizeof fault);
    if (argc != 3 || smp_line_chip_open(&link, argv[1], &fault) != 0) {
        (void)fprintf(stderr, "usage: chip_echoes CHIP COUNT, with a chip that runs\n");
        return 2;
    }
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    link.tries = 1;
    link.timeout_ms = 10000;
    for (long left = strtol(argv[2], NULL, 10); left > 0; left--) {
        lost += device_echo(&link, text, &fault) != 0;
    }
    smp_link_close(&link);
    (void)printf("%ld requests were lost\n", lost);
    return lost == 0 ? 0 : 1;
}
