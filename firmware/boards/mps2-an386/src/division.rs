//! Dividing numbers of 64 bits, for the calls that the compiler makes by itself.
//!
//! The language brings its own, made for speed: 0.9 KB. These find one bit after the other, which is quick enough for times and distances,
//! and take a tenth. Invariant: each has the registers of the "Run-time ABI for the Arm Architecture", section 4.3.1; nobody divides by
//! zero, for the language looks at that first.

#![expect(unsafe_code, reason = "what the compiler calls for its own divisions cannot be written in what it compiles")]

use core::arch::global_asm;

// The number in r1:r0 moves to the left into r5:r4, from which the divisor r3:r2 is taken whenever it fits; what it did is the quotient,
// which follows from the right. A number that fits into one word begins as if its upper half were done.
global_asm!(
    ".section .text.division.unsigned, \"ax\", %progbits",
    ".global __aeabi_uldivmod",
    ".type __aeabi_uldivmod, %function",
    ".thumb_func",
    "__aeabi_uldivmod:",
    "push {{r4, r5, r6, r7, lr}}",
    "movs r4, #0",
    "movs r5, #0",
    "movs r6, #64",
    "cmp r1, #0",
    "ittt eq",
    "moveq r1, r0",
    "moveq r0, #0",
    "moveq r6, #32",
    "0:",
    "adds r0, r0, r0",
    "adcs r1, r1",
    "adcs r4, r4",
    "adcs r5, r5",
    // A bit beyond 64 says that it fits, too.
    "bcs 1f",
    "cmp r4, r2",
    "sbcs r7, r5, r3",
    "bcc 2f",
    "1:",
    "subs r4, r4, r2",
    "sbcs r5, r3",
    "adds r0, #1",
    "2:",
    "subs r6, #1",
    "bne 0b",
    "mov r2, r4",
    "mov r3, r5",
    "pop {{r4, r5, r6, r7, pc}}",
);

// The quotient is negative if one of both numbers is, the remainder if the first is.
global_asm!(
    ".section .text.division.signed, \"ax\", %progbits",
    ".global __aeabi_ldivmod",
    ".type __aeabi_ldivmod, %function",
    ".thumb_func",
    "__aeabi_ldivmod:",
    "push {{r4, r5, r6, lr}}",
    "mov r4, r1",
    "eor r5, r1, r3",
    "cmp r1, #0",
    "bge 0f",
    "rsbs r0, r0, #0",
    "sbc r1, r1, r1, lsl #1",
    "0:",
    "cmp r3, #0",
    "bge 1f",
    "rsbs r2, r2, #0",
    "sbc r3, r3, r3, lsl #1",
    "1:",
    "bl __aeabi_uldivmod",
    "cmp r5, #0",
    "bge 2f",
    "rsbs r0, r0, #0",
    "sbc r1, r1, r1, lsl #1",
    "2:",
    "cmp r4, #0",
    "bge 3f",
    "rsbs r2, r2, #0",
    "sbc r3, r3, r3, lsl #1",
    "3:",
    "pop {{r4, r5, r6, pc}}",
);
