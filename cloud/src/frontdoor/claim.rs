//! What a session with a claim may do: ask for a certificate, once at a time, and hear the answer.
//!
//! Invariant: nothing of it reaches the committer or any vehicle, and whatever else it tries ends it.

use std::sync::Arc;

use bytes::Bytes;
use milepost_protocol::downlink::{Range, Receipt};
use milepost_protocol::{Downlink, Envelope, MAX_DOWNLINK_LEN, Record};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::oneshot;

use super::Close;
use super::codec::Publish;
use super::registry::{Attached, Push};
use super::session::{Pending, Session};
use crate::clock::Clock;
use crate::events::Certified;
use crate::ingest::Ack;
use crate::pki::{self, PkiError};

/// What a claim asks, and under which record number.
struct Asked {
    boot: u32,
    number: u32,
    der: Vec<u8>,
}

impl<S: AsyncRead + AsyncWrite + Send> Session<'_, S> {
    /// Takes a publish of a claim; the answer comes through the session's own pushes, its acknowledgement first.
    pub(super) fn claim(&mut self, publish: Publish, attached: &Attached) -> Result<(), Close> {
        let asked = read(&publish.payload).filter(|_| self.claim_listens && self.pending.is_empty());
        let asked = asked.ok_or(Close::ClaimMisuse)?;
        let (done, ack) = oneshot::channel();
        self.pending.push_back(Pending { packet_id: publish.packet_id, bytes: publish.payload, ack });
        let (pki, own) = (Arc::clone(&self.door.pki), attached.own.clone());
        let (serial, batch) = (self.device.clone(), self.peer.device.clone());
        tokio::spawn(async move {
            let now_ms = Clock::real().now_ms();
            let answer = tokio::task::spawn_blocking(move || {
                let verdict = pki.enrol(&serial, &batch, &asked.der, now_ms);
                Certified::of(&serial, &verdict).emit();
                downlink(&asked, verdict, now_ms)
            });
            // Whoever asked may be gone; it asks again, and the answer is the same.
            let (ack, answer) = answer.await.unwrap_or((Ack::Failed, None));
            let _ = done.send(ack);
            if let Some(answer) = answer {
                let _ = own.send(Push::Receipt(answer)).await;
            }
        });
        Ok(())
    }
}

/// The one request of an envelope that holds nothing else.
fn read(payload: &[u8]) -> Option<Asked> {
    let envelope = Envelope::parse(payload).ok()?;
    let mut entries = envelope.entries();
    let (entry, None) = (entries.next()?, entries.next()) else { return None };
    let Record::CertificateRequest(request) = entry.record() else { return None };
    Some(Asked { boot: envelope.header.boot, number: entry.number, der: request.der.to_vec() })
}

/// The record's receipt and the answer, in one message.
fn downlink(asked: &Asked, verdict: Result<pki::Verdict, PkiError>, now_ms: u64) -> (Ack, Option<Bytes>) {
    let range = Range { first: asked.number, last: asked.number };
    let ranges = heapless::Vec::from_slice(&[range]).expect("a receipt has room for one range");
    let receipt = Downlink::Receipt(Receipt { boot: asked.boot, ranges, now_ms, credit: 1 });
    let answer = Downlink::Certificate(pki::answer(&asked.der, verdict));
    let mut buffer = [0; MAX_DOWNLINK_LEN];
    let bytes = Downlink::encode(&[receipt, answer], &mut buffer).map(Bytes::copy_from_slice);
    (Ack::Committed, bytes)
}
