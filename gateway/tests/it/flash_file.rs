//! A file behaves as NOR flash, survives its process, and refuses what it is not.

use std::fs;

use embedded_storage_async::nor_flash::{NorFlash, ReadNorFlash};
use milepost_gateway::flash_file::{FlashError, Layout, OpenError, PAGE, Region, Sync, in_memory, open};

const PAGE_LEN: u32 = PAGE as u32;

const SMALL: Layout = Layout { alerts: 2 * PAGE_LEN, bulk: 4 * PAGE_LEN, state: 4 * PAGE_LEN, table: 2 * PAGE_LEN };

async fn read(region: &mut Region, offset: u32, len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    region.read(offset, &mut bytes).await.unwrap();
    bytes
}

#[tokio::test]
async fn bits_only_fall_until_a_page_is_erased() {
    let mut flash = in_memory(SMALL).bulk;
    flash.write(8, &[0b1111_0000, 1, 2, 3]).await.unwrap();
    flash.write(8, &[0b1010_1010, 0xFF, 0, 3]).await.unwrap();
    assert_eq!(read(&mut flash, 8, 4).await, [0b1010_0000, 1, 0, 3]);
    flash.erase(0, PAGE_LEN).await.unwrap();
    assert_eq!(read(&mut flash, 8, 4).await, [0xFF; 4]);
}

#[tokio::test]
async fn accesses_beside_words_pages_or_the_region_are_refused() {
    let mut flash = in_memory(SMALL).alerts;
    assert!(matches!(flash.write(2, &[0; 4]).await, Err(FlashError::NotAligned)));
    assert!(matches!(flash.write(0, &[0; 3]).await, Err(FlashError::NotAligned)));
    assert!(matches!(flash.erase(0, 100).await, Err(FlashError::NotAligned)));
    assert!(matches!(flash.erase(PAGE_LEN, 0).await, Err(FlashError::OutOfBounds)));
    assert!(matches!(flash.write(2 * PAGE_LEN, &[0; 4]).await, Err(FlashError::OutOfBounds)));
    assert!(matches!(flash.erase(PAGE_LEN, 3 * PAGE_LEN).await, Err(FlashError::OutOfBounds)));
    assert!(matches!(flash.read(u32::MAX, &mut [0; 2]).await, Err(FlashError::OutOfBounds)));
    assert_eq!(read(&mut flash, 1, 3).await, [0xFF; 3], "reads need no alignment");
}

#[tokio::test]
async fn what_was_written_is_there_after_a_restart_and_regions_do_not_touch() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("flash");
    for sync in [Sync::Never, Sync::EachWrite] {
        let mut flash = open(&path, SMALL, sync).unwrap();
        flash.alerts.write(2 * PAGE_LEN - 4, &[1; 4]).await.unwrap();
        flash.bulk.write(0, &[2; 4]).await.unwrap();
        flash.table.write(2 * PAGE_LEN - 4, &[3; 4]).await.unwrap();
    }
    let mut flash = open(&path, SMALL, Sync::Never).unwrap();
    assert_eq!(read(&mut flash.alerts, 2 * PAGE_LEN - 8, 8).await, [0xFF, 0xFF, 0xFF, 0xFF, 1, 1, 1, 1]);
    assert_eq!(read(&mut flash.bulk, 0, 8).await, [2, 2, 2, 2, 0xFF, 0xFF, 0xFF, 0xFF]);
    assert_eq!(read(&mut flash.state, 0, 4 * PAGE).await, vec![0xFF; 4 * PAGE]);
    assert_eq!(read(&mut flash.table, 2 * PAGE_LEN - 4, 4).await, [3; 4]);
}

#[test]
fn the_file_takes_its_whole_room_at_once() {
    use std::os::unix::fs::MetadataExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("flash");
    drop(open(&path, SMALL, Sync::Never).unwrap());
    let meta = fs::metadata(&path).unwrap();
    assert_eq!(meta.len(), 13 * u64::from(PAGE_LEN));
    assert!(meta.blocks() * 512 >= meta.len(), "a sparse file could fill the disk in the middle of a drive");
}

#[test]
fn a_second_process_does_not_get_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("flash");
    let first = open(&path, SMALL, Sync::Never).unwrap();
    assert!(matches!(open(&path, SMALL, Sync::Never), Err(OpenError::InUse { .. })));
    drop(first);
    assert!(open(&path, SMALL, Sync::Never).is_ok());
}

#[test]
fn a_file_that_is_no_flash_of_this_layout_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("flash");
    let error = |layout| open(&path, layout, Sync::Never).unwrap_err();

    fs::write(&path, b"notes").unwrap();
    assert!(matches!(error(SMALL), OpenError::WrongHeader { .. }));
    assert!(error(SMALL).to_string().contains("flash"));
    assert_eq!(fs::read(&path).unwrap(), b"notes", "a foreign file is left alone");

    fs::remove_file(&path).unwrap();
    drop(open(&path, SMALL, Sync::Never).unwrap());
    assert!(matches!(error(Layout::FLEET), OpenError::WrongHeader { .. }));

    let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
    file.set_len(100_000).unwrap();
    assert!(matches!(error(SMALL), OpenError::WrongSize { actual: 100_000, .. }));
}

#[test]
fn a_file_that_was_not_finished_is_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("flash");
    fs::write(folder.path().join("flash.new"), vec![0; 100]).unwrap();
    assert!(open(&path, SMALL, Sync::Never).is_ok());
    assert!(!folder.path().join("flash.new").exists());
}

#[test]
fn a_folder_that_is_not_there_is_an_error_that_names_the_file() {
    let error = open("/nonexistent/flash".as_ref(), SMALL, Sync::Never).unwrap_err();
    assert!(error.to_string().contains("/nonexistent/flash"));
}
