//! What to ask, when: one request at a time, and none once the car is off.
//!
//! Diagnostic requests keep control units awake and drain the 12 V battery, the most frequent complaint about such devices.
//! Invariant: no request leaves while the bus is silent, nor later than [`STOP_AFTER_MS`] after the last sign that the car is on.

use heapless::Vec;

use super::pids::data_len;
use super::{FUNCTIONAL, request_id};
use crate::isotp::PADDING;

const _: () = assert!(STOP_AFTER_MS <= 60_000, "polling stops within a minute of ignition off");

/// How long polling goes on after the last sign of ignition, engine or motion.
pub const STOP_AFTER_MS: u64 = 45_000;

/// How long an answer may take before the next request leaves: P2 of 50 ms with a wide margin for gateways.
const RESPONSE_MS: u64 = 400;

/// How long a control unit that asked for patience ("response pending") gets.
const PENDING_MS: u64 = 5_000;

/// The bus counts as silent after this pause.
const SILENT_AFTER_MS: u64 = 5_000;

/// How often a car that may be on is asked for its engine speed.
const PROBE_EVERY_MS: u64 = 30_000;

#[derive(Debug, Clone, Copy)]
struct Task {
    service: u8,
    pid: u8,
    every_ms: u64,
}

const fn pid(pid: u8, every_ms: u64) -> Task {
    Task { service: 1, pid, every_ms }
}

const fn service(service: u8, every_ms: u64) -> Task {
    Task { service, pid: 0, every_ms }
}

/// The plan; what is asked most often stands first.
const PLAN: &[Task] = &[
    pid(0x0D, 1_000),
    pid(0x0C, 1_000),
    pid(0x5E, 2_000),
    pid(0x9D, 2_000),
    pid(0x10, 2_000),
    pid(0x42, 5_000),
    pid(0x05, 10_000),
    pid(0x04, 10_000),
    pid(0x5B, 30_000),
    pid(0xA6, 30_000),
    pid(0x2F, 30_000),
    pid(0x46, 60_000),
    pid(0x5C, 60_000),
    pid(0x01, 60_000),
    pid(0x1F, 60_000),
    pid(0x31, 300_000),
    pid(0x30, 300_000),
    pid(0x21, 300_000),
    pid(0x51, 600_000),
    pid(0x52, 600_000),
    service(0x03, 300_000),
    service(0x07, 600_000),
    service(0x0A, 600_000),
];

#[derive(Debug, Clone, Copy)]
struct Outstanding {
    deadline_ms: u64,
    service: u8,
    pids: u8,
}

/// Signs of life by which the poller decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signs {
    /// When a frame that is no diagnostic answer was last seen.
    pub bus_ms: Option<u64>,
    /// When ignition, engine or motion last said that the car is on.
    pub on_ms: Option<u64>,
    /// Whether the engine's speed has not been seen above zero since the car woke: voltages matter then.
    pub starting: bool,
}

/// A request for the bus: identifier and data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request {
    /// The identifier, as [`crate::frame::raw`] writes it.
    pub id: u32,
    /// The data, padded.
    pub data: [u8; 8],
}

/// The poller of one bus.
#[derive(Debug, Clone)]
pub struct Poller {
    ecu: Option<u32>,
    masks: [Option<u32>; 7],
    due_ms: [u64; PLAN.len()],
    outstanding: Option<Outstanding>,
    next_probe_ms: u64,
    unanswered: u8,
    batch: bool,
}

impl Default for Poller {
    fn default() -> Self {
        Self {
            ecu: None,
            masks: [None; 7],
            due_ms: [0; PLAN.len()],
            outstanding: None,
            next_probe_ms: 0,
            unanswered: 0,
            batch: true,
        }
    }
}

impl Poller {
    /// The next request, if one may leave now.
    pub fn next(&mut self, now_ms: u64, signs: Signs) -> Option<Request> {
        let awake = signs.bus_ms.is_some_and(|bus_ms| now_ms.saturating_sub(bus_ms) < SILENT_AFTER_MS);
        let on = signs.on_ms.is_some_and(|on_ms| now_ms.saturating_sub(on_ms) < STOP_AFTER_MS);
        self.expire(now_ms);
        if self.outstanding.is_some() || !(awake || on) {
            return None;
        }
        if !on {
            return self.probe(now_ms);
        }
        if let Some(base) = self.unknown_mask() {
            return Some(self.ask(now_ms, 1, &[base]));
        }
        self.planned(now_ms, signs.starting)
    }

    /// Whether an answer from this control unit is awaited, so that the flow control of a long one is ours to send.
    pub fn awaits(&self, ecu: u32) -> bool {
        self.outstanding.is_some() && self.ecu.is_none_or(|known| known == ecu)
    }

    /// An answer came, asked for by us or by another tester.
    pub fn answered(&mut self, ecu: u32, response: &[u8]) {
        let &[first, ref rest @ ..] = response else { return };
        let Some(outstanding) = self.outstanding else { return };
        if self.ecu.is_some_and(|known| known != ecu) {
            return;
        }
        if first == outstanding.service.wrapping_add(0x40) {
            self.ecu = Some(ecu);
            self.outstanding = None;
            self.unanswered = 0;
        } else if let (0x7F, &[service, code, ..]) = (first, rest)
            && service == outstanding.service
        {
            if code == 0x78 {
                let deadline_ms = outstanding.deadline_ms.saturating_add(PENDING_MS);
                self.outstanding = Some(Outstanding { deadline_ms, ..outstanding });
            } else {
                self.refused(outstanding);
            }
        }
    }

    /// A support mask came.
    pub fn supported(&mut self, ecu: u32, base: u8, mask: u32) {
        if self.ecu.is_none_or(|known| known == ecu)
            && let Some(slot) = self.masks.get_mut(usize::from(base / 0x20))
        {
            *slot = Some(mask);
        }
    }

    fn expire(&mut self, now_ms: u64) {
        if let Some(outstanding) = self.outstanding.filter(|outstanding| now_ms > outstanding.deadline_ms) {
            self.refused(outstanding);
            self.unanswered = self.unanswered.saturating_add(1);
            if self.unanswered >= 8 {
                // Nobody is there any more: begin anew, with the functional address.
                *self = Self { next_probe_ms: now_ms.saturating_add(PROBE_EVERY_MS), ..Self::default() };
            }
        }
    }

    fn refused(&mut self, outstanding: Outstanding) {
        self.outstanding = None;
        if outstanding.pids > 1 {
            self.batch = false;
        }
        if let Some(base) = self.unknown_mask()
            && outstanding.service == 1
            && self.ecu.is_some()
            && let Some(slot) = self.masks.get_mut(usize::from(base / 0x20))
        {
            *slot = Some(0);
        }
    }

    /// The first base whose mask is still to be asked for; a mask's lowest bit says whether the next one exists.
    fn unknown_mask(&self) -> Option<u8> {
        let mut base = 0_u8;
        for mask in self.masks {
            match mask {
                None => return Some(base),
                Some(mask) if mask & 1 == 0 => return None,
                Some(_) => base = base.wrapping_add(0x20),
            }
        }
        None
    }

    fn supports(&self, pid: u8) -> bool {
        let index = pid.wrapping_sub(1);
        let mask = self.masks.get(usize::from(index / 0x20)).copied().flatten().unwrap_or(0);
        mask >> (31 - index % 0x20) & 1 == 1
    }

    fn probe(&mut self, now_ms: u64) -> Option<Request> {
        if now_ms < self.next_probe_ms {
            return None;
        }
        self.next_probe_ms = now_ms.saturating_add(PROBE_EVERY_MS);
        Some(self.ask(now_ms, 1, &[0x0C]))
    }

    fn planned(&mut self, now_ms: u64, starting: bool) -> Option<Request> {
        let mut pids = Vec::<u8, 6>::new();
        let mut room = 6_usize;
        for index in 0..PLAN.len() {
            let (Some(&task), Some(&due_ms)) = (PLAN.get(index), self.due_ms.get(index)) else { continue };
            if now_ms < due_ms || !self.wanted(task) {
                continue;
            }
            // While the engine is being started, the voltage's lowest point is what counts.
            let every_ms = if starting && task.pid == 0x42 { 200 } else { task.every_ms };
            let size = 1 + data_len(task.pid).unwrap_or(room);
            if task.service != 1 && pids.is_empty() {
                self.schedule(index, now_ms, every_ms);
                return Some(self.ask(now_ms, task.service, &[]));
            }
            // Several parameters travel together only if the answer still fits a single frame.
            if task.service == 1 && (pids.is_empty() || size <= room) && pids.push(task.pid).is_ok() {
                self.schedule(index, now_ms, every_ms);
                room = room.saturating_sub(size);
                if !self.batch {
                    break;
                }
            }
        }
        (!pids.is_empty()).then(|| self.ask(now_ms, 1, &pids))
    }

    fn wanted(&self, task: Task) -> bool {
        if task.service != 1 {
            return true;
        }
        // The best source of fuel is enough.
        let better_fuel = match task.pid {
            0x10 => self.supports(0x5E) || self.supports(0x9D),
            0x9D => self.supports(0x5E),
            _ => false,
        };
        self.supports(task.pid) && !better_fuel
    }

    fn schedule(&mut self, index: usize, now_ms: u64, every_ms: u64) {
        if let Some(due_ms) = self.due_ms.get_mut(index) {
            *due_ms = now_ms.saturating_add(every_ms);
        }
    }

    fn ask(&mut self, now_ms: u64, service: u8, pids: &[u8]) -> Request {
        let mut data = [PADDING; 8];
        let head = [1 + pids.len() as u8, service];
        for (to, from) in data.iter_mut().zip(head.iter().chain(pids)) {
            *to = *from;
        }
        let deadline_ms = now_ms.saturating_add(RESPONSE_MS);
        self.outstanding = Some(Outstanding { deadline_ms, service, pids: pids.len() as u8 });
        Request { id: self.ecu.map_or(FUNCTIONAL, request_id), data }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ON: Signs = Signs { bus_ms: Some(0), on_ms: Some(0), starting: false };

    fn with_masks(masks: &[(u8, u32)]) -> Poller {
        let mut poller = Poller::default();
        for &(base, mask) in masks {
            let request = poller.next(0, ON).unwrap();
            assert_eq!(request.data[..3], [2, 1, base]);
            poller.supported(0x7E8, base, mask);
            poller.answered(0x7E8, &[0x41, base, 0, 0, 0, 0]);
        }
        poller
    }

    #[test]
    fn one_request_is_under_way_at_a_time() {
        let mut poller = Poller::default();
        assert!(poller.next(0, ON).is_some());
        assert_eq!(poller.next(100, ON), None);
        assert!(poller.next(RESPONSE_MS + 1, ON).is_some(), "silence frees the next one");
    }

    #[test]
    fn only_supported_parameters_are_asked_for_and_only_as_many_as_one_frame_answers() {
        // 0C and 0D.
        let mut poller = with_masks(&[(0, 0x0018_0000)]);
        let request = poller.next(0, ON).unwrap();
        assert_eq!(request.id, 0x7E0);
        assert_eq!(request.data[..4], [3, 1, 0x0D, 0x0C]);
    }

    #[test]
    fn nothing_is_asked_a_minute_after_the_ignition_went_off_nor_on_a_silent_bus() {
        let mut poller = with_masks(&[(0, 0x0018_0000)]);
        let late = STOP_AFTER_MS;
        poller.next_probe_ms = late * 10;
        assert_eq!(poller.next(late, Signs { bus_ms: Some(late), ..ON }), None);
        let silent = Signs { bus_ms: Some(0), on_ms: None, starting: false };
        assert_eq!(Poller::default().next(SILENT_AFTER_MS, silent), None);
    }

    #[test]
    fn a_control_unit_that_asks_for_patience_gets_it() {
        let mut poller = with_masks(&[(0, 0)]);
        let request = poller.next(0, ON).unwrap();
        assert_eq!(request.data[..2], [1, 0x03]);
        poller.answered(0x7E8, &[0x7F, 0x03, 0x78]);
        assert_eq!(poller.next(4_000, ON), None);
        poller.answered(0x7E8, &[0x43, 0]);
        assert!(poller.next(4_000, ON).is_some());
    }
}
