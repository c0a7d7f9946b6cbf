//! The pages: server-rendered, live through server-sent events, working without JavaScript.
//!
//! A page handler reads state, and posts intents; it never decides.
//! Invariant: every response passes the security headers, and every unsafe request the cross-site check.

mod account;
mod advisor;
mod assets;
mod booking;
mod errors;
mod faces;
mod form;
mod home;
pub(crate) mod lab;
mod live;
mod login;
mod offers;
mod owner;
mod page;
mod privacy;
mod reader;
mod render;
mod router;
mod security;
mod spark;
mod state;
mod trips;
pub(crate) mod view;

pub(crate) use advisor::visible;
pub(crate) use booking::invitation;
pub use faces::faces;
pub(crate) use form::parse_answer;
pub(crate) use login::{agent, client};
pub use reader::Reader;
pub use router::router;
pub use state::{AppState, Settings};
