//! The whole loop with real parts: real processes, real mutual TLS, links that are cut and processes that are killed.

mod cut_link;
mod kill_cloud;
mod kill_gateway;
mod support;
