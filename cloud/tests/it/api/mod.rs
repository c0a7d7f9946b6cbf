//! The JSON API.

mod authorisation;
mod bench;
mod document;
mod events;
mod firmware;
mod owner;
mod services;
mod staff;
