//! Decodes a whole log some times over with the core's program, every signal to a number; `cargo xtask bench can` measures it.
//!
//! Arguments: the DBC file, the log, how many times. Prints frames, values of one pass, nanoseconds a frame and a sum.
#![expect(clippy::print_stdout, reason = "a program that is measured says what it did")]

use std::path::PathBuf;
use std::time::Instant;

use milepost_firmware::frame::raw;
use milepost_gateway::decode::{Decoder, load};
use milepost_gateway::log::{Payload, Reader};

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let mut next = || arguments.next().ok_or_else(|| anyhow::anyhow!("three arguments: DBC, LOG, PASSES"));
    let (matrix, _) = load(&[PathBuf::from(next()?)])?;
    let mut log = Reader::open(&PathBuf::from(next()?))?;
    let passes: u32 = next()?.parse()?;
    let mut frames = Vec::new();
    while let Some(entry) = log.next_entry()? {
        if let Payload::Data(data) = entry.payload {
            let mut bytes = [0; 8];
            let len = data.len().min(8);
            bytes[..len].copy_from_slice(&data[..len]);
            frames.push((raw(entry.id), len, bytes));
        }
    }
    let decoder = Decoder::new(matrix, false);
    let program = decoder.compiled().program();
    let mut values = vec![0.0; decoder.compiled().widest().max(1)];
    let mut count = 0_usize;
    #[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
    let began = Instant::now();
    for _ in 0..passes {
        count = 0;
        for (id, len, bytes) in &frames {
            let Some(message) = program.find(*id) else { continue };
            let data = bytes.get(..*len).unwrap_or_default();
            count += if let Some(count) = program.values(message, data, &mut values) {
                count
            } else {
                let mut some = 0;
                program.each(message, data, |step, bits| {
                    if let (Some(value), Some(step)) = (values.get_mut(some), program.steps.get(step)) {
                        *value = step.value(bits);
                    }
                    some += 1;
                });
                some
            };
            std::hint::black_box(&values);
        }
    }
    let each_ns = began.elapsed().as_nanos() as f64 / (f64::from(passes) * frames.len() as f64);
    println!("{} {count} {each_ns:.2}", frames.len());
    Ok(())
}
