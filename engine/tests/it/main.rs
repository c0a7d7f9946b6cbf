//! Due dates against histories of real and made-up cars.

#![expect(clippy::print_stderr, reason = "coverage and widths are worth reading when a test passes, too")]

mod due_dates;
mod histories;
mod peers;
mod rolling;
