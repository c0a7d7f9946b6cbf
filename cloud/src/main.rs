//! The `milepost` binary: hands the call to the library.

use std::process::ExitCode;
use std::sync::Arc;

use milepost::clock::Clock;
use milepost::i18n::CarTexts;
use milepost::server::Faces;
use milepost::web::{self, AppState, Settings};

fn main() -> ExitCode {
    milepost::cli::run(Faces {
        texts: Arc::new(CarTexts),
        router: Arc::new(|service, config| {
            let settings = Settings { secure_cookies: config.http.secure_cookies };
            web::router(AppState::new(service, Clock::real(), settings))
        }),
    })
}
