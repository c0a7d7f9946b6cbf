//! Futures with a stack frame of their own.
//!
//! The compiler joins what a task waits for one after the other into one function, whose frame then has room for all of it, all the time.
//! Invariant: what a future that is set apart needs of the stack is free again whenever it waits, and once it is over.

use core::future::{Future, poll_fn};
use core::pin::Pin;
use core::task::{Context, Poll};

/// Waits for `future`, apart from whoever waits.
pub async fn apart<F: Future>(mut future: Pin<&mut F>) -> F::Output {
    poll_fn(|context| poll(future.as_mut(), context)).await
}

#[inline(never)]
fn poll<F: Future>(future: Pin<&mut F>, context: &mut Context<'_>) -> Poll<F::Output> {
    future.poll(context)
}

#[cfg(test)]
mod tests {
    use core::pin::pin;

    use embassy_futures::{block_on, yield_now};

    use super::*;

    #[test]
    fn a_future_that_is_set_apart_waits_and_answers_as_it_would() {
        let twice = pin!(async {
            yield_now().await;
            yield_now().await;
            7
        });
        assert_eq!(block_on(apart(twice)), 7);
    }
}
