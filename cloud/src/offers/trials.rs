//! Experiments on offers: which the catalogue holds, and what people make of them.
//!
//! Invariant: no two experiments that run draw from the same accounts of a layer or are about the same offer, and what was
//! stopped does not run again under the same version.

use std::sync::Arc;

use milepost_engine::offers::catalogue::{Entry, Kind};
use milepost_engine::offers::trial::Trial;
use milepost_engine::offers::{Arm, EntryError, Wrong, read_trial};
use serde::{Deserialize, Serialize};

use super::catalogue::Catalogue;
use super::docs::EXPERIMENTS;
use super::shelf::{OffersError, keep, risen};
use crate::domain::AccountId;
use crate::service::Service;
use crate::store::{AnyStore, DocKey, Store as _, StoreError};

/// How many experiments people may have put.
const MOST: usize = 1_000;

/// Where an experiment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TrialState {
    /// Put, and waiting for somebody to let it run.
    Draft,
    /// It takes accounts in, as soon as its first phase has begun.
    Running,
    /// For good; a new version begins anew.
    Stopped,
}

impl TrialState {
    /// The name, as the API writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Running => "running",
            Self::Stopped => "stopped",
        }
    }
}

/// An experiment with where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct ListedTrial {
    /// The experiment.
    pub trial: Trial,
    /// Where it stands.
    pub state: TrialState,
}

/// An experiment as a person has put, started or stopped it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrialDoc {
    /// The experiment.
    pub trial: Trial,
    /// Where it stands.
    pub state: TrialState,
    /// Who did that.
    pub by: AccountId,
    /// When, in milliseconds of Unix time.
    pub at_ms: u64,
}

impl Catalogue {
    /// Puts an experiment in place of the one with its name; `file` stands for where it comes from in errors.
    pub fn put_trial(&mut self, file: &str, trial: Trial, state: TrialState) -> Result<(), EntryError> {
        let fails = |key: &str, wrong: Wrong| Err(EntryError::whole(file, key, wrong));
        for one in &trial.arms {
            let Arm::Offer { offer, channel, timing } = one.arm else { continue };
            let makes = |entry: &Entry| entry.channels.contains(&channel) && entry.timings.contains(&timing);
            let known = self.entry(offer).map(|listed| &listed.entry).filter(|entry| entry.kind == Kind::Offer);
            if !known.is_some_and(makes) {
                return fails("arm", Wrong::NoOffer(one.arm.to_string()));
            }
        }
        let known = |name: &String| self.segments().iter().any(|segment| segment.name == *name);
        if let Some(unknown) = trial.segments.iter().find(|name| !known(name)) {
            return fails("segments", Wrong::Experiment(format!("the catalogue has no segment {unknown:?}")));
        }
        if state != TrialState::Stopped {
            let shares_offer = |other: &Trial| trial.offers().any(|offer| other.offers().any(|one| one == offer));
            // Experiments of one layer with spans apart may be about one offer, because no account is in both.
            let collides = |other: &Trial| trial.overlaps(other) || (other.layer != trial.layer && shares_offer(other));
            let others = self.trials().filter(|other| other.state != TrialState::Stopped && other.trial.id != trial.id);
            if let Some(other) = others.map(|other| &other.trial).find(|other| collides(other)) {
                return fails("layer", Wrong::Overlaps(other.id.clone()));
            }
        }
        self.set_trial(ListedTrial { trial, state });
        Ok(())
    }

    /// The experiments that run, by name.
    pub fn running(&self) -> impl Iterator<Item = &Trial> {
        self.trials().filter(|listed| listed.state == TrialState::Running).map(|listed| &listed.trial)
    }
}

/// Puts into a catalogue what people have put, over what the files say; the newer version wins.
pub(super) async fn refresh_trials(store: &AnyStore, catalogue: &mut Catalogue) -> Result<(), StoreError> {
    for (id, doc) in store.list(EXPERIMENTS, "", None, MOST).await? {
        let TrialDoc { trial, state, .. } = doc.read(&format!("experiment {id}"))?;
        if catalogue.trial(&trial.id).is_some_and(|listed| listed.trial.version > trial.version) {
            continue;
        }
        if let Err(error) = catalogue.put_trial(&format!("experiment {id}"), trial, state) {
            // The catalogue has changed meanwhile; the experiment does not run, and that is said.
            tracing::warn!(error = %error, "an experiment was left out");
        }
    }
    Ok(())
}

/// Reads, checks and puts an experiment; it waits until somebody lets it run.
pub async fn put_trial(service: &Service, text: &str, by: &AccountId) -> Result<TrialDoc, OffersError> {
    let trial = read_trial("experiment", text)?;
    let catalogue = service.desk().now();
    risen(trial.version, catalogue.trial(&trial.id).map(|known| known.trial.version))?;
    write(service, &catalogue, trial, TrialState::Draft, by).await
}

/// Lets an experiment run, or stops it for good.
pub async fn set_trial(
    service: &Service,
    id: &str,
    state: TrialState,
    by: &AccountId,
) -> Result<TrialDoc, OffersError> {
    let catalogue = service.desk().now();
    let known = catalogue.trial(id).ok_or(OffersError::Unknown)?;
    match (known.state, state) {
        (TrialState::Stopped, TrialState::Stopped) | (TrialState::Draft | TrialState::Running, _) => {}
        (TrialState::Stopped, _) => return Err(OffersError::Stopped),
    }
    write(service, &catalogue, known.trial.clone(), state, by).await
}

async fn write(
    service: &Service,
    catalogue: &Arc<Catalogue>,
    trial: Trial,
    state: TrialState,
    by: &AccountId,
) -> Result<TrialDoc, OffersError> {
    let mut after = Catalogue::clone(catalogue);
    after.put_trial("experiment", trial.clone(), state)?;
    let doc = TrialDoc { trial, state, by: by.clone(), at_ms: service.clock().now_ms() };
    keep(service, "experiment", DocKey::new(EXPERIMENTS, doc.trial.id.as_str()), &doc, after).await?;
    Ok(doc)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trial(id: &str, layer: &str, span: &str, offer: u16, channel: &str) -> Trial {
        let text = format!(
            "id = \"{id}\"\nversion = 1\nlayer = \"{layer}\"\nspan = {span}\n[[arm]]\nname = \"control\"\nshare = 0.5\n\
             [[arm]]\nname = \"made\"\nshare = 0.5\noffer = {offer}\nchannel = \"{channel}\"\n"
        );
        read_trial("one.toml", &text).unwrap()
    }

    #[test]
    fn an_experiment_is_about_offers_that_there_are_and_shares_no_account_or_offer_with_another() {
        let mut catalogue = Catalogue::examples().unwrap();
        let mut put = |trial| {
            let told = catalogue.put_trial("one.toml", trial, TrialState::Running);
            told.map_err(|error| error.to_string())
        };
        assert_eq!(put(trial("a", "tyres", "[0.0, 0.5]", 1, "car")), Ok(()));
        assert_eq!(put(trial("b", "tyres", "[0.5, 1.0]", 1, "account")), Ok(()));
        for (other, expected) in [
            (trial("c", "tyres", "[0.4, 0.6]", 3, "account"), "one.toml:1: layer: overlaps with the experiment \"a\""),
            (trial("c", "other", "[0.0, 1.0]", 1, "car"), "one.toml:1: layer: overlaps with the experiment \"a\""),
            (trial("c", "other", "[0.0, 1.0]", 99, "car"), "one.toml:1: arm: the catalogue has no offer 99/car/now"),
            (trial("c", "other", "[0.0, 1.0]", 2, "car"), "one.toml:1: arm: the catalogue has no offer 2/car/now"),
        ] {
            assert_eq!(put(other), Err(expected.to_owned()));
        }
        let nowhere = Trial { segments: vec!["moon".into()], ..trial("d", "moon", "[0.0, 1.0]", 3, "account") };
        assert_eq!(put(nowhere), Err("one.toml:1: segments: the catalogue has no segment \"moon\"".to_owned()));
        assert_eq!(catalogue.running().count(), 2);
        catalogue.put_trial("one.toml", trial("a", "tyres", "[0.0, 0.5]", 1, "car"), TrialState::Stopped).unwrap();
        assert_eq!(catalogue.running().count(), 1);
    }
}
