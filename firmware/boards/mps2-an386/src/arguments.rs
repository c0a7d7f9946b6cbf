//! What the emulator's command line asks of the image.
//!
//! Invariant: an argument that is not understood ends the emulation, so that a test never runs without what it asked for.

/// The exit code of a program that was started wrongly.
pub(crate) const BAD_CALL: i32 = 2;

/// What can be asked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arguments {
    /// The power goes after so many flash steps of the image.
    pub(crate) fuel: Option<u32>,
    /// The power goes after so many flash steps of one run of the boot loader.
    pub(crate) boot_fuel: Option<u32>,
    /// The power goes when this word of the chip is to be written.
    pub(crate) cut: Option<u32>,
    /// How many times as fast as the world the core's clock runs.
    pub(crate) pace: u32,
    /// Whether the board sleeps when the car does, and how many times as fast as the world its clock runs meanwhile.
    pub(crate) sleep: Option<u32>,
    /// Whether the board waits for the bench although it has a configuration.
    pub(crate) bench: bool,
    /// Whether the link waits as a simulated fleet does, seconds instead of minutes.
    pub(crate) brisk: bool,
}

impl Arguments {
    /// Reads the command line; the first word is the image's name.
    pub(crate) fn read() -> Option<Self> {
        let mut arguments =
            Self { fuel: None, boot_fuel: None, cut: None, pace: 1, sleep: None, bench: false, brisk: false };
        let words = semihosting::experimental::env::args::<256>().ok()?;
        for word in (&words).skip(1) {
            match word.ok()?.split_once('=')? {
                ("boot-fuel", steps) => arguments.boot_fuel = Some(steps.parse().ok()?),
                ("cut", offset) => arguments.cut = Some(offset.parse().ok()?),
                ("fuel", steps) => arguments.fuel = Some(steps.parse().ok()?),
                ("pace", times) => arguments.pace = times.parse().ok().filter(|&times| times > 0)?,
                ("sleep", times) => arguments.sleep = Some(times.parse().ok().filter(|&times| times > 0)?),
                ("start", "bench") => arguments.bench = true,
                ("link", "brisk") => arguments.brisk = true,
                _ => return None,
            }
        }
        Some(arguments)
    }
}
