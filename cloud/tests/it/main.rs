//! The service from outside: through its real router, over real mutual TLS on real sockets, and with a store that is killed.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on shall fail")]

mod addresses;
mod api;
mod app;
mod channels;
mod cloud;
mod complaints;
mod contacts;
mod erasure;
mod experiments;
mod frontdoor;
mod homes;
mod journey;
mod kill;
mod lab_seed;
mod offers;
mod programmes;
mod receivers;
mod segments;
mod web;
