//! The car's bus on CAN1: frames in, requests out, and how the controller stands with the bus.
//!
//! The controller leaves the bus-off state by itself after 128 idle phases; each time is counted, as is each frame that found no room.
//! Invariant: a board that shall not ask never drives the bus, not even to acknowledge.

use core::sync::atomic::{AtomicU8, AtomicU32, Ordering};

use defmt::Debug2Format;
use embassy_futures::poll_once;
use embassy_stm32::can::filter::Mask32;
use embassy_stm32::can::{
    Can, CanRx, CanTx, Fifo, Frame as Raw, Rx0InterruptHandler, Rx1InterruptHandler, SceInterruptHandler,
    TxInterruptHandler,
};
use embassy_stm32::pac::CAN1 as REGISTERS;
use embassy_stm32::peripherals::{CAN1, PD0, PD1};
use embassy_stm32::{Peri, bind_interrupts};
use embassy_time::{Duration, Timer, WithTimeout};
use milepost_board_kit::ports::Ports;
use milepost_firmware::Frame;
use milepost_firmware::configuration::Bus;

bind_interrupts!(struct Irqs {
    CAN1_TX => TxInterruptHandler<CAN1>;
    CAN1_RX0 => Rx0InterruptHandler<CAN1>;
    CAN1_RX1 => Rx1InterruptHandler<CAN1>;
    CAN1_SCE => SceInterruptHandler<CAN1>;
});

/// The bit rates of cars; all of them divide the controller's clock into whole quanta.
const BIT_RATES: [u32; 4] = [125_000, 250_000, 500_000, 1_000_000];

/// A request that is not on the bus after this long is dropped: nobody there acknowledges.
const SEND_PATIENCE: Duration = Duration::from_millis(100);

/// How often a bus that is not idle yet is looked at.
const JOIN_EVERY: Duration = Duration::from_millis(10);

/// What the controller is wired to.
pub(crate) struct Parts {
    pub(crate) can: Peri<'static, CAN1>,
    pub(crate) receive: Peri<'static, PD0>,
    pub(crate) transmit: Peri<'static, PD1>,
}

/// How the controller stands with the bus (ISO 11898-1, "fault confinement").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Standing {
    /// Errors are few.
    Active,
    /// An error counter is above 96.
    Warned,
    /// An error counter is above 127.
    Passive,
    /// The controller is off the bus.
    Off,
}

/// What was counted since the start.
#[derive(Debug)]
pub(crate) struct Health {
    standing: AtomicU8,
    errors: AtomicU32,
    bus_offs: AtomicU32,
    unsent: AtomicU32,
}

/// The health of the one controller.
pub(crate) static HEALTH: Health = Health {
    standing: AtomicU8::new(Standing::Active as u8),
    errors: AtomicU32::new(0),
    bus_offs: AtomicU32::new(0),
    unsent: AtomicU32::new(0),
};

impl Health {
    /// Looks at the controller; answers its standing if that has changed.
    pub(crate) fn look(&self) -> Option<Standing> {
        let status = REGISTERS.esr().read();
        let standing = match (status.boff(), status.epvf(), status.ewgf()) {
            (true, _, _) => Standing::Off,
            (_, true, _) => Standing::Passive,
            (_, _, true) => Standing::Warned,
            _ => Standing::Active,
        };
        let before = self.standing.swap(standing as u8, Ordering::Relaxed);
        if before == standing as u8 {
            return None;
        }
        if standing == Standing::Off {
            self.bus_offs.fetch_add(1, Ordering::Relaxed);
        }
        Some(standing)
    }

    /// Bus errors, times that the controller was off the bus, and requests that nobody took.
    pub(crate) fn counts(&self) -> (u32, u32, u32) {
        let read = |counter: &AtomicU32| counter.load(Ordering::Relaxed);
        (read(&self.errors), read(&self.bus_offs), read(&self.unsent))
    }
}

/// Sets the controller up as the configuration says.
pub(crate) fn open(parts: Parts, bus: Bus) -> Can<'static> {
    let mut bit_rate = bus.bit_rate;
    if !BIT_RATES.contains(&bit_rate) {
        bit_rate = Bus::default().bit_rate;
        defmt::error!("can: no bit rate of {=u32}, taking {=u32}", bus.bit_rate, bit_rate);
    }
    let mut can = Can::new(parts.can, parts.receive, parts.transmit, Irqs);
    can.modify_filters().enable_bank(0, Fifo::Fifo0, Mask32::accept_all());
    can.modify_config().set_bitrate(bit_rate).set_loopback(false).set_silent(!bus.ask);
    can.set_tx_fifo_scheduling(true);
    can
}

/// Joins the bus once it is idle; a bus that never is, such as one without a transceiver, costs nobody anything.
pub(crate) async fn join(can: &mut Can<'static>) {
    // The driver's own waiting looks again at once, and what does that on this level starves all others.
    while poll_once(can.enable()).is_pending() {
        Timer::after(JOIN_EVERY).await;
    }
}

/// Hands frames to the core, for ever.
pub(crate) async fn receive(mut bus: CanRx<'static>, ports: &'static Ports) -> ! {
    loop {
        if let Ok(envelope) = bus.read().await {
            if overran() {
                ports.lost_frame();
            }
            let raw = &envelope.frame;
            let frame = if raw.header().rtr() { None } else { Frame::new(0, *raw.id(), raw.data()) };
            // A request for data carries none, and is not for a listener.
            if let Some(frame) = frame
                && ports.frames.try_send(frame).is_err()
            {
                ports.lost_frame();
            }
        } else {
            HEALTH.errors.fetch_add(1, Ordering::Relaxed);
            tell(HEALTH.look());
        }
    }
}

/// Puts the core's requests on the bus, for ever.
pub(crate) async fn transmit(mut bus: CanTx<'static>, ports: &'static Ports) -> ! {
    loop {
        let request = ports.requests.receive().await;
        let sent = match Raw::new_data(request.id, request.data()) {
            Ok(raw) => bus.write(&raw).with_timeout(SEND_PATIENCE).await.is_ok(),
            Err(_) => false,
        };
        if !sent {
            HEALTH.unsent.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Tells the log of a new standing.
pub(crate) fn tell(standing: Option<Standing>) {
    if let Some(standing) = standing {
        let (errors, bus_offs, _) = HEALTH.counts();
        defmt::warn!("can: {} after {=u32} errors, {=u32} times off", Debug2Format(&standing), errors, bus_offs);
    }
}

/// Whether the controller had to drop a frame since the last look.
fn overran() -> bool {
    let is_over = REGISTERS.rfr(0).read().fovr();
    if is_over {
        REGISTERS.rfr(0).write(|register| register.set_fovr(true));
    }
    is_over
}
