//! A set as a poll plan: what to ask whom, how often.
//!
//! Invariant: only services that read are planned.

use serde::Serialize;

use super::super::log::hex;
use super::set::SignalSet;

/// One request of a plan.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Poll {
    /// The identifier to ask on.
    pub id: String,
    /// The identifier that answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response: Option<String>,
    /// The address byte of extended addressing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Service and parameter.
    pub request: String,
    /// Seconds between two requests.
    pub every_s: f64,
    /// What the answer tells.
    pub signals: Vec<String>,
}

/// How often to ask where a set does not say, in seconds.
const EVERY_S: f64 = 60.0;

/// The plan of a set, the most frequent first.
pub fn plan(set: &SignalSet) -> Vec<Poll> {
    let mut polls: Vec<_> = set
        .commands
        .iter()
        .filter_map(|command| {
            let request =
                command.request().filter(|request| matches!(request.first(), Some(0x01 | 0x09 | 0x21 | 0x22)))?;
            Some(Poll {
                id: command.asks_on(),
                response: command.answers_on(),
                address: command.eax.clone(),
                request: hex(&request),
                every_s: command.freq.filter(|every_s| *every_s > 0.0).unwrap_or(EVERY_S),
                signals: command.signals.iter().map(|signal| signal.id.clone()).collect(),
            })
        })
        .collect();
    polls.sort_by(|a, b| a.every_s.total_cmp(&b.every_s));
    polls
}
