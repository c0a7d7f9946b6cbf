//! The private calendar of an owner: whoever has its address may read it, until the owner asks for another.
//!
//! Invariant: the store has only the hash of the address's secret, and an owner has at most one.

use super::{Booking, BookingError, Visit};
use crate::accounts::{SessionId, Token};
use crate::domain::AccountId;
use crate::store::{Collection, DocKey, DocWrite, Expected};

/// The owner of a feed, by the hash of its secret.
const FEEDS: Collection = Collection("calendar-feed");

/// The hash of an owner's feed.
const FEED_OF: Collection = Collection("calendar-feed-of");

impl Booking {
    /// Gives an owner a new address; the one before it is worth nothing any more. Durable on `Ok`.
    pub async fn new_feed(&self, account: &AccountId) -> Result<Token, BookingError> {
        let token = Token::random()?;
        let hash = token.id().to_string();
        let mut docs = self.without_feed(account).await?;
        docs.retain(|write| write.key.collection != FEED_OF);
        let write = |collection, key: &str, value: &str| DocWrite {
            key: DocKey::new(collection, key),
            expected: Expected::Any,
            value: Some(value.as_bytes().to_vec()),
        };
        docs.push(write(FEEDS, &hash, account.as_str()));
        docs.push(write(FEED_OF, account.as_str(), &hash));
        self.service.put_docs(docs).await?;
        Ok(token)
    }

    /// Takes an owner's address back; durable on `Ok`.
    pub async fn end_feed(&self, account: &AccountId) -> Result<(), BookingError> {
        let docs = self.without_feed(account).await?;
        if docs.is_empty() { Ok(()) } else { Ok(self.service.put_docs(docs).await?) }
    }

    /// Whether an owner has an address.
    pub async fn has_feed(&self, account: &AccountId) -> Result<bool, BookingError> {
        Ok(self.service.doc(&DocKey::new(FEED_OF, account.as_str())).await?.is_some())
    }

    /// Whose feed a secret opens.
    pub async fn feed_owner(&self, secret: &Token) -> Result<Option<AccountId>, BookingError> {
        let hash: SessionId = secret.id();
        let doc = self.service.doc(&DocKey::new(FEEDS, hash.to_string())).await?;
        Ok(doc.and_then(|doc| String::from_utf8(doc.value).ok()?.parse().ok()))
    }

    /// All visits of an owner's present vehicles.
    pub async fn of_owner(&self, account: &AccountId) -> Result<Vec<Visit>, BookingError> {
        let mut visits = Vec::new();
        for vehicle in self.service.vehicles_of(account).await? {
            visits.extend(self.of_vehicle(&vehicle).await?);
        }
        Ok(visits)
    }

    async fn without_feed(&self, account: &AccountId) -> Result<Vec<DocWrite>, BookingError> {
        let of = DocKey::new(FEED_OF, account.as_str());
        let Some(doc) = self.service.doc(&of).await? else { return Ok(Vec::new()) };
        let mut docs = vec![DocWrite { key: of, expected: Expected::Any, value: None }];
        if let Ok(hash) = String::from_utf8(doc.value) {
            docs.push(DocWrite { key: DocKey::new(FEEDS, hash), expected: Expected::Any, value: None });
        }
        Ok(docs)
    }
}
