//! The configuration of a gateway board: one TOML file, parsed whole before anything is opened.
//!
//! Invariant: an unknown key is an error that names its line, so that a typing mistake never means a default.

use std::path::{Path, PathBuf};

use milepost_protocol::DeviceId;
use serde::Deserialize;

/// The whole file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The device id; the certificate's common name has to be the same.
    pub device: DeviceId,
    /// The flash file; it is made if it is not there.
    pub flash: PathBuf,
    /// Whether each write has to survive a power cut; off only for flash that is slow and powered by a battery.
    #[serde(default = "yes")]
    pub durable: bool,
    /// Whether the machine's own clock can be trusted, for instance because it is set by NTP or GNSS.
    #[serde(default)]
    pub clock_is_right: bool,
    /// Where the cloud is; without it the outbox fills until there is one.
    pub server: Option<Server>,
    /// The CAN interfaces, bus 0 first; none only beside a diagnostic adapter.
    pub buses: Vec<Bus>,
    /// What the core does.
    #[serde(default)]
    pub core: Core,
}

/// Where the cloud is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    /// `HOST:PORT` of the front door.
    pub address: String,
    /// The name in the server's certificate; the host of `address` without it.
    pub name: Option<String>,
    /// PEM of the authority of the server's certificate.
    pub ca: PathBuf,
    /// PEM of the device's certificate.
    pub certificate: PathBuf,
    /// PEM of the device's key.
    pub key: PathBuf,
}

/// One CAN interface.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bus {
    /// Its name, such as `can0`.
    pub interface: String,
}

/// What the core does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Core {
    /// Whether to poll OBD-II. Off for a bus where another tester works.
    pub obd: bool,
    /// Whether the car raises reminders by itself from its plan.
    pub local_reminders: bool,
    /// The tank's volume in millilitres.
    pub tank_ml: Option<u32>,
}

impl Default for Core {
    fn default() -> Self {
        Self { obd: true, local_reminders: true, tank_ml: None }
    }
}

fn yes() -> bool {
    true
}

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the configuration, {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// It is no configuration.
    #[error("configuration does not parse, {}", path.display())]
    Parse {
        /// The file.
        path: PathBuf,
        /// What is wrong, with its line.
        #[source]
        source: Box<toml::de::Error>,
    },
    /// Something is missing that the format cannot ask for.
    #[error("configuration {what}, {}", path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: &'static str,
    },
}

/// Reads the configuration; with a diagnostic adapter beside them, there may be no buses.
pub fn load(path: &Path, adapter: bool) -> Result<Config, ConfigError> {
    let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
    parse(path, &text, adapter)
}

fn parse(path: &Path, text: &str, adapter: bool) -> Result<Config, ConfigError> {
    let config: Config =
        toml::from_str(text).map_err(|source| ConfigError::Parse { path: path.to_owned(), source: source.into() })?;
    let invalid = |what| Err(ConfigError::Invalid { path: path.to_owned(), what });
    if config.buses.is_empty() && !adapter {
        return invalid("names no bus");
    }
    if config.buses.len() > 8 {
        return invalid("names more than eight buses");
    }
    Ok(config)
}

/// Splits `HOST:PORT`; an IPv6 address stands in brackets.
pub fn split_address(address: &str) -> Option<(String, u16)> {
    let (host, port) = address.rsplit_once(':')?;
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    (!host.is_empty()).then(|| port.parse().ok().map(|port| (host.to_owned(), port)))?
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = r#"
        device = "dev-0001"
        flash = "/var/lib/milepost/flash"
        clock_is_right = true

        [server]
        address = "cloud.example:8883"
        ca = "ca.pem"
        certificate = "cert.pem"
        key = "key.pem"

        [[buses]]
        interface = "can0"

        [core]
        obd = false
    "#;

    #[test]
    fn a_whole_configuration_reads_with_its_defaults() {
        let config = parse(Path::new("x"), WHOLE, false).unwrap();
        assert_eq!(config.device.as_str(), "dev-0001");
        assert!(config.durable && config.core.local_reminders && !config.core.obd);
        assert_eq!(config.buses[0].interface, "can0");
    }

    #[test]
    fn a_typing_mistake_is_named_with_its_line() {
        use std::error::Error;
        let error = parse(Path::new("gateway.toml"), &WHOLE.replace("obd = false", "odb = false"), false).unwrap_err();
        assert!(error.to_string().contains("gateway.toml"));
        let source = error.source().unwrap().to_string();
        assert!(source.contains("odb") && source.contains("line 16"), "{source}");
    }

    #[test]
    fn what_cannot_work_is_refused() {
        for (from, to) in [("interface = \"can0\"", ""), ("dev-0001", "dev/0001"), ("[[buses]]", "[[busses]]")] {
            assert!(parse(Path::new("x"), &WHOLE.replace(from, to), false).is_err(), "{to}");
        }
    }

    #[test]
    fn no_bus_is_needed_beside_an_adapter() {
        let without = "device = \"dev-0001\"\nflash = \"flash\"\nbuses = []\n";
        assert!(parse(Path::new("x"), without, false).is_err());
        assert_eq!(parse(Path::new("x"), without, true).unwrap().buses, []);
    }

    #[test]
    fn addresses_split_at_their_port() {
        for (address, expected) in [
            ("localhost:8883", Some(("localhost", 8883))),
            ("[::1]:8883", Some(("::1", 8883))),
            ("localhost", None),
            (":8883", None),
            ("host:port", None),
        ] {
            assert_eq!(split_address(address), expected.map(|(host, port)| (host.to_owned(), port)), "{address}");
        }
    }
}
