//! How an owner hears of a notice outside of the car and the account: push, e-mail, text message, webhook, call, letter.
//!
//! The committer stores one row with every change of a vehicle's notices; the planner makes deliveries of it, and one loop a channel sends them.
//! What is planned is decided by [`milepost_engine::channels`] alone.
//! Invariant: a delivery's identity is (notice, channel, recipient), and a notice's id holds its level, so that nothing is planned twice;
//! a message is repeated only under the idempotency key of its first attempt, and nobody waits for a channel but its own loop.

mod again;
mod book;
mod candles;
mod confirm;
mod contact;
mod delivery;
mod email;
mod error;
mod http;
mod letter;
mod links;
mod message;
mod outbox;
mod plan;
mod push;
mod send;
mod service;
mod settle;
mod task;
mod webhook;
mod wish;
mod worker;

pub use again::{Again, Refused};
pub use confirm::{Asked, Unconfirmed};
pub use contact::{Address, Contact, Postal, Subscription, Webhook};
pub(crate) use delivery::short_hash;
pub use delivery::{Delivery, DeliveryKey, Purpose, Repeat, State, Why};
pub use error::{ChannelError, SendError};
pub(crate) use http::{Dial, Wire};
pub use letter::LetterError;
pub use links::{Links, SNOOZE_DAYS, Target};
pub(crate) use outbox::{concerns, mark};
pub use push::{decrypt, encrypt};
pub use service::{Channels, Dead, Parts};
pub use task::{Task, TaskKind};
pub use webhook::{REPLAY_WINDOW_S, SIGNATURE, TIMESTAMP, sign, verify};
pub use wish::{Wish, clock_text};
pub use worker::{Worker, drive};
