//! What a car has behind it when its life in the fleet begins, as far as somebody tells.
//!
//! A file `vehicle.json` beside the car's certificate tells it, so that whoever registers the car and the fleet that drives it speak of the same one.

use std::io::ErrorKind;
use std::path::Path;

use serde::Deserialize;

use super::vehicle::Class;

/// The file's name.
const FILE: &str = "vehicle.json";

/// A car's past.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Past {
    /// What kind of car it is.
    pub class: Class,
    /// Its odometer, in metres.
    pub odometer_m: u32,
}

impl Past {
    /// The past that is told in a car's folder of identities; `None` if nothing is.
    pub fn told(folder: &Path) -> std::io::Result<Option<Self>> {
        match std::fs::read(folder.join(FILE)) {
            Ok(text) => serde_json::from_slice(&text).map(Some).map_err(std::io::Error::from),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_past_is_read_where_one_is_told_and_a_broken_one_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Past::told(folder.path()).unwrap(), None);
        std::fs::write(folder.path().join(FILE), r#"{"class":"electric","odometer_m":5000}"#).unwrap();
        let past = Past { class: Class::Electric, odometer_m: 5_000 };
        assert_eq!(Past::told(folder.path()).unwrap(), Some(past));
        std::fs::write(folder.path().join(FILE), r#"{"class":"boat"}"#).unwrap();
        assert!(Past::told(folder.path()).is_err());
    }
}
