//! Records: the facts that a car reports, each with a kind number that is never reused.
//!
//! A kind's body may grow at its end; a change that an older reader would misread takes a new kind.

use heapless::{String, Vec};
use serde::{Deserialize, Serialize};

use crate::MAX_UNKNOWN_LEN;
pub use crate::certificate::CertificateRequest;
use crate::collection::MAX_BLOCK_LEN;
use crate::downlink::Purposes;
use crate::frame;
use crate::ids::{NoticeId, RecordId};
use crate::notice::Answer;
use crate::plan::{ItemId, Level};
pub use crate::settings::DeviceSettings;
use crate::signal::SignalId;
use crate::trouble::{TroubleCode, TroubleStatus};
use crate::update::{Health, UpdateReport};

/// The body of a record of a known kind.
pub trait Body: Serialize + Into<Record> {
    /// The kind number on the wire.
    const KIND: u16;
}

macro_rules! records {
    ($($(#[$doc:meta])* $kind:literal => $name:ident,)*) => {
        /// One fact from a car.
        #[derive(Debug, Clone, PartialEq)]
        #[expect(clippy::large_enum_variant, reason = "without an allocator there is no box, and one lives at a time")]
        pub enum Record {
            $($(#[$doc])* $name($name),)*
            /// A kind that this build does not know, kept as it came.
            Unknown(Unknown),
        }

        impl Record {
            /// The kind number on the wire.
            pub fn kind(&self) -> u16 {
                match self {
                    $(Self::$name(_) => $kind,)*
                    Self::Unknown(unknown) => unknown.kind,
                }
            }

            /// Writes the body to the front of `buffer`; `None` if it does not fit.
            pub fn encode_body<'b>(&self, buffer: &'b mut [u8]) -> Option<&'b [u8]> {
                let len = match self {
                    $(Self::$name(body) => frame::append(buffer, 0, body)?,)*
                    Self::Unknown(unknown) => frame::append_slice(buffer, 0, &unknown.body)?,
                };
                buffer.get(..len)
            }

            /// Reads a body of `kind`; `None` if a known kind does not decode or an unknown one is longer than [`MAX_UNKNOWN_LEN`].
            pub fn decode_body(kind: u16, body: &[u8]) -> Option<Self> {
                match kind {
                    $($kind => frame::body(body).map(Self::$name),)*
                    _ => Vec::from_slice(body).ok().map(|body| Self::Unknown(Unknown { kind, body })),
                }
            }
        }

        $(impl $name {
            /// The kind number on the wire.
            pub const KIND: u16 = $kind;
        }

        impl Body for $name {
            const KIND: u16 = $kind;
        }

        impl From<$name> for Record {
            fn from(body: $name) -> Self {
                Self::$name(body)
            }
        })*
    };
}

records! {
    /// The device started.
    1 => Boot,
    /// A trip began.
    2 => TripStarted,
    /// A trip ended.
    3 => TripEnded,
    /// Lifetime counters.
    4 => Counters,
    /// A signal took a value worth telling.
    5 => SignalChange,
    /// A signal over a span.
    6 => SignalSummary,
    /// A trouble code changed its status.
    7 => Trouble,
    /// The 12 V battery at rest.
    8 => BatteryRest,
    /// The 12 V battery while the engine was started.
    9 => Cranking,
    /// One tyre, sampled.
    10 => TyreSample,
    /// The car raised a reminder by itself.
    11 => NoticeRaised,
    /// The car's display showed a notice.
    12 => NoticeShown,
    /// The owner answered a notice in the car.
    13 => NoticeAnswered,
    /// Records were lost.
    14 => Gap,
    /// A piece of the device's log.
    15 => LogChunk,
    /// How a command ended.
    16 => CommandResult,
    /// Energy went into the car.
    17 => Refuelled,
    /// What the device itself took from the battery.
    18 => ParkedDay,
    /// Samples of signals that a plan asks for.
    19 => SeriesBlock,
    /// The device asks for a certificate.
    24 => CertificateRequest,
    /// A firmware update moved on.
    32 => UpdateReport,
    /// How the device does after a start.
    33 => Health,
    /// The settings that are in force on the device.
    40 => DeviceSettings,
    /// What the device collects.
    41 => CollectionReport,
}

/// A record of a kind that this build does not know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unknown {
    /// The kind number.
    pub kind: u16,
    /// The body as it came.
    pub body: Vec<u8, MAX_UNKNOWN_LEN>,
}

/// Why the device started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ResetReason {
    /// Power came.
    PowerOn,
    /// The watchdog fired.
    Watchdog,
    /// Software asked for it.
    Software,
    /// A fault was caught.
    Fault,
    /// The reason is not known.
    Unknown,
}

/// The device started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Boot {
    /// Why.
    pub reason: ResetReason,
    /// The firmware's version: major, minor, patch.
    pub firmware: [u16; 3],
    /// The newest record that was found in flash, by which the cloud sees what a crash may have cost.
    pub newest: Option<RecordId>,
    /// The first four bytes of the SHA-256 of the signal table in use.
    pub table: u32,
}

/// Where a distance comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum DistanceSource {
    /// The car's own odometer on a bus.
    Odometer,
    /// SAE J1979 PID A6.
    ObdOdometer,
    /// The integral of the speed.
    SpeedIntegral,
    /// Nothing measured it.
    Unknown,
}

/// A trip began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TripStarted {
    /// The trip's number within the boot of this record.
    pub trip: u32,
    /// The odometer in metres, where one is known.
    pub odometer_m: Option<u32>,
    /// The outside temperature in tenths of a degree Celsius.
    pub outside_decicelsius: Option<i16>,
}

/// How a trip's end was noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum TripEnd {
    /// The ignition or the engine went off.
    Off,
    /// The bus fell silent.
    Silence,
    /// The device lost power during the trip; the last figures in flash were used.
    PowerCut,
    /// The recording ended.
    InputEnded,
}

/// A trip ended. The record's own time is the trip's end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TripEnded {
    /// The trip's number within the boot that started it.
    pub trip: u32,
    /// The duration in milliseconds.
    pub duration_ms: u64,
    /// The distance in metres.
    pub distance_m: u32,
    /// Where the distance comes from.
    pub source: DistanceSource,
    /// The highest speed in centimetres per second.
    pub max_speed_cmps: u16,
    /// Time with the engine or drive on and the car standing, in seconds.
    pub idle_s: u32,
    /// Time with the engine running, in seconds.
    pub engine_s: u32,
    /// Fuel burnt, in millilitres.
    pub fuel_ml: u32,
    /// Electric energy drawn from the traction battery, in watt-hours.
    pub energy_wh: u32,
    /// The coolant at the start, in degrees Celsius.
    pub coolant_start_c: Option<i16>,
    /// From the engine's start until the coolant reached 70 °C, in seconds; `None` if it never did or was warm at the start.
    pub warmup_s: Option<u32>,
    /// The odometer at the end, in metres, where one is known.
    pub odometer_m: Option<u32>,
    /// How the end was noticed.
    pub end: TripEnd,
}

/// Lifetime counters of the device. They never fall, across boots and power cuts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counters {
    /// The odometer in metres: the car's own where known, else the device's integral from its last anchor.
    pub odometer_m: u32,
    /// Whether `odometer_m` is the car's own or anchored to it.
    pub odometer_anchored: bool,
    /// Distance that the device itself has seen, in metres.
    pub distance_m: u32,
    /// Engine running time, in seconds.
    pub engine_s: u32,
    /// Time with the engine or drive on and the car standing, in seconds.
    pub idle_s: u32,
    /// Fuel burnt, in millilitres.
    pub fuel_ml: u32,
    /// Electric energy drawn from the traction battery, in watt-hours.
    pub energy_wh: u32,
    /// Trips ended.
    pub trips: u32,
    /// Engine starts with the coolant below 40 °C.
    pub cold_starts: u32,
    /// Trips below 8 km.
    pub short_trips: u32,
}

/// A signal took a value worth telling.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SignalChange {
    /// The signal.
    pub signal: SignalId,
    /// Its value, in the catalogue's unit.
    pub value: f32,
}

/// A signal over a span that ends at the record's time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SignalSummary {
    /// The signal.
    pub signal: SignalId,
    /// The span in seconds.
    pub span_s: u32,
    /// How many samples it holds.
    pub count: u32,
    /// The least value.
    pub min: f32,
    /// The mean value.
    pub mean: f32,
    /// The greatest value.
    pub max: f32,
}

/// A trouble code changed its status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// The code.
    pub code: TroubleCode,
    /// Its new status.
    pub status: TroubleStatus,
    /// The CAN id of the control unit that reported it.
    pub ecu: u32,
    /// The odometer in metres, where one is known.
    pub odometer_m: Option<u32>,
}

/// The 12 V battery at rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatteryRest {
    /// The voltage in millivolts.
    pub millivolts: u16,
    /// How long the car had rested, in seconds.
    pub rested_s: u32,
    /// The outside temperature in tenths of a degree Celsius.
    pub outside_decicelsius: Option<i16>,
}

/// The 12 V battery while the engine was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cranking {
    /// The voltage before, in millivolts.
    pub before_millivolts: u16,
    /// The lowest voltage, in millivolts.
    pub min_millivolts: u16,
    /// How long the engine was cranked, in milliseconds.
    pub duration_ms: u16,
    /// The outside temperature in tenths of a degree Celsius.
    pub outside_decicelsius: Option<i16>,
}

/// A wheel by its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Wheel {
    /// Row 1, left.
    FrontLeft,
    /// Row 1, right.
    FrontRight,
    /// Row 2, left.
    RearLeft,
    /// Row 2, right.
    RearRight,
}

/// One tyre, sampled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TyreSample {
    /// Which.
    pub wheel: Wheel,
    /// The pressure relative to the surroundings, in pascals.
    pub pressure_pa: u32,
    /// The air inside the tyre, in tenths of a degree Celsius.
    pub air_decicelsius: Option<i16>,
    /// The outside temperature, in tenths of a degree Celsius.
    pub outside_decicelsius: Option<i16>,
    /// The id of the pressure sensor, by which a set of wheels is recognised; 24 bits.
    pub sensor: Option<u32>,
}

/// The car raised a reminder by itself, from its plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeRaised {
    /// The service item.
    pub item: ItemId,
    /// Its cycle.
    pub cycle: u32,
    /// The level that was reached.
    pub level: Level,
    /// The odometer in metres.
    pub odometer_m: u32,
}

/// The car's display showed a notice, for the first time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeShown {
    /// The notice.
    pub notice: NoticeId,
}

/// The owner answered a notice in the car.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeAnswered {
    /// The notice.
    pub notice: NoticeId,
    /// The answer.
    pub answer: Answer,
    /// The odometer in metres.
    pub odometer_m: u32,
}

/// Why records were lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum GapReason {
    /// The flash was full; the oldest bulk gave way.
    FlashFull,
    /// More happened at once than the memory holds.
    Overflow,
    /// The flash held bytes that did not read back.
    Corrupt,
}

/// Records were lost, and why. It stands for the numbers that never come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// The boot of the lost records.
    pub boot: u32,
    /// The first lost number.
    pub first: u32,
    /// How many; for `Overflow` the events had no numbers yet and `first` is the next number.
    pub count: u32,
    /// Why.
    pub reason: GapReason,
}

/// How much a log line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum LogLevel {
    /// Data were lost or a person is needed.
    Error,
    /// Worth knowing.
    Warn,
    /// What happens.
    Info,
}

/// A piece of the device's log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogChunk {
    /// How much it matters.
    pub level: LogLevel,
    /// The text.
    pub text: String<120>,
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandResult {
    /// The command's number.
    pub command: u32,
    /// What became of it.
    pub outcome: CommandOutcome,
}

/// What became of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum CommandOutcome {
    /// It was carried out.
    Done,
    /// It arrived after its time.
    Expired,
    /// The device does not know it.
    Unsupported,
    /// A table's hash is not that of its bytes.
    HashMismatch,
    /// A table breaks a rule: a bound, a version or its length.
    TableInvalid,
    /// A chunk is missing or came out of order.
    OutOfOrder,
}

/// Energy went into the car while it stood.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Refuelled {
    /// The fuel level or state of charge before, from 0 to 1.
    pub before: f32,
    /// And after.
    pub after: f32,
    /// Whether it was the traction battery.
    pub electric: bool,
}

/// What the device itself took from the 12 V battery during 24 hours of parking, which end at the record's time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParkedDay {
    /// By its own figures, in microampere-hours.
    pub spent_uah: u32,
    /// What it may take, in microampere-hours.
    pub budget_uah: u32,
    /// How often it woke.
    pub wakes: u32,
}

/// Samples of signals that a collection plan asks for, as one block that stands alone; see [`crate::series`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeriesBlock {
    /// The version of the plan.
    pub plan: u32,
    /// The purposes for which they were taken: the owner had allowed one of them.
    pub purposes: Purposes,
    /// The record's own time on the scale of the samples' times, in milliseconds.
    pub uptime_ms: u64,
    /// The block.
    pub block: Vec<u8, MAX_BLOCK_LEN>,
}

/// Which collection plan a device has in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CollectionReport {
    /// Its version; 0 as long as there is none.
    pub version: u32,
    /// How many signals it names.
    pub rows: u8,
    /// The version of a plan that was sent and breaks a rule.
    pub refused: Option<u32>,
}

impl Record {
    /// Whether the record travels ahead of bulk: what a person waits for, and what tells of danger.
    pub fn is_urgent(&self) -> bool {
        Self::is_urgent_kind(self.kind())
    }

    /// As [`Record::is_urgent`], for a record whose body need not be read.
    pub fn is_urgent_kind(kind: u16) -> bool {
        matches!(
            kind,
            Trouble::KIND
                | NoticeRaised::KIND
                | NoticeShown::KIND
                | NoticeAnswered::KIND
                | CommandResult::KIND
                | DeviceSettings::KIND
                | CollectionReport::KIND
                | CertificateRequest::KIND
                | UpdateReport::KIND
        )
    }
}
