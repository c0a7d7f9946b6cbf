//! The pages: server-rendered, live through server-sent events, working without JavaScript.
//!
//! A page handler reads state, and posts intents; it never decides.
//! Invariant: every response passes the security headers, and every unsafe request the cross-site check.

mod account;
mod advisor;
mod assets;
mod attachments;
mod booking;
mod car;
mod care;
mod certificate;
mod channels;
mod charts;
mod errors;
mod experience;
mod experiments;
mod faces;
mod family;
mod form;
mod home;
mod homes;
mod invite;
mod journey;
pub(crate) mod lab;
mod links;
mod live;
mod login;
mod offers;
mod opened;
mod owner;
mod page;
mod policy;
mod privacy;
mod questions;
mod reader;
mod render;
mod router;
mod security;
mod services;
mod spark;
mod state;
mod tasks;
mod tokens;
mod trips;
pub(crate) mod view;

pub(crate) use advisor::visible;
pub(crate) use booking::invitation;
pub(crate) use car::{hand_over, sold};
pub(crate) use care::names;
pub(crate) use certificate::{address as certificate_address, certificates};
pub use faces::faces;
pub(crate) use form::parse_answer;
pub(crate) use links::{confirmed, linked};
pub(crate) use login::{agent, client};
pub(crate) use opened::Opened;
pub(crate) use questions::{answered, replied};
pub use reader::Reader;
pub use router::router;
pub(crate) use services::parse_snooze;
pub use state::{AppState, Settings};
pub(crate) use view::vehicle_name;
