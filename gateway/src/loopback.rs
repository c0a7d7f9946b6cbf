//! A cloud of one drive: takes the core's envelopes, answers with receipts, and keeps what they said.
//!
//! Invariant: every record of the core is seen exactly once, in the order of its number, however little flash there is.

use milepost_firmware::{Device, DownlinkError, Now};
use milepost_protocol::downlink::{Range, Receipt};
use milepost_protocol::envelope::Envelope;
use milepost_protocol::{Downlink, MAX_DOWNLINK_LEN, MAX_ENVELOPE_LEN, Record};

use crate::flash_file::Region;
use crate::host::DeviceError;

/// A record with its time.
#[derive(Debug, Clone, PartialEq)]
pub struct Received {
    /// The number within the boot.
    pub number: u32,
    /// On the scale of the core's clock, in milliseconds.
    pub at_ms: u64,
    /// The record.
    pub record: Record,
}

/// Takes everything that the core has to send and lets it forget it.
pub async fn drain(device: &mut Device<Region>, now: Now, records: &mut Vec<Received>) -> Result<(), DeviceError> {
    let mut buffer = [0; MAX_ENVELOPE_LEN];
    while let Some(bytes) = device.envelope(now, &mut buffer).await? {
        let envelope = Envelope::parse(bytes).expect("the core writes envelopes that it can read itself");
        let mut ranges = heapless::Vec::<Range, { milepost_protocol::downlink::MAX_RANGES }>::new();
        let mut receipts = Vec::new();
        for entry in envelope.entries() {
            records.push(Received { number: entry.number, at_ms: entry.at_ms, record: entry.record() });
            match ranges.last_mut() {
                Some(range) if range.last + 1 == entry.number => range.last = entry.number,
                _ => {
                    let next = Range { first: entry.number, last: entry.number };
                    if let Err(next) = ranges.push(next) {
                        receipts.push(std::mem::take(&mut ranges));
                        ranges.push(next).expect("a fresh list has room");
                    }
                }
            }
        }
        receipts.push(ranges);
        for ranges in receipts {
            let receipt = Receipt {
                boot: envelope.header.boot,
                ranges,
                now_ms: now.unix_ms.unwrap_or(now.uptime_ms),
                credit: u16::MAX,
            };
            tell(device, now, &Downlink::Receipt(receipt)).await?;
        }
    }
    Ok(())
}

/// Gives the core a message as the cloud would.
pub async fn tell(device: &mut Device<Region>, now: Now, message: &Downlink) -> Result<(), DeviceError> {
    let mut buffer = [0; MAX_DOWNLINK_LEN];
    let bytes = Downlink::encode(std::slice::from_ref(message), &mut buffer).expect("one message fits");
    match device.downlink(now, bytes).await {
        Ok(()) => Ok(()),
        Err(DownlinkError::Device(error)) => Err(error),
        Err(DownlinkError::Decode(error)) => unreachable!("a message just encoded decodes: {error}"),
    }
}
