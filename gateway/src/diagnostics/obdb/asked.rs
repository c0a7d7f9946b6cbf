//! A question, as `OBDb` writes it.
//!
//! Invariant: it says by itself who may answer, so frames are told apart without a set.

use super::super::log::unhex;
use super::address;
use super::years::Years;

/// A question, taken apart: `7E0.7E8.2203AF|e=2A,f=2009-`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    pub(super) header: String,
    /// Who must answer, as written.
    pub(super) receive: Option<String>,
    /// The identifier that must answer.
    response: Option<String>,
    pub(super) request: Vec<u8>,
    /// What a positive answer begins with.
    pub(super) answer: Vec<u8>,
    /// The address byte in front of each frame that is sent.
    pub(super) extended: Option<String>,
    tester: Option<String>,
    pub(super) years: Option<Years>,
}

impl Asked {
    /// Takes a question apart; `None` if it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let (place, options) = text.split_once('|').unwrap_or((text, ""));
        let (header, rest) = place.split_once('.')?;
        let (receive, request) =
            rest.split_once('.').map_or((None, rest), |(receive, request)| (Some(receive), request));
        let request = unhex(request)?;
        let (&service, parameter) = request.split_first()?;
        let mut answer = vec![service.checked_add(0x40)?];
        answer.extend_from_slice(parameter);
        let option = |name: &str| options.split(',').find_map(|option| option.strip_prefix(name)?.strip_prefix('='));
        Some(Self {
            header: header.to_owned(),
            receive: receive.map(str::to_owned),
            response: receive.map(|receive| address::response(header, receive, option("c"))),
            request,
            answer,
            extended: option("e").map(str::to_owned),
            tester: option("ta").map(str::to_owned),
            years: option("f").and_then(Years::parse),
        })
    }

    /// What a frame carries without its address byte; `None` if another ECU sent it.
    pub(super) fn carried<'d>(&self, id: &str, data: &'d [u8]) -> Option<&'d [u8]> {
        if self.response.as_deref().is_some_and(|response| !response.eq_ignore_ascii_case(id)) {
            return None;
        }
        let Some(extended) = &self.extended else { return Some(data) };
        let (&byte, data) = data.split_first()?;
        // Some cars put the ECU's address in front of answers too, others that of who asked.
        let addresses = [extended, self.tester.as_deref().unwrap_or(address::TESTER)];
        addresses.iter().any(|address| u8::from_str_radix(address, 16) == Ok(byte)).then_some(data)
    }
}
