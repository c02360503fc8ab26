/* SPDX-License-Identifier: Apache-2.0 */
/*
 * poly1305_armv8m: the inner loop of Poly1305 in Thumb-2 with the DSP extension: what poly1305_blocks.c says, one row of
 * products for each word of h. The row's four factors rotate through r5 to r8: each row, a word of r gives way to one of
 * s. The sum of products stands in r9 to r12 and lr. CT: no branch and no address depends on a value.
 */
    .syntax unified
    .thumb
    .section .text.poly1305_blocks, "ax"
    .global poly1305_blocks
    .type poly1305_blocks, %function

/* On the stack: r[0] to r[3], s[0] to s[2], then the arguments. */
    .equ S1, 16
    .equ S2, 20
    .equ S3, 24
    .equ P, 28
    .equ IN, 32
    .equ TOP, 40

/* Adds h x the four factors; r0 is free from the first row on. */
.macro row h, k0, k1, k2, k3
    mov r0, #0
    umlal r9, r0, \h, \k0
    umaal r10, r0, \h, \k1
    umaal r11, r0, \h, \k2
    umaal r12, r0, \h, \k3
    add lr, lr, r0
.endm

poly1305_blocks:
    push {r4-r11, lr}
    add r2, r1, r2, lsl #4
    push {r0-r3}
    add r12, r0, #20
    ldm r12, {r5-r11}
    push {r5-r11}
    mov r12, r0
    mov r9, r1
    mov r10, r2
    ldm r12, {r0-r4}
    b 2f
1:  ldr r10, [r9, #4]
    ldr r11, [r9, #8]
    ldr r12, [r9, #12]
    ldr lr, [r9], #16
    str r9, [sp, #IN]
    ldr r9, [sp, #TOP]
    adds r0, r0, lr
    adcs r1, r1, r10
    adcs r2, r2, r11
    adcs r3, r3, r12
    adc r4, r4, r9
    ldm sp, {r5-r8}
    umull r9, r10, r0, r5
    mov r11, #0
    umlal r10, r11, r0, r6
    mov r12, #0
    umlal r11, r12, r0, r7
    mov lr, #0
    umlal r12, lr, r0, r8
    ldr r8, [sp, #S3]
    row r1, r8, r5, r6, r7
    ldr r7, [sp, #S2]
    row r2, r7, r8, r5, r6
    ldr r6, [sp, #S1]
    row r3, r6, r7, r8, r5
    mov r0, #0
    umlal r10, r0, r4, r6
    umaal r11, r0, r4, r7
    umaal r12, r0, r4, r8
    mla lr, r4, r5, lr
    add lr, lr, r0
    and r4, lr, #3
    bic lr, lr, #3
    add lr, lr, lr, lsr #2
    adds r0, r9, lr
    adcs r1, r10, #0
    adcs r2, r11, #0
    adcs r3, r12, #0
    adc r4, r4, #0
    ldrd r9, r10, [sp, #IN]
2:  cmp r9, r10
    bne 1b
    ldr r12, [sp, #P]
    stm r12, {r0-r4}
    /* What stood on the stack is the key. */
    movs r0, #0
    movs r1, #0
    strd r0, r1, [sp], #8
    strd r0, r1, [sp], #8
    strd r0, r1, [sp], #8
    str r0, [sp], #20
    pop {r4-r11, pc}
    .size poly1305_blocks, . - poly1305_blocks
