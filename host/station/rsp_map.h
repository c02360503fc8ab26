/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rsp_map: the memory map of a GDB server (GDB manual, appendix E.15 "Memory Map Format"): which flash there is.
 * Reads only what it must and refuses the rest.
 */
#ifndef HOST_STATION_RSP_MAP_H
#define HOST_STATION_RSP_MAP_H

#include "base/bytes.h"
#include "host/lib/fault.h"

#define RSP_MAP_REGIONS_MAX 32
#define RSP_MAP_XML_MAX 65536u

struct rsp_region {
    int is_flash;
    uint64_t addr;
    uint64_t len;
    uint64_t sector_len; /* flash: 0 when not told */
};

struct rsp_map {
    size_t count;
    struct rsp_region regions[RSP_MAP_REGIONS_MAX];
};

int rsp_map_parse(struct bytes xml, struct rsp_map *out, struct fault *fault);
/* 0 when one flash region holds all of [addr, addr + len) and its sectors divide `sector_len`. */
int rsp_map_flash_check(const struct rsp_map *map, uint32_t addr, uint32_t len, uint32_t sector_len,
                        struct fault *fault);

#endif
