//! The bytes on their way: each device gets what it asked for, a run of chunks at a time, and all together no more than the budget.
//!
//! Nothing is stored for it: what is lost on the way is asked for again.
//! Invariant: a device has at most one run under way, because it asks for the next only at the end of the one before.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use bytes::Bytes;
use milepost_protocol::update::{MAX_IMAGE_CHUNK_LEN, UpdateChunk, Version};
use milepost_protocol::{DeviceId, Downlink, MAX_DOWNLINK_LEN};

/// What one device asked for.
#[derive(Debug, Clone)]
pub(super) struct Ask {
    pub(super) board: String,
    pub(super) version: Version,
    pub(super) have: u32,
}

/// What was asked for and not sent yet, in the order of asking, and how much may be sent.
#[derive(Debug)]
pub(super) struct Transfer {
    waiting: VecDeque<DeviceId>,
    asks: HashMap<DeviceId, Ask>,
    window: usize,
    bytes_per_s: f64,
    budget: f64,
}

impl Transfer {
    pub(super) fn new(window: u16, bytes_per_s: u32) -> Self {
        let bytes_per_s = f64::from(bytes_per_s);
        let window = usize::from(window.max(1));
        Self { waiting: VecDeque::new(), asks: HashMap::new(), window, bytes_per_s, budget: bytes_per_s }
    }

    /// Notes what a device asked for; a newer question of the same device takes the place of its older one.
    pub(super) fn ask(&mut self, device: &DeviceId, ask: Ask) {
        if self.asks.insert(device.clone(), ask).is_none() {
            self.waiting.push_back(device.clone());
        }
    }

    /// Lets the budget grow for `seconds`; what is not used in a second is gone.
    pub(super) fn refill(&mut self, seconds: f64) {
        self.budget = (self.budget + seconds * self.bytes_per_s).min(self.bytes_per_s);
    }

    /// The next device to serve, while there is a budget.
    pub(super) fn next(&mut self) -> Option<(DeviceId, Ask)> {
        if self.budget <= 0.0 {
            return None;
        }
        let device = self.waiting.pop_front()?;
        let ask = self.asks.remove(&device)?;
        Some((device, ask))
    }

    /// Whether anything waits.
    pub(super) fn is_idle(&self) -> bool {
        self.waiting.is_empty()
    }

    /// The messages of one run, paid from the budget.
    pub(super) fn run(&mut self, image: u32, bytes: &Arc<Vec<u8>>, have: u32) -> Vec<Bytes> {
        let offset = have as usize;
        // A device that asks within a chunk, or beyond the end, has another image in mind.
        if !offset.is_multiple_of(MAX_IMAGE_CHUNK_LEN) {
            return Vec::new();
        }
        let chunks: Vec<_> =
            bytes.get(offset..).unwrap_or_default().chunks(MAX_IMAGE_CHUNK_LEN).take(self.window).collect();
        let last = chunks.len().saturating_sub(1);
        let messages = chunks.iter().enumerate().map(|(index, part)| {
            let offset = have + (index * MAX_IMAGE_CHUNK_LEN) as u32;
            let bytes = heapless::Vec::from_slice(part).expect("a part has at most as many bytes as a chunk");
            let chunk = UpdateChunk { image, offset, last: index == last, bytes };
            let mut buffer = [0; MAX_DOWNLINK_LEN];
            let message = Downlink::encode(&[Downlink::UpdateChunk(chunk)], &mut buffer);
            Bytes::copy_from_slice(message.expect("a chunk is far shorter than a message"))
        });
        let messages: Vec<_> = messages.collect();
        self.budget -= messages.iter().map(Bytes::len).sum::<usize>() as f64;
        messages
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(have: u32) -> Ask {
        Ask { board: "bench".to_owned(), version: Version([1, 5, 0]), have }
    }

    #[test]
    fn a_run_ends_with_the_chunk_that_asks_for_word() {
        let image = Arc::new(vec![7; 1_300]);
        let mut transfer = Transfer::new(2, 1_000_000);
        let read = |messages: Vec<Bytes>| -> Vec<(u32, bool, usize)> {
            let chunks = messages.iter().flat_map(|bytes| Downlink::parse(bytes).unwrap());
            let fields = |message| match message {
                Downlink::UpdateChunk(chunk) => (chunk.offset, chunk.last, chunk.bytes.len()),
                other => panic!("{other:?}"),
            };
            chunks.map(fields).collect()
        };
        assert_eq!(read(transfer.run(1, &image, 0)), [(0, false, 512), (512, true, 512)]);
        assert_eq!(read(transfer.run(1, &image, 1_024)), [(1_024, true, 276)]);
        assert_eq!(read(transfer.run(1, &image, 1_536)), []);
        assert_eq!(read(transfer.run(1, &image, 100)), []);
    }

    #[test]
    fn devices_are_served_in_the_order_of_asking_and_within_the_budget() {
        let image = Arc::new(vec![7; 4_096]);
        let mut transfer = Transfer::new(8, 5_000);
        let [a, b]: [DeviceId; 2] = ["a", "b"].map(|id| id.parse().unwrap());
        transfer.ask(&a, ask(0));
        transfer.ask(&b, ask(0));
        transfer.ask(&a, ask(512));
        let (device, first) = transfer.next().unwrap();
        assert_eq!((device, first.have), (a, 512), "the newer question counts, at the older one's place");
        transfer.run(1, &image, 0);
        assert!(transfer.next().is_some(), "there is a budget left");
        transfer.run(1, &image, 0);
        transfer.ask(&b, ask(1_024));
        assert!(transfer.next().is_none(), "the budget is used up");
        assert!(!transfer.is_idle());
        transfer.refill(0.9);
        assert!(transfer.next().is_some());
    }
}
