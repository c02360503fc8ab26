/* SPDX-License-Identifier: Apache-2.0 */
/*
 * count_plugin: a QEMU TCG plugin (API version 1) that counts executed instructions and notes the count when an address
 * is executed for the first time. Use: -plugin count.so,out=FILE,mark=NAME:ADDRESS,mark=... Each mark gives a line
 * "NAME COUNT" in FILE. The instruction at the mark itself is not counted. stack=LOW:HIGH adds lines "stack BYTES": how
 * far stores reached down from HIGH between the first mark and the second, whenever that grows. QEMU ships no header:
 * the few declarations needed stand here (docs/devel/tcg-plugins of QEMU 7.2).
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))
#define MARKS_MAX 16

struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_info_t;
typedef uint64_t qemu_plugin_id_t;
typedef void (*tb_trans_cb)(qemu_plugin_id_t id, struct qemu_plugin_tb *tb);
typedef void (*exec_cb)(unsigned vcpu, void *user);

typedef void (*mem_cb)(unsigned vcpu, uint32_t info, uint64_t vaddr, void *user);

enum { PLUGIN_NO_REGS = 0, PLUGIN_INLINE_ADD_U64 = 0, PLUGIN_MEM_W = 2 };

void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id, tb_trans_cb cb);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t index);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, exec_cb cb, int flags, void *user);
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *insn, int op, void *counter, uint64_t by);
void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *insn, mem_cb cb, int flags, int rw, void *user);

EXPORT int qemu_plugin_version = 1;
EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info_t *info, int argc, char **argv);

static struct mark {
    char name[32];
    uint64_t address;
    int seen;
} marks[MARKS_MAX];
static size_t mark_count;
static uint64_t executed;
static FILE *out;
static uint64_t stack_low;
static uint64_t stack_high;
static uint64_t stack_deepest;

static void stored(unsigned vcpu, uint32_t info, uint64_t vaddr, void *user)
{
    (void)vcpu;
    (void)info;
    (void)user;
    if (marks[0].seen && !marks[1].seen && vaddr >= stack_low && vaddr < stack_high &&
        stack_high - vaddr > stack_deepest) {
        stack_deepest = stack_high - vaddr;
        (void)fprintf(out, "stack %llu\n", (unsigned long long)stack_deepest);
        (void)fflush(out);
    }
}

static void mark_reached(unsigned vcpu, void *user)
{
    struct mark *mark = user;
    (void)vcpu;
    if (!mark->seen) {
        mark->seen = 1;
        (void)fprintf(out, "%s %llu\n", mark->name, (unsigned long long)executed);
        (void)fflush(out);
    }
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
    (void)id;
    for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
        for (size_t m = 0; m < mark_count; m++) {
            if (qemu_plugin_insn_vaddr(insn) == marks[m].address) {
                qemu_plugin_register_vcpu_insn_exec_cb(insn, mark_reached, PLUGIN_NO_REGS, &marks[m]);
            }
        }
        qemu_plugin_register_vcpu_insn_exec_inline(insn, PLUGIN_INLINE_ADD_U64, &executed, 1);
        if (stack_high != 0) {
            qemu_plugin_register_vcpu_mem_cb(insn, stored, PLUGIN_NO_REGS, PLUGIN_MEM_W, NULL);
        }
    }
}

static int mark_add(const char *text)
{
    const char *colon = strchr(text, ':');
    if (colon == NULL || mark_count == MARKS_MAX || (size_t)(colon - text) >= sizeof marks[0].name) {
        return -1;
    }
    memcpy(marks[mark_count].name, text, (size_t)(colon - text));
    marks[mark_count].address = strtoull(colon + 1, NULL, 0) & ~1ull;
    mark_count++;
    return 0;
}

EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info_t *info, int argc, char **argv)
{
    (void)info;
    for (int i = 0; i < argc; i++) {
        if (strncmp(argv[i], "out=", 4) == 0) {
            out = fopen(argv[i] + 4, "w");
        } else if (strncmp(argv[i], "stack=", 6) == 0 && strchr(argv[i], ':') != NULL) {
            stack_low = strtoull(argv[i] + 6, NULL, 0);
            stack_high = strtoull(strchr(argv[i], ':') + 1, NULL, 0);
        } else if (strncmp(argv[i], "mark=", 5) != 0 || mark_add(argv[i] + 5) != 0) {
            (void)fprintf(stderr, "count: bad argument %s\n", argv[i]);
            return -1;
        }
    }
    if (out == NULL) {
        (void)fprintf(stderr, "count: no out=FILE, or it cannot be written\n");
        return -1;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    return 0;
}
