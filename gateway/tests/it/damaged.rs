//! A few damaged inputs for everything that reads what others send; `cargo xtask fuzz` tries more of them.

use crate::fuzz::{Failure, TARGETS, input, run};

#[test]
fn no_damaged_input_makes_a_reader_panic() {
    for target in TARGETS {
        match run(target, 1, 0..1_500) {
            Ok(taken) => {
                assert!(taken > 0, "{} takes nothing that is damaged, so that little of it is tried", target.name);
            }
            Err(Failure { case, input }) => panic!("{}: case {case} of seed 1 panics: {input:02X?}", target.name),
        }
    }
}

#[test]
fn what_is_damaged_was_taken_before() {
    for target in TARGETS {
        for (at, valid) in (target.valid)().iter().enumerate() {
            assert!((target.feed)(valid), "input {at} of {}", target.name);
        }
    }
}

#[test]
fn a_case_follows_from_its_seed_and_number() {
    for target in TARGETS {
        let valid = (target.valid)();
        let inputs = |seed| (0..50).map(|case| input(&valid, seed, case)).collect::<Vec<_>>();
        assert_eq!(inputs(7), inputs(7), "{}", target.name);
        assert_ne!(inputs(7), inputs(8), "{}", target.name);
    }
}
