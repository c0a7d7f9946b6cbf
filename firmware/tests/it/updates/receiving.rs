//! Bytes on their way into the slot: lost, repeated, corrupted, or altered behind the back.

use super::*;

#[test]
fn lost_repeated_early_and_misplaced_chunks_do_no_harm_and_are_counted() {
    let board = Board::new();
    let bytes = image(5_000);
    let mut updater = board.offered(&bytes);
    told(&mut updater, at(1_000));
    let all = chunks(&bytes, 0, 10);
    let mut misplaced = all[1].clone();
    misplaced.bytes.truncate(100);
    let beyond = UpdateChunk { offset: 5_120, ..all[0].clone() };
    for chunk in [&all[0], &all[0], &all[2], &misplaced, &beyond, &all[9]] {
        take(&mut updater, &encode(Downlink::UpdateChunk(chunk.clone())));
    }
    let dropped = updater.dropped();
    assert_eq!((dropped.repeated_chunks, dropped.early_chunks, dropped.misplaced_chunks), (1, 2, 2));
    assert_eq!(told(&mut updater, at(1_000)), [UpdateState::Receiving(512)], "the end of a run is answered");
    updater.tick(at(30_999));
    assert_eq!(updater.report(), None);
    updater.tick(at(31_000));
    assert_eq!(told(&mut updater, at(31_000)), [UpdateState::Receiving(512)], "silence is answered by asking again");
    assert!(!updater.connected(at(40_000)));
    assert_eq!(serve(&mut updater, &bytes), [UpdateState::Verified]);
}

#[test]
fn a_corrupted_chunk_makes_the_image_be_refused_and_it_can_be_offered_again() {
    let board = Board::new();
    let bytes = image(5_000);
    let mut updater = board.offered(&bytes);
    let mut corrupted = chunks(&bytes, 0, 10);
    corrupted[3].bytes[17] ^= 4;
    for chunk in corrupted {
        take(&mut updater, &encode(Downlink::UpdateChunk(chunk)));
    }
    assert_eq!(told(&mut updater, at(1)), [UpdateState::Refused(Refusal::Hash)]);
    assert_eq!(install(&mut updater), None);
    take(&mut updater, &offer(2, signed(&manifest(&bytes))));
    assert_eq!(serve(&mut updater, &bytes), [UpdateState::Verified]);
}

#[test]
fn flash_that_loses_a_bit_between_verifying_and_installing_is_noticed() {
    let board = Board::new();
    let bytes = image(5_000);
    let mut updater = board.verified(&bytes);
    block_on(board.slot.clone().write(64, &[0; 4])).unwrap();
    assert_eq!(install(&mut updater), None);
    assert_eq!(told(&mut updater, at(1)), [UpdateState::Refused(Refusal::Hash)]);
}
