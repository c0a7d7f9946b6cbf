//! What every end-to-end test needs: processes that end with the test, a link that can be cut, a look into the store.

pub(crate) mod account;
pub(crate) mod board;
pub(crate) mod car;
pub(crate) mod cloud;
pub(crate) mod engineer;
pub(crate) mod envelopes;
pub(crate) mod fleet;
pub(crate) mod lab;
pub(crate) mod mosquitto;
pub(crate) mod process;
pub(crate) mod proxy;
pub(crate) mod stage;
pub(crate) mod stored;
