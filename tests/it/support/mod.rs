//! What every end-to-end test needs: processes that end with the test, a link that can be cut, a look into the store.

pub(crate) mod process;
pub(crate) mod proxy;
