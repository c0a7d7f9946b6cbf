//! The JSON API.

mod authorisation;
mod bench;
pub(crate) mod bookings;
mod care;
mod document;
mod events;
mod family;
mod firmware;
mod owner;
mod papers;
mod recalls;
mod services;
mod staff;
mod tokens;
