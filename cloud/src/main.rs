//! The `milepost` binary: hands the call to the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    milepost::cli::run(milepost::web::faces())
}
