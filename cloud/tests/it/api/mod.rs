//! The JSON API.

mod authorisation;
mod document;
mod events;
mod firmware;
mod owner;
mod staff;
