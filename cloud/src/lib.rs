//! The service: front door, ingest, store, notices, accounts, API and pages.
//!
//! Invariant: nothing outside the committer (`ingest`) acknowledges a device or changes a vehicle.

pub mod accounts;
pub mod api;
pub mod clock;
pub mod domain;
pub mod i18n;
pub mod ingest;
pub mod pending;
pub mod service;
pub mod store;
pub mod web;
