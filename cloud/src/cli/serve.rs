//! `milepost serve`.

use anyhow::Context as _;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

use super::output;
use crate::config::Config;
use crate::server::{Faces, Server};

pub(super) fn run(config: Config, faces: Faces) -> anyhow::Result<()> {
    // `RUST_LOG` only chooses what is logged; nothing about the service itself is read from the environment.
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("starting the runtime")?;
    runtime.block_on(serve(config, faces))
}

async fn serve(config: Config, faces: Faces) -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate()).context("listening for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("listening for SIGINT")?;
    let server = Server::start(config, faces).await?;
    let ready = serde_json::json!({
        "event": "listening",
        "front_door": server.front_door,
        "http": server.http,
        "admin": server.admin,
    });
    if let Err(error) = output::line(&ready.to_string()) {
        tracing::warn!("nobody hears where the service listens: {error:#}");
    }
    let lost = tokio::select! {
        _ = terminate.recv() => false,
        _ = interrupt.recv() => false,
        () = server.lost() => true,
    };
    tracing::info!("stopping");
    server.stop().await.context("closing the store")?;
    anyhow::ensure!(!lost, "the store was lost; a restart recovers what was committed");
    Ok(())
}
