//! Who may see and do what: accounts, passwords, sessions, roles.
//!
//! Invariant: a handler gets data only through one of the role extractors, and what a caller may not know of is "not found", never "forbidden".

mod access;
mod account;
mod cookie;
mod limiter;
mod login;
mod password;
mod reads;
mod session;
mod staff;
mod tokens;

pub use access::{Act, Advisor, Caller, Engineer, Granted, Lead, Needed, Own, Owner, See, SignedIn, Trips};
pub use account::{Account, Role, Theme};
pub use cookie::Cookies;
pub(crate) use cookie::read as read_cookie;
pub use limiter::Limiter;
pub use login::{Accounts, AccountsError, LoginError};
pub use password::{PasswordError, Passwords};
pub use reads::{Look, StaffRead};
pub use session::{RandomError, Session, SessionId, Token};
pub use tokens::{ApiToken, MAX_TOKEN_DAYS, MAX_TOKENS, Scope, TokenWish};
