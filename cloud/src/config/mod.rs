//! The configuration: one structure a concern, read whole and checked before anything is built.
//!
//! Invariant: an unknown key, a wrong type or a value out of range is an error that names file, line and key; nothing is read from the environment.

mod channels;
mod error;
mod folder;
mod offers;
mod plans;
mod programmes;
mod receipts;
mod sections;
mod workshops;

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::i18n::Currency;
pub use channels::{Channels, Email, EmailTls, Push, TextMessages};

pub use error::ConfigError;
pub use folder::FolderError;
pub use offers::{Evaluation, Offers, OffersConfigError, PolicyKind};
pub use plans::{Plans, PlansError};
pub use programmes::{Journeys, ProgrammesError};
pub use receipts::Receipts;
pub use sections::{Admin, ClockSettings, Data, Firmware, FrontDoor, Http, Ingest, Secret, StoreKind, StoreSettings};
pub use workshops::{Day, Place, Workshop};

/// Everything that can be set. An absent section or key has its default.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// What amounts of money are in, by its code of ISO 4217. Default `EUR`.
    pub currency: Currency,
    /// Where data live.
    pub data: Data,
    /// Which time it is.
    pub clock: ClockSettings,
    /// Where vehicles connect.
    pub front_door: FrontDoor,
    /// How envelopes become commits.
    pub ingest: Ingest,
    /// How commits become durable.
    pub store: StoreSettings,
    /// Maintenance plans.
    pub plans: Plans,
    /// How offers are decided.
    pub offers: Offers,
    /// Programmes of journeys.
    pub journeys: Journeys,
    /// Firmware images and their rollouts.
    pub firmware: Firmware,
    /// Pages and API.
    pub http: Http,
    /// How owners are reached outside of the car and the account.
    pub channels: Channels,
    /// Receipts that owners attach to service books.
    pub receipts: Receipts,
    /// Metrics.
    pub admin: Admin,
    /// What the workshop does for owners, and where they can book.
    pub workshop: Workshop,
}

impl Config {
    /// Reads and checks a file.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text =
            std::fs::read_to_string(path).map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
        Self::parse(&text, &path.display().to_string())
    }

    /// Parses and checks `text`; `name` stands for the file in errors.
    pub fn parse(text: &str, name: &str) -> Result<Self, ConfigError> {
        let config: Self = toml::from_str(text).map_err(|error| ConfigError::syntax(&error, text, name))?;
        config.check().map_err(|(key, message)| ConfigError::value(key, message, text, name))?;
        Ok(config)
    }

    /// The effective values as TOML, with secrets masked.
    pub fn effective(&self) -> String {
        toml::to_string(self).expect("every section is a table of plain values")
    }

    fn check(&self) -> Result<(), (&'static str, String)> {
        let door = &self.front_door;
        let positive = |key, value: u64| {
            if value == 0 { Err((key, "must be above 0".to_owned())) } else { Ok(()) }
        };
        positive("front_door.max_connections", u64::from(door.max_connections))?;
        positive("front_door.max_handshakes", u64::from(door.max_handshakes))?;
        positive("front_door.receive_maximum", u64::from(door.receive_maximum))?;
        positive("front_door.connect_timeout_ms", door.connect_timeout_ms)?;
        positive("front_door.write_timeout_ms", door.write_timeout_ms)?;
        positive("ingest.max_group", self.ingest.max_group as u64)?;
        positive("ingest.tick_ms", self.ingest.tick_ms)?;
        positive("ingest.credit", u64::from(self.ingest.credit))?;
        if door.handshake_timeout_ms < 10_000 {
            let why = "must be at least 10000: a microcontroller takes seconds for a handshake";
            return Err(("front_door.handshake_timeout_ms", why.to_owned()));
        }
        let least = milepost_protocol::MAX_ENVELOPE_LEN as u32 + 64;
        if door.max_packet_bytes < least {
            return Err((
                "front_door.max_packet_bytes",
                format!("must be at least {least}: an envelope and its topic"),
            ));
        }
        if door.server_names.is_empty() {
            return Err(("front_door.server_names", "must name at least one host or address".to_owned()));
        }
        if !(door.publishes_per_s.is_finite() && door.publishes_per_s > 0.0) {
            return Err(("front_door.publishes_per_s", "must be above 0".to_owned()));
        }
        if !(self.clock.speed.is_finite() && self.clock.speed > 0.0) {
            return Err(("clock.speed", "must be above 0".to_owned()));
        }
        if self.clock.epoch_ms.is_some() != self.clock.started_ms.is_some() {
            return Err(("clock.epoch_ms", "and clock.started_ms must be set together".to_owned()));
        }
        positive("firmware.step_ms", self.firmware.step_ms)?;
        positive("firmware.bytes_per_s", u64::from(self.firmware.bytes_per_s))?;
        if !(1..=32).contains(&self.firmware.chunk_window) {
            return Err(("firmware.chunk_window", "must be between 1 and 32".to_owned()));
        }
        if self.firmware.key_bytes().len() != self.firmware.keys.len() {
            return Err(("firmware.keys", "must be Ed25519 public keys of 64 hexadecimal digits".to_owned()));
        }
        self.channels.check()?;
        self.receipts.check()?;
        self.workshop.build()?;
        if !(0.0..=0.5).contains(&self.offers.holdout_share) {
            return Err(("offers.holdout_share", "must be between 0 and 0.5".to_owned()));
        }
        if !(0.0..=1.0 - 2.0 * self.offers.holdout_share).contains(&self.offers.uniform_share) {
            let why = "must be between 0 and what two holdout shares leave";
            return Err(("offers.uniform_share", why.to_owned()));
        }
        let evaluation = self.offers.evaluation;
        positive("offers.evaluation.cars", evaluation.cars as u64)?;
        positive("offers.evaluation.decisions", evaluation.decisions as u64)?;
        positive("offers.evaluation.window_days", u64::from(evaluation.window_days))?;
        if evaluation.days <= evaluation.window_days {
            let why = "must be more than offers.evaluation.window_days, or no decision is old enough";
            return Err(("offers.evaluation.days", why.to_owned()));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_at_all_is_a_valid_configuration() {
        assert_eq!(Config::parse("", "x.toml").unwrap(), Config::default());
    }

    #[test]
    fn a_misspelt_key_is_named_with_its_line_and_what_was_meant() {
        let text = "[front_door]\nlisten = \"127.0.0.1:0\"\nmax_conections = 5\n";
        let error = Config::parse(text, "m.toml").unwrap_err().to_string();
        assert_eq!(error, "m.toml:3: front_door.max_conections: unknown key; did you mean `max_connections`?");
    }

    #[test]
    fn a_misspelt_section_is_named_with_its_line() {
        let error = Config::parse("\n[frontdoor]\n", "m.toml").unwrap_err().to_string();
        assert_eq!(error, "m.toml:2: frontdoor: unknown key; did you mean `front_door`?");
    }

    #[test]
    fn a_value_out_of_range_is_named_with_its_line() {
        let text = "[clock]\n# fast\nspeed = -1.0\n";
        let error = Config::parse(text, "m.toml").unwrap_err().to_string();
        assert_eq!(error, "m.toml:3: clock.speed: must be above 0");
    }

    #[test]
    fn a_value_of_the_wrong_type_is_named_with_its_line() {
        let error = Config::parse("[http]\nlisten = 5\n", "m.toml").unwrap_err().to_string();
        assert!(error.starts_with("m.toml:2: http.listen: "), "{error}");
    }

    #[test]
    fn a_currency_is_three_capital_letters() {
        assert_eq!(Config::parse("currency = \"CHF\"\n", "m.toml").unwrap().currency.code(), "CHF");
        let error = Config::parse("currency = \"euro\"\n", "m.toml").unwrap_err().to_string();
        assert!(error.starts_with("m.toml:1: currency: ") && error.contains("ISO 4217"), "{error}");
    }

    #[test]
    fn a_log_that_would_be_empty_is_no_evaluation() {
        let read = |text: &str| Config::parse(&format!("[offers.evaluation]\n{text}\n"), "m.toml");
        let evaluation = read("cars = 500").unwrap().offers.evaluation;
        assert_eq!((evaluation.cars, evaluation.window_days), (500, 30));
        for (text, key) in [("cars = 0", "cars"), ("decisions = 0", "decisions"), ("days = 30", "days")] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.starts_with(&format!("m.toml:2: offers.evaluation.{key}: must be")), "{error}");
        }
    }

    #[test]
    fn secrets_are_masked_in_the_effective_values() {
        let config = Config::parse("[offers]\nkey = \"00112233445566778899aabbccddeeff\"\n", "m.toml").unwrap();
        let shown = config.effective();
        assert!(!shown.contains("0011223344"), "{shown}");
        assert!(shown.contains("***"), "{shown}");
    }
}
