//! The JSON API.

mod authorisation;
mod bench;
mod document;
mod events;
mod owner;
mod staff;
