//! The sections of the configuration, every key with its default.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

use serde::{Deserialize, Serialize, Serializer};

use crate::clock::Clock;

/// A text that is never printed.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Wraps a text.
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The text itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("***")
    }
}

/// Where data live.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Data {
    /// The folder for the store, the keys and the certificates. Default `milepost-data`.
    pub folder: PathBuf,
}

impl Default for Data {
    fn default() -> Self {
        Self { folder: PathBuf::from("milepost-data") }
    }
}

/// Which time it is. Only demonstrations and tests set anything here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClockSettings {
    /// What the clock showed at `started_ms`, in milliseconds of Unix time. Default: the machine's own time.
    pub epoch_ms: Option<u64>,
    /// The machine's time at which the clock showed `epoch_ms`. Default: the machine's own time.
    pub started_ms: Option<u64>,
    /// How many times as fast as the machine's the clock runs. Default 1.
    pub speed: f64,
}

impl Default for ClockSettings {
    fn default() -> Self {
        Self { epoch_ms: None, started_ms: None, speed: 1.0 }
    }
}

impl ClockSettings {
    /// The clock that these settings describe.
    pub fn build(&self) -> Clock {
        match (self.epoch_ms, self.started_ms) {
            (Some(epoch_ms), Some(started_ms)) => Clock::scaled(epoch_ms, started_ms, self.speed),
            _ => Clock::real(),
        }
    }
}

/// Where vehicles connect: MQTT 3.1.1 and 5 over mutual TLS 1.3.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FrontDoor {
    /// The address; port 0 takes a free one. Default `0.0.0.0:8883`.
    pub listen: SocketAddr,
    /// Host names and addresses that the server's certificate is made out to. Default `localhost` and `127.0.0.1`.
    pub server_names: Vec<String>,
    /// How many connections are open at most; more are closed at once. Default 20000.
    pub max_connections: u32,
    /// How many TLS handshakes run at a time; more wait. Default 64.
    pub max_handshakes: u32,
    /// How long a TLS handshake may take, in milliseconds; at least 10000. Default 15000.
    pub handshake_timeout_ms: u64,
    /// How long a connection may take to send CONNECT, in milliseconds. Default 10000.
    pub connect_timeout_ms: u64,
    /// How long a peer may leave what we send unread, in milliseconds. Default 20000.
    pub write_timeout_ms: u64,
    /// The largest MQTT packet taken, in bytes. Default 4096.
    pub max_packet_bytes: u32,
    /// How many unacknowledged publishes are taken from one device at a time, and sent to it. Default 16.
    pub receive_maximum: u16,
    /// The longest keep-alive granted, in seconds; 0 in CONNECT stays unlimited in MQTT 3.1.1. Default 1200.
    pub max_keep_alive_s: u16,
    /// How many publishes a second one device may send on average; more wait. Default 50.
    pub publishes_per_s: f64,
    /// How many publishes may come at once before they wait. Default 200.
    pub publish_burst: u32,
    /// How long a shutdown waits for commits under way, in milliseconds. Default 5000.
    pub drain_ms: u64,
    /// How long a device's old certificate still counts after the first use of its successor, in milliseconds. Default 3600000, an hour.
    pub retire_after_ms: u64,
}

impl Default for FrontDoor {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([0, 0, 0, 0], 8883)),
            server_names: vec!["localhost".to_owned(), "127.0.0.1".to_owned()],
            max_connections: 20_000,
            max_handshakes: 64,
            handshake_timeout_ms: 15_000,
            connect_timeout_ms: 10_000,
            write_timeout_ms: 20_000,
            max_packet_bytes: 4_096,
            receive_maximum: 16,
            max_keep_alive_s: 1_200,
            publishes_per_s: 50.0,
            publish_burst: 200,
            drain_ms: 5_000,
            retire_after_ms: 3_600_000,
        }
    }
}

/// How envelopes become commits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Ingest {
    /// How many pieces of work one commit takes at most. Default 1024.
    pub max_group: usize,
    /// How long a commit waits for company, in milliseconds. Default 3.
    pub linger_ms: u64,
    /// How often due timers are looked for, in milliseconds of real time. Default 1000.
    pub tick_ms: u64,
    /// How many vehicles stay in memory between commits. Default 10000.
    pub cached_vehicles: usize,
    /// How many envelopes a device may have under way, as its receipts say. Default 16.
    pub credit: u16,
    /// A record's time may lie this far ahead of ours before it is clamped, in milliseconds. Default 86400000, a day.
    pub future_tolerance_ms: u64,
}

impl Default for Ingest {
    fn default() -> Self {
        Self {
            max_group: 1_024,
            linger_ms: 3,
            tick_ms: 1_000,
            cached_vehicles: 10_000,
            credit: 16,
            future_tolerance_ms: 86_400_000,
        }
    }
}

/// Where commits go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StoreKind {
    /// On disk, in the data folder.
    Sled,
    /// In memory; everything is gone with the process.
    Memory,
}

/// How commits become durable.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StoreSettings {
    /// `sled` or `memory`. Default `sled`.
    pub kind: StoreKind,
    /// The size of the page cache, in bytes. Default 134217728.
    pub cache_bytes: u64,
    /// Commits are refused while the disk has less than this free, in bytes. Default 268435456.
    pub min_free_bytes: u64,
}

impl Default for StoreSettings {
    fn default() -> Self {
        Self { kind: StoreKind::Sled, cache_bytes: 128 << 20, min_free_bytes: 256 << 20 }
    }
}

/// Pages and API.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Http {
    /// The address; port 0 takes a free one. Default `127.0.0.1:8080`.
    pub listen: SocketAddr,
    /// Whether cookies are sent over HTTPS only; set it wherever a proxy ends TLS in front. Default false.
    pub secure_cookies: bool,
}

impl Default for Http {
    fn default() -> Self {
        Self { listen: SocketAddr::from(([127, 0, 0, 1], 8080)), secure_cookies: false }
    }
}

/// Metrics, for operators only.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Admin {
    /// The address of `/metrics`; port 0 takes a free one. Default `127.0.0.1:9464`.
    pub listen: SocketAddr,
}

impl Default for Admin {
    fn default() -> Self {
        Self { listen: SocketAddr::from(([127, 0, 0, 1], 9464)) }
    }
}

/// Firmware images and their rollouts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Firmware {
    /// The public keys whose images are taken, each 64 hexadecimal digits as `milepost firmware keygen` prints them. Default: none.
    pub keys: Vec<String>,
    /// How often rollouts are looked at, in milliseconds of real time. Default 1000.
    pub step_ms: u64,
    /// How many chunks a device gets before it has to say how far it has come; at most 32. Default 16.
    pub chunk_window: u16,
    /// How many bytes of images go out a second, to all devices together. Default 4000000.
    pub bytes_per_s: u32,
}

impl Default for Firmware {
    fn default() -> Self {
        Self { keys: Vec::new(), step_ms: 1_000, chunk_window: 16, bytes_per_s: 4_000_000 }
    }
}

impl Firmware {
    /// The keys as bytes; a text that is none is left out, which a checked configuration has none of.
    pub fn key_bytes(&self) -> Vec<[u8; 32]> {
        self.keys.iter().filter_map(|key| crate::firmware::parse_key(key)).collect()
    }
}
