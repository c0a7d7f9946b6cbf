//! What `isotp` prints of a message or a failure: one line of JSON.
//!
//! Invariant: trouble codes are told only from lists that carry them whole.

use milepost_firmware::obd::service::{Answer, Codes};
use milepost_firmware::uds::{NegativeCode, Response, records};
use serde::Serialize;

use super::super::log::{hex, id_hex, seconds};
use super::listener::{Heard, Outcome};

/// A line.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct Line {
    t: f64,
    id: String,
    /// The address byte of extended addressing.
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    len: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nrc: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dtcs: Option<Vec<Dtc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    obd_dtcs: Option<Vec<Dtc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'static str>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Dtc {
    raw: String,
    code: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<String>,
}

impl Line {
    /// The lines of what was heard: a message that interrupts another leads to two.
    pub fn of(heard: &Heard<'_>) -> impl Iterator<Item = Self> {
        let head = Self {
            t: seconds(heard.at_us),
            id: id_hex(heard.id),
            address: heard.address.map(|address| format!("{address:02X}")),
            ..Self::default()
        };
        let (error, message) = match heard.outcome {
            Outcome::Message { payload, interrupted } => (interrupted, Some(head.clone().with(payload))),
            Outcome::Failed(fault) => (Some(fault), None),
        };
        let error = error.map(|fault| Self { error: Some(fault.name()), ..head });
        error.into_iter().chain(message)
    }

    fn with(mut self, payload: &[u8]) -> Self {
        self.len = Some(payload.len());
        self.payload = Some(hex(payload));
        match Response::parse(payload) {
            Response::Negative { code: NegativeCode(code), .. } if payload.len() == 3 => {
                self.nrc = Some(format!("{code:02X}"));
            }
            Response::DtcList { records: list, .. } => {
                let dtcs = records(list).map(|record| {
                    let code = record.code;
                    let raw = format!("{:04X}{:02X}", code.code, code.failure_type.unwrap_or(0));
                    Dtc { raw, code: code.to_string(), status: Some(format!("{:02X}", record.status)) }
                });
                self.dtcs = Some(dtcs.collect());
            }
            _ => {}
        }
        if let Some(Answer::Codes(Codes { list, .. })) = Answer::parse(payload) {
            let code = |code: milepost_protocol::trouble::TroubleCode| Dtc {
                raw: format!("{:04X}", code.code),
                code: code.to_string(),
                status: None,
            };
            self.obd_dtcs = Some(list.codes().map(code).collect());
        }
        self
    }
}
