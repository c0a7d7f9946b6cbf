//! The certificate of a used car: its verified record, as its owner shows it to whoever thinks of buying it.
//!
//! Invariant: it follows from the car's document at the moment at which it is read; it names neither owners nor journeys, and a
//! link to it dies with its time, with the owner's wish, and with the car's sale.

mod draw;
mod record;
mod share;
mod words;

pub use record::{Certificate, Work};
pub use share::{CertificateError, Certificates, Shared};

pub(crate) use draw::draw;
pub(crate) use words::Words;
