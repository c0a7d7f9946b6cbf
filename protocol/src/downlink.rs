//! What the cloud sends to a device: receipts, notices, the plan, consent, commands.
//!
//! Layout: the version byte; then one frame a message: `(kind, body length)` as postcard, and the body.

use core::marker::PhantomData;

use heapless::Vec;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::certificate::CertificateAnswer;
use crate::collection::EncodedPlan;
use crate::frame::{self, DecodeError};
use crate::ids::NoticeId;
use crate::notice::{Notice, NoticeState};
use crate::plan::{PlanView, ServicePlan};
use crate::record::LogLevel;
use crate::settings::DeviceSettings;
use crate::update::{UpdateChunk, UpdateOffer};
use crate::{MAX_BODY_LEN, MAX_DOWNLINK_LEN, VERSION};

/// The most ranges that one receipt names.
pub const MAX_RANGES: usize = 8;

/// The most bytes of one table chunk.
pub const MAX_CHUNK_LEN: usize = 512;

/// An inclusive range of record numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Range {
    /// The first number.
    pub first: u32,
    /// The last number.
    pub last: u32,
}

/// "Committed": the device may forget these records. It is sent only after they are on stable storage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The boot that the ranges belong to.
    pub boot: u32,
    /// What is committed, ascending and disjoint.
    pub ranges: Vec<Range, MAX_RANGES>,
    /// The cloud's clock, in milliseconds of Unix time.
    pub now_ms: u64,
    /// How many more envelopes the device may have under way before the next receipt.
    pub credit: u16,
}

/// A notice changed its state elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeUpdate {
    /// The notice.
    pub id: NoticeId,
    /// Its state now.
    pub state: NoticeState,
}

/// What data may be used for, as a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Purposes(pub u8);

impl Purposes {
    /// Running the service itself: reminders and the owner's own view.
    pub const FUNCTION: Self = Self(1);
    /// Sharing with the workshop.
    pub const WORKSHOP: Self = Self(2);
    /// Personalised offers.
    pub const OFFERS: Self = Self(4);
    /// Location.
    pub const LOCATION: Self = Self(8);
    /// Research and product improvement.
    pub const RESEARCH: Self = Self(16);

    /// Both sets together.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The set without `other`.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether every purpose of `other` is in this set.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

/// The owner's consent as the device has to honour it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    /// Rises with each change.
    pub version: u32,
    /// What is allowed.
    pub purposes: Purposes,
}

/// Something that the device is asked to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    /// The command's number; results name it, and a number seen before is not carried out again.
    pub id: u32,
    /// After this moment it must not be carried out any more, in milliseconds of Unix time.
    pub expires_ms: u64,
    /// What to do.
    pub task: Task,
}

/// What a command asks for. New tasks stand at the end; a device answers one that it does not know as unsupported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::large_enum_variant, reason = "without an allocator there is no box, and one lives at a time")]
pub enum Task {
    /// A new signal table begins: its length and SHA-256.
    TableBegin {
        /// The table's length in bytes.
        len: u32,
        /// The SHA-256 of its bytes.
        sha256: [u8; 32],
    },
    /// The table's bytes from `offset` on.
    TableChunk {
        /// Where the bytes belong.
        offset: u32,
        /// The bytes.
        bytes: Vec<u8, MAX_CHUNK_LEN>,
    },
    /// Check the table and take it into use.
    TableCommit,
    /// Report counters and the last values now.
    Report,
    /// Take this odometer reading as the truth.
    AnchorOdometer {
        /// In metres.
        odometer_m: u32,
    },
    /// Send lines of the device's own log from this level on.
    LogLevel {
        /// The least level that is sent.
        level: LogLevel,
    },
    /// Take these settings into force and tell them back.
    Configure {
        /// All of them.
        settings: DeviceSettings,
    },
}

impl Task {
    /// How many tasks this build knows; the number of the last is one less.
    pub const KNOWN: u32 = 7;
}

macro_rules! downlinks {
    ($($(#[$doc:meta])* $kind:literal => $name:ident($body:ty),)*) => {
        /// One message to a device.
        #[derive(Debug, Clone, PartialEq)]
        #[expect(clippy::large_enum_variant, reason = "without an allocator there is no box, and one lives at a time")]
        pub enum Downlink {
            $($(#[$doc])* $name($body),)*
            /// A kind that this build does not know; it is counted and passed over.
            Unknown(u16),
        }

        impl Downlink {
            fn kind(&self) -> u16 {
                match self {
                    $(Self::$name(_) => $kind,)*
                    Self::Unknown(kind) => *kind,
                }
            }

            fn encode_body(&self, buffer: &mut [u8]) -> Option<usize> {
                match self {
                    $(Self::$name(body) => frame::append(buffer, 0, body),)*
                    Self::Unknown(_) => Some(0),
                }
            }

            fn decode_body(kind: u16, body: &[u8]) -> Option<Self> {
                match kind {
                    $($kind => frame::body(body).map(Self::$name),)*
                    _ => Some(Self::Unknown(kind)),
                }
            }
        }

        /// One message to a device, whose body is still as it came.
        #[derive(Debug, Clone)]
        pub enum Part<'a> {
            $($(#[$doc])* $name(Body<'a, $body>),)*
            /// A kind that this build does not know; it is counted and passed over.
            Unknown(u16),
        }

        impl<'a> Part<'a> {
            /// Whether the body of a known kind decodes.
            fn is_whole(&self) -> bool {
                // A plan is the longest body; decoding it whole would cost a device more memory than all its items need.
                if let Self::Plan(plan) = self {
                    return PlanView::parse(plan.bytes).is_some();
                }
                match self {
                    $(Self::$name(body) => body.decodes(),)*
                    Self::Unknown(_) => true,
                }
            }

            /// As [`Part::is_whole`], but for a task that this build does not know, which is answered by its number,
            /// and for what a device hands to others, who look at it themselves.
            fn is_answerable(&self) -> bool {
                match self {
                    Self::Command(command) if command.is_unknown() => true,
                    Self::UpdateOffer(_) | Self::UpdateChunk(_) | Self::Collection(_) | Self::Certificate(_) => true,
                    _ => self.is_whole(),
                }
            }

            fn new(kind: u16, body: &'a [u8]) -> Self {
                match kind {
                    $($kind => Self::$name(Body { bytes: body, of: PhantomData }),)*
                    _ => Self::Unknown(kind),
                }
            }
        }
    };
}

downlinks! {
    /// Records are committed.
    1 => Receipt(Receipt),
    /// A notice to show.
    2 => Notice(Notice),
    /// A notice changed elsewhere.
    3 => NoticeUpdate(NoticeUpdate),
    /// The maintenance plan.
    4 => Plan(ServicePlan),
    /// The owner's consent.
    5 => Consent(Consent),
    /// A command.
    6 => Command(Command),
    /// A firmware image is offered, or withdrawn.
    7 => UpdateOffer(UpdateOffer),
    /// Bytes of a firmware image.
    8 => UpdateChunk(UpdateChunk),
    /// What to collect, for devices that do.
    9 => Collection(EncodedPlan),
    /// What became of a certificate request.
    12 => Certificate(CertificateAnswer),
}

type FrameHead = (u16, u16);

/// The body of a message, which a device without room for all kinds at once decodes where it needs it.
#[derive(Debug, Clone)]
pub struct Body<'a, T> {
    bytes: &'a [u8],
    of: PhantomData<fn() -> T>,
}

impl Body<'_, Command> {
    /// The command's number, also where its task is one that this build does not know.
    pub fn number(&self) -> Option<u32> {
        frame::body::<(u32, u64, u32)>(self.bytes).map(|(number, ..)| number)
    }

    fn is_unknown(&self) -> bool {
        frame::body::<(u32, u64, u32)>(self.bytes).is_some_and(|(_, _, task)| task >= Task::KNOWN)
    }
}

impl<'a, T: DeserializeOwned> Body<'a, T> {
    /// The content; `None` for bytes that [`Downlink::parts`] would have refused, and for a command with an unknown task.
    #[inline(never)]
    pub fn decode(&self) -> Option<T> {
        frame::body(self.bytes)
    }

    /// Whether there is a content; by itself, so that none of several kinds needs stack where it is asked.
    #[inline(never)]
    fn decodes(&self) -> bool {
        frame::body::<T>(self.bytes).is_some()
    }

    /// The bytes as they came; a newer writer may have put more at their end.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }
}

impl Downlink {
    /// Reads all messages of one publish; checks the whole before it answers.
    pub fn parse(bytes: &[u8]) -> Result<impl Iterator<Item = Self> + use<'_>, DecodeError> {
        let mut rest = Self::check(bytes, Part::is_whole)?;
        Ok(core::iter::from_fn(move || {
            let (kind, body) = Self::frame(&mut rest, 0).ok().flatten()?;
            Some(Self::decode_body(kind, body).expect("the message was checked before"))
        }))
    }

    /// As [`Downlink::parse`], but leaves the bodies as they came, takes commands whose task this build does not know,
    /// and leaves the bodies unread that a device hands to others: offers and chunks of images, plans to collect by, and certificates.
    pub fn parts(bytes: &[u8]) -> Result<impl Iterator<Item = Part<'_>> + use<'_>, DecodeError> {
        let mut rest = Self::check(bytes, Part::is_answerable)?;
        Ok(core::iter::from_fn(move || {
            let (kind, body) = Self::frame(&mut rest, 0).ok().flatten()?;
            Some(Part::new(kind, body))
        }))
    }

    /// Checks a message whole; answers its frames.
    #[inline(never)]
    fn check<'a>(bytes: &'a [u8], is_good: fn(&Part<'a>) -> bool) -> Result<&'a [u8], DecodeError> {
        if bytes.len() > MAX_DOWNLINK_LEN {
            return Err(DecodeError::TooLong);
        }
        let (&version, frames) = bytes.split_first().ok_or(DecodeError::Empty)?;
        if version != VERSION {
            return Err(DecodeError::UnknownVersion(version));
        }
        let mut rest = frames;
        let mut index = 0;
        while let Some((kind, body)) = Self::frame(&mut rest, index)? {
            if !is_good(&Part::new(kind, body)) {
                return Err(DecodeError::Body { frame: index, kind });
            }
            index += 1;
        }
        Ok(frames)
    }

    /// Writes messages as one publish to the front of `buffer`; `None` if they do not fit.
    pub fn encode<'b>(messages: &[Self], buffer: &'b mut [u8]) -> Option<&'b [u8]> {
        let limit = buffer.len().min(MAX_DOWNLINK_LEN);
        let buffer = &mut buffer[..limit];
        *buffer.first_mut()? = VERSION;
        let mut len = 1;
        for message in messages {
            let mut body = [0; MAX_BODY_LEN];
            let body_len = message.encode_body(&mut body)?;
            let head: FrameHead = (message.kind(), body_len as u16);
            len = frame::append(buffer, len, &head)?;
            len = frame::append_slice(buffer, len, &body[..body_len])?;
        }
        Some(&buffer[..len])
    }

    fn frame<'a>(rest: &mut &'a [u8], index: u16) -> Result<Option<(u16, &'a [u8])>, DecodeError> {
        if rest.is_empty() {
            return Ok(None);
        }
        let (kind, len) = frame::take::<FrameHead>(rest).ok_or(DecodeError::Frame(index))?;
        let body = frame::take_body(rest, len).ok_or(DecodeError::Frame(index))?;
        Ok(Some((kind, body)))
    }
}
