//! How a document lies on disk: JSON, deflated where that pays.
//!
//! A vehicle's document repeats its field names with every trip; deflated it is about a tenth, and so is what each commit writes.
//! Invariant: what was written plain by an earlier build still reads; JSON never begins with the mark of a deflated document.

use std::io::{BufReader, Write as _};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::StoreError;

/// The first byte of a deflated document.
const DEFLATED: u8 = 1;

/// Shorter documents stay plain, in bytes.
const WORTH_IT: usize = 512;

/// The bytes of `value`; `what` names it in errors.
pub(super) fn pack<T: Serialize>(value: &T, what: &str) -> Result<Vec<u8>, StoreError> {
    let json = serde_json::to_vec(value).map_err(|source| StoreError::Encode { what: what.to_owned(), source })?;
    if json.len() < WORTH_IT {
        return Ok(json);
    }
    let mut encoder = DeflateEncoder::new(vec![DEFLATED], Compression::fast());
    let packed = encoder.write_all(&json).and_then(|()| encoder.finish());
    Ok(packed.expect("writing to memory does not fail"))
}

/// The value of `bytes`; `what` names it in errors.
pub(super) fn unpack<T: DeserializeOwned>(bytes: &[u8], what: &str) -> Result<T, StoreError> {
    let value = match bytes.split_first() {
        Some((&DEFLATED, packed)) => serde_json::from_reader(BufReader::new(DeflateDecoder::new(packed))),
        _ => serde_json::from_slice(bytes),
    };
    value.map_err(|source| StoreError::Corrupt { what: what.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_document_is_packed_and_a_short_one_stays_plain_and_both_read_back() {
        let (long, short) = (vec!["the same again"; 200], vec!["brief"]);
        let packed = pack(&long, "list").unwrap();
        assert!(packed.len() * 10 < serde_json::to_vec(&long).unwrap().len(), "{} bytes", packed.len());
        assert_eq!(unpack::<Vec<String>>(&packed, "list").unwrap(), long);
        let plain = pack(&short, "list").unwrap();
        assert_eq!(plain, br#"["brief"]"#);
        assert_eq!(unpack::<Vec<String>>(&plain, "list").unwrap(), short);
    }

    #[test]
    fn a_document_that_is_cut_short_is_an_error_that_names_it() {
        let packed = pack(&vec!["the same again"; 200], "list").unwrap();
        for len in [0, 1, 2, packed.len() / 2, packed.len() - 1] {
            let error = unpack::<Vec<String>>(&packed[..len], "list").unwrap_err().to_string();
            assert!(error.contains("list"), "{error}");
        }
    }
}
