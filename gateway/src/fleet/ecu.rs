//! A simulated engine control unit: it answers what the core asks over OBD-II, with ISO-TP for long answers.
//!
//! Services 01, 03, 07 and 0A of SAE J1979 on 11-bit identifiers (ISO 15765-4): requests to 7DF or 7E0, answers from 7E8.
//! Invariant: a frame that is no request to it changes nothing and gets no answer.

use embedded_can::{Id, StandardId};
use milepost_firmware::Frame;

use super::faults::Code;

const FUNCTIONAL: u16 = 0x7DF;
const PHYSICAL: u16 = 0x7E0;
const RESPONSE: StandardId = StandardId::new(0x7E8).expect("7E8 has 11 bits");
const PADDING: u8 = 0x55;

/// What the unit knows at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Readings {
    /// Distance with the lamp lit, in kilometres.
    pub lamp_distance_km: u16,
    /// Warm-ups since codes were cleared.
    pub warm_ups: u8,
    /// Distance since codes were cleared, in kilometres.
    pub since_clear_km: u16,
}

/// The unit.
#[derive(Debug, Default)]
pub struct Ecu {
    /// What of a long answer is still to be sent, and the next sequence number.
    rest: Option<(Vec<u8>, u8)>,
}

impl Ecu {
    /// Takes a frame that the core put on the bus, and answers with what comes back.
    pub fn take(&mut self, frame: &Frame, codes: &[Code], readings: Readings) -> Vec<Frame> {
        let Id::Standard(id) = frame.id else { return Vec::new() };
        if id.as_raw() != FUNCTIONAL && id.as_raw() != PHYSICAL {
            return Vec::new();
        }
        match frame.data() {
            [control, ..] if control >> 4 == 3 && id.as_raw() == PHYSICAL => self.continue_answer(*control),
            [len @ 1..=7, request @ ..] => match request.get(..usize::from(*len)) {
                Some(request) => self.begin_answer(&answer(request, codes, readings)),
                None => Vec::new(),
            },
            _ => Vec::new(),
        }
    }

    fn begin_answer(&mut self, answer: &[u8]) -> Vec<Frame> {
        self.rest = None;
        if answer.is_empty() {
            return Vec::new();
        }
        if answer.len() <= 7 {
            return vec![padded(&[&[answer.len() as u8], answer])];
        }
        let (first, rest) = answer.split_at(6);
        self.rest = Some((rest.to_vec(), 1));
        vec![padded(&[&[0x10 | (answer.len() >> 8) as u8, answer.len() as u8], first])]
    }

    /// Flow control arrived: with "continue" everything goes out, block size and separation do not matter to a simulated bus.
    fn continue_answer(&mut self, control: u8) -> Vec<Frame> {
        let Some((rest, mut sequence)) = self.rest.take() else { return Vec::new() };
        match control & 0x0F {
            0 => rest
                .chunks(7)
                .map(|chunk| {
                    let frame = padded(&[&[0x20 | sequence], chunk]);
                    sequence = (sequence + 1) & 0x0F;
                    frame
                })
                .collect(),
            1 => {
                self.rest = Some((rest, sequence));
                Vec::new()
            }
            _ => Vec::new(),
        }
    }
}

fn padded(parts: &[&[u8]]) -> Frame {
    let mut data = [PADDING; 8];
    for (slot, byte) in data.iter_mut().zip(parts.iter().copied().flatten()) {
        *slot = *byte;
    }
    Frame::new(0, RESPONSE, &data).expect("eight bytes fit a frame")
}

fn answer(request: &[u8], codes: &[Code], readings: Readings) -> Vec<u8> {
    match request {
        [0x01, pids @ ..] => {
            let mut answer = vec![0x41];
            for &pid in pids {
                if let Some(data) = parameter(pid, codes, readings) {
                    answer.push(pid);
                    answer.extend(data);
                }
            }
            if answer.len() > 1 { answer } else { Vec::new() }
        }
        [service @ (0x03 | 0x07 | 0x0A)] => {
            let pending = *service == 0x07;
            let listed: Vec<_> = codes.iter().filter(|code| code.pending == pending).collect();
            let mut answer = vec![service + 0x40, listed.len() as u8];
            answer.extend(listed.iter().flat_map(|code| code.code.to_be_bytes()));
            answer
        }
        // "Service not supported", except that functional requests stay unanswered by those who cannot serve them.
        _ => Vec::new(),
    }
}

fn parameter(pid: u8, codes: &[Code], readings: Readings) -> Option<Vec<u8>> {
    let confirmed = codes.iter().filter(|code| !code.pending).count() as u8;
    Some(match pid {
        // Supported: 01 and 20; then 21, 30, 31.
        0x00 => 0x8000_0001_u32.to_be_bytes().to_vec(),
        0x20 => 0x8001_8000_u32.to_be_bytes().to_vec(),
        0x01 => vec![if confirmed > 0 { 0x80 | confirmed } else { 0 }, 0x07, 0xE5, 0x00],
        0x21 => readings.lamp_distance_km.to_be_bytes().to_vec(),
        0x30 => vec![readings.warm_ups],
        0x31 => readings.since_clear_km.to_be_bytes().to_vec(),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(data: &[u8]) -> Frame {
        Frame::new(0, StandardId::new(FUNCTIONAL).unwrap(), data).unwrap()
    }

    fn codes(count: u16) -> Vec<Code> {
        (0..count).map(|n| Code { code: 0x0300 + n, pending: false }).collect()
    }

    #[test]
    fn short_answers_fit_one_frame() {
        let mut ecu = Ecu::default();
        for (asked, codes, answered) in [
            (&[2, 0x01, 0x01][..], codes(1), &[6, 0x41, 0x01, 0x81, 0x07, 0xE5, 0x00, 0x55][..]),
            (&[1, 0x03], codes(2), &[6, 0x43, 2, 0x03, 0x00, 0x03, 0x01, 0x55]),
            (&[1, 0x07], codes(2), &[2, 0x47, 0, 0x55, 0x55, 0x55, 0x55, 0x55]),
        ] {
            let frames = ecu.take(&request(asked), &codes, Readings::default());
            assert_eq!(frames.iter().map(Frame::data).collect::<Vec<_>>(), [answered]);
        }
    }

    #[test]
    fn a_long_answer_waits_for_flow_control() {
        let mut ecu = Ecu::default();
        let frames = ecu.take(&request(&[1, 0x03]), &codes(4), Readings::default());
        assert_eq!(frames[0].data(), [0x10, 10, 0x43, 4, 0x03, 0x00, 0x03, 0x01]);
        let control = Frame::new(0, StandardId::new(PHYSICAL).unwrap(), &[0x30, 0, 25]).unwrap();
        let frames = ecu.take(&control, &[], Readings::default());
        assert_eq!(frames[0].data(), [0x21, 0x03, 0x02, 0x03, 0x03, 0x55, 0x55, 0x55]);
        assert!(ecu.take(&control, &[], Readings::default()).is_empty(), "the answer is out");
    }

    #[test]
    fn what_is_not_asked_of_it_gets_no_answer() {
        let mut ecu = Ecu::default();
        let foreign = Frame::new(0, StandardId::new(0x123).unwrap(), &[1, 0x03]).unwrap();
        assert!(ecu.take(&foreign, &codes(1), Readings::default()).is_empty());
        for data in [&[][..], &[2, 0x01], &[2, 0x01, 0x0C], &[1, 0x04], &[0xFF; 8]] {
            assert!(ecu.take(&request(data), &codes(1), Readings::default()).is_empty(), "{data:?}");
        }
    }
}
