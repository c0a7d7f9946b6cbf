//! What the web side hands to the service at its start: pages, API, and words for the car's display.

use std::sync::Arc;

use super::{AppState, Settings, router};
use crate::clock::Clock;
use crate::i18n::CarTexts;
use crate::server::Faces;

/// The pages, the API and the words of this build.
pub fn faces() -> Faces {
    Faces {
        texts: Arc::new(CarTexts),
        router: Arc::new(|service, config| {
            let settings = Settings {
                secure_cookies: config.http.secure_cookies,
                currency: config.currency,
                firmware_keys: config.firmware.key_bytes(),
                channels: config.channels.clone(),
                journeys: config.journeys.clone(),
                workshop: config.workshop.clone(),
                receipts: config.receipts.clone(),
            };
            Ok(router(AppState::new(service, Clock::real(), settings)?))
        }),
    }
}
