//! Handing the processor over to the image.
//!
//! Invariant: nothing of the boot loader runs any more once the image does; its interrupts are off and forgotten.

use cortex_m::peripheral::{NVIC, SCB};

use crate::places::{IMAGE_RAM, Place};

/// Words of the interrupt controller that the chips have lines for.
const INTERRUPT_WORDS: usize = 4;

/// Whether the image's first two words, stack and entry, are such as ours has.
pub(crate) fn is_startable(image: Place) -> bool {
    let at = image.start as *const u32;
    #[expect(unsafe_code, reason = "the image lies where no variable is")]
    // SAFETY: the place lies within the chip's flash, which always reads, and is word-aligned.
    let (stack, entry) = unsafe { (at.read_volatile(), at.add(1).read_volatile()) };
    let is_inside = |address: u32, place: Place| address > place.start && address <= place.end();
    is_inside(stack, IMAGE_RAM) && is_inside(entry, image)
}

/// Starts the image.
pub(crate) fn start(image: Place) -> ! {
    #[expect(unsafe_code, reason = "the processor is handed over")]
    // SAFETY: interrupts are disabled and cleared before the vector table changes, so that none of ours reaches the image; after that
    // nothing of this program runs any more. The core registers are taken by nobody else here.
    unsafe {
        let core = cortex_m::Peripherals::steal();
        cortex_m::interrupt::disable();
        let nvic: &NVIC = &core.NVIC;
        for word in 0..INTERRUPT_WORDS {
            if let (Some(enable), Some(pend)) = (nvic.icer.get(word), nvic.icpr.get(word)) {
                enable.write(u32::MAX);
                pend.write(u32::MAX);
            }
        }
        let scb: &SCB = &core.SCB;
        scb.vtor.write(image.start);
        cortex_m::asm::dsb();
        cortex_m::asm::isb();
        // Whoever starts from reset finds interrupts on.
        cortex_m::interrupt::enable();
        cortex_m::asm::bootload(image.start as *const u32)
    }
}
