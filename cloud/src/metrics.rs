//! Figures for operators, on a listener of their own.

use std::net::SocketAddr;

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

/// Why figures cannot be kept.
#[derive(Debug, thiserror::Error)]
pub enum MetricsError {
    /// The address cannot be taken.
    #[error("listening for metrics on {address} failed")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The system's error.
        #[source]
        source: std::io::Error,
    },
}

/// The process's recorder. There is one a process; tests that start several services share it.
pub fn handle() -> &'static PrometheusHandle {
    static HANDLE: std::sync::OnceLock<PrometheusHandle> = std::sync::OnceLock::new();
    HANDLE.get_or_init(|| {
        let recorder = PrometheusBuilder::new().build_recorder();
        let handle = recorder.handle();
        // A host program may have installed its own recorder; then the figures are there.
        if metrics::set_global_recorder(recorder).is_err() {
            tracing::warn!("figures go to a recorder that was installed before");
        }
        handle
    })
}

/// The admin listener's routes.
pub(crate) fn routes() -> Router {
    let handle = handle();
    let metrics = move || async move {
        handle.run_upkeep();
        ([(CONTENT_TYPE, "text/plain; version=0.0.4")], handle.render())
    };
    Router::new().route("/metrics", get(metrics)).route("/healthz", get(|| async { "ok\n" }))
}
