//! Tokens for programs of an owner's own: each opens only what its scopes name, until it ends or is taken back.
//!
//! Invariant: a token is shown once and never stored; the store knows its SHA-256.

use serde::{Deserialize, Serialize};

use super::session::TOUCH_MS;
use super::{Account, Accounts, AccountsError, Role, SessionId, Token};
use crate::domain::AccountId;
use crate::store::{Collection, DocKey, DocWrite, Expected, StoreError};

/// Tokens by the hash of their secret.
const TOKENS: Collection = Collection("api_token");
/// Which tokens an account has; keys are `account/token`, values are empty.
const TOKENS_OF: Collection = Collection("api_token_of");

/// What a token begins with, so that one that leaks into a file is recognised as one.
const PREFIX: &str = "mp_";

/// The most tokens of one account.
pub const MAX_TOKENS: usize = 20;

/// The longest name, in characters.
const MAX_NAME: usize = 60;

/// The longest life, in days.
pub const MAX_TOKEN_DAYS: u16 = 730;

const DAY_MS: u64 = 86_400_000;

/// What a token opens. Names are stored and never change their meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Reading vehicles, items, notices, trips, services and visits.
    VehiclesRead,
    /// Entering and correcting services, and describing the car.
    ServicesWrite,
    /// Answering notices.
    NoticesWrite,
    /// Booking, moving and cancelling visits.
    BookingsWrite,
}

impl Scope {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::VehiclesRead, Self::ServicesWrite, Self::NoticesWrite, Self::BookingsWrite];

    /// The name, as the API writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::VehiclesRead => "vehicles:read",
            Self::ServicesWrite => "services:write",
            Self::NoticesWrite => "notices:write",
            Self::BookingsWrite => "bookings:write",
        }
    }

    /// The scope with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.name() == name)
    }
}

/// A token, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiToken {
    /// Whose.
    pub account: AccountId,
    /// What its owner calls it.
    pub name: String,
    /// What it opens.
    pub scopes: Vec<Scope>,
    /// When it was made, in milliseconds of Unix time.
    pub created_ms: u64,
    /// When it ends, in milliseconds of Unix time.
    pub until_ms: u64,
    /// When it was last used, to within five minutes; 0 if never.
    #[serde(default)]
    pub used_ms: u64,
}

/// What an owner wants of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenWish {
    /// What to call it.
    pub name: String,
    /// What it shall open.
    pub scopes: Vec<Scope>,
    /// How long it shall live, in days.
    pub days: u16,
}

impl TokenWish {
    /// The wish in order, if it can be granted: a name, at least one scope, and 1 to [`MAX_TOKEN_DAYS`] days.
    fn checked(self) -> Option<Self> {
        let Self { name, mut scopes, days } = self;
        let name = name.trim().to_owned();
        scopes.sort_unstable();
        scopes.dedup();
        let is_named = !name.is_empty() && name.chars().count() <= MAX_NAME && !name.chars().any(char::is_control);
        let is_good = is_named && !scopes.is_empty() && (1..=MAX_TOKEN_DAYS).contains(&days);
        is_good.then_some(Self { name, scopes, days })
    }
}

impl Accounts {
    /// Makes a token and answers its text, which nobody can read again; `None` if the wish cannot be granted. Durable on `Ok`.
    pub async fn make_token(
        &self,
        account: &Account,
        wish: TokenWish,
    ) -> Result<Option<(SessionId, String)>, AccountsError> {
        let now_ms = self.clock().now_ms();
        let Some(wish) = wish.checked().filter(|_| account.role == Role::Owner) else { return Ok(None) };
        if self.tokens(&account.id).await?.len() >= MAX_TOKENS {
            return Ok(None);
        }
        let secret = Token::random()?;
        let id = secret.id();
        let token = ApiToken {
            account: account.id.clone(),
            name: wish.name,
            scopes: wish.scopes,
            created_ms: now_ms,
            until_ms: now_ms.saturating_add(u64::from(wish.days) * DAY_MS),
            used_ms: 0,
        };
        let of = DocWrite { key: of_key(&account.id, id), expected: Expected::Any, value: Some(Vec::new()) };
        let token = DocWrite::json("token", DocKey::new(TOKENS, id.to_string()), Expected::Absent, &token)?;
        self.service().put_docs(vec![token, of]).await?;
        Ok(Some((id, format!("{PREFIX}{}", secret.reveal()))))
    }

    /// The tokens of an account that have not ended, the newest first; those that have are taken away.
    pub async fn tokens(&self, account: &AccountId) -> Result<Vec<(SessionId, ApiToken)>, AccountsError> {
        let now_ms = self.clock().now_ms();
        let mut alive = Vec::new();
        for id in self.token_ids(account).await? {
            match self.token(id).await? {
                Some((_, token)) if now_ms < token.until_ms => alive.push((id, token)),
                _ => self.end_token(account, id).await?,
            }
        }
        alive.sort_by_key(|(id, token)| (std::cmp::Reverse(token.created_ms), *id));
        Ok(alive)
    }

    /// Takes one token of an account back; answers whether there was one. Durable on `Ok`.
    pub async fn revoke_token(&self, account: &AccountId, id: SessionId) -> Result<bool, AccountsError> {
        let is_theirs = self.token(id).await?.is_some_and(|(_, token)| token.account == *account);
        if is_theirs {
            self.end_token(account, id).await?;
        }
        Ok(is_theirs)
    }

    /// Takes every token of an account back.
    pub(super) async fn revoke_tokens(&self, account: &AccountId) -> Result<(), AccountsError> {
        loop {
            let ids = self.token_ids(account).await?;
            if ids.is_empty() {
                return Ok(());
            }
            for id in ids {
                self.end_token(account, id).await?;
            }
        }
    }

    /// Whose a token is and what it opens, if it counts.
    pub async fn authenticate_token(
        &self,
        text: &str,
    ) -> Result<Option<(Account, SessionId, Vec<Scope>)>, AccountsError> {
        let Some(secret) = text.strip_prefix(PREFIX).and_then(|text| text.parse::<Token>().ok()) else {
            return Ok(None);
        };
        let (id, now_ms) = (secret.id(), self.clock().now_ms());
        let Some((version, mut token)) = self.token(id).await?.filter(|(_, token)| now_ms < token.until_ms) else {
            return Ok(None);
        };
        let account = self.account(&token.account).await?;
        let Some(account) = account.filter(|account| account.role == Role::Owner) else { return Ok(None) };
        let scopes = token.scopes.clone();
        if now_ms.saturating_sub(token.used_ms) >= TOUCH_MS {
            token.used_ms = now_ms;
            let touch =
                DocWrite::json("token", DocKey::new(TOKENS, id.to_string()), Expected::Version(version), &token)?;
            match self.service().put_docs(vec![touch]).await {
                // Another request of the same program was first, or the disk is full: the call itself goes on.
                Ok(()) | Err(StoreError::Conflict { .. } | StoreError::Full { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(Some((account, id, scopes)))
    }

    async fn token(&self, id: SessionId) -> Result<Option<(u64, ApiToken)>, AccountsError> {
        let doc = self.service().doc(&DocKey::new(TOKENS, id.to_string())).await?;
        doc.map(|doc| Ok((doc.version, doc.read("token")?))).transpose()
    }

    async fn token_ids(&self, account: &AccountId) -> Result<Vec<SessionId>, AccountsError> {
        let prefix = format!("{account}/");
        let docs = self.service().docs(TOKENS_OF, &prefix, None, MAX_TOKENS * 2).await?;
        Ok(docs.iter().filter_map(|(key, _)| key.strip_prefix(&prefix)?.parse().ok()).collect())
    }

    async fn end_token(&self, account: &AccountId, id: SessionId) -> Result<(), AccountsError> {
        let delete = |key| DocWrite { key, expected: Expected::Any, value: None };
        let token = delete(DocKey::new(TOKENS, id.to_string()));
        Ok(self.service().put_docs(vec![token, delete(of_key(account, id))]).await?)
    }
}

fn of_key(account: &AccountId, id: SessionId) -> DocKey {
    DocKey::new(TOKENS_OF, format!("{account}/{id}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_needs_a_name_a_scope_and_an_end() {
        let good = TokenWish { name: " Home ".to_owned(), scopes: vec![Scope::VehiclesRead; 2], days: 90 };
        let checked = good.clone().checked().unwrap();
        assert_eq!((checked.name.as_str(), checked.scopes.as_slice()), ("Home", [Scope::VehiclesRead].as_slice()));
        for wrong in [
            TokenWish { name: " ".to_owned(), ..good.clone() },
            TokenWish { name: "x".repeat(MAX_NAME + 1), ..good.clone() },
            TokenWish { scopes: Vec::new(), ..good.clone() },
            TokenWish { days: 0, ..good.clone() },
            TokenWish { days: MAX_TOKEN_DAYS + 1, ..good },
        ] {
            assert_eq!(wrong.checked(), None);
        }
    }

    #[test]
    fn scopes_read_back_by_their_names() {
        for scope in Scope::ALL {
            assert_eq!(Scope::from_name(scope.name()), Some(scope));
        }
        assert_eq!(Scope::from_name("everything"), None);
    }
}
