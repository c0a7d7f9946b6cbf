//! The encodings that others use, each as lean as its format lets it be: no field that may be left out, the shortest digits of every number.
//!
//! Sources: the metrics of OVMS v3, one message each; `vehicle_data.proto` of AWS `FleetWise` Edge; `sparkplug_b.proto` of Eclipse Sparkplug 3.0.
//! Invariant: a reader could get every sample back, as the value that the recording tells.

use std::io::Write;

use anyhow::Result;
use lzma_rust2::{Lzma2Options, Lzma2Writer};
use milepost_protocol::series::Sample;

use crate::mqtt;
use crate::protobuf::{bytes, double, float, number, varint, zigzag};
use crate::recording::Recording;

/// All columns of a recording in one piece, which nobody could send while it drives.
pub(crate) const XZ: &str = "xz_whole_columns";

/// An Amazon resource name is about so long, in bytes.
const RESOURCE_NAME: [u8; 70] = [b'a'; 70];

/// The bytes of the batches in every encoding that can be sent while the car drives.
pub(crate) fn all(recording: &Recording, batches: &[&[Sample]]) -> Result<Vec<(&'static str, usize)>> {
    let sum = |topic: &str, encode: &dyn Fn(&[Sample]) -> Vec<u8>| -> usize {
        batches.iter().map(|batch| mqtt::publish(topic, encode(batch).len())).sum()
    };
    let (ours, fleetwise) = ("t/VEH0042/up", "$aws/iotfleetwise/vehicles/VEH0042/signals");
    let mut snapped = 0;
    for batch in batches {
        let payload = snap::raw::Encoder::new().compress_vec(&fleetwise_message(batch))?;
        snapped += mqtt::publish(fleetwise, payload.len());
    }
    Ok(vec![
        ("text_per_metric", batches.iter().copied().flatten().map(|sample| metric(recording, sample)).sum()),
        ("json_named", sum(ours, &|batch| json_named(recording, batch))),
        ("json_array", sum(ours, &json_array)),
        ("cbor_array", sum(ours, &cbor_array)),
        ("fleetwise_protobuf", sum(fleetwise, &fleetwise_message)),
        ("fleetwise_snappy", snapped),
        ("sparkplug_b", sum("spBv1.0/fleet/NDATA/VEH0042", &sparkplug)),
        ("postcard_delta", sum(ours, &postcard_delta)),
    ])
}

/// The value that others send.
fn value(sample: &Sample) -> f64 {
    sample.resolution.value(sample.raw).unwrap_or(f64::NAN)
}

/// The value as text, with as many decimals as tell it from its neighbours.
fn text(sample: &Sample) -> String {
    let step = sample.resolution.value(1).unwrap_or(1.0);
    let decimals = (-step.log10()).ceil().clamp(0.0, 12.0) as usize;
    let text = format!("{:.decimals$}", value(sample));
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

/// As OVMS v3 does it: a topic for each metric, and its value as text.
fn metric(recording: &Recording, sample: &Sample) -> usize {
    let topic = format!("ovms/owner/VEH0042/metric/{}", recording.name(sample.signal).replace('.', "/"));
    mqtt::publish(&topic, text(sample).len())
}

fn json_named(recording: &Recording, batch: &[Sample]) -> Vec<u8> {
    let base = batch.first().map_or(0, |sample| sample.at_ms);
    let items = batch.iter().map(|sample| {
        let name = recording.name(sample.signal);
        format!(r#"{{"t":{},"n":"{name}","v":{}}}"#, since(sample, base), text(sample))
    });
    format!(r#"{{"t":{base},"d":[{}]}}"#, items.collect::<Vec<_>>().join(",")).into_bytes()
}

fn json_array(batch: &[Sample]) -> Vec<u8> {
    let base = batch.first().map_or(0, |sample| sample.at_ms);
    let items = batch.iter().map(|sample| format!("[{},{},{}]", since(sample, base), sample.signal.0, text(sample)));
    format!(r#"{{"t":{base},"d":[{}]}}"#, items.collect::<Vec<_>>().join(",")).into_bytes()
}

/// Milliseconds since the batch began.
fn since(sample: &Sample, base: u64) -> i64 {
    sample.at_ms.wrapping_sub(base).cast_signed()
}

/// RFC 8949: an array of the base time and of triples in one row, whole numbers as integers, others in the shortest float that is exact.
fn cbor_array(batch: &[Sample]) -> Vec<u8> {
    let base = batch.first().map_or(0, |sample| sample.at_ms);
    let mut out = Vec::new();
    cbor_head(&mut out, 4, batch.len() as u64 + 1);
    cbor_head(&mut out, 0, base);
    for sample in batch {
        cbor_head(&mut out, 4, 3);
        cbor_integer(&mut out, since(sample, base));
        cbor_head(&mut out, 0, u64::from(sample.signal.0));
        let value = value(sample);
        if value.fract() == 0.0 && value.abs() < 9e15 {
            cbor_integer(&mut out, value as i64);
        } else {
            // What the value needs to be told from its neighbours at its own resolution, not all digits of a double.
            out.push(0xFA);
            out.extend((value as f32).to_be_bytes());
        }
    }
    out
}

fn cbor_integer(out: &mut Vec<u8>, number: i64) {
    if number < 0 { cbor_head(out, 1, !number.cast_unsigned()) } else { cbor_head(out, 0, number.cast_unsigned()) }
}

fn cbor_head(out: &mut Vec<u8>, major: u8, number: u64) {
    let major = major << 5;
    match number {
        0..24 => out.push(major | number as u8),
        24..0x100 => out.extend([major | 0x18, number as u8]),
        0x100..0x1_0000 => {
            out.push(major | 0x19);
            out.extend((number as u16).to_be_bytes());
        }
        0x1_0000..0x1_0000_0000 => {
            out.push(major | 0x1A);
            out.extend((number as u32).to_be_bytes());
        }
        _ => {
            out.push(major | 0x1B);
            out.extend(number.to_be_bytes());
        }
    }
}

fn fleetwise_message(batch: &[Sample]) -> Vec<u8> {
    let base = batch.first().map_or(0, |sample| sample.at_ms);
    let mut out = Vec::new();
    bytes(&mut out, 1, &RESOURCE_NAME);
    bytes(&mut out, 2, &RESOURCE_NAME);
    number(&mut out, 3, 1);
    number(&mut out, 4, base);
    for sample in batch {
        let mut one = Vec::new();
        number(&mut one, 1, zigzag(since(sample, base)));
        number(&mut one, 2, u64::from(sample.signal.0));
        double(&mut one, 3, value(sample));
        bytes(&mut out, 5, &one);
    }
    out
}

/// With aliases instead of names, and without the datatypes that the birth message told.
fn sparkplug(batch: &[Sample]) -> Vec<u8> {
    let mut out = Vec::new();
    number(&mut out, 1, batch.first().map_or(0, |sample| sample.at_ms));
    for sample in batch {
        let mut one = Vec::new();
        number(&mut one, 2, u64::from(sample.signal.0));
        number(&mut one, 3, sample.at_ms);
        let value = value(sample);
        if value.fract() == 0.0 && (0.0..4_294_967_296.0).contains(&value) {
            number(&mut one, 10, value as u64);
        } else {
            float(&mut one, 12, value as f32);
        }
        bytes(&mut out, 2, &one);
    }
    number(&mut out, 3, 1);
    out
}

/// Signal, time since the sample before, and step of the raw value: what one writes without a codec.
fn postcard_delta(batch: &[Sample]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut before = batch.first().map_or(0, |sample| sample.at_ms);
    varint(&mut out, before);
    let mut raws = std::collections::BTreeMap::new();
    for sample in batch {
        varint(&mut out, u64::from(sample.signal.0));
        varint(&mut out, zigzag(sample.at_ms.wrapping_sub(before).cast_signed()));
        before = sample.at_ms;
        let last = raws.insert(sample.signal, sample.raw).unwrap_or(0);
        varint(&mut out, zigzag(sample.raw.wrapping_sub(last)));
    }
    out
}

/// Every column's times as differences of differences, then its steps, all in one LZMA2 stream at the highest setting.
pub(crate) fn xz(recording: &Recording) -> Result<usize> {
    let mut columns = Vec::new();
    for signal in recording.signals() {
        let (mut before, mut gap) = (0, 0);
        let samples = || recording.samples.iter().filter(|sample| sample.signal == signal);
        for sample in samples() {
            let at = sample.at_ms.cast_signed();
            varint(&mut columns, zigzag(at.wrapping_sub(before).wrapping_sub(gap)));
            (before, gap) = (at, at.wrapping_sub(before));
        }
        let mut raw = 0;
        for sample in samples() {
            varint(&mut columns, zigzag(sample.raw.wrapping_sub(raw)));
            raw = sample.raw;
        }
    }
    let mut writer = Lzma2Writer::new(Vec::new(), extreme());
    writer.write_all(&columns)?;
    Ok(writer.finish()?.len())
}

/// The settings of `xz -9e`.
fn extreme() -> Lzma2Options {
    let mut options = Lzma2Options::with_preset(9);
    options.lzma_options.nice_len = 273;
    options.lzma_options.depth_limit = 512;
    options
}
