//! The cookies that the pages read and write.
//!
//! Invariant: over HTTPS the session cookie has the `__Host-` prefix, so that no sibling host can plant one.

use axum::http::header::COOKIE;
use axum::http::{HeaderMap, HeaderValue};

use super::Token;

/// How cookies are written on this installation.
#[derive(Debug, Clone, Copy)]
pub struct Cookies {
    /// Whether the public address is HTTPS.
    pub secure: bool,
}

impl Cookies {
    /// The session cookie's name.
    pub fn session_name(self) -> &'static str {
        if self.secure { "__Host-session" } else { "session" }
    }

    /// The session token that a request carries.
    pub fn token(self, headers: &HeaderMap) -> Option<Token> {
        read(headers, self.session_name())?.parse().ok()
    }

    /// `Set-Cookie` for a new session.
    pub fn set_session(self, token: &Token, max_age_s: u64) -> HeaderValue {
        self.write(self.session_name(), &token.reveal(), max_age_s, true)
    }

    /// `Set-Cookie` that ends the session.
    pub fn clear_session(self) -> HeaderValue {
        self.write(self.session_name(), "", 0, true)
    }

    /// `Set-Cookie` for a preference: language or theme, kept a year.
    pub fn set_preference(self, name: &str, value: &str) -> HeaderValue {
        self.write(name, value, 365 * 86_400, false)
    }

    fn write(self, name: &str, value: &str, max_age_s: u64, http_only: bool) -> HeaderValue {
        let secure = if self.secure { "; Secure" } else { "" };
        let http_only = if http_only { "; HttpOnly" } else { "" };
        let text = format!("{name}={value}; Path=/; Max-Age={max_age_s}; SameSite=Lax{http_only}{secure}");
        HeaderValue::try_from(text).expect("names, tokens and codes are plain ASCII")
    }
}

/// The value of a cookie by name.
pub(crate) fn read<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|header| header.to_str().ok())
        .flat_map(|header| header.split(';'))
        .find_map(|pair| pair.trim().split_once('=').filter(|(key, _)| *key == name).map(|(_, value)| value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_cookie_is_bound_to_the_host_over_https() {
        let token: Token = "ab".repeat(32).parse().unwrap();
        let cookie = Cookies { secure: true }.set_session(&token, 60);
        let text = cookie.to_str().unwrap();
        assert!(text.starts_with("__Host-session=abab"), "{text}");
        assert!(text.ends_with("; Path=/; Max-Age=60; SameSite=Lax; HttpOnly; Secure"), "{text}");
        assert!(!Cookies { secure: false }.clear_session().to_str().unwrap().contains("Secure"));
    }

    #[test]
    fn a_cookie_is_found_among_others() {
        let mut headers = HeaderMap::new();
        headers.append(COOKIE, HeaderValue::from_static("a=1; lang=en"));
        headers.append(COOKIE, HeaderValue::from_static("xlang=de"));
        assert_eq!(read(&headers, "lang"), Some("en"));
        assert_eq!(read(&headers, "ang"), None);
    }
}
