//! The service: front door, ingest, store, notices, accounts, API and pages.
//!
//! Invariant: nothing outside the committer (`ingest`) acknowledges a device or changes a vehicle.

pub mod accounts;
pub mod api;
pub mod attachments;
#[cfg(test)]
mod bench;
pub mod booking;
pub mod care;
pub mod certificate;
pub mod channels;
pub mod cli;
pub mod clock;
pub mod config;
pub mod demo;
pub mod domain;
pub mod erasure;
pub mod events;
pub mod family;
pub mod firmware;
pub mod flash_receipts;
pub mod frontdoor;
pub mod homes;
pub mod i18n;
pub mod ingest;
pub mod journey;
pub mod metrics;
pub mod offers;
mod pdf;
pub mod pki;
pub mod recalls;
pub mod rules;
pub mod series;
pub mod server;
pub mod service;
pub mod sheets;
pub mod store;
pub mod traces;
pub mod vault;
pub mod web;
mod zones;
