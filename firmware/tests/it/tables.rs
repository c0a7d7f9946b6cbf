//! A signal table is replaced at run time, or the old one stays.

use milepost_firmware::signal::bits::{Field, Order};
use milepost_firmware::signal::table::{ANY_BUS, GROUP, MAX_TABLE_LEN, Number, Row, Table, hash};
use milepost_firmware::{Device, Frame};
use milepost_protocol::downlink::{Command, Task};
use milepost_protocol::record::CommandOutcome;
use milepost_protocol::{Downlink, Record, SignalId};

use crate::car::{at, collect, send};
use crate::flash::{Chip, Region, block_on};

/// A row that reads the speed from the first byte of a frame.
pub(crate) fn speed(id: u32) -> Row {
    Row {
        id,
        bus: ANY_BUS,
        signal: SignalId::SPEED,
        field: Field { start: 0, length: 8, order: Order::Intel },
        number: Number::Unsigned,
        scale: 1.0,
        offset: 0.0,
        min: 0.0,
        max: 250.0,
        multiplexor: None,
    }
}

/// A table that reads the speed where the built-in one reads nothing.
fn other() -> Vec<u8> {
    let mut buffer = [0; MAX_TABLE_LEN];
    Table::new(&[speed(0x123)]).unwrap().encode_to(&mut buffer).unwrap().to_vec()
}

fn command(device: &mut Device<Region>, id: u32, task: Task) -> CommandOutcome {
    send(device, at(1000), &[Downlink::Command(Command { id, expires_ms: u64::MAX, task })]);
    let results = collect(device, at(1000));
    let result = results.iter().rev().find_map(|got| match got.record {
        Record::CommandResult(result) if result.command == id => Some(result.outcome),
        _ => None,
    });
    device.link_lost();
    result.unwrap()
}

fn transfer(device: &mut Device<Region>, first_id: u32, bytes: &[u8], sha256: [u8; 32]) -> CommandOutcome {
    let begun = command(device, first_id, Task::TableBegin { len: bytes.len() as u32, sha256 });
    assert_eq!(begun, CommandOutcome::Done);
    for (index, part) in bytes.chunks(7).enumerate() {
        let chunk = Task::TableChunk { offset: index as u32 * 7, bytes: heapless::Vec::from_slice(part).unwrap() };
        assert_eq!(command(device, first_id + 1 + index as u32, chunk), CommandOutcome::Done);
    }
    command(device, first_id + 500, Task::TableCommit)
}

fn reads_other(device: &mut Device<Region>) -> bool {
    let frame = Frame::new(0, milepost_firmware::frame::unraw(0x123), &[9]).unwrap();
    block_on(device.frame(at(2000), &frame)).unwrap();
    device.status().signals.iter().any(|last| last.signal == SignalId::SPEED && (last.value - 9.0).abs() < 1e-6)
}

#[test]
fn a_table_sent_in_pieces_is_in_use_at_once_and_after_a_restart() {
    let chip = Chip::new(4, 4);
    let mut device = chip.start(at(0));
    assert!(!reads_other(&mut device));
    let bytes = other();
    assert_eq!(transfer(&mut device, 1, &bytes, hash(&bytes)), CommandOutcome::Done);
    assert!(reads_other(&mut device));
    let mut restarted = chip.start(at(0));
    assert!(reads_other(&mut restarted));
    assert_eq!(restarted.status().table, device.status().table);
}

#[test]
fn a_table_whose_hash_or_contents_are_wrong_leaves_the_old_one_in_use() {
    let chip = Chip::new(4, 4);
    let mut device = chip.start(at(0));
    let before = device.status().table;
    assert_eq!(transfer(&mut device, 1, &other(), [7; 32]), CommandOutcome::HashMismatch);
    let nonsense = [1, 200, 9, 9, 9];
    assert_eq!(transfer(&mut device, 1000, &nonsense, hash(&nonsense)), CommandOutcome::TableInvalid);
    assert_eq!(device.status().table, before);
    assert!(!reads_other(&mut device));
}

#[test]
fn pieces_out_of_order_and_commits_of_a_part_are_named() {
    let chip = Chip::new(4, 4);
    let mut device = chip.start(at(0));
    let bytes = other();
    assert_eq!(command(&mut device, 1, Task::TableCommit), CommandOutcome::OutOfOrder);
    command(&mut device, 2, Task::TableBegin { len: bytes.len() as u32, sha256: hash(&bytes) });
    let late = Task::TableChunk { offset: 7, bytes: heapless::Vec::from_slice(&bytes[7..]).unwrap() };
    assert_eq!(command(&mut device, 3, late), CommandOutcome::OutOfOrder);
    assert_eq!(command(&mut device, 4, Task::TableCommit), CommandOutcome::OutOfOrder);
    let long = Task::TableBegin { len: MAX_TABLE_LEN as u32 + 1, sha256: [0; 32] };
    assert_eq!(command(&mut device, 5, long), CommandOutcome::TableInvalid);
}

#[test]
fn a_cut_anywhere_in_a_transfer_leaves_the_old_table_or_the_new_one() {
    let bytes = other();
    let messages: Vec<Vec<u8>> = [
        Task::TableBegin { len: bytes.len() as u32, sha256: hash(&bytes) },
        Task::TableChunk { offset: 0, bytes: heapless::Vec::from_slice(&bytes).unwrap() },
        Task::TableCommit,
    ]
    .into_iter()
    .zip(1..)
    .map(|(task, id)| {
        let mut buffer = [0; 1024];
        let command = Command { id, expires_ms: u64::MAX, task };
        Downlink::encode(&[Downlink::Command(command)], &mut buffer).unwrap().to_vec()
    })
    .collect();
    let (mut old, mut new) = (0, 0);
    for words in 0..400 {
        let chip = Chip::new(4, 4);
        let mut device = chip.start(at(0));
        chip.power(words);
        for message in &messages {
            if block_on(device.downlink(at(1000), message)).is_err() {
                break;
            }
        }
        chip.power(u64::MAX);
        let mut device = chip.start(at(0));
        if reads_other(&mut device) {
            new += 1;
        } else {
            old += 1;
        }
        let results = collect(&mut device, at(3000));
        let invalid = results
            .iter()
            .any(|got| matches!(got.record, Record::CommandResult(result) if result.outcome != CommandOutcome::Done));
        assert!(!invalid, "{words}");
    }
    assert!(old > 0 && new > 0, "{old} old, {new} new");
}

#[test]
fn a_command_is_carried_out_once_and_not_after_its_time() {
    let chip = Chip::new(4, 4);
    let mut device = chip.start(at(0));
    let anchor = |id, expires_ms, odometer_m| {
        Downlink::Command(Command { id, expires_ms, task: Task::AnchorOdometer { odometer_m } })
    };
    send(&mut device, at(1000), &[anchor(1, u64::MAX, 5_000), anchor(1, u64::MAX, 6_000), anchor(2, 1, 7_000)]);
    assert_eq!(device.status().counters.odometer_m, 5_000);
    let outcomes: Vec<CommandOutcome> = collect(&mut device, at(1000))
        .iter()
        .filter_map(|got| if let Record::CommandResult(result) = got.record { Some(result.outcome) } else { None })
        .collect();
    assert_eq!(outcomes, [CommandOutcome::Done, CommandOutcome::Expired]);
}

#[test]
fn rows_of_a_parameter_group_read_frames_of_any_sender() {
    let mut buffer = [0; MAX_TABLE_LEN];
    let bytes = Table::new(&[speed(GROUP | 0xFEF1)]).unwrap().encode_to(&mut buffer).unwrap().to_vec();
    let mut device = Chip::new(4, 4).start(at(0));
    assert_eq!(transfer(&mut device, 1, &bytes, hash(&bytes)), CommandOutcome::Done);
    let frame = Frame::new(0, milepost_firmware::frame::unraw(0x98FE_F117), &[9]).unwrap();
    block_on(device.frame(at(2000), &frame)).unwrap();
    assert!(
        device.status().signals.iter().any(|last| last.signal == SignalId::SPEED && (last.value - 9.0).abs() < 1e-6)
    );
}
