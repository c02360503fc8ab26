/* SPDX-License-Identifier: Apache-2.0 */
/*
 * field: see field.h; for Armv8-M Mainline with the DSP extension (Cortex-M33). UMAAL does x y + a + b in one step.
 * time: the same for all values: no branch and no address depends on one, and UMAAL takes a fixed time on these cores.
 */
    .syntax unified
    .thumb

    .macro function name
    .section .text.\name, "ax", %progbits
    .balign 4
    .global \name
    .type \name, %function
    .thumb_func
\name:
    .endm

/*
 * p256_field_mul. Row i adds a b[i] to t, then m p with m = t0, and drops the lowest limb, which has become 0; t stays
 * below 2 p. p = 2^256 - 2^224 + 2^192 + 2^96 - 1, so m p = m (2^32 - 1) 2^224 + m 2^192 + m 2^96 - m: no product.
 * The registers turn by one with each row: r4-r12, lr hold t0..t8 and the carry. The top limb is kept less one (0 or
 * -1): that is what SBC makes of the carry flag, and what the next sum wants. Registers: r0 b[i], r1 a, r2 r3 scratch.
 */
    .macro row i, t0, t1, t2, t3, t4, t5, t6, t7, carry, top
    ldr r0, [sp, #4 * \i]
    ldrd r2, r3, [r1]
    .if \i == 0
    umull \t0, \carry, r2, r0
    .else
    mov \carry, #0
    umaal \t0, \carry, r2, r0
    .endif
    umaal \t1, \carry, r3, r0
    ldrd r2, r3, [r1, #8]
    umaal \t2, \carry, r2, r0
    umaal \t3, \carry, r3, r0
    ldrd r2, r3, [r1, #16]
    umaal \t4, \carry, r2, r0
    umaal \t5, \carry, r3, r0
    ldrd r2, r3, [r1, #24]
    umaal \t6, \carry, r2, r0
    umaal \t7, \carry, r3, r0
    rsbs r2, \t0, #0            /* r3:r2 = m (2^32 - 1) + top 2^32 */
    adc r3, \t0, \top
    adds \t3, \t3, \t0
    adcs \t4, \t4, #0
    adcs \t5, \t5, #0
    adcs \t6, \t6, \t0
    adcs \t7, \t7, r2
    adcs \carry, \carry, r3
    sbc \t0, \t0, \t0
    .if \i < 7
    row "(\i + 1)", \t1, \t2, \t3, \t4, \t5, \t6, \t7, \carry, \top, \t0
    .endif
    .endm

    function p256_field_mul
    push {r0, r4-r11, lr}
    ldm r2, {r4-r11}
    push {r4-r11}
    mov r7, #0
    mov r8, #0
    mov r9, #0
    mov r10, #0
    mov r11, #0
    mov r12, #0
    mov lr, #0
    mvn r5, #0
    row 0, r6, r7, r8, r9, r10, r11, r12, lr, r4, r5
    /* r4-r11 = t - p where that is not negative, else t; lr holds t's top limb less one. */
field_reduce:
    adds r4, r4, #1
    adcs r5, r5, #0
    adcs r6, r6, #0
    sbcs r7, r7, #0
    sbcs r8, r8, #0
    sbcs r9, r9, #0
    sbcs r10, r10, #1
    adcs r11, r11, #0
    adc lr, lr, #0
    /* r4-r11 += p under the mask lr. */
field_restore:
    adds r4, r4, lr
    adcs r5, r5, lr
    adcs r6, r6, lr
    adcs r7, r7, #0
    adcs r8, r8, #0
    adcs r9, r9, #0
    adcs r10, r10, lr, lsr #31
    adc r11, r11, lr
    ldr r0, [sp, #32]
    stm r0, {r4-r11}
    add sp, sp, #36
    pop {r4-r11, pc}

    /* Both start in p256_field_mul's frame and end in its tail. */
    function p256_field_add
    push {r0, r4-r11, lr}
    sub sp, sp, #32
    ldm r1, {r4-r11}
    ldm r2!, {r0, r1, r3, r12}
    adds r4, r4, r0
    adcs r5, r5, r1
    adcs r6, r6, r3
    adcs r7, r7, r12
    ldm r2, {r0, r1, r3, r12}
    adcs r8, r8, r0
    adcs r9, r9, r1
    adcs r10, r10, r3
    adcs r11, r11, r12
    sbc lr, lr, lr
    b field_reduce

    function p256_field_sub
    push {r0, r4-r11, lr}
    sub sp, sp, #32
    ldm r1, {r4-r11}
    ldm r2!, {r0, r1, r3, r12}
    subs r4, r4, r0
    sbcs r5, r5, r1
    sbcs r6, r6, r3
    sbcs r7, r7, r12
    ldm r2, {r0, r1, r3, r12}
    sbcs r8, r8, r0
    sbcs r9, r9, r1
    sbcs r10, r10, r3
    sbcs r11, r11, r12
    sbc lr, lr, lr
    b field_restore

/*
 * p256_scalar_mul: the same rows in a loop, for n, which has no helpful form: m = t0 (-1 / n). r4-r11, r12, lr hold t.
 * On the stack: b's next limb, b's end, out, a.
 */
    .macro order_limb t, offset
    ldr r2, [r1, #\offset]
    umaal \t, r3, r2, r0
    .endm

    function p256_scalar_mul
    push {r0, r1, r4-r11, lr}
    add r3, r2, #32
    push {r2, r3}
    mov r4, #0
    mov r5, #0
    mov r6, #0
    mov r7, #0
    mov r8, #0
    mov r9, #0
    mov r10, #0
    mov r11, #0
    mov lr, #0
1:
    ldr r3, [sp]
    ldr r1, [sp, #12]
    ldr r0, [r3], #4
    str r3, [sp]
    mov r12, #0
    ldrd r2, r3, [r1]
    umaal r4, r12, r2, r0
    umaal r5, r12, r3, r0
    ldrd r2, r3, [r1, #8]
    umaal r6, r12, r2, r0
    umaal r7, r12, r3, r0
    ldrd r2, r3, [r1, #16]
    umaal r8, r12, r2, r0
    umaal r9, r12, r3, r0
    ldrd r2, r3, [r1, #24]
    umaal r10, r12, r2, r0
    umaal r11, r12, r3, r0
    adds r12, r12, lr
    mov lr, #0
    adc lr, lr, #0
    ldr r3, =0xEE00BC4F
    ldr r1, =p256_order
    mul r0, r4, r3
    mov r3, #0
    order_limb r4, 0
    order_limb r5, 4
    order_limb r6, 8
    order_limb r7, 12
    order_limb r8, 16
    order_limb r9, 20
    order_limb r10, 24
    order_limb r11, 28
    mov r4, r5
    mov r5, r6
    mov r6, r7
    mov r7, r8
    mov r8, r9
    mov r9, r10
    mov r10, r11
    adds r11, r12, r3
    adc lr, lr, #0
    ldrd r2, r3, [sp]
    cmp r2, r3
    bne 1b
    /* t - n; where that is negative, n is added again. */
    .macro order_add first, second, one, two
    ldm r1!, {r2, r3}
    and r2, r2, lr
    and r3, r3, lr
    \first \one, \one, r2
    \second \two, \two, r3
    .endm
    ldm r1!, {r2, r3}
    subs r4, r4, r2
    sbcs r5, r5, r3
    ldm r1!, {r2, r3}
    sbcs r6, r6, r2
    sbcs r7, r7, r3
    ldm r1!, {r2, r3}
    sbcs r8, r8, r2
    sbcs r9, r9, r3
    ldm r1!, {r2, r3}
    sbcs r10, r10, r2
    sbcs r11, r11, r3
    sbc lr, lr, #0
    sub r1, r1, #32
    order_add adds, adcs, r4, r5
    order_add adcs, adcs, r6, r7
    order_add adcs, adcs, r8, r9
    order_add adcs, adc, r10, r11
    ldr r0, [sp, #8]
    stm r0, {r4-r11}
    add sp, sp, #16
    pop {r4-r11, pc}
    .pool
