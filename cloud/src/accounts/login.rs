//! Accounts and sessions in the store: making them, logging in and out, finding out who calls.
//!
//! Invariant: a log-in that fails says the same and takes as long whether the account exists or not.

use std::sync::Arc;

use super::password::{PasswordError, Passwords};
use super::session::{RandomError, Session, SessionId, TOUCH_MS, Token};
use super::{Account, Limiter, Role, staff};
use crate::clock::Clock;
use crate::domain::AccountId;
use crate::i18n::{DistanceUnit, Language};
use crate::service::Service;
use crate::store::{Collection, DocKey, DocWrite, Expected, StoreError};

const ACCOUNTS: Collection = Collection("account");
const SESSIONS: Collection = Collection("session");
/// Which sessions an account has; keys are `account/session`, values are empty.
const SESSIONS_OF: Collection = Collection("session_of");

/// The most sessions that one account's list shows and one log-in tidies.
const MAX_SESSIONS: usize = 200;

/// The longest stored `User-Agent`, in characters.
const MAX_AGENT: usize = 160;

/// Why an account or a session could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum AccountsError {
    /// The store failed.
    #[error("failed to reach the accounts")]
    Store(#[from] StoreError),
    /// The password was not taken.
    #[error("failed to take the password")]
    Password(#[from] PasswordError),
    /// No random token could be drawn.
    #[error("failed to begin a session")]
    Random(#[from] RandomError),
    /// The account exists already.
    #[error("account {0} exists already")]
    Exists(AccountId),
    /// No such account.
    #[error("account {0} is not known")]
    Unknown(AccountId),
}

/// Why somebody is not logged in.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// The account is unknown or the password is wrong; nobody is told which.
    #[error("account or password is wrong")]
    Wrong,
    /// Too many attempts.
    #[error("too many attempts; the next is allowed in {retry_after_ms} ms")]
    Limited {
        /// When the next attempt is allowed, in milliseconds from now.
        retry_after_ms: u64,
    },
    /// Something else failed.
    #[error("failed to log in")]
    Failed(#[from] AccountsError),
}

/// A handle on accounts and sessions; clones share it.
#[derive(Debug, Clone)]
pub struct Accounts(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    service: Service,
    clock: Clock,
    passwords: Passwords,
    per_account: Limiter,
    per_address: Limiter,
}

impl Accounts {
    /// Accounts over the service's store. `clock` must be the machine's even where the service lives faster, or sessions would end at once.
    pub fn new(service: Service, clock: Clock) -> Self {
        Self(Arc::new(Inner {
            service,
            clock,
            passwords: Passwords::default(),
            per_account: Limiter::new(10, 30_000),
            per_address: Limiter::new(40, 2_000),
        }))
    }

    /// The service over whose store the accounts are.
    pub(super) fn service(&self) -> &Service {
        &self.0.service
    }

    /// The clock that sessions live by.
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// Makes an account; durable on `Ok`.
    pub async fn create(
        &self,
        id: AccountId,
        display_name: &str,
        role: Role,
        password: &str,
    ) -> Result<(), AccountsError> {
        let (_, write) = self.draft(id.clone(), display_name, role, password, None).await?;
        match self.0.service.put_docs(vec![write]).await {
            Err(StoreError::Conflict { .. }) => Err(AccountsError::Exists(id)),
            other => Ok(other?),
        }
    }

    /// An account that does not exist yet, with what makes it when it is committed.
    pub async fn draft(
        &self,
        id: AccountId,
        display_name: &str,
        role: Role,
        password: &str,
        language: Option<Language>,
    ) -> Result<(Account, DocWrite), AccountsError> {
        let password = self.0.passwords.hash(password).await?;
        let account = Account {
            id,
            display_name: display_name.to_owned(),
            role,
            password,
            language: language.map(|language| language.code().to_owned()),
            unit: DistanceUnit::default(),
            created_ms: self.0.clock.now_ms(),
        };
        let doc = DocWrite::json("account", DocKey::new(ACCOUNTS, account.id.to_string()), Expected::Absent, &account)?;
        Ok((account, doc))
    }

    /// Replaces a password and ends every session of the account; durable on `Ok`.
    pub async fn set_password(&self, id: &AccountId, password: &str) -> Result<(), AccountsError> {
        let (version, mut account) = self.stored(id).await?.ok_or_else(|| AccountsError::Unknown(id.clone()))?;
        account.password = self.0.passwords.hash(password).await?;
        self.put_account(&account, Expected::Version(version)).await?;
        for (session, _) in self.sessions(id).await? {
            self.end(id, session).await?;
        }
        self.revoke_tokens(id).await
    }

    /// Whether somebody who is logged in knows the account's password; attempts are limited as those to log in.
    pub async fn check_password(&self, account: &Account, password: &str) -> Result<(), LoginError> {
        let key = account.id.as_str();
        let limited = |retry_after_ms| LoginError::Limited { retry_after_ms };
        self.0.per_account.take(key, self.0.clock.now_ms()).map_err(limited)?;
        let is_right =
            self.0.passwords.matches(password, Some(&account.password)).await.map_err(AccountsError::from)?;
        if !is_right {
            return Err(LoginError::Wrong);
        }
        self.0.per_account.forget(key);
        Ok(())
    }

    /// Removes an account with its sessions and tokens; durable on `Ok`.
    pub(crate) async fn remove(&self, id: &AccountId) -> Result<(), AccountsError> {
        self.revoke_tokens(id).await?;
        loop {
            let sessions = self.session_ids(id).await?;
            if sessions.is_empty() {
                break;
            }
            for session in sessions {
                self.end(id, session).await?;
            }
        }
        let account = DocKey::new(ACCOUNTS, id.as_str());
        Ok(self.0.service.put_docs(vec![DocWrite { key: account, expected: Expected::Any, value: None }]).await?)
    }

    /// Replaces language and unit; durable on `Ok`.
    pub async fn set_preferences(
        &self,
        id: &AccountId,
        language: Option<&str>,
        unit: DistanceUnit,
    ) -> Result<Account, AccountsError> {
        let (version, mut account) = self.stored(id).await?.ok_or_else(|| AccountsError::Unknown(id.clone()))?;
        account.language = language.map(str::to_owned);
        account.unit = unit;
        self.put_account(&account, Expected::Version(version)).await?;
        Ok(account)
    }

    /// One account.
    pub async fn account(&self, id: &AccountId) -> Result<Option<Account>, AccountsError> {
        Ok(self.stored(id).await?.map(|(_, account)| account))
    }

    /// All accounts behind `after`, by id.
    pub async fn list(&self, after: Option<&AccountId>, limit: usize) -> Result<Vec<Account>, AccountsError> {
        let docs = self.0.service.docs(ACCOUNTS, "", after.map(AccountId::as_str), limit).await?;
        docs.iter().map(|(_, doc)| Ok(doc.read("account")?)).collect()
    }

    /// Logs in; a session that the browser still had ends, so that nobody can plant one.
    pub async fn log_in(
        &self,
        name: &str,
        password: &str,
        address: Option<&str>,
        agent: &str,
        old: Option<&Token>,
    ) -> Result<(Token, Account), LoginError> {
        let now_ms = self.0.clock.now_ms();
        let name = name.trim().to_lowercase();
        let limited = |retry_after_ms| LoginError::Limited { retry_after_ms };
        if let Some(address) = address {
            self.0.per_address.take(address, now_ms).map_err(limited)?;
        }
        // Names that could be no account share one bucket, so that an attacker cannot fill the table with them.
        let id: Option<AccountId> = name.parse().ok();
        let key = id.as_ref().map_or("", AccountId::as_str);
        self.0.per_account.take(key, now_ms).map_err(limited)?;

        let account = match &id {
            Some(id) => self.account(id).await?,
            None => None,
        };
        let stored = account.as_ref().map(|account| account.password.as_str());
        let is_right = self.0.passwords.matches(password, stored).await.map_err(AccountsError::from)?;
        let Some(account) = account.filter(|_| is_right) else { return Err(LoginError::Wrong) };
        self.0.per_account.forget(key);
        if let Some(old) = old {
            self.log_out(old).await?;
        }
        self.tidy(&account.id, now_ms).await?;
        let token = self.begin(&account, agent, now_ms).await?;
        Ok((token, account))
    }

    /// Ends the session of a token; an unknown token is no error.
    pub async fn log_out(&self, token: &Token) -> Result<(), AccountsError> {
        match self.session(token.id()).await? {
            Some((_, session)) => self.end(&session.account, token.id()).await,
            None => Ok(()),
        }
    }

    /// Who a token belongs to, if its session lives.
    pub async fn authenticate(&self, token: &Token) -> Result<Option<(Account, SessionId)>, AccountsError> {
        let id = token.id();
        let now_ms = self.0.clock.now_ms();
        let Some((version, mut session)) = self.session(id).await? else { return Ok(None) };
        let account = if session.is_alive(now_ms) { self.account(&session.account).await? } else { None };
        let Some(account) = account.filter(|account| account.role == session.role) else {
            self.end(&session.account, id).await?;
            return Ok(None);
        };
        if now_ms.saturating_sub(session.seen_ms) >= TOUCH_MS {
            session.seen_ms = now_ms;
            let touch =
                DocWrite::json("session", DocKey::new(SESSIONS, id.to_string()), Expected::Version(version), &session)?;
            match self.0.service.put_docs(vec![touch]).await {
                // Another request of the same session was first, or the disk is full: the visit itself goes on.
                Ok(()) | Err(StoreError::Conflict { .. } | StoreError::Full { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(Some((account, id)))
    }

    /// The live sessions of an account, the newest first.
    pub async fn sessions(&self, account: &AccountId) -> Result<Vec<(SessionId, Session)>, AccountsError> {
        let now_ms = self.0.clock.now_ms();
        let mut alive = Vec::new();
        for id in self.session_ids(account).await? {
            if let Some((_, session)) = self.session(id).await?.filter(|(_, session)| session.is_alive(now_ms)) {
                alive.push((id, session));
            }
        }
        alive.sort_by_key(|(_, session)| std::cmp::Reverse(session.created_ms));
        Ok(alive)
    }

    /// Ends one session of an account; answers whether there was one.
    pub async fn revoke(&self, account: &AccountId, id: SessionId) -> Result<bool, AccountsError> {
        let is_theirs = self.session(id).await?.is_some_and(|(_, session)| session.account == *account);
        if is_theirs {
            self.end(account, id).await?;
        }
        Ok(is_theirs)
    }

    async fn begin(&self, account: &Account, agent: &str, now_ms: u64) -> Result<Token, AccountsError> {
        let token = Token::random()?;
        let session = Session {
            account: account.id.clone(),
            role: account.role,
            created_ms: now_ms,
            seen_ms: now_ms,
            agent: agent.chars().filter(|c| !c.is_control()).take(MAX_AGENT).collect(),
        };
        let id = token.id();
        let of = DocWrite { key: of_key(&account.id, id), expected: Expected::Any, value: Some(Vec::new()) };
        let session = DocWrite::json("session", DocKey::new(SESSIONS, id.to_string()), Expected::Absent, &session)?;
        let docs = [session, of].into_iter().chain(staff::row(account));
        self.0.service.put_docs(docs.collect()).await?;
        Ok(token)
    }

    async fn end(&self, account: &AccountId, id: SessionId) -> Result<(), AccountsError> {
        let delete = |key| DocWrite { key, expected: Expected::Any, value: None };
        let session = delete(DocKey::new(SESSIONS, id.to_string()));
        Ok(self.0.service.put_docs(vec![session, delete(of_key(account, id))]).await?)
    }

    /// Takes dead sessions of an account away.
    async fn tidy(&self, account: &AccountId, now_ms: u64) -> Result<(), AccountsError> {
        for id in self.session_ids(account).await? {
            let is_alive = self.session(id).await?.is_some_and(|(_, session)| session.is_alive(now_ms));
            if !is_alive {
                self.end(account, id).await?;
            }
        }
        Ok(())
    }

    async fn session_ids(&self, account: &AccountId) -> Result<Vec<SessionId>, AccountsError> {
        let prefix = format!("{account}/");
        let docs = self.0.service.docs(SESSIONS_OF, &prefix, None, MAX_SESSIONS).await?;
        Ok(docs.iter().filter_map(|(key, _)| key.strip_prefix(&prefix)?.parse().ok()).collect())
    }

    async fn session(&self, id: SessionId) -> Result<Option<(u64, Session)>, AccountsError> {
        let doc = self.0.service.doc(&DocKey::new(SESSIONS, id.to_string())).await?;
        doc.map(|doc| Ok((doc.version, doc.read("session")?))).transpose()
    }

    async fn stored(&self, id: &AccountId) -> Result<Option<(u64, Account)>, AccountsError> {
        let doc = self.0.service.doc(&DocKey::new(ACCOUNTS, id.as_str())).await?;
        doc.map(|doc| Ok((doc.version, doc.read("account")?))).transpose()
    }

    async fn put_account(&self, account: &Account, expected: Expected) -> Result<(), AccountsError> {
        let doc = DocWrite::json("account", DocKey::new(ACCOUNTS, account.id.to_string()), expected, account)?;
        Ok(self.0.service.put_docs([doc].into_iter().chain(staff::row(account)).collect()).await?)
    }
}

fn of_key(account: &AccountId, id: SessionId) -> DocKey {
    DocKey::new(SESSIONS_OF, format!("{account}/{id}"))
}
