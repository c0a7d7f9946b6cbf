//! An image that calls every function of the core, for measuring: its flash driver reads and writes addresses as they are.
//!
//! Invariant: the compiler knows neither what comes in nor which call is next, so nothing of the core is left out.
#![no_std]
#![no_main]

use core::convert::Infallible;
use core::future::Future;
use core::hint::black_box;
use core::mem::MaybeUninit;
use core::pin::pin;
use core::ptr::{addr_of_mut, read_volatile, write_volatile};
use core::task::{Context, Poll, Waker};

use embedded_storage_async::nor_flash::{ErrorType, MultiwriteNorFlash, NorFlash, ReadNorFlash};
use milepost_firmware::{Device, Flash, Frame, Now, Settings};

struct Chip;

impl ErrorType for Chip {
    type Error = Infallible;
}

impl ReadNorFlash for Chip {
    const READ_SIZE: usize = 1;
    #[inline(never)]
    async fn read(&mut self, at: u32, bytes: &mut [u8]) -> Result<(), Infallible> {
        for (index, byte) in bytes.iter_mut().enumerate() {
            *byte = unsafe { read_volatile((at as usize + index) as *const u8) };
        }
        Ok(())
    }
    fn capacity(&self) -> usize {
        65536
    }
}

impl NorFlash for Chip {
    const WRITE_SIZE: usize = 4;
    const ERASE_SIZE: usize = 4096;
    async fn erase(&mut self, from: u32, to: u32) -> Result<(), Infallible> {
        for at in from..to {
            unsafe { write_volatile(at as *mut u8, 0xFF) };
        }
        Ok(())
    }
    async fn write(&mut self, at: u32, bytes: &[u8]) -> Result<(), Infallible> {
        for (index, byte) in bytes.iter().enumerate() {
            unsafe { write_volatile((at as usize + index) as *mut u8, *byte) };
        }
        Ok(())
    }
}

impl MultiwriteNorFlash for Chip {}

fn run<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return output;
        }
    }
}

static mut DEVICE: MaybeUninit<Device<Chip>> = MaybeUninit::uninit();
static mut BUFFER: [u8; 2048] = [0; 2048];

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    let flash = Flash { alerts: Chip, bulk: Chip, state: Chip, table: Chip };
    let device = unsafe { &mut *addr_of_mut!(DEVICE) };
    let Ok(device) = Device::new_in(device, flash, black_box(Settings::default())) else { loop {} };
    let buffer = unsafe { &mut *addr_of_mut!(BUFFER) };
    let now: Now = black_box(Now { uptime_ms: 0, unix_ms: None });
    let _ = black_box(run(device.begin(now)).is_ok());
    loop {
        match black_box(0u8) {
            0 => {
                let frame = Frame::new(0, embedded_can::StandardId::ZERO, black_box(&buffer[..8]));
                if let Some(frame) = black_box(frame) {
                    let _ = black_box(run(device.frame(black_box(now), &frame)).is_ok());
                }
            }
            1 => drop(black_box(run(device.tick(black_box(now))).is_ok())),
            2 => drop(black_box(device.request(black_box(now)))),
            3 => drop(black_box(run(device.envelope(black_box(now), &mut buffer[..])))),
            4 => device.link_lost(),
            5 => drop(black_box(run(device.answer(black_box(now), black_box(milepost_protocol::NoticeId(0)), black_box(milepost_protocol::notice::Answer::Done))))),
            6 => drop(black_box(device.display(black_box(now)))),
            7 => drop(black_box(run(device.finish(black_box(now))))),
            8 => drop(black_box(run(device.parked_day(black_box(now), black_box(milepost_protocol::record::ParkedDay { spent_uah: 0, budget_uah: 0, wakes: 0 }))))),
            9 => drop(black_box(device.senses(black_box(None)))),
            10 => drop(black_box(device.unix_ms(black_box(now)))),
            11 => drop(black_box(device.status())),
            12 => drop(black_box(device.events())),
            13 => drop(black_box(run(device.downlink(black_box(now), black_box(&buffer[..]))).is_ok())),
            14 => drop(black_box(run(device.log(black_box(now), black_box(milepost_protocol::record::LogLevel::Warn), black_box("x"))))),
            _ => {}
        }
    }
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}
