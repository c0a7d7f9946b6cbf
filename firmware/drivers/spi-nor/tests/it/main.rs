//! The driver against a model of the chip.

mod chip;

use std::cell::RefCell;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use chip::{Chip, Delay, LEN, PowerCut, Wire};
use embedded_storage_async::nor_flash::{NorFlash, ReadNorFlash};
use milepost_spi_nor::{Error, SpiNor, Wait};
use proptest::prelude::*;

type Nor = SpiNor<Wire, Delay>;

fn now<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return value;
        }
    }
}

fn open(chip: &Rc<RefCell<Chip>>) -> Result<Nor, Error<PowerCut>> {
    now(SpiNor::open(Wire(chip.clone()), Delay(chip.clone())))
}

fn fresh() -> (Rc<RefCell<Chip>>, Nor) {
    let chip = Rc::default();
    let nor = open(&chip).expect("the chip is fit");
    (chip, nor)
}

fn refused(change: impl FnOnce(&mut Chip)) -> Error<PowerCut> {
    let chip: Rc<RefCell<Chip>> = Rc::default();
    change(&mut chip.borrow_mut());
    open(&chip).expect_err("the chip is unfit")
}

#[test]
fn a_chip_says_itself_how_large_it_is_and_wakes_from_its_sleep() {
    let (chip, nor) = fresh();
    assert_eq!(nor.capacity(), LEN);
    assert!(!chip.borrow().asleep);
}

#[test]
fn a_missing_foreign_or_protected_chip_is_refused_at_once() {
    assert_eq!(refused(|chip| chip.absent = Some(0xFF)), Error::Absent);
    assert_eq!(refused(|chip| chip.absent = Some(0x00)), Error::Absent);
    assert_eq!(refused(|chip| chip.table.fill(0xFF)), Error::Unsuitable);
    assert_eq!(refused(|chip| chip.protection = 0b0000_0100), Error::Protected);
}

#[test]
fn an_erasure_that_a_reset_left_behind_is_waited_for() {
    let chip: Rc<RefCell<Chip>> = Rc::default();
    chip.borrow_mut().busy_us = 300_000;
    assert!(open(&chip).is_ok());
    assert!(chip.borrow().elapsed_us >= 300_000);
}

#[test]
fn a_chip_that_never_ends_is_given_up_after_twice_its_longest_time() {
    let stuck = |change: &dyn Fn(&mut Nor) -> Error<PowerCut>| {
        let (chip, mut nor) = fresh();
        chip.borrow_mut().change_us = u64::MAX;
        let before = chip.borrow().elapsed_us;
        let error = change(&mut nor);
        (error, chip.borrow().elapsed_us - before)
    };
    let program = stuck(&|nor| now(nor.write(0, &[0; 4])).unwrap_err());
    assert_eq!(program, (Error::Stuck(Wait::Program), 6_000));
    let sector = stuck(&|nor| now(nor.erase(0, 4096)).unwrap_err());
    assert_eq!(sector, (Error::Stuck(Wait::Erase), 800_000));
    let block = stuck(&|nor| now(nor.erase(0, 1 << 16)).unwrap_err());
    assert_eq!(block, (Error::Stuck(Wait::Erase), 4_000_000));
}

#[test]
fn a_write_across_pages_lands_in_order_and_leaves_its_neighbours() {
    let (chip, mut nor) = fresh();
    let bytes: Vec<u8> = (0..600).map(|at| at as u8).collect();
    now(nor.write(252, &bytes)).unwrap();
    let chip = chip.borrow();
    assert_eq!(chip.memory[252..852], bytes);
    assert!(chip.memory[..252].iter().chain(&chip.memory[852..]).all(|&byte| byte == 0xFF));
    assert_eq!(chip.heard, [(0x02, 252), (0x02, 256), (0x02, 512), (0x02, 768)]);
}

#[test]
fn a_word_that_is_written_twice_keeps_only_the_bits_of_both() {
    let (_, mut nor) = fresh();
    now(nor.write(0, &[0xF0, 0xFF, 0x0F, 0xAA])).unwrap();
    now(nor.write(0, &[0x3C, 0x00, 0xFF, 0x55])).unwrap();
    let mut read = [0; 4];
    now(nor.read(0, &mut read)).unwrap();
    assert_eq!(read, [0x30, 0x00, 0x0F, 0x00]);
}

#[test]
fn a_long_erasure_takes_whole_blocks_and_sectors_at_its_ends() {
    let (chip, mut nor) = fresh();
    chip.borrow_mut().memory.fill(0);
    now(nor.erase(0xF000, 0x2_2000)).unwrap();
    let chip = chip.borrow();
    assert_eq!(chip.heard, [(0x20, 0xF000), (0xD8, 0x1_0000), (0x20, 0x2_0000), (0x20, 0x2_1000)]);
    let erased = |at: usize| chip.memory[at] == 0xFF;
    assert!((0..LEN).all(|at| erased(at) == (0xF000..0x2_2000).contains(&at)));
}

#[test]
fn an_access_that_the_chip_cannot_take_never_reaches_it() {
    let (chip, mut nor) = fresh();
    let end = LEN as u32;
    assert_eq!(now(nor.write(2, &[0; 4])), Err(Error::NotAligned));
    assert_eq!(now(nor.write(0, &[0; 6])), Err(Error::NotAligned));
    assert_eq!(now(nor.write(end - 4, &[0; 8])), Err(Error::OutOfBounds));
    assert_eq!(now(nor.write(u32::MAX - 3, &[0; 8])), Err(Error::OutOfBounds));
    assert_eq!(now(nor.erase(0, 100)), Err(Error::NotAligned));
    assert_eq!(now(nor.erase(8192, 4096)), Err(Error::OutOfBounds));
    assert_eq!(now(nor.erase(end, end + 4096)), Err(Error::OutOfBounds));
    assert_eq!(now(nor.read(end - 1, &mut [0; 2])), Err(Error::OutOfBounds));
    assert!(chip.borrow().heard.is_empty());
}

#[test]
fn a_chip_that_stops_taking_write_enables_is_no_silent_loss() {
    let (chip, mut nor) = fresh();
    chip.borrow_mut().takes_write_enable = false;
    assert_eq!(now(nor.write(0, &[0; 4])), Err(Error::Protected));
    chip.borrow_mut().absent = Some(0xFF);
    assert_eq!(now(nor.write(0, &[0; 4])), Err(Error::Absent));
}

#[test]
fn an_access_that_was_given_up_is_waited_for_before_the_next() {
    let (chip, mut nor) = fresh();
    {
        let mut write = pin!(nor.write(0, &[1, 2, 3, 4]));
        let mut context = Context::from_waker(Waker::noop());
        assert!(write.as_mut().poll(&mut context).is_pending());
    }
    assert!(chip.borrow().busy_us > 0);
    let mut read = [0; 4];
    now(nor.read(0, &mut read)).unwrap();
    assert_eq!(read, [1, 2, 3, 4]);
}

#[derive(Debug, Clone)]
enum Access {
    Write(u32, Vec<u8>),
    Erase(u32, u32),
}

fn accesses() -> impl Strategy<Value = Vec<Access>> {
    let words = LEN as u32 / 4;
    let write = (0..words, proptest::collection::vec(any::<[u8; 4]>(), 0..300)).prop_map(move |(word, bytes)| {
        let len = bytes.len().min((words - word) as usize);
        Access::Write(word * 4, bytes[..len].as_flattened().to_vec())
    });
    let sectors = LEN as u32 / 4096;
    let erase = (0..sectors, 0_u32..40)
        .prop_map(move |(from, count)| Access::Erase(from * 4096, (from + count).min(sectors) * 4096));
    proptest::collection::vec(prop_oneof![3 => write, 1 => erase], 1..12)
}

/// What the access makes of a memory that obeys.
fn applied(memory: &mut [u8], access: &Access) {
    match access {
        Access::Write(at, bytes) => {
            memory[*at as usize..].iter_mut().zip(bytes).for_each(|(cell, byte)| *cell &= byte);
        }
        Access::Erase(from, to) => memory[*from as usize..*to as usize].fill(0xFF),
    }
}

fn carried_out(nor: &mut Nor, access: &Access) -> Result<(), Error<PowerCut>> {
    match access {
        Access::Write(at, bytes) => now(nor.write(*at, bytes)),
        Access::Erase(from, to) => now(nor.erase(*from, *to)),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_chip_holds_what_was_asked_of_it(accesses in accesses()) {
        let (chip, mut nor) = fresh();
        let mut model = vec![0xFF; LEN];
        for access in &accesses {
            carried_out(&mut nor, access).unwrap();
            applied(&mut model, access);
        }
        prop_assert!(chip.borrow().memory == model);
        let mut read = vec![0; LEN];
        now(nor.read(0, &mut read)).unwrap();
        prop_assert!(read == model);
    }

    #[test]
    fn a_power_cut_leaves_each_byte_before_or_after_the_access_under_way(accesses in accesses(), fuel in 1_usize..6000) {
        let (chip, mut nor) = fresh();
        chip.borrow_mut().fuel = Some(fuel);
        let mut before = vec![0xFF; LEN];
        let mut after = before.clone();
        for access in &accesses {
            before.clone_from(&after);
            applied(&mut after, access);
            if let Err(error) = carried_out(&mut nor, access) {
                prop_assert_eq!(error, Error::Bus(PowerCut));
                break;
            }
            before.clone_from(&after);
        }
        chip.borrow_mut().fuel = None;
        let mut nor = open(&chip).unwrap();
        let mut read = vec![0; LEN];
        now(nor.read(0, &mut read)).unwrap();
        let states = read.iter().zip(before.iter().zip(&after));
        prop_assert!(states.into_iter().all(|(byte, (before, after))| byte == before || byte == after));
    }
}
