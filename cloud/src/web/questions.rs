//! What an owner replies to the one question of the home page.
//!
//! Invariant: an answer is checked before it is taken, and a birthday goes to every car of its owner, whichever page asked.

use axum::Form;
use axum::extract::{Path, State};
use axum::response::Response;
use jiff::Timestamp;
use milepost_engine::journey::Date;
use serde::Deserialize;

use super::{AppState, render};
use crate::accounts::{Granted, Own, Owner};
use crate::api::Problem;
use crate::domain::{Intent, Question, Reply, Vehicle};
use crate::i18n::{DistanceUnit, Format, Language};
use crate::zones::zone;

/// Nobody alive was born before.
const OLDEST_YEAR: i16 = 1900;

/// A reply as the form sends it.
#[derive(Debug, Deserialize)]
pub(crate) struct ReplyForm {
    #[serde(rename = "do")]
    what: String,
    #[serde(default)]
    answer: String,
}

/// `POST /vehicles/{vehicle}/questions/{question}`.
pub(crate) async fn reply(
    State(state): State<AppState>,
    Granted { owner, vehicle, .. }: Granted<Own>,
    Path((_, question)): Path<(String, String)>,
    Form(form): Form<ReplyForm>,
) -> Result<Response, Problem> {
    let question = Question::from_name(&question).ok_or_else(Problem::not_found)?;
    let did = match form.what.as_str() {
        "answer" => {
            answered(&state, &owner, &vehicle, question, &form.answer).await?;
            "told"
        }
        "later" => {
            replied(&state, &owner, &vehicle, question, Reply::Later).await?;
            "asked-later"
        }
        "never" => {
            replied(&state, &owner, &vehicle, question, Reply::Never).await?;
            "asked-never"
        }
        "forget" if question == Question::Birthday => {
            replied(&state, &owner, &vehicle, question, Reply::Born(None)).await?;
            return Ok(render::see_other(&format!("/vehicles/{}/programmes?did=programmes", vehicle.device)));
        }
        _ => return Err(Problem::invalid()),
    };
    Ok(render::see_other(&format!("/vehicles/{}?did={did}", vehicle.device)))
}

/// Takes an answer; durable on `Ok`.
pub(crate) async fn answered(
    state: &AppState,
    owner: &Owner,
    vehicle: &Vehicle,
    question: Question,
    answer: &str,
) -> Result<(), Problem> {
    let (answer, now_ms) = (answer.trim(), state.now_ms());
    let zone = zone(&vehicle.profile.time_zone);
    let (localizer, unit) = (Language::DEFAULT.localizer(), DistanceUnit::default());
    let format = Format { localizer, unit, zone, now_ms, currency: None };
    let mut profile = vehicle.profile.clone();
    match question {
        Question::Registered => {
            let at_ms = format.parse_date(answer).filter(|at_ms| *at_ms <= now_ms).ok_or_else(Problem::invalid)?;
            profile.registered_ms = at_ms;
        }
        Question::Vin => profile.vin = Some(answer.parse().map_err(|_| Problem::invalid())?),
        Question::Birthday => {
            let born = born(answer, now_ms).ok_or_else(Problem::invalid)?;
            return replied(state, owner, vehicle, question, Reply::Born(Some(born))).await;
        }
    }
    let wishes = vec![Intent::Describe { profile }, Intent::Reply { question, reply: Reply::Answered }];
    state.service.submit(&vehicle.device, Intent::Together { wishes }, owner.actor()).await?;
    Ok(())
}

/// Takes a reply; durable on `Ok`. What concerns the owner concerns all of their cars.
pub(crate) async fn replied(
    state: &AppState,
    owner: &Owner,
    vehicle: &Vehicle,
    question: Question,
    reply: Reply,
) -> Result<(), Problem> {
    let cars = match question {
        Question::Registered | Question::Vin => vec![vehicle.device.clone()],
        Question::Birthday => {
            let cars = state.service.vehicles_of(&owner.0.account.id).await?;
            cars.into_iter().map(|car| car.device).collect()
        }
    };
    for device in cars {
        state.service.submit(&device, Intent::Reply { question, reply }, owner.actor()).await?;
    }
    Ok(())
}

/// A birthday of somebody alive.
fn born(text: &str, now_ms: u64) -> Option<Date> {
    let date: jiff::civil::Date = text.parse().ok()?;
    let today = Timestamp::from_millisecond(now_ms.cast_signed()).ok()?.to_zoned(jiff::tz::TimeZone::UTC).date();
    let is_possible = date.year() >= OLDEST_YEAR && date <= today;
    is_possible.then(|| Date { year: date.year(), month: date.month().unsigned_abs(), day: date.day().unsigned_abs() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_birthday_is_a_day_of_the_calendar_that_has_been() {
        // 2026-11-12.
        let now_ms = 1_794_441_600_000;
        assert_eq!(born("1980-05-03", now_ms), Some(Date { year: 1980, month: 5, day: 3 }));
        for wrong in ["", "03.05.1980", "1980-02-30", "1899-12-31", "2026-11-14"] {
            assert_eq!(born(wrong, now_ms), None, "{wrong}");
        }
    }
}
