//! The `milepost` binary: hands the call to the library.

use std::process::ExitCode;
use std::sync::Arc;

use milepost::domain::{NoticeDoc, NoticeText, Profile, Texts};
use milepost::server::Faces;

struct Plain;

impl Texts for Plain {
    fn notice(&self, _: &Profile, notice: &NoticeDoc) -> NoticeText {
        NoticeText { title: format!("{:?}", notice.subject), text: String::new() }
    }
}

fn main() -> ExitCode {
    milepost::cli::run(Faces { texts: Arc::new(Plain), router: Arc::new(|_, _| axum::Router::new()) })
}
