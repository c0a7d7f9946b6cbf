//! A small car that speaks the built-in matrix, and a small cloud that reads its envelopes.

use milepost_firmware::signal::builtin;
use milepost_firmware::signal::table::Table;
use milepost_firmware::{Device, Frame, Now};
use milepost_protocol::downlink::{Range, Receipt};
use milepost_protocol::notice::Notice;
use milepost_protocol::plan::{Anchor, ItemId, Limits, Margin, PlanItem, Recurrence, Rule, SafetyClass, ServicePlan};
use milepost_protocol::{Downlink, Envelope, MAX_DOWNLINK_LEN, MAX_ENVELOPE_LEN, Record, SignalId};

use crate::flash::{Region, block_on};

/// The start of the tests' time.
pub(crate) const EPOCH_MS: u64 = 1_760_000_000_000;

/// The host's clocks at an uptime.
pub(crate) fn at(uptime_ms: u64) -> Now {
    Now { uptime_ms, unix_ms: Some(EPOCH_MS + uptime_ms) }
}

/// The car's frames.
pub(crate) struct Car {
    table: Table,
}

impl Default for Car {
    fn default() -> Self {
        Self { table: builtin::table() }
    }
}

impl Car {
    /// One frame with these values.
    pub(crate) fn frame(&self, id: u32, values: &[(SignalId, f64)]) -> Frame {
        let mut payload = [0; 8];
        for (signal, value) in values {
            self.table.encode(*signal, *value, &mut payload).unwrap();
        }
        Frame::new(0, milepost_firmware::frame::unraw(id), &payload).unwrap()
    }

    /// Speed in m/s and engine speed.
    pub(crate) fn motion(&self, mps: f64, rpm: f64) -> Frame {
        self.frame(builtin::MOTION, &[(SignalId::SPEED, mps), (SignalId::ENGINE_SPEED, rpm)])
    }

    /// The ignition line.
    pub(crate) fn ignition(&self, state: f64) -> Frame {
        self.frame(builtin::STATES, &[(SignalId::IGNITION, state)])
    }

    /// The odometer in metres.
    pub(crate) fn odometer(&self, metres: f64) -> Frame {
        self.frame(builtin::ODOMETER, &[(SignalId::ODOMETER, metres)])
    }

    /// 12 V, outside temperature, coolant.
    pub(crate) fn conditions(&self, volts: f64, outside: f64, coolant: f64) -> Frame {
        let values = [
            (SignalId::BATTERY_12V, volts),
            (SignalId::OUTSIDE_TEMPERATURE, outside),
            (SignalId::COOLANT_TEMPERATURE, coolant),
        ];
        self.frame(builtin::CONDITIONS, &values)
    }

    /// Drives `seconds` at `mps`, one step a second, from `uptime_ms`; answers the uptime after it.
    pub(crate) fn drive(
        &self,
        device: &mut Device<Region>,
        uptime_ms: u64,
        seconds: u64,
        mps: f64,
        odometer_m: f64,
    ) -> u64 {
        for second in 0..seconds {
            let now = at(uptime_ms + second * 1000);
            let metres = odometer_m + mps * second as f64;
            for frame in
                [self.ignition(2.0), self.motion(mps, 2000.0), self.odometer(metres), self.conditions(14.1, 5.0, 90.0)]
            {
                block_on(device.frame(now, &frame)).unwrap();
            }
        }
        uptime_ms + seconds * 1000
    }

    /// Switches off and lets two minutes pass; answers the uptime after them.
    pub(crate) fn park(&self, device: &mut Device<Region>, uptime_ms: u64) -> u64 {
        block_on(device.frame(at(uptime_ms), &self.motion(0.0, 0.0))).unwrap();
        block_on(device.frame(at(uptime_ms), &self.ignition(0.0))).unwrap();
        for second in 1..=120 {
            block_on(device.tick(at(uptime_ms + second * 1000))).unwrap();
        }
        uptime_ms + 120_000
    }
}

/// A record as the cloud got it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Got {
    pub(crate) boot: u32,
    pub(crate) number: u32,
    pub(crate) at_ms: u64,
    pub(crate) record: Record,
}

/// Everything that the device has to send now, without receipts.
pub(crate) fn collect(device: &mut Device<Region>, now: Now) -> Vec<Got> {
    let mut buffer = [0; MAX_ENVELOPE_LEN];
    let mut all = Vec::new();
    while let Some(bytes) = block_on(device.envelope(now, &mut buffer)).unwrap() {
        let envelope = Envelope::parse(bytes).unwrap();
        all.extend(envelope.entries().map(|entry| Got {
            boot: envelope.header.boot,
            number: entry.number,
            at_ms: entry.at_ms,
            record: entry.record(),
        }));
    }
    all
}

/// Sends a receipt for records of one boot.
pub(crate) fn receipt(device: &mut Device<Region>, now: Now, got: &[Got]) {
    for got in got {
        let ranges = [Range { first: got.number, last: got.number }].into_iter().collect();
        let now_ms = now.unix_ms.unwrap_or(0);
        send(device, now, &[Downlink::Receipt(Receipt { boot: got.boot, ranges, now_ms, credit: 16 })]);
    }
}

/// Sends downlink messages.
pub(crate) fn send(device: &mut Device<Region>, now: Now, messages: &[Downlink]) {
    let mut buffer = [0; MAX_DOWNLINK_LEN];
    let bytes = Downlink::encode(messages, &mut buffer).unwrap();
    block_on(device.downlink(now, bytes)).unwrap();
}

/// A notice of no particular urgency.
pub(crate) fn information(serial: u32) -> Notice {
    use milepost_protocol::notice::{Actions, NoticeKind};
    Notice {
        id: milepost_protocol::NoticeId::information(serial),
        kind: NoticeKind::Information,
        safety: milepost_protocol::plan::SafetyClass::Wear,
        item: None,
        level: None,
        raised_ms: EPOCH_MS,
        expires_ms: None,
        title: "Title".try_into().unwrap(),
        text: "Text".try_into().unwrap(),
        reasons: heapless::Vec::new(),
        actions: Actions::SNOOZE,
    }
}

/// A plan of one item, engine oil by distance.
pub(crate) fn oil_plan(version: u32, every_m: u32, margin: Margin, anchor: Anchor) -> ServicePlan {
    let limits = Limits { distance_m: Some(every_m), ..Limits::default() };
    let rule = Rule {
        item: ItemId::ENGINE_OIL,
        first: limits,
        repeat: limits,
        lead: margin,
        grace: margin,
        recurrence: Recurrence::Floating,
        safety: SafetyClass::Wear,
        condition: None,
    };
    ServicePlan { version, items: [PlanItem { rule, anchor }].into_iter().collect() }
}
