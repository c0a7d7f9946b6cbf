//! How deep the stack went, by the paint that the start-up code laid.
//!
//! Invariant: it only reads; a value that happens to equal the paint makes the answer too small by a word, never too large.

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
