//! The identifiers of a question and its answer, which sets and questions write in short on 29 bits.
//!
//! Invariant: what is as long as an identifier stands as it was written.

/// The priority of diagnostic messages by ISO 15765-4.
const PRIORITY: &str = "18";

/// Who asks, by ISO 15765-4; cars that address ECUs by a byte of their own answer this one too.
pub(super) const TESTER: &str = "F1";

/// The identifier to ask on.
pub(super) fn request(header: &str, priority: Option<&str>, tester: Option<&str>) -> String {
    match header.len() {
        4 => format!("{}{header}{}", priority.unwrap_or(PRIORITY), tester.unwrap_or(TESTER)),
        _ => header.to_owned(),
    }
}

/// The identifier that answers.
pub(super) fn response(header: &str, receive: &str, priority: Option<&str>) -> String {
    let priority = priority.unwrap_or(PRIORITY);
    match (header.len(), receive.len()) {
        (4, 2) => format!("{priority}DA{TESTER}{receive}"),
        (4, 6) => format!("{priority}{receive}"),
        _ => receive.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_addresses_are_filled_up_to_identifiers_of_29_bits() {
        assert_eq!(request("7E0", None, Some("2A")), "7E0");
        assert_eq!(request("DA11", None, None), "18DA11F1");
        assert_eq!(request("C012", Some("1D"), Some("40")), "1DC01240");
        assert_eq!(response("7E0", "7E8", None), "7E8");
        assert_eq!(response("DA11", "11", None), "18DAF111");
        assert_eq!(response("DA11", "11", Some("14")), "14DAF111");
        assert_eq!(response("FC00", "FE0076", Some("17")), "17FE0076");
        assert_eq!(response("C012", "1EC60E81", Some("1D")), "1EC60E81");
    }
}
