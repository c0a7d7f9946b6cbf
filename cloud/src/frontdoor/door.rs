//! What the listener hands to every session.
//!
//! Invariant: sessions share nothing else, so that one that ends takes nothing with it.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::registry::Registry;
use super::tls::Standing;
use crate::config;
use crate::ingest::Committer;
use crate::pki::Pki;
use crate::store::AnyStore;

/// What all sessions share.
#[derive(Debug)]
pub(super) struct Door {
    pub(super) settings: config::FrontDoor,
    pub(super) registry: Registry,
    pub(super) committer: Committer,
    pub(super) store: AnyStore,
    pub(super) standing: Standing,
    pub(super) pki: Arc<Pki>,
    pub(super) drain: CancellationToken,
}
