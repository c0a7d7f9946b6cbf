//! The stack: how deep it went, by the paint that the start-up code laid, and who called whom.
//!
//! Invariant: it only reads; a value that happens to equal the paint makes the answer too small by a word, never too large.

use cortex_m::register::msp;
use milepost_board_kit::callers::Callers;

const PAINT: u32 = cortex_m_rt::STACK_PAINT_VALUE;

/// The most bytes of stack that were in use at any time.
pub(crate) fn used() -> usize {
    #[expect(unsafe_code, reason = "the linker script defines the borders")]
    // SAFETY: the start-up code's linker script defines both; only their addresses are used.
    unsafe extern "C" {
        static _stack_start: u32;
        static _stack_end: u32;
    }
    let (top, end) = (&raw const _stack_start, &raw const _stack_end);
    let mut word = end;
    #[expect(unsafe_code, reason = "the stack is read below the stack pointer")]
    // SAFETY: both symbols are the linker's borders of the stack, word-aligned, and all of it is RAM.
    unsafe {
        while word < top && word.read_volatile() == PAINT {
            word = word.add(1);
        }
    }
    (top as usize).saturating_sub(word as usize)
}

/// Who called the code that asks, the innermost call first.
pub(crate) fn callers() -> Callers {
    #[expect(unsafe_code, reason = "the linker script defines the borders")]
    // SAFETY: the start-up code's linker script defines all of them; only their addresses are used.
    unsafe extern "C" {
        static _stack_start: u32;
        static __stext: u8;
        static __etext: u8;
    }
    let top = &raw const _stack_start as u32;
    let code = &raw const __stext as u32..&raw const __etext as u32;
    let words = (msp::read()..top).step_by(4).map(|at| {
        #[expect(unsafe_code, reason = "the stack is read from its top on")]
        // SAFETY: both borders are word-aligned and what lies between them is the used part of the stack, which is RAM.
        unsafe {
            (at as *const u32).read_volatile()
        }
    });
    Callers::among(words, &code, |at| {
        #[expect(unsafe_code, reason = "the code is read as data")]
        // SAFETY: asked only for even addresses between the borders of the code.
        unsafe {
            (at as *const u16).read()
        }
    })
}
