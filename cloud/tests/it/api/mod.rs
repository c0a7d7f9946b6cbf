//! The JSON API.

mod authorisation;
mod document;
mod events;
mod owner;
mod staff;
