//! Who of the workshop there is, so that work can be given to somebody.
//!
//! Invariant: a row stands for every advisor who was made or has logged in since rows are kept; a row whose account is gone, or has another role, is passed over.

use super::login::{Accounts, AccountsError};
use super::{Account, Role};
use crate::domain::AccountId;
use crate::store::{Collection, DocKey, DocWrite, Expected};

/// Advisors by account id, without a value.
const ADVISORS: Collection = Collection("advisor");

/// The most people of a workshop.
const MAX_ADVISORS: usize = 500;

/// The row of an account; nothing for those who give and take no work.
pub(super) fn row(account: &Account) -> Option<DocWrite> {
    let key = DocKey::new(ADVISORS, account.id.as_str());
    (account.role == Role::Advisor).then(|| DocWrite { key, expected: Expected::Any, value: Some(Vec::new()) })
}

impl Accounts {
    /// The workshop's people, by name.
    pub async fn advisors(&self) -> Result<Vec<Account>, AccountsError> {
        let rows = self.service().docs(ADVISORS, "", None, MAX_ADVISORS).await?;
        let mut people = Vec::with_capacity(rows.len());
        for id in rows.iter().filter_map(|(key, _)| key.parse().ok()) {
            people.extend(self.account(&id).await?.filter(|account| account.role == Role::Advisor));
        }
        people.sort_by(|a, b| (&a.display_name, &a.id).cmp(&(&b.display_name, &b.id)));
        Ok(people)
    }

    /// Whether somebody is one of the workshop's people.
    pub async fn is_advisor(&self, id: &AccountId) -> Result<bool, AccountsError> {
        Ok(self.account(id).await?.is_some_and(|account| account.role == Role::Advisor))
    }
}
