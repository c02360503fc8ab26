/* SPDX-License-Identifier: Apache-2.0 */
/* entries: writes the table of entry points (windlass/entries.h). The functions behind it are in the veneer
 * files; the table leads to the linker's stubs for them, whose own SG does nothing in the secure state. */
#include "boot/stage.h"

#include "windlass/entries.h"

#define INSTRUCTION_SG 0xE97FE97Fu
#define INSTRUCTION_LDR_PC 0xF000F8DFu /* LDR.W PC, [PC, #0]: the next word */
#define INSTRUCTION_UDF 0xDEFEDEFEu

#define ENTRY(number, name) extern void name(void);
SBM_ENTRIES(ENTRY)
#undef ENTRY

static void entry_write(uint32_t *table, unsigned number, void (*function)(void))
{
    uint32_t *entry = table + number * (SBM_ENTRY_LEN / 4);
    entry[0] = INSTRUCTION_SG;
    entry[1] = INSTRUCTION_LDR_PC;
    entry[2] = (uint32_t)(uintptr_t)function;
    entry[3] = INSTRUCTION_UDF;
}

void stage_entries_write(uint32_t *table, uint32_t table_len)
{
    for (uint32_t i = 0; i < table_len / 4; i++) {
        table[i] = INSTRUCTION_UDF; /* an SG that lies there by chance would be a door */
    }
#define ENTRY(number, name) entry_write(table, number, name);
    SBM_ENTRIES(ENTRY)
#undef ENTRY
}
