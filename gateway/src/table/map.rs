//! The map file: which signal of the matrix feeds which path of VSS 6.0, and in which unit it counts.
//!
//! Invariant: a feed names exactly one path of the catalogue; what else the file says is an error and not passed over.

use std::io;
use std::path::{Path, PathBuf};

use milepost_protocol::SignalId;
use milepost_protocol::signal::CATALOGUE;
use serde::Deserialize;

use crate::dbc::Matrix;

/// Why a map cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum MapError {
    /// The file cannot be read.
    #[error("cannot read the map, {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// It is not a map.
    #[error("not a map, {}", path.display())]
    Toml {
        /// The file.
        path: PathBuf,
        /// What the parser said.
        #[source]
        source: Box<toml::de::Error>,
    },
    /// A path has no number on the wire.
    #[error("path {vss} is not in the catalogue, {}", path.display())]
    Path {
        /// The file.
        path: PathBuf,
        /// The path.
        vss: String,
    },
}

/// What feeds one path.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Feed {
    /// The VSS 6.0 path, or one of ours below `Vehicle.Milepost`.
    pub path: String,
    /// The signal's name in the matrix.
    pub signal: String,
    /// The message's name, where the signal's alone is not enough.
    pub message: Option<String>,
    /// The unit of the matrix's value; the matrix's own if it is missing.
    pub unit: Option<String>,
    /// In place of a unit: the catalogue's value = the matrix's value × scale + offset.
    pub scale: Option<f64>,
    /// See `scale`.
    pub offset: Option<f64>,
    /// The smallest valid value, as the matrix counts; its own limit if it is missing.
    pub min: Option<f64>,
    /// The largest valid value.
    pub max: Option<f64>,
    /// The host's bus, from 0; any if it is missing.
    pub bus: Option<u8>,
}

/// A whole map.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Map {
    /// The feeds.
    #[serde(default)]
    pub signal: Vec<Feed>,
}

impl Map {
    /// Reads a map.
    pub fn load(path: &Path) -> Result<Self, MapError> {
        let text = std::fs::read_to_string(path).map_err(|source| MapError::Io { path: path.to_owned(), source })?;
        let map: Self = toml::from_str(&text)
            .map_err(|source| MapError::Toml { path: path.to_owned(), source: Box::new(source) })?;
        match map.signal.iter().find(|feed| by_path(&feed.path).is_none()) {
            Some(feed) => Err(MapError::Path { path: path.to_owned(), vss: feed.path.clone() }),
            None => Ok(map),
        }
    }
}

/// The catalogue's entry of a path.
pub(super) fn by_path(path: &str) -> Option<&'static milepost_protocol::signal::Signal> {
    CATALOGUE.iter().find(|signal| signal.path == path)
}

/// Parameters that feed a path without a map, the better one first (SAE J1939-71).
const PARAMETERS: &[(u32, SignalId)] = &[
    (917, SignalId::ODOMETER),
    (245, SignalId::ODOMETER),
    (84, SignalId::SPEED),
    (168, SignalId::BATTERY_12V),
    (158, SignalId::BATTERY_12V),
    (171, SignalId::OUTSIDE_TEMPERATURE),
    (70, SignalId::PARKING_BRAKE),
    (190, SignalId::ENGINE_SPEED),
    (110, SignalId::COOLANT_TEMPERATURE),
    (175, SignalId::OIL_TEMPERATURE),
    (51, SignalId::THROTTLE),
    (96, SignalId::FUEL_LEVEL),
    (92, SignalId::ENGINE_LOAD),
    (105, SignalId::INTAKE_TEMPERATURE),
    (108, SignalId::BAROMETRIC_PRESSURE),
    (183, SignalId::FUEL_RATE),
    (1213, SignalId::MIL),
];

/// The map that follows from parameter numbers alone, one feed for each path.
pub fn by_parameter(matrix: &Matrix) -> Map {
    let mut feeds: Vec<Feed> = Vec::new();
    for &(number, id) in PARAMETERS {
        let Some(entry) = CATALOGUE.iter().find(|signal| signal.id == id) else { continue };
        if feeds.iter().any(|feed| feed.path == entry.path) {
            continue;
        }
        let found = matrix.messages.iter().find_map(|message| {
            let signal = message.signals.iter().find(|signal| signal.parameter == Some(number))?;
            Some((message, signal))
        });
        if let Some((message, signal)) = found {
            feeds.push(Feed {
                path: entry.path.to_owned(),
                signal: signal.name.clone(),
                message: Some(message.name.clone()),
                unit: None,
                scale: None,
                offset: None,
                min: None,
                max: None,
                bus: None,
            });
        }
    }
    Map { signal: feeds }
}
