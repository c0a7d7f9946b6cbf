//! Whatever stands on a bus or comes from the air: the core takes it, counts it, and goes on.

use milepost_firmware::frame::{EXTENDED, unraw};
use milepost_firmware::signal::builtin;
use milepost_firmware::{Device, DownlinkError, Frame, Now, Settings};
use milepost_protocol::{Envelope, MAX_ENVELOPE_LEN};
use proptest::prelude::*;

use crate::flash::{Chip, block_on};

const IDS: [u32; 11] = [
    builtin::MOTION,
    builtin::STATES,
    builtin::ODOMETER,
    builtin::CONDITIONS,
    builtin::ENERGY,
    builtin::FLOW,
    builtin::TYRES,
    0x7E8,
    0x7E9,
    0x18DA_F110 | EXTENDED,
    0x123,
];

#[derive(Debug, Clone)]
enum Input {
    Frame { id: u32, data: Vec<u8> },
    Answer { data: Vec<u8> },
    Downlink { kind: u8, body: Vec<u8> },
    Pause { ms: u64 },
    Send,
}

fn input() -> impl Strategy<Value = Input> {
    let bytes = |len| proptest::collection::vec(any::<u8>(), 0..len);
    prop_oneof![
        6 => (0..IDS.len(), bytes(9)).prop_map(|(index, data)| Input::Frame { id: IDS[index], data }),
        2 => (any::<u32>(), bytes(65)).prop_map(|(id, data)| Input::Frame { id, data }),
        // Single frames that are answers of services 01, 03, 07 and 0A.
        3 => (0..4_usize, bytes(6)).prop_map(|(service, rest)| {
            let mut data = vec![rest.len() as u8 + 1, [0x41, 0x43, 0x47, 0x4A][service]];
            data.extend(rest);
            Input::Answer { data }
        }),
        2 => (0..8_u8, bytes(60)).prop_map(|(kind, body)| Input::Downlink { kind, body }),
        3 => (0..400_000_u64).prop_map(|ms| Input::Pause { ms }),
        1 => Just(Input::Send),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_input_neither_stops_the_core_nor_lowers_a_counter(
        inputs in proptest::collection::vec(input(), 0..120), obd: bool,
    ) {
        let chip = Chip::new(2, 3);
        let mut uptime_ms = 0;
        let mut device = block_on(Device::start(
            chip.handles(), Settings { obd, ..Settings::default() }, Now { uptime_ms, unix_ms: None },
        )).unwrap();
        let mut before = device.status().counters;
        for input in inputs {
            let now = Now { uptime_ms, unix_ms: None };
            match input {
                Input::Frame { id, data } => {
                    block_on(device.frame(now, &Frame::new(0, unraw(id), &data).unwrap())).unwrap();
                }
                Input::Answer { data } => {
                    block_on(device.frame(now, &Frame::new(0, unraw(0x7E8), &data).unwrap())).unwrap();
                }
                Input::Downlink { kind, body } => {
                    let mut bytes = vec![1, kind, body.len() as u8];
                    bytes.extend(body);
                    match block_on(device.downlink(now, &bytes)) {
                        Ok(()) | Err(DownlinkError::Decode(_)) => {}
                        Err(DownlinkError::Device(error)) => panic!("{error}"),
                    }
                }
                Input::Pause { ms } => {
                    uptime_ms += ms;
                    block_on(device.tick(Now { uptime_ms, unix_ms: None })).unwrap();
                    while device.request(Now { uptime_ms, unix_ms: None }).is_some() {}
                }
                Input::Send => {
                    let mut buffer = [0; MAX_ENVELOPE_LEN];
                    if let Some(bytes) = block_on(device.envelope(now, &mut buffer)).unwrap() {
                        Envelope::parse(bytes).unwrap();
                    }
                }
            }
            let after = device.status().counters;
            prop_assert!(after.odometer_m >= before.odometer_m && after.distance_m >= before.distance_m);
            prop_assert!(after.engine_s >= before.engine_s && after.fuel_ml >= before.fuel_ml);
            before = after;
        }
        block_on(device.finish(Now { uptime_ms, unix_ms: None })).unwrap();
    }
}
