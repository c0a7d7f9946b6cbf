//! The service through its real router: pages, API, events.

mod api;
mod app;
mod web;
