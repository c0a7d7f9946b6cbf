//! The register as a running service keeps an eye on it, whoever changes it.
//!
//! Invariant: it is read again only when the file is another or a certificate's time has come, however large it is.

use std::collections::HashSet;

use super::{Pki, PkiError, Register, files};

/// What was last seen of the register.
#[derive(Debug, Default)]
pub struct Watch {
    stamp: Option<files::Stamp>,
    register: Register,
    looked_ms: u64,
}

/// Which serial numbers are what.
#[derive(Debug)]
pub struct Sets {
    /// Must be refused.
    pub refused: HashSet<String>,
    /// Are known, and their next use changes nothing.
    pub settled: HashSet<String>,
}

impl Watch {
    /// Looks at the register; `None` if everything is as it was the last time.
    pub fn look(&mut self, pki: &Pki, now_ms: u64) -> Result<Option<Sets>, PkiError> {
        // Before the file is read, so that a change in between is seen the next time.
        let stamp = files::stamp(&pki.register_path())?;
        let is_new = self.stamp != Some(stamp);
        let retired = self.register.next_retirement_ms(self.looked_ms).is_some_and(|at_ms| at_ms <= now_ms);
        if is_new {
            self.register = pki.register()?;
            self.stamp = Some(stamp);
        }
        self.looked_ms = now_ms;
        Ok((is_new || retired)
            .then(|| Sets { refused: self.register.refused(now_ms), settled: self.register.settled() }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pki::Role;

    #[test]
    fn only_a_change_or_a_retirement_is_news() {
        let folder = tempfile::tempdir().unwrap();
        let pki = Pki::open(folder.path(), 1_000).unwrap();
        let mut watch = Watch::default();
        assert!(watch.look(&pki, 1_000).unwrap().is_some(), "the first look");
        assert!(watch.look(&pki, 1_001).unwrap().is_none());
        let device = "dev-1".parse().unwrap();
        let serial = pki.issue(&device, Role::Device, 1_000).unwrap().serial;
        assert_eq!(watch.look(&pki, 1_002).unwrap().unwrap().settled, [serial.clone()].into());
        let mut register = pki.register().unwrap();
        register.issued[0].retires_ms = Some(2_000);
        register.write(&pki.register_path()).unwrap();
        assert!(watch.look(&pki, 1_003).unwrap().unwrap().refused.is_empty());
        assert!(watch.look(&pki, 1_999).unwrap().is_none());
        assert_eq!(watch.look(&pki, 2_000).unwrap().unwrap().refused, [serial].into());
        assert!(watch.look(&pki, 2_001).unwrap().is_none());
    }
}
