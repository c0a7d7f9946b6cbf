//! The JSON API.

mod attachments;
mod authorisation;
mod bench;
pub(crate) mod bookings;
mod care;
mod document;
mod events;
mod family;
mod firmware;
mod owner;
mod recalls;
mod services;
mod staff;
mod tokens;
