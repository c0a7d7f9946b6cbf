//! What goes wrong, as the caller gets to know it: `application/problem+json` (RFC 9457), or the same as a page.
//!
//! Policy. Modules have their own error enums; they become a [`Problem`] only here, where a request ends.
//! A constructor stands for what the caller can do about it, not for where it came from.
//! What a caller may not know of is `not_found`, never "forbidden". A cause inside the service is logged here once, with its chain, and never shown.
//! Titles and details are translation keys; the JSON speaks English, pages speak the reader's language.

use std::error::Error;

use axum::Json;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use milepost_engine::offers::judge::{Judged, Support, interval};
use milepost_engine::rollout::ApproveError;
use milepost_engine::vin::VinError;
use serde::{Deserialize, Serialize};

use crate::accounts::{AccountsError, LoginError, PasswordError};
use crate::attachments::AttachmentError;
use crate::booking::BookingError;
use crate::care::CareError;
use crate::certificate::CertificateError;
use crate::channels::{ChannelError, LetterError};
use crate::domain::IntentError;
use crate::erasure::ErasureError;
use crate::family::FamilyError;
use crate::firmware::FirmwareError;
use crate::homes::HomeError;
use crate::i18n::{Language, Localizer};
use crate::offers::OffersError;
use crate::recalls::RecallsError;
use crate::sheets::SheetError;
use crate::store::StoreError;

/// Why a request was not carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The HTTP status.
    pub status: StatusCode,
    /// The short name; `error-{code}-title` and `error-{code}` are its texts.
    pub code: &'static str,
    /// After how many seconds to try again.
    pub retry_after_s: Option<u64>,
    /// Where in what was sent it went wrong, and how.
    pub at: Option<String>,
}

/// The JSON form of a problem.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ProblemBody {
    /// `urn:milepost:problem:{code}`.
    pub r#type: String,
    /// What went wrong, in a few words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What went wrong and what to do, in a sentence.
    pub detail: String,
    /// The short name, for programs.
    pub code: String,
    /// Where in what was sent it went wrong, and how, where that can be said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
}

impl Problem {
    const fn new(status: StatusCode, code: &'static str) -> Self {
        Self { status, code, retry_after_s: None, at: None }
    }

    /// Nobody is logged in.
    pub fn sign_in() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "sign-in")
    }

    /// Account or password is wrong.
    pub fn wrong_password() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "wrong-password")
    }

    /// There is no such thing, as far as the caller may know.
    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found")
    }

    /// The path takes other methods.
    pub fn method() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method")
    }

    /// The request comes from another site.
    pub fn cross_site() -> Self {
        Self::new(StatusCode::FORBIDDEN, "cross-site")
    }

    /// The token does not open this; that the route exists stands in the public document.
    pub fn scope() -> Self {
        Self::new(StatusCode::FORBIDDEN, "scope")
    }

    /// A field is missing or out of its range.
    pub fn invalid() -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid")
    }

    /// A field is missing or out of its range, and which.
    pub fn invalid_at(place: String) -> Self {
        Self { at: Some(place), ..Self::invalid() }
    }

    /// The date or the odometer of a completion does not fit.
    pub fn completion() -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "completion")
    }

    /// The notice does not invite the answer.
    pub fn not_invited() -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "not-invited")
    }

    /// The notice is closed already.
    pub fn closed() -> Self {
        Self::new(StatusCode::CONFLICT, "closed")
    }

    /// As many people have access to the vehicle, or are invited to it, as can.
    pub fn family_full() -> Self {
        Self::new(StatusCode::CONFLICT, "family-full")
    }

    /// The name of a new account is taken.
    pub fn name_taken() -> Self {
        Self::new(StatusCode::CONFLICT, "name-taken")
    }

    /// The file is nothing that is taken as a receipt.
    pub fn receipt_kind() -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "receipt-kind")
    }

    /// The receipt is larger than is taken, and how much is.
    pub fn receipt_size(most_bytes: usize) -> Self {
        Self { at: Some(format!("≤ {most_bytes} B")), ..Self::receipt_too_long() }
    }

    /// The receipt is larger than is taken.
    pub fn receipt_too_long() -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "receipt-size")
    }

    /// The vehicle has as many receipts as it can.
    pub fn receipts_full() -> Self {
        Self::new(StatusCode::CONFLICT, "receipts-full")
    }

    /// The time of an appointment is not free.
    pub fn time_taken() -> Self {
        Self::new(StatusCode::CONFLICT, "time-taken")
    }

    /// The appointment does not stand where this could be asked of it.
    pub fn visit_state() -> Self {
        Self::new(StatusCode::CONFLICT, "visit-state")
    }

    /// A follow-up is done already, or the same is open.
    pub fn follow_up_state() -> Self {
        Self::new(StatusCode::CONFLICT, "follow-up-state")
    }

    /// A follow-up's day is past or too far ahead.
    pub fn follow_up_date() -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "follow-up-date")
    }

    /// No vehicle is marked.
    pub fn nothing_marked() -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "nothing-marked")
    }

    /// A file of recalls does not read; the place says where.
    pub fn recall_file(place: String) -> Self {
        Self { at: Some(place), ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, "recall-file") }
    }

    /// An entry of the catalogue does not hold; the place says where.
    pub fn offer_file(place: String) -> Self {
        Self { at: Some(place), ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, "offer-file") }
    }

    /// The log does not support a policy, and why.
    pub fn policy(why: String) -> Self {
        Self { at: Some(why), ..Self::new(StatusCode::CONFLICT, "policy") }
    }

    /// There is nothing to take back.
    pub fn nothing_to_undo() -> Self {
        Self::new(StatusCode::CONFLICT, "nothing-to-undo")
    }

    /// A letter has characters that its font lacks, or an address is missing.
    pub fn letter() -> Self {
        Self::new(StatusCode::CONFLICT, "letter")
    }

    /// The text is no vehicle identification number.
    pub fn vin(error: &VinError) -> Self {
        Self { at: Some(error.to_string()), ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, "vin") }
    }

    /// The file of records does not read; nothing of it was taken.
    pub fn sheet(error: &SheetError) -> Self {
        Self { at: Some(error.to_string()), ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, "sheet") }
    }

    /// The reminder was put off for as long as it can be.
    pub fn snooze_spent() -> Self {
        Self::new(StatusCode::CONFLICT, "snooze-spent")
    }

    /// The `Idempotency-Key` was used for something else.
    pub fn key_reused() -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "key-reused")
    }

    /// The certificate request does not parse, is not signed by its own key, is not on P-256, or names another device.
    pub fn certificate_request() -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "certificate-request")
    }

    /// Somebody else changed the same thing at the same time.
    pub fn conflict() -> Self {
        Self::new(StatusCode::CONFLICT, "conflict")
    }

    /// The bytes are no signed image, or nobody whom we trust signed them.
    pub fn image() -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "image")
    }

    /// Another image has this board and version.
    pub fn version_taken() -> Self {
        Self::new(StatusCode::CONFLICT, "version-taken")
    }

    /// The same person has approved already.
    pub fn second_person() -> Self {
        Self::new(StatusCode::CONFLICT, "second-person")
    }

    /// The rollout does not stand where this could be asked of it.
    pub fn rollout_state() -> Self {
        Self::new(StatusCode::CONFLICT, "rollout-state")
    }

    /// Too many attempts.
    pub fn too_many(retry_after_ms: u64) -> Self {
        let retry_after_s = Some(retry_after_ms.div_ceil(1000).max(1));
        Self { retry_after_s, ..Self::new(StatusCode::TOO_MANY_REQUESTS, "too-many") }
    }

    /// The service has no room or is stopping; the caller may try again.
    pub fn unavailable() -> Self {
        Self { retry_after_s: Some(10), ..Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable") }
    }

    /// The service failed; its cause is in the log.
    pub fn internal(cause: &dyn Error) -> Self {
        tracing::error!(error = chain(cause), "a request failed");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal")
    }

    /// The title in one language.
    pub fn title(&self, localizer: Localizer) -> String {
        localizer.text(&format!("error-{}-title", self.code))
    }

    /// The sentence in one language, and where it went wrong.
    pub fn detail(&self, localizer: Localizer) -> String {
        let sentence = localizer.text(&format!("error-{}", self.code));
        match &self.at {
            Some(at) => format!("{sentence} ({at})"),
            None => sentence,
        }
    }

    /// Every code, for the test of translation keys.
    pub const CODES: &[&str] = &[
        "sign-in",
        "wrong-password",
        "not-found",
        "method",
        "cross-site",
        "scope",
        "invalid",
        "completion",
        "not-invited",
        "closed",
        "recall-file",
        "offer-file",
        "policy",
        "family-full",
        "name-taken",
        "receipt-kind",
        "receipt-size",
        "receipts-full",
        "time-taken",
        "visit-state",
        "follow-up-state",
        "follow-up-date",
        "nothing-marked",
        "nothing-to-undo",
        "letter",
        "vin",
        "sheet",
        "snooze-spent",
        "key-reused",
        "certificate-request",
        "conflict",
        "image",
        "version-taken",
        "second-person",
        "rollout-state",
        "too-many",
        "unavailable",
        "internal",
    ];
}

/// The messages of an error and its causes, outermost first.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let localizer = Language::DEFAULT.localizer();
        let body = ProblemBody {
            r#type: format!("urn:milepost:problem:{}", self.code),
            title: self.title(localizer),
            status: self.status.as_u16(),
            detail: self.detail(localizer),
            code: self.code.to_owned(),
            at: self.at.clone(),
        };
        let mut response = (self.status, Json(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = self.retry_after_s {
            headers.insert(RETRY_AFTER, seconds.into());
        }
        // The page layer finds the problem here and says the same as a page.
        response.extensions_mut().insert(self);
        response
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Full { .. } | StoreError::Stopped => Self::unavailable(),
            StoreError::Conflict { .. } => Self::conflict(),
            _ => Self::internal(&error),
        }
    }
}

impl From<IntentError> for Problem {
    fn from(error: IntentError) -> Self {
        match error {
            IntentError::UnknownVehicle
            | IntentError::UnknownNotice
            | IntentError::UnknownItem
            | IntentError::UnknownMember
            | IntentError::UnknownRecord => Self::not_found(),
            IntentError::FamilyFull => Self::family_full(),
            IntentError::SnoozeSpent => Self::snooze_spent(),
            IntentError::Closed => Self::closed(),
            IntentError::NotInvited => Self::not_invited(),
            IntentError::OutsideCycle => Self::completion(),
            IntentError::NothingToUndo => Self::nothing_to_undo(),
            IntentError::TooManyItems | IntentError::TooLong | IntentError::OutOfRange => Self::invalid(),
            IntentError::Conflict => Self::conflict(),
            IntentError::Full | IntentError::Stopping => Self::unavailable(),
            IntentError::Store => Self::internal(&error),
        }
    }
}

impl From<ChannelError> for Problem {
    fn from(error: ChannelError) -> Self {
        match error {
            ChannelError::Store(error) => error.into(),
            ChannelError::Account(error) => error.into(),
            ChannelError::Letter(LetterError::Address | LetterError::Character(_) | LetterError::TooLong) => {
                Self::letter()
            }
            _ => Self::internal(&error),
        }
    }
}

impl From<BookingError> for Problem {
    fn from(error: BookingError) -> Self {
        match error {
            BookingError::Store(error) => error.into(),
            BookingError::Vehicle(error) => error.into(),
            BookingError::UnknownWorkshop | BookingError::UnknownVisit => Self::not_found(),
            BookingError::Request => Self::invalid(),
            BookingError::Taken => Self::time_taken(),
            BookingError::Turn(_) => Self::visit_state(),
            BookingError::Random(_) => Self::internal(&error),
        }
    }
}

/// What speaks against a policy; like every detail of a file, in English.
fn judged_words(judged: &Judged) -> String {
    match judged.support {
        Support::Refused(refusal) => refusal.to_string(),
        Support::Better | Support::Alike | Support::Worse => judged.evaluation.estimates.map_or_else(
            |refusal| refusal.to_string(),
            |estimates| {
                let ((low, high), logged) = (interval(estimates.dr), judged.logged.value);
                format!("it would earn {low:.2} to {high:.2} for each decision, and {logged:.2} was earned")
            },
        ),
    }
}

impl From<CareError> for Problem {
    fn from(error: CareError) -> Self {
        match error {
            CareError::Store(error) => error.into(),
            CareError::Accounts(error) => error.into(),
            CareError::Channels(error) => error.into(),
            CareError::Unknown => Self::not_found(),
            CareError::Closed | CareError::Duplicate => Self::follow_up_state(),
            CareError::Request | CareError::Person => Self::invalid(),
            CareError::Date => Self::follow_up_date(),
            CareError::Random(_) => Self::internal(&error),
        }
    }
}

impl From<FamilyError> for Problem {
    fn from(error: FamilyError) -> Self {
        match error {
            FamilyError::Store(error) => error.into(),
            FamilyError::Vehicle(error) => error.into(),
            FamilyError::Account(error) => error.into(),
            FamilyError::Channel(error) => error.into(),
            FamilyError::Gone => Self::not_found(),
            FamilyError::Full => Self::family_full(),
            FamilyError::Limited { retry_after_ms } => Self::too_many(retry_after_ms),
            FamilyError::NameTaken => Self::name_taken(),
            FamilyError::Role => Self::invalid(),
            FamilyError::Random(_) => Self::internal(&error),
        }
    }
}

impl From<HomeError> for Problem {
    fn from(error: HomeError) -> Self {
        match error {
            HomeError::Store(error) => error.into(),
            HomeError::Wish(fault) => Self::invalid_at(fault.0.to_owned()),
        }
    }
}

impl From<AttachmentError> for Problem {
    fn from(error: AttachmentError) -> Self {
        match error {
            AttachmentError::Store(error) => error.into(),
            AttachmentError::Kind => Self::receipt_kind(),
            AttachmentError::TooLong { most } => Self::receipt_size(most),
            AttachmentError::Full { .. } => Self::receipts_full(),
            AttachmentError::Vault(_) | AttachmentError::Random(_) => Self::internal(&error),
        }
    }
}

impl From<CertificateError> for Problem {
    fn from(error: CertificateError) -> Self {
        match error {
            CertificateError::Store(error) => error.into(),
            CertificateError::Random(_) | CertificateError::Pdf(_) => Self::internal(&error),
        }
    }
}

impl From<ErasureError> for Problem {
    fn from(error: ErasureError) -> Self {
        match error {
            ErasureError::Store(error) => error.into(),
            ErasureError::Vehicle(error) => error.into(),
            ErasureError::Booking(error) => error.into(),
            ErasureError::Channel(error) => error.into(),
            ErasureError::Attachments(error) => error.into(),
            ErasureError::Account(error) => error.into(),
        }
    }
}

impl From<OffersError> for Problem {
    fn from(error: OffersError) -> Self {
        match error {
            OffersError::Entry(error) => Self::offer_file(error.to_string()),
            OffersError::Version { .. } | OffersError::Stopped => Self::offer_file(error.to_string()),
            OffersError::Unknown => Self::not_found(),
            OffersError::Share => Self::invalid(),
            OffersError::Unsupported(judged) => Self::policy(judged_words(&judged)),
            OffersError::Store(error) => error.into(),
        }
    }
}

impl From<RecallsError> for Problem {
    fn from(error: RecallsError) -> Self {
        match error {
            RecallsError::Flat(error) => Self::recall_file(error.to_string()),
            RecallsError::Store(error) => error.into(),
            RecallsError::Vehicle(error) => error.into(),
        }
    }
}

impl From<FirmwareError> for Problem {
    fn from(error: FirmwareError) -> Self {
        match error {
            FirmwareError::Store(error) => error.into(),
            FirmwareError::Bundle(_) | FirmwareError::Untrusted => Self::image(),
            FirmwareError::VersionTaken => Self::version_taken(),
            FirmwareError::UnknownImage | FirmwareError::UnknownRollout => Self::not_found(),
            FirmwareError::Setting(_) => Self::invalid(),
            FirmwareError::Approve(ApproveError::SamePerson) => Self::second_person(),
            FirmwareError::Approve(ApproveError::State) => Self::rollout_state(),
        }
    }
}

impl From<AccountsError> for Problem {
    fn from(error: AccountsError) -> Self {
        match error {
            AccountsError::Store(error) => error.into(),
            AccountsError::Password(PasswordError::TooShort | PasswordError::TooLong) => Self::invalid(),
            AccountsError::Unknown(_) => Self::not_found(),
            AccountsError::Exists(_) => Self::conflict(),
            _ => Self::internal(&error),
        }
    }
}

impl From<LoginError> for Problem {
    fn from(error: LoginError) -> Self {
        match error {
            LoginError::Wrong => Self::wrong_password(),
            LoginError::Limited { retry_after_ms } => Self::too_many(retry_after_ms),
            LoginError::Failed(error) => error.into(),
        }
    }
}
