/* SPDX-License-Identifier: Apache-2.0 */
/* psa_answers: known answers of every group of PSA Crypto, asked through the standard's functions only: for the host
 * and for an application on the chip. */
#ifndef TESTS_UNIT_PSA_ANSWERS_H
#define TESTS_UNIT_PSA_ANSWERS_H

#include <stddef.h>

struct psa_answer {
    const char *name;
    int (*holds)(void); /* 1 when all is as the standard says; then nothing is left behind */
};
extern const struct psa_answer psa_answers[];
extern const size_t psa_answers_count;

#endif
