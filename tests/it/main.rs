//! The whole loop with real parts: real processes, real mutual TLS, links that are cut and processes that are killed.

mod bad_input;
mod cut_link;
mod firmware;
mod kill_cloud;
mod kill_gateway;
mod notices;
mod provisioning;
mod settings;
mod support;
mod wire;
