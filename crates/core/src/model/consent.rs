//! Consents: who agreed to which version of which document (ACC-11).

use std::fmt;
use std::net::IpAddr;

use crate::model::{ConsentId, Invalid, Timestamp, UserId};

/// A version of a document that people agree to, written `terms:2026-01`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DocumentVersion {
    document: String,
    version: String,
}

impl DocumentVersion {
    /// Most characters of each half.
    const MOST: usize = 64;

    /// Reads `document:version`; both are 1–64 letters, digits, `.`, `_`, `-`.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let halves = text.split_once(':');
        match halves.filter(|(document, version)| is_name(document) && is_name(version)) {
            Some((document, version)) => Ok(Self {
                document: document.to_owned(),
                version: version.to_owned(),
            }),
            None => Err(Invalid::new(
                "invalid_document",
                "A document is named by itself and its version, like terms:2026-01.",
            )),
        }
    }

    /// Whether `text` can be the name of a document at all.
    pub fn can_name(text: &str) -> bool {
        is_name(text)
    }

    /// The document, e.g. `terms`.
    pub fn document(&self) -> &str {
        &self.document
    }

    /// Its version, e.g. `2026-01`.
    pub fn version(&self) -> &str {
        &self.version
    }
}

/// Whether `text` can be the name of a document or of a version.
fn is_name(text: &str) -> bool {
    (1..=DocumentVersion::MOST).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

impl fmt::Display for DocumentVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.document, self.version)
    }
}

/// When, and from where, somebody said yes or no.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Said {
    /// When.
    pub at: Timestamp,
    /// The address it was said from.
    pub from: Option<IpAddr>,
}

/// A consent. It is kept when it is withdrawn: both are what has to be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    /// Its id.
    pub id: ConsentId,
    /// Who agreed.
    pub user_id: UserId,
    /// To what.
    pub document: DocumentVersion,
    /// When they agreed.
    pub given: Said,
    /// When they withdrew it, if they did.
    pub withdrawn: Option<Said>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_named_with_its_version() {
        let terms = DocumentVersion::parse("terms:2026-01").unwrap();
        assert_eq!((terms.document(), terms.version()), ("terms", "2026-01"));
        assert_eq!(terms.to_string(), "terms:2026-01");
        for wrong in ["", ":", "terms", "terms:", ":1", "a:b:c", "a b:1", "ä:1"] {
            assert_eq!(
                DocumentVersion::parse(wrong).unwrap_err().code,
                "invalid_document",
                "{wrong}"
            );
        }
        assert!(DocumentVersion::parse(&format!("{}:1", "x".repeat(65))).is_err());
        assert!(DocumentVersion::can_name("terms") && !DocumentVersion::can_name("\0"));
    }
}
