/* SPDX-License-Identifier: Apache-2.0 */
/*
 * smp_map: the maps of SMP requests. Clients of that protocol do not sort their keys, and some send maps of indefinite
 * length; both are read here, and here only. Everything inside the maps is as strict as elsewhere.
 */
#ifndef WIRE_SMP_MAP_H
#define WIRE_SMP_MAP_H

#include "base/cbor.h"

struct smp_map {
    struct cbor_reader *reader;
    uint64_t left;
    int endless; /* of indefinite length: ends with a break */
};

struct smp_map smp_map_open(struct cbor_reader *r);
/* 1 when there is a further pair; its key, a text, is stored and its value is next. 0 at the end or after an error. */
int smp_map_next(struct smp_map *map, struct bytes *key);
/* 1 when `key` is `text`. */
int smp_key_is(struct bytes key, const char *text);

/* What answers are made of. */
/* The decimal digits, without a NUL; gives how many. */
#define SMP_NUMBER_MAX 10
size_t smp_number_write(uint32_t value, char out[SMP_NUMBER_MAX]);

void smp_pair_uint(struct cbor_writer *w, const char *key, uint64_t value);
void smp_pair_bool(struct cbor_writer *w, const char *key, int value);
void smp_pair_text(struct cbor_writer *w, const char *key, const char *text);
void smp_pair_bytes(struct cbor_writer *w, const char *key, struct bytes value);

#endif
