//! Keeps a connection for every owner who wants one, and clears the brokers that were left.
//!
//! Invariant: one task an account, so that no two speak with one broker under one name; a task ends when its settings change.

use std::collections::HashMap;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::session::{Session, SessionError};
use super::{Broker, HomeLink, Homes, Status};
use crate::accounts::Accounts;
use crate::channels::Dial;
use crate::clock::Clock;
use crate::config;
use crate::domain::AccountId;
use crate::events::chain;
use crate::service::Service;

/// How many links are read at a time.
const PAGE: usize = 500;

/// The waits between two attempts, in seconds; the last one stays.
const WAITS_S: [u64; 5] = [5, 15, 60, 300, 900];

/// Keeps connections; clones share it.
#[derive(Debug, Clone)]
pub struct HomeWorker {
    homes: Homes,
    accounts: Accounts,
    dial: Dial,
    public_url: String,
    every: Duration,
}

/// A connection that is kept.
struct Kept {
    settings: (Option<Broker>, Vec<Broker>),
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl HomeWorker {
    /// A worker over the service.
    pub fn new(service: Service, settings: &config::Channels) -> Self {
        Self {
            homes: Homes::new(service.clone()),
            accounts: Accounts::new(service, Clock::real()),
            dial: Dial::new(settings.reach_private),
            public_url: settings.public_url.clone(),
            every: Duration::from_millis(settings.step_ms),
        }
    }

    fn session(&self, account: AccountId) -> Session {
        Session {
            homes: self.homes.clone(),
            accounts: self.accounts.clone(),
            dial: self.dial.clone(),
            public_url: self.public_url.clone(),
            account,
        }
    }

    /// Starts and ends tasks as the settings want it.
    async fn look(&self, kept: &mut HashMap<AccountId, Kept>) -> Result<(), super::HomeError> {
        let mut wanted: HashMap<AccountId, HomeLink> = HashMap::new();
        let mut after: Option<String> = None;
        loop {
            let page = self.homes.all(after.as_deref(), PAGE).await?;
            after = page.last().filter(|_| page.len() == PAGE).map(|(key, _)| key.clone());
            wanted.extend(page.into_iter().filter_map(|(key, link)| Some((key.parse().ok()?, link))));
            if after.is_none() {
                break;
            }
        }
        let mut ended = Vec::new();
        for (account, task) in kept.iter() {
            let is_wanted = wanted.get(account).is_some_and(|link| link.settings() == task.settings);
            if !is_wanted {
                task.stop.cancel();
                ended.push(account.clone());
            }
        }
        for account in ended {
            if let Some(task) = kept.remove(&account)
                && let Err(error) = task.task.await
            {
                tracing::error!(%error, "a home link ended badly");
            }
        }
        for (account, link) in wanted {
            let settings = link.settings();
            if kept.contains_key(&account) || (settings.0.is_none() && settings.1.is_empty()) {
                continue;
            }
            let stop = CancellationToken::new();
            let task = tokio::spawn(keep(self.session(account.clone()), stop.clone()));
            kept.insert(account, Kept { settings, stop, task });
        }
        Ok(())
    }
}

/// Keeps connections until `stop`.
pub async fn drive(worker: HomeWorker, stop: CancellationToken) {
    let mut kept = HashMap::new();
    loop {
        if let Err(error) = worker.look(&mut kept).await {
            tracing::error!(error = chain(&error), "home links could not be read");
        }
        tokio::select! {
            () = stop.cancelled() => break,
            () = tokio::time::sleep(worker.every) => {}
        }
    }
    for task in kept.values() {
        task.stop.cancel();
    }
    for (_, task) in kept {
        // It says that the service is gone; a broker that hangs is not waited for.
        if tokio::time::timeout(Duration::from_secs(2), task.task).await.is_err() {
            tracing::warn!("a home link was cut off");
        }
    }
}

/// Clears what was left, then serves what is in use, until `stop`.
async fn keep(session: Session, stop: CancellationToken) {
    let mut failures = 0_usize;
    loop {
        let ended = tokio::select! {
            ended = once(&session, &stop) => ended,
            () = overstayed(&stop) => return,
        };
        match ended {
            Ok(()) => failures = 0,
            Err(error) => {
                metrics::counter!("milepost_home_link_failures_total").increment(1);
                tracing::info!(error = chain(&error), "a home link failed");
                failures += 1;
                note(&session, &error).await;
            }
        }
        if stop.is_cancelled() {
            return;
        }
        let wait_s = WAITS_S[failures.saturating_sub(1).min(WAITS_S.len() - 1)];
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(Duration::from_secs(wait_s)) => {}
        }
    }
}

/// A moment after `stop`: a broker that does not answer holds up nothing.
async fn overstayed(stop: &CancellationToken) {
    stop.cancelled().await;
    tokio::time::sleep(Duration::from_secs(2)).await;
}

async fn once(session: &Session, stop: &CancellationToken) -> Result<(), SessionError> {
    let link = session.homes.link(&session.account).await?;
    for left in &link.left {
        session.clear(&left.broker, &left.devices).await?;
        session
            .homes
            .change(&session.account, |home| {
                home.left.retain(|known| known != left);
                Ok(())
            })
            .await?;
    }
    match &link.present {
        Some(present) => session.serve(&present.broker, stop).await,
        None => Ok(()),
    }
}

async fn note(session: &Session, error: &SessionError) {
    let status = Status { at_ms: session.homes.service.clock().now_ms(), error: Some(chain(error)) };
    let noted = session.homes.change(&session.account, |home| {
        home.status = Some(status.clone());
        Ok(())
    });
    if let Err(error) = noted.await {
        tracing::error!(error = chain(&error), "a home link's failure could not be noted");
    }
}
