//! Whether a certificate is for the name that was dialled.
//!
//! Source: RFC 9525. Invariant: only alternative names count, never the subject; an address is compared as an address, a name as a name.

use core::net::Ipv4Addr;

use milepost_identity::der::Reader;

/// `dNSName`, implicitly tagged.
const DNS: u8 = 0x82;

/// `iPAddress`, implicitly tagged.
const ADDRESS: u8 = 0x87;

/// Whether `name` is among the alternative names; `None` if they do not parse.
pub(crate) fn is_among(mut alternatives: Reader<'_>, name: &str) -> Option<bool> {
    let address = name.parse::<Ipv4Addr>().ok();
    let mut found = false;
    while !alternatives.is_empty() {
        let (kind, alternative) = alternatives.any()?;
        found |= match (kind, address) {
            (ADDRESS, Some(address)) => alternative == address.octets(),
            (DNS, None) => covers(alternative, name.as_bytes()),
            _ => false,
        };
    }
    Some(found)
}

/// A pattern is a name, or `*` for one label in front of at least two others.
fn covers(pattern: &[u8], name: &[u8]) -> bool {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
    if name.is_empty() || !name.iter().all(plain) {
        return false;
    }
    let Some(parent) = pattern.strip_prefix(b"*.") else { return pattern.eq_ignore_ascii_case(name) };
    let mut labels = name.splitn(2, |byte| *byte == b'.');
    let (Some(label), Some(rest)) = (labels.next(), labels.next()) else { return false };
    !label.is_empty() && parent.contains(&b'.') && parent.eq_ignore_ascii_case(rest)
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;

    fn among(alternatives: &[(u8, &[u8])], name: &str) -> Option<bool> {
        let bytes: Vec<u8> = alternatives
            .iter()
            .flat_map(|(kind, bytes)| [*kind, bytes.len() as u8].into_iter().chain(bytes.iter().copied()))
            .collect();
        is_among(Reader::new(&bytes), name)
    }

    #[test]
    fn a_name_is_found_in_any_case_and_nothing_but_itself() {
        let alternatives: [(u8, &[u8]); 3] = [(DNS, b"other.example"), (DNS, b"Front.Door.example"), (0x81, b"a@b.c")];
        assert_eq!(among(&alternatives, "front.door.EXAMPLE"), Some(true));
        for name in ["door.example", "x.front.door.example", "front.door.example.", "a@b.c", "", "front"] {
            assert_eq!(among(&alternatives, name), Some(false), "{name:?}");
        }
        assert_eq!(among(&[(DNS, b"")], ""), Some(false), "no name is no name");
        assert_eq!(among(&[(DNS, b"door.example\0.evil.example")], "door.example"), Some(false));
    }

    #[test]
    fn a_star_stands_for_one_label_in_front_of_two() {
        for (pattern, name, expected) in [
            ("*.door.example", "front.door.example", true),
            ("*.DOOR.example", "back.door.example", true),
            ("*.door.example", "door.example", false),
            ("*.door.example", ".door.example", false),
            ("*.door.example", "a.b.door.example", false),
            ("*.example", "door.example", false),
            ("*", "localhost", false),
            ("f*.door.example", "front.door.example", false),
            ("front.*.example", "front.door.example", false),
            ("*.*.example", "front.door.example", false),
            ("*.door.example", "*.door.example", false),
        ] {
            assert_eq!(among(&[(DNS, pattern.as_bytes())], name), Some(expected), "{pattern} for {name}");
        }
    }

    #[test]
    fn an_address_is_no_name() {
        assert_eq!(among(&[(ADDRESS, &[10, 0, 2, 2])], "10.0.2.2"), Some(true));
        assert_eq!(among(&[(ADDRESS, &[10, 0, 2, 3])], "10.0.2.2"), Some(false));
        assert_eq!(among(&[(DNS, b"10.0.2.2")], "10.0.2.2"), Some(false));
        assert_eq!(among(&[(ADDRESS, b"door")], "door"), Some(false));
        let mut six = [0; 16];
        six[10..].copy_from_slice(&[0xFF, 0xFF, 10, 0, 2, 2]);
        assert_eq!(among(&[(ADDRESS, &six)], "10.0.2.2"), Some(false));
    }

    #[test]
    fn names_that_do_not_parse_are_no_answer_even_behind_the_right_one() {
        let bytes = [DNS, 1, b'a', DNS, 5, b'b'];
        assert_eq!(is_among(Reader::new(&bytes), "a"), None);
        assert_eq!(is_among(Reader::new(&bytes[..3]), "a"), Some(true));
    }
}
