/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sha256_armv8m: the compression function in Thumb-2: what sha256_blocks.c says. The 64 words of the message schedule
 * stand on the stack, made first; then r0 to r7 are the eight letters. CT: no branch and no address depends on a value.
 */
    .syntax unified
    .thumb
    .section .rodata.sha256_constants, "a"
    .align 2
constants:
    .word 0x428A2F98, 0x71374491, 0xB5C0FBCF, 0xE9B5DBA5, 0x3956C25B, 0x59F111F1, 0x923F82A4, 0xAB1C5ED5
    .word 0xD807AA98, 0x12835B01, 0x243185BE, 0x550C7DC3, 0x72BE5D74, 0x80DEB1FE, 0x9BDC06A7, 0xC19BF174
    .word 0xE49B69C1, 0xEFBE4786, 0x0FC19DC6, 0x240CA1CC, 0x2DE92C6F, 0x4A7484AA, 0x5CB0A9DC, 0x76F988DA
    .word 0x983E5152, 0xA831C66D, 0xB00327C8, 0xBF597FC7, 0xC6E00BF3, 0xD5A79147, 0x06CA6351, 0x14292967
    .word 0x27B70A85, 0x2E1B2138, 0x4D2C6DFC, 0x53380D13, 0x650A7354, 0x766A0ABB, 0x81C2C92E, 0x92722C85
    .word 0xA2BFE8A1, 0xA81A664B, 0xC24B8B70, 0xC76C51A3, 0xD192E819, 0xD6990624, 0xF40E3585, 0x106AA070
    .word 0x19A4C116, 0x1E376C08, 0x2748774C, 0x34B0BCB5, 0x391C0CB3, 0x4ED8AA4A, 0x5B9CCA4F, 0x682E6FF3
    .word 0x748F82EE, 0x78A5636F, 0x84C87814, 0x8CC70208, 0x90BEFFFA, 0xA4506CEB, 0xBEF9A3F7, 0xC67178F2

    .section .text.sha256_blocks, "ax"
    .global sha256_blocks
    .type sha256_blocks, %function

/* On the stack: the schedule, then the arguments. */
    .equ H, 256
    .equ IN, 260
    .equ COUNT, 264

/* out = sum + ((v >>> first) ^ (v >>> second) ^ (v >> third)), `between` = second - first */
.macro sigma out, sum, v, between, first, third
    eor r10, \v, \v, ror #\between
    lsr r11, \v, #\third
    eor r11, r11, r10, ror #\first
    add \out, \sum, r11
.endm

/* ab becomes a ^ b; bc is b ^ c, left by the round before. */
.macro round a, b, c, d, e, f, g, h, ab, bc
    ldr r10, [r8], #4
    ldr lr, [r9], #4
    add \h, \h, r10
    add \h, \h, lr
    eor r10, \e, \e, ror #5
    eor r10, r10, \e, ror #19
    add \h, \h, r10, ror #6
    eor r10, \f, \g
    and r10, r10, \e
    eor r10, r10, \g
    add \h, \h, r10
    add \d, \d, \h
    eor \ab, \a, \b
    and \bc, \bc, \ab
    eor \bc, \bc, \b
    add \h, \h, \bc
    eor r10, \a, \a, ror #11
    eor r10, r10, \a, ror #20
    add \h, \h, r10, ror #2
.endm

sha256_blocks:
    push {r0-r2, r4-r11, lr}
    cmp r2, #0
    beq 5f
    sub sp, sp, #256
1:  mov r8, sp
    mov r9, #4
2:  ldr r4, [r1, #4]
    ldr r5, [r1, #8]
    ldr r6, [r1, #12]
    ldr r3, [r1], #16
    rev r3, r3
    rev r4, r4
    rev r5, r5
    rev r6, r6
    stm r8!, {r3-r6}
    subs r9, r9, #1
    bne 2b
    str r1, [sp, #IN]
    /* Two words a turn: r2 = w[t - 16], r5 = w[t - 2], r6 = w[t - 1], r8 is where w[t - 2] stands. */
    subs r8, r8, #8
    ldr r2, [sp]
    mov r9, #24
3:  ldrd r3, r4, [r8, #-20]
    add r7, r2, r3
    ldrd r0, r2, [r8, #-52]
    sigma r7, r7, r0, 11, 7, 3
    sigma r5, r7, r5, 2, 17, 10
    add r7, r0, r4
    sigma r7, r7, r2, 11, 7, 3
    sigma r6, r7, r6, 2, 17, 10
    strd r5, r6, [r8, #8]!
    subs r9, r9, #1
    bne 3b
    ldr r8, [sp, #H]
    ldm r8, {r0-r7}
    mov r8, sp
    ldr r9, =constants
    eor r12, r1, r2
4:  round r0, r1, r2, r3, r4, r5, r6, r7, r11, r12
    round r7, r0, r1, r2, r3, r4, r5, r6, r12, r11
    round r6, r7, r0, r1, r2, r3, r4, r5, r11, r12
    round r5, r6, r7, r0, r1, r2, r3, r4, r12, r11
    round r4, r5, r6, r7, r0, r1, r2, r3, r11, r12
    round r3, r4, r5, r6, r7, r0, r1, r2, r12, r11
    round r2, r3, r4, r5, r6, r7, r0, r1, r11, r12
    round r1, r2, r3, r4, r5, r6, r7, r0, r12, r11
    sub lr, sp, r8
    cmn lr, #256
    bne 4b
    ldr r8, [sp, #H]
    ldm r8, {r9-r12}
    add r0, r0, r9
    add r1, r1, r10
    add r2, r2, r11
    add r3, r3, r12
    stm r8!, {r0-r3}
    ldm r8, {r9-r12}
    add r4, r4, r9
    add r5, r5, r10
    add r6, r6, r11
    add r7, r7, r12
    stm r8, {r4-r7}
    ldrd r1, r2, [sp, #IN]
    subs r2, r2, #1
    str r2, [sp, #COUNT]
    bne 1b
    /* The schedule may be of a key. */
    movs r0, #0
    mov r1, #64
6:  str r0, [sp], #4
    subs r1, r1, #1
    bne 6b
5:  add sp, sp, #12
    pop {r4-r11, pc}
    .size sha256_blocks, . - sha256_blocks
