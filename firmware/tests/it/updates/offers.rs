//! Offers: what is refused before a byte is stored, what is withdrawn, and when an image may be installed.

use super::*;

#[test]
fn what_may_not_run_here_is_refused_before_anything_is_stored() {
    let bytes = image(3_000);
    let good = manifest(&bytes);
    let at_floor = |version| Manifest { version: Version(version), ..good.clone() };
    let mut altered = signed(&good);
    *altered.manifest.last_mut().unwrap() ^= 1;
    let cases = [
        ("a stranger's key", signed_by(&[8; 32], SIGNATURE_DOMAIN, &good), Refusal::Signature),
        ("a signature of something else", signed_by(&SEED, b"", &good), Refusal::Signature),
        ("a manifest that was altered", altered, Refusal::Signature),
        (
            "signed bytes that are no manifest",
            {
                let bytes = heapless::Vec::from_slice(&[0xFF; 9]).unwrap();
                let message = [SIGNATURE_DOMAIN, &bytes].concat();
                let signature = SignedManifest::split(salty::Keypair::from(&SEED).sign(&message).to_bytes());
                SignedManifest { manifest: bytes, signature }
            },
            Refusal::Manifest,
        ),
        (
            "another board's image",
            signed(&Manifest { board: "other".try_into().unwrap(), ..good.clone() }),
            Refusal::Board,
        ),
        ("what runs already", signed(&at_floor([1, 4, 0])), Refusal::NotNewer),
        ("an older version", signed(&at_floor([1, 3, 9])), Refusal::NotNewer),
        (
            "an image longer than the slot",
            signed(&Manifest { len: 4 * PAGE as u32 + 1, ..good.clone() }),
            Refusal::Length,
        ),
        ("an image of nothing", signed(&Manifest { len: 0, ..good.clone() }), Refusal::Length),
    ];
    for (what, image, refusal) in cases {
        let board = Board::new();
        let mut updater = board.start();
        take(&mut updater, &offer(1, image));
        assert_eq!(told(&mut updater, at(1_000)), [UpdateState::Refused(refusal)], "{what}");
        for chunk in chunks(&bytes, 0, 8) {
            take(&mut updater, &encode(Downlink::UpdateChunk(chunk)));
        }
        assert_eq!(in_slot(&board, 4 * PAGE), vec![0xFF; 4 * PAGE], "{what}");
        assert_eq!(install(&mut updater), None, "{what}");
        let foreign = updater.dropped().foreign_chunks;
        assert_eq!(foreign, 6, "{what}: each chunk is counted");
    }
}

#[test]
fn an_image_is_installed_only_while_the_car_stands_and_the_window_is_open() {
    let board = Board::new();
    let bytes = image(600);
    let mut updater = board.start();
    let minute = (EPOCH_MS / 60_000 % 1440) as u16;
    let window = Some(Window { from_minute: (minute + 60) % 1440, minutes: 30 });
    let offer = UpdateOffer { update: 1, image: Some(signed(&manifest(&bytes))), window };
    take(&mut updater, &encode(Downlink::UpdateOffer(offer)));
    assert_eq!(serve(&mut updater, &bytes), [UpdateState::Verified]);
    let hour = 3_600_000;
    let mut asked = |now, stands| block_on(updater.install(now, stands)).unwrap().is_some();
    assert!(!asked(at(0), true), "the window is closed");
    assert!(!asked(Now { unix_ms: None, ..at(hour) }, true), "without a clock no window is known to be open");
    assert!(!asked(at(hour), false), "the car drives");
    assert!(asked(at(hour), true));
}

#[test]
fn a_withdrawn_update_is_dropped_unless_it_is_installed_and_old_offers_mean_nothing() {
    let board = Board::new();
    let bytes = image(5_000);
    let withdrawn = encode(Downlink::UpdateOffer(UpdateOffer { update: 3, image: None, window: None }));
    let mut updater = board.start();
    take(&mut updater, &offer(3, signed(&manifest(&bytes))));
    take(&mut updater, &withdrawn);
    assert_eq!(told(&mut updater, at(1)), [UpdateState::Withdrawn]);
    take(&mut updater, &offer(2, signed(&manifest(&bytes))));
    assert_eq!((updater.report(), updater.dropped().old_offers), (None, 1));

    take(&mut updater, &offer(4, signed(&manifest(&bytes))));
    serve(&mut updater, &bytes);
    install(&mut updater).unwrap();
    let late = encode(Downlink::UpdateOffer(UpdateOffer { update: 4, image: None, window: None }));
    told(&mut updater, at(1));
    take(&mut updater, &late);
    assert_eq!(updater.report(), None, "the boot loader has it; its start will tell");
}

#[test]
fn an_offer_during_a_trial_is_refused() {
    let board = Board::new();
    let bytes = image(600);
    board.installed(&bytes);
    let mut updater = board.start_as(NEW, Running::Trial, ResetReason::Software);
    told(&mut updater, at(1));
    take(&mut updater, &offer(2, signed(&Manifest { version: Version([1, 6, 0]), ..manifest(&bytes) })));
    assert_eq!(told(&mut updater, at(1)), [UpdateState::Refused(Refusal::OnTrial)]);
}
