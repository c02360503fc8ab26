/* SPDX-License-Identifier: Apache-2.0 */
/* erases: counts the erases of an update whose image fills 24 sectors of the simulated board, and of its way back, by
 * running them. Prints "NAME NUMBER" lines for tools/bench. */
#include <stdio.h>
#include <stdlib.h>

#include "ports/sim/sim_board.h"
#include "tests/unit/boot_maker.h"
#include "tests/unit/boot_rig.h"

#define SECTOR_LEN 4096u
#define SECTORS 24u
#define IMAGE_LEN (SECTORS * SECTOR_LEN)

static struct maker maker;
static struct sim machine;
static uint8_t package[IMAGE_LEN + 4096];

static size_t package_make(uint64_t sequence)
{
    size_t block_len;
    const struct maker_package spec = maker_package_right(&maker, sequence, IMAGE_LEN);
    return maker_package_write(&spec, package, sizeof package, &block_len);
}

static void must(int condition, const char *what)
{
    if (!condition) {
        (void)fprintf(stderr, "erases: %s did not go as it should\n", what);
        exit(1);
    }
}

static uint32_t erases_since(uint32_t *before)
{
    uint32_t count = machine.erases - *before;
    *before = machine.erases;
    return count;
}

int main(void)
{
    uint32_t before = 0;
    unsigned most = 0;
    maker_start(&maker);
    sim_make(&machine, SECTOR_LEN, 16, 0xFF);
    maker_geometry(&machine);
    maker_provision(&maker, &machine, package, package_make(1));
    must(rig_boot(&machine) == SIM_STARTED_APPLICATION && rig_runs(&machine, 1, IMAGE_LEN), "the first boot");
    memset(sim_board.erased, 0, sizeof sim_board.erased);
    before = machine.erases;
    rig_update_set(bytes_of(package, package_make(2)));
    (void)sim_run(&machine, rig_update_run);
    must(rig_result == PSA_SUCCESS_REBOOT, "the update's arrival");
    (void)printf("erases.arrival.24sectors %u\n", erases_since(&before));
    must(rig_boot(&machine) == SIM_STARTED_APPLICATION && rig_runs(&machine, 2, IMAGE_LEN), "the installation");
    (void)printf("erases.install.24sectors %u\n", erases_since(&before));
    for (unsigned boots = 0; boots < 3; boots++) {
        must(rig_boot(&machine) == SIM_STARTED_APPLICATION && rig_runs(&machine, 2, IMAGE_LEN), "a boot on trial");
    }
    must(rig_boot(&machine) == SIM_STARTED_APPLICATION && rig_runs(&machine, 1, IMAGE_LEN), "the way back");
    (void)printf("erases.revert.24sectors %u\n", erases_since(&before));
    for (size_t i = 0; i < sizeof sim_board.erased / sizeof sim_board.erased[0]; i++) {
        most = sim_board.erased[i] > most ? sim_board.erased[i] : most;
    }
    (void)printf("erases.most_of_one_sector %u\n", most);
    return 0;
}
