//! What the car's own service computer says of an item, in words that name it as their source.

use milepost_engine::due::Reported;
use milepost_engine::service_computer::Counter;
use milepost_protocol::notice::Reason;

use super::facts::Fact;
use crate::i18n::{Format, days_left, metres_left};

/// Each counter with its reading and its day.
pub(super) fn facts(reported: &[Reported], format: &Format) -> Vec<Fact> {
    reported.iter().map(|one| fact(one, format)).collect()
}

/// The counters that no reason speaks of, as lines.
pub(super) fn lines(reported: &[Reported], reasons: &[Reason], format: &Format) -> Vec<String> {
    let spoken_of = |one: &&Reported| {
        let is_of =
            |reason: &Reason| matches!(reason, Reason::Signal { signal, .. } if *signal == one.counter.signal());
        reasons.iter().any(is_of)
    };
    let line =
        |Fact { name, value }| format.localizer.with("reported-line", [("name", name.into()), ("value", value.into())]);
    reported.iter().filter(|one| !spoken_of(one)).map(|one| line(fact(one, format))).collect()
}

fn fact(one: &Reported, format: &Format) -> Fact {
    let localizer = format.localizer;
    let read = one.reading.value;
    let left =
        |left: String| if read < 0.0 { localizer.with("reported-behind", [("left", left.into())]) } else { left };
    let value = match one.counter {
        Counter::DistanceToService => left(metres_left(format, read)),
        Counter::TimeToService | Counter::OilTime => left(days_left(format, read)),
        Counter::ServiceDue if read >= 0.5 => localizer.text("reported-yes"),
        Counter::ServiceDue => localizer.text("reported-no"),
        _ => format.percent(read.into()),
    };
    let name = localizer.text(match one.counter {
        Counter::DistanceToService => "reported-distance",
        Counter::TimeToService => "reported-time",
        Counter::ServiceDue => "reported-asks",
        Counter::OilLife => "reported-oil-life",
        Counter::OilTime => "reported-oil-time",
        Counter::PadFrontLeft => "reported-pad-front-left",
        Counter::PadFrontRight => "reported-pad-front-right",
        Counter::PadRearLeft => "reported-pad-rear-left",
        Counter::PadRearRight => "reported-pad-rear-right",
    });
    let date = format.date(one.reading.at_ms);
    Fact { name, value: localizer.with("reported-value", [("value", value.into()), ("date", date.into())]) }
}
