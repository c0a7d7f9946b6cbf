//! The service from outside: real mutual TLS on real sockets, a store that is killed, and pages, API and events through the real router.

mod api;
mod app;
mod cloud;
mod frontdoor;
mod kill;
mod web;
