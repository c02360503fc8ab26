/* SPDX-License-Identifier: Apache-2.0 */
/* image_elf: ELF executables for Arm (System V ABI, ELF for the Arm Architecture): PT_LOAD segments by physical
 * address. */
#include <gelf.h>
#include <inttypes.h>
#include <libelf.h>
#include <stdio.h>

#include "host/master/image_flat.h"

#define SEGMENTS_MAX 64

static int elf_refuse(const char *name, const char *why, struct fault *fault)
{
    (void)fault_set(fault, "%s: %s", name, why);
    return fault_hint(fault, "give the linked executable for Arm (32 bit, little-endian), or --format hex or bin");
}

static int header_check(const char *name, Elf *elf, struct fault *fault)
{
    GElf_Ehdr header;
    if (elf_kind(elf) != ELF_K_ELF || gelf_getehdr(elf, &header) == NULL) {
        return elf_refuse(name, "not a whole ELF file", fault);
    }
    if (header.e_ident[EI_CLASS] != ELFCLASS32 || header.e_ident[EI_DATA] != ELFDATA2LSB ||
        header.e_machine != EM_ARM) {
        return elf_refuse(name, "not ELF for 32-bit little-endian Arm", fault);
    }
    if (header.e_type != ET_EXEC) {
        return elf_refuse(name, "not an executable (ET_EXEC): an object file or a library", fault);
    }
    return 0;
}

static int segment_put(const char *name, size_t index, const GElf_Phdr *segment, struct bytes file,
                       struct image_flat *flat, struct fault *fault)
{
    char where[320];
    (void)snprintf(where, sizeof where, "%.280s: segment %zu", name, index);
    if (segment->p_type != PT_LOAD || segment->p_filesz == 0) {
        return 0;
    }
    if (segment->p_offset > file.len || segment->p_filesz > file.len - segment->p_offset) {
        (void)fault_set(fault, "%s: %" PRIu64 " bytes at file offset %" PRIu64 " lie beyond the end of the file", where,
                        (uint64_t)segment->p_filesz, (uint64_t)segment->p_offset);
        return fault_hint(fault, "the file was cut off: build or copy it again");
    }
    if (segment->p_filesz > segment->p_memsz) {
        return fault_set(fault, "%s: larger in the file than in memory", where);
    }
    return image_flat_put(flat, segment->p_paddr, bytes_of(file.data + segment->p_offset, (size_t)segment->p_filesz),
                          where, fault);
}

static int segments_read(const char *name, Elf *elf, struct bytes file, struct image_flat *flat, struct fault *fault)
{
    size_t count = 0;
    if (header_check(name, elf, fault) != 0) {
        return -1;
    }
    if (elf_getphdrnum(elf, &count) != 0 || count == 0) {
        return elf_refuse(name, "has no program headers: nothing to load", fault);
    }
    if (count > SEGMENTS_MAX) {
        return elf_refuse(name, "has more than 64 program headers", fault);
    }
    for (size_t i = 0; i < count; i++) {
        GElf_Phdr segment;
        if (gelf_getphdr(elf, (int)i, &segment) == NULL) {
            return elf_refuse(name, "its program headers lie beyond the end of the file", fault);
        }
        if (segment_put(name, i, &segment, file, flat, fault) != 0) {
            return -1;
        }
    }
    return flat->len > 0 ? 0 : elf_refuse(name, "has no segment to load", fault);
}

int image_elf_read(const char *name, struct bytes file, struct image_flat *flat, struct fault *fault)
{
    if (elf_version(EV_CURRENT) == EV_NONE) {
        return fault_set(fault, "libelf is too old for this program");
    }
    Elf *elf = file.len == 0 ? NULL : elf_memory((char *)(uintptr_t)file.data, file.len);
    if (elf == NULL) {
        return elf_refuse(name, "not a whole ELF file", fault);
    }
    int result = segments_read(name, elf, file, flat, fault);
    (void)elf_end(elf);
    return result;
}
