//! Asking a car over OBD-II: what is asked, what is answered, and when it stops.

use milepost_firmware::frame::unraw;
use milepost_firmware::{Device, Frame, Settings};
use milepost_protocol::{Record, SignalId};

use crate::car::{Car, at, collect};
use crate::drives::data;
use crate::flash::{Chip, Region, block_on};

/// An engine control unit with a few parameters and a long list of trouble codes.
#[derive(Default)]
struct Engine {
    rpm: u16,
    kmh: u8,
    rest: Option<[u8; 8]>,
    asked: Vec<Vec<u8>>,
}

impl Engine {
    /// The frames that answer one of the device's.
    fn answer(&mut self, frame: &Frame) -> Vec<Frame> {
        assert!(frame.raw_id() == 0x7DF || frame.raw_id() == 0x7E0, "{frame:?}");
        let data = frame.data();
        if data[0] == 0x30 {
            return self.rest.take().map(reply).into_iter().collect();
        }
        let request = &data[1..=usize::from(data[0])];
        self.asked.push(request.to_vec());
        let mut body = vec![request[0] + 0x40];
        match request {
            [1, pids @ ..] => {
                for pid in pids {
                    match pid {
                        // 05, 0C and 0D exist, and the next mask.
                        0x00 => body.extend([0x00, 0x08, 0x18, 0x00, 0x01]),
                        // 2F exists, and the next mask.
                        0x20 => body.extend([0x20, 0x00, 0x02, 0x00, 0x01]),
                        // 42 exists.
                        0x40 => body.extend([0x40, 0x40, 0x00, 0x00, 0x00]),
                        0x05 => body.extend([0x05, 90]),
                        0x0C => body.extend([0x0C, (self.rpm >> 6) as u8, (self.rpm << 2) as u8]),
                        0x0D => body.extend([0x0D, self.kmh]),
                        0x2F => body.extend([0x2F, 128]),
                        0x42 => body.extend([0x42, 0x36, 0xB0]),
                        _ => return vec![reply([3, 0x7F, 1, 0x12, 0, 0, 0, 0])],
                    }
                }
            }
            [3] => {
                self.rest = Some([0x21, 0x03, 0x03, 0, 0, 0, 0, 0]);
                return vec![reply([0x10, 8, 0x43, 3, 0x01, 0x01, 0x02, 0x02])];
            }
            _ => body.push(0),
        }
        assert!(body.len() <= 7, "{request:02X?} would need several frames");
        let mut answer = [0; 8];
        answer[0] = body.len() as u8;
        answer[1..=body.len()].copy_from_slice(&body);
        vec![reply(answer)]
    }
}

fn reply(data: [u8; 8]) -> Frame {
    Frame::new(0, unraw(0x7E8), &data).unwrap()
}

/// Lets the device ask and the engine answer at one moment; answers how many frames the device sent.
fn talk(device: &mut Device<Region>, engine: &mut Engine, uptime_ms: u64) -> usize {
    let mut sent = 0;
    while let Some(frame) = device.request(at(uptime_ms)) {
        sent += 1;
        for answer in engine.answer(&frame) {
            block_on(device.frame(at(uptime_ms), &answer)).unwrap();
        }
        assert!(sent < 50, "the device never stops asking");
    }
    sent
}

#[test]
fn a_car_that_only_answers_questions_is_understood_and_left_alone_when_off() {
    let chip = Chip::new(4, 8);
    let settings = Settings { obd: true, ..Settings::default() };
    let mut device = block_on(Device::start(chip.handles(), settings, at(0))).unwrap();
    let mut engine = Engine { rpm: 1500, kmh: 72, ..Engine::default() };
    for tenth in 0..1200 {
        talk(&mut device, &mut engine, tenth * 100);
        block_on(device.tick(at(tenth * 100))).unwrap();
    }
    let status = device.status();
    for signal in [SignalId::SPEED, SignalId::ENGINE_SPEED, SignalId::FUEL_LEVEL, SignalId::BATTERY_12V] {
        assert!(status.signals.iter().any(|last| last.signal == signal), "{signal:?} is missing");
    }
    assert!(status.counters.distance_m > 2_200, "{:?}", status.counters);
    assert_eq!(status.drops.isotp + status.drops.obd, 0);
    let unsupported = engine.asked.iter().any(|asked| asked[0] == 1 && asked.contains(&0x5E));
    assert!(!unsupported, "what the car does not have is not asked for");
    let codes = collect(&mut device, at(120_000)).iter().filter(|got| matches!(got.record, Record::Trouble(_))).count();
    assert_eq!(codes, 3, "a list in several frames is asked for with flow control");

    (engine.rpm, engine.kmh) = (0, 0);
    let mut last_ms = 0;
    for tenth in 1200..3600 {
        if talk(&mut device, &mut engine, tenth * 100) > 0 {
            last_ms = tenth * 100;
        }
        block_on(device.tick(at(tenth * 100))).unwrap();
    }
    assert!(last_ms < 180_000, "asked until {last_ms} ms, off at 120,000 ms");
    assert!(device.status().trip.is_none());
}

#[test]
fn a_device_that_may_not_poll_is_silent_and_never_answers_for_another_tester() {
    let chip = Chip::new(4, 8);
    let mut device = chip.start(at(0));
    block_on(device.frame(at(0), &Car::default().motion(10.0, 1500.0))).unwrap();
    block_on(device.frame(at(1), &reply([0x10, 8, 0x43, 3, 0x01, 0x01, 0x02, 0x02]))).unwrap();
    assert_eq!(device.request(at(2)), None);
}

#[test]
fn trouble_codes_read_as_an_independent_decoder_reads_them() {
    let Some(path) = data("vehicle/dtc/wire_vectors.csv") else { return };
    let text = std::fs::read_to_string(path).unwrap();
    for line in text.lines().skip(1) {
        let mut cells = line.split(',');
        let (hex, code) = (cells.next().unwrap(), cells.next().unwrap());
        let raw = u16::from_str_radix(hex, 16).unwrap();
        let [high, low] = raw.to_be_bytes();
        let response = [0x43, 1, high, low];
        let listing = milepost_firmware::obd::trouble::Listing::parse(&response).unwrap();
        let read: Vec<String> = listing.codes().map(|code| code.to_string()).collect();
        if raw != 0 {
            assert_eq!(read, [code], "{hex}");
        }
    }
}
