/* SPDX-License-Identifier: Apache-2.0 */
/* aes_armv8m: encryption of one block in Thumb-2: what aes_block.c says. A round goes from r4-r7 to r8-r11. */
    .syntax unified
    .thumb
    .section .text.aes_block_encrypt, "ax"
    .global aes_block_encrypt
    .type aes_block_encrypt, %function

/* out (it holds the round key's word) ^= the column of a, b, c, d */
.macro column out, a, b, c, d
    uxtb r12, \a
    uxtb lr, \b, ror #8
    ldr r12, [r3, r12, lsl #2]
    ldr lr, [r3, lr, lsl #2]
    eor \out, \out, r12
    eor \out, \out, lr, ror #24
    uxtb r12, \c, ror #16
    lsr lr, \d, #24
    ldr r12, [r3, r12, lsl #2]
    ldr lr, [r3, lr, lsl #2]
    eor \out, \out, r12, ror #16
    eor \out, \out, lr, ror #8
.endm

/* The same without MixColumns; r3 is one byte further on, at S of the first entry. */
.macro last out, a, b, c, d
    uxtb r12, \a
    uxtb lr, \b, ror #8
    ldrb r12, [r3, r12, lsl #2]
    ldrb lr, [r3, lr, lsl #2]
    eor \out, \out, r12
    eor \out, \out, lr, lsl #8
    uxtb r12, \c, ror #16
    lsr lr, \d, #24
    ldrb r12, [r3, r12, lsl #2]
    ldrb lr, [r3, lr, lsl #2]
    eor \out, \out, r12, lsl #16
    eor \out, \out, lr, lsl #24
.endm

aes_block_encrypt:
    push {r2, r4-r11, lr}
    ldm r1, {r8-r11}
    ldm r0!, {r4-r7}
    eor r4, r4, r8
    eor r5, r5, r9
    eor r6, r6, r10
    eor r7, r7, r11
    add r1, r0, #144
    ldr r3, =aes_table
1:  ldm r0!, {r8-r11}
    column r8, r4, r5, r6, r7
    column r9, r5, r6, r7, r4
    column r10, r6, r7, r4, r5
    column r11, r7, r4, r5, r6
    mov r4, r8
    mov r5, r9
    mov r6, r10
    mov r7, r11
    cmp r0, r1
    bne 1b
    add r3, r3, #1
    ldm r0, {r8-r11}
    last r8, r4, r5, r6, r7
    last r9, r5, r6, r7, r4
    last r10, r6, r7, r4, r5
    last r11, r7, r4, r5, r6
    pop {r2}
    stm r2, {r8-r11}
    pop {r4-r11, pc}
    .size aes_block_encrypt, . - aes_block_encrypt
