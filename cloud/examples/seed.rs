//! Fills a data folder with the cars and people of the service tests, so that the real binary can be looked at and tested with them.
//!
//! `cargo run --example seed -- FOLDER` writes the store and `milepost.toml`; `milepost serve --config FOLDER/milepost.toml` then shows it.
//! Invariant: the same cars in the same state every time; the service's clock stands at the moment for which they were made, and walks on from there.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a tool of the tests")]

#[expect(dead_code, reason = "the service tests use the rest")]
#[path = "../tests/it/app.rs"]
mod app;
#[path = "../tests/it/lab_seed.rs"]
mod lab_seed;

use std::path::PathBuf;

use milepost::clock::Clock;
use milepost::store::{AnyStore, SledSettings, SledStore, Store as _};

/// Every channel that needs nobody in the internet, quickly; a mail server at port 2525 is whoever looks at the pages.
const CHANNELS: &str = "[channels]\npublic_url = \"http://127.0.0.1:8080\"\nstep_ms = 100\ngather_ms = 0\n\n\
    [channels.email]\nserver = \"127.0.0.1:2525\"\ntls = \"never\"\n\n\
    [channels.push]\ncontact = \"mailto:ops@cars.example\"\n\n\
    [workshop]\ncalls = true\nsender = [\"Workshop\", \"Road 2\"]\n";

#[tokio::main]
async fn main() {
    let folder = PathBuf::from(std::env::args().nth(1).expect("the folder is the one argument"));
    let settings = SledSettings { folder: folder.join("store"), cache_bytes: 16 << 20, min_free_bytes: 0 };
    let store = AnyStore::Sled(SledStore::open(settings).unwrap());
    let app = app::TestApp::over(store, false, &folder.join("pki")).await;
    lab_seed::seed(&app).await;
    app.store.close().await.unwrap();
    let now_ms = Clock::real().now_ms();
    let config = format!(
        "[data]\nfolder = \"{}\"\n\n[clock]\nepoch_ms = {}\nstarted_ms = {now_ms}\n\n\
         [front_door]\nlisten = \"127.0.0.1:0\"\n\n[http]\nlisten = \"127.0.0.1:8080\"\n\n[admin]\nlisten = \"127.0.0.1:0\"\n\n\
         {CHANNELS}",
        folder.display(),
        app::NOW_MS,
    );
    let config = format!("{config}\n{}", include_str!("../src/demo/workshops.toml"));
    std::fs::write(folder.join("milepost.toml"), config).unwrap();
    for (account, _, role) in app::PEOPLE {
        println!("{account} ({role:?}): {}", app::PASSWORD);
    }
}
