//! Who reads: language, unit, theme and the present moment, from account, cookies and browser.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::header::ACCEPT_LANGUAGE;
use axum::http::request::Parts;
use jiff::tz::TimeZone;

use super::AppState;
use crate::accounts::{Account, Theme};
use crate::domain::Vehicle;
use crate::i18n::{Currency, DistanceUnit, Format, Language, Localizer};
use crate::zones::zone;

/// The name of the language cookie.
pub(crate) const LANGUAGE_COOKIE: &str = "lang";

/// The name of the theme cookie.
pub(crate) const THEME_COOKIE: &str = "theme";

/// How texts are written for this request, before it is known who calls.
#[derive(Debug, Clone)]
pub struct Reader {
    cookie: Option<String>,
    accept: Option<String>,
    /// The colours of the pages.
    pub theme: Theme,
    /// Whether htmx asks, which wants a fragment instead of a page.
    pub wants_fragment: bool,
    /// The service's now, in milliseconds of Unix time.
    pub now_ms: u64,
    /// What amounts of money are in.
    pub currency: Currency,
}

impl Reader {
    /// Reads cookies and headers.
    pub fn of(headers: &HeaderMap, state: &AppState) -> Self {
        let cookie = |name| crate::accounts::read_cookie(headers, name).map(str::to_owned);
        Self {
            cookie: cookie(LANGUAGE_COOKIE),
            accept: headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).map(str::to_owned),
            theme: cookie(THEME_COOKIE).as_deref().and_then(Theme::from_name).unwrap_or_default(),
            wants_fragment: headers.contains_key("hx-request"),
            now_ms: state.now_ms(),
            currency: state.currency,
        }
    }

    /// What speaks to this reader.
    pub fn localizer(&self, account: Option<&Account>) -> Localizer {
        let account = account.and_then(|account| account.language.as_deref());
        Language::choose(account, self.cookie.as_deref(), self.accept.as_deref()).localizer()
    }

    /// How figures about a vehicle are written for an account.
    pub fn format(&self, account: &Account, vehicle: Option<&Vehicle>) -> Format {
        let zone = vehicle.map(|vehicle| zone(&vehicle.profile.time_zone));
        Format {
            localizer: self.localizer(Some(account)),
            unit: account.unit,
            zone: zone.unwrap_or(TimeZone::UTC),
            now_ms: self.now_ms,
            currency: Some(self.currency),
        }
    }

    /// How figures are written when nobody is known.
    pub fn plain_format(&self) -> Format {
        Format {
            localizer: self.localizer(None),
            unit: DistanceUnit::default(),
            zone: TimeZone::UTC,
            now_ms: self.now_ms,
            currency: Some(self.currency),
        }
    }
}

impl FromRequestParts<AppState> for Reader {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.headers, state))
    }
}
