//! The whole loop with real parts: real processes, real mutual TLS, links that are cut and processes that are killed.

#![expect(
    clippy::unwrap_used,
    reason = "the receivers are shared with the service's own tests, where a failure is a panic"
)]

mod bad_input;
mod channels;
mod cut_link;
mod firmware;
mod kill_cloud;
mod kill_gateway;
mod notices;
mod provisioning;
mod recalls;
#[path = "../../cloud/tests/it/receivers.rs"]
mod receivers;
mod settings;
mod support;
mod winter;
mod wire;
