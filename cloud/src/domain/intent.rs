//! What people ask of a vehicle, and what became of it.

use milepost_engine::journey::Contact;
use milepost_engine::service_book::{EventId, Reason};
use milepost_protocol::NoticeId;
use milepost_protocol::collection::CollectionRow;
use milepost_protocol::downlink::{Purposes, Task};
use milepost_protocol::notice::Answer;
use milepost_protocol::plan::{ItemId, PlanItem};
use milepost_protocol::update::{SignedManifest, Version, Window};

use super::{AccountId, FamilyChange, Profile, Question, Recall, Remarks, Reply, Wanted};

/// A record of another system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// What it is known by, from what it says; below 2⁵².
    pub key: u64,
    /// The item.
    pub item: ItemId,
    /// When the work was done, in milliseconds of Unix time.
    pub at_ms: u64,
    /// The odometer then, in metres.
    pub odometer_m: Option<u32>,
    /// What is written beside it.
    pub remarks: Remarks,
}

/// A wish that the committer carries out on one vehicle.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "intents are few and live for one commit")]
pub enum Intent {
    /// Make the vehicle known, with its profile and owner; an existing one takes both over.
    Register {
        /// Name and place.
        profile: Profile,
        /// Whose it is.
        owner: Option<AccountId>,
    },
    /// Describe the vehicle; its owner stays.
    Describe {
        /// Name, identity and place.
        profile: Profile,
    },
    /// Replace the items of the service book; the anchors count as facts.
    SetPlan {
        /// The items, at most 64.
        items: Vec<PlanItem>,
    },
    /// Answer a notice.
    Answer {
        /// The notice.
        notice: NoticeId,
        /// The answer.
        answer: Answer,
    },
    /// Ask anew what an appointment had answered, because the appointment does not take place.
    Unbook {
        /// The notice; one that is not booked stays as it is.
        notice: NoticeId,
    },
    /// Tell of a safety recall, once for each campaign.
    Recall {
        /// The recall.
        recall: Recall,
    },
    /// Show fewer offers like one, and take that one for refused.
    Fewer {
        /// The offer's notice.
        notice: NoticeId,
    },
    /// Carry all of these out in one commit, or none.
    Together {
        /// In this order.
        wishes: Vec<Intent>,
    },
    /// Note that the actor's surface showed a notice.
    Seen {
        /// The notice.
        notice: NoticeId,
    },
    /// The work on a service item was done.
    Complete {
        /// The item.
        item: ItemId,
        /// When, in milliseconds of Unix time; now if absent.
        at_ms: Option<u64>,
        /// The odometer then, in metres; what the car knows of that time if absent.
        odometer_m: Option<u32>,
        /// What is written beside it.
        remarks: Remarks,
    },
    /// Take the last completion of an item back.
    Undo {
        /// The item.
        item: ItemId,
    },
    /// Correct a record of the service book.
    Edit {
        /// The record.
        of: EventId,
        /// When the work was done, in milliseconds of Unix time; as it reads if absent.
        at_ms: Option<u64>,
        /// The odometer then, in metres; as it reads, or what the car knows of another time, if absent.
        odometer_m: Option<u32>,
        /// What is written beside it.
        remarks: Remarks,
    },
    /// Take a record of the service book back, or let it stand again.
    Stand {
        /// The record.
        of: EventId,
        /// Whether it stands.
        stands: bool,
    },
    /// Put a reminder off.
    Snooze {
        /// The notice.
        notice: NoticeId,
        /// For how many days; fewer may be granted.
        days: u16,
        /// Why.
        reason: Reason,
    },
    /// Note whether an item applies to this car.
    Applies {
        /// The item.
        item: ItemId,
        /// Whether it does.
        applies: bool,
    },
    /// Enter records of another system, all or none.
    Import {
        /// The records.
        records: Vec<Imported>,
    },
    /// Hand the car to another owner: the service book goes along, what concerns the person does not.
    Transfer {
        /// The new owner.
        to: AccountId,
    },
    /// Note that the car was sold to somebody who is not with us: nobody is told anything any more.
    Sell,
    /// Forget somebody who erases their account: what they did stays without their name, and if the vehicle was theirs, it is nobody's.
    Forget {
        /// Who.
        account: AccountId,
    },
    /// Change who else may see the vehicle.
    Family {
        /// How.
        change: FamilyChange,
    },
    /// Set what the vehicle's data may be used for.
    SetConsent {
        /// The purposes from now on; `FUNCTION` always stays.
        purposes: Purposes,
    },
    /// Record a contact with the owner.
    Contact {
        /// The contact.
        contact: Contact,
    },
    /// Leave a programme, or join it again.
    TakePart {
        /// The programme's name.
        programme: String,
        /// Whether the owner takes part from now on.
        takes_part: bool,
    },
    /// Reply to a question.
    Reply {
        /// Which.
        question: Question,
        /// What the owner says.
        reply: Reply,
    },
    /// Choose from what a programme sends.
    Choose {
        /// The programme's name.
        programme: String,
        /// What the owner wants of its pack.
        chosen: Vec<String>,
    },
    /// Ask the device to do something.
    Command {
        /// What.
        task: Task,
        /// For how long it stays valid, in milliseconds.
        valid_ms: u64,
    },
    /// Set how the device behaves.
    Configure {
        /// How.
        wanted: Wanted,
    },
    /// Set what the device collects.
    Collect {
        /// Which signals, and how.
        rows: Vec<CollectionRow>,
    },
    /// Offer the device a firmware image.
    OfferUpdate {
        /// The rollout that offers it.
        rollout: u32,
        /// The image's version.
        version: Version,
        /// The image.
        image: SignedManifest,
        /// When the device may restart.
        window: Option<Window>,
    },
    /// Take a rollout's offer back, if the device has not installed it yet.
    WithdrawUpdate {
        /// The rollout.
        rollout: u32,
    },
}

/// What became of an intent: it is durable by now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// The vehicle's revision after it.
    pub revision: u64,
    /// Whether anything changed; a repeated answer changes nothing and is no error.
    pub changed: bool,
}

/// Why an intent was not carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IntentError {
    /// No such vehicle.
    #[error("vehicle is not known")]
    UnknownVehicle,
    /// The vehicle has no such notice.
    #[error("vehicle has no such notice")]
    UnknownNotice,
    /// The notice is closed with another state.
    #[error("notice is closed")]
    Closed,
    /// The notice does not invite this answer.
    #[error("notice does not invite this answer")]
    NotInvited,
    /// The plan has no such item.
    #[error("plan has no such item")]
    UnknownItem,
    /// The completion lies before the present cycle's beginning or in the future, by its date or its odometer.
    #[error("completion lies outside the present cycle")]
    OutsideCycle,
    /// The item has no completion that could be taken back.
    #[error("item has no completion to take back")]
    NothingToUndo,
    /// The service book has no such record, or it was taken back.
    #[error("service book has no such record")]
    UnknownRecord,
    /// The vehicle's family has no such member, or the invitation does not count any more.
    #[error("vehicle's family has no such member")]
    UnknownMember,
    /// The vehicle's family is as large as it can be.
    #[error("vehicle's family is full")]
    FamilyFull,
    /// The reminder was put off for as long as its safety allows.
    #[error("reminder cannot be put off any longer")]
    SnoozeSpent,
    /// The plan or the service book has too many items.
    #[error("plan or service book is full")]
    TooManyItems,
    /// A figure lies outside its bounds.
    #[error("figure lies outside its bounds")]
    OutOfRange,
    /// The message is too long for the device.
    #[error("message is too long for the device")]
    TooLong,
    /// A document that was to be written with it changed meanwhile; nothing was changed.
    #[error("a document changed meanwhile")]
    Conflict,
    /// The disk has too little room; nothing was changed.
    #[error("store is full")]
    Full,
    /// The store failed; nothing was changed, or nobody knows. The log has the cause.
    #[error("store failed")]
    Store,
    /// The service is shutting down.
    #[error("service is shutting down")]
    Stopping,
}
