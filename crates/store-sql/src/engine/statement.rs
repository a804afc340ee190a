//! Statements: one text for every engine.

use std::borrow::Cow;
#[cfg(feature = "postgres")]
use std::sync::{Arc, OnceLock};

/// A statement with `?` placeholders, no literal of which holds a `?`.
#[derive(Debug)]
pub(crate) struct Statement {
    name: &'static str,
    text: Cow<'static, str>,
    may_collide: bool,
    #[cfg(feature = "postgres")]
    numbered: OnceLock<Arc<str>>,
}

impl Statement {
    /// A fixed statement; `name` is `noun.verb`, shown where a stored value is unreadable.
    pub(crate) const fn new(name: &'static str, text: &'static str) -> Self {
        Self::of(name, Cow::Borrowed(text))
    }

    /// A statement built at run time, from the parts of a filter.
    pub(crate) const fn built(name: &'static str, text: String) -> Self {
        Self::of(name, Cow::Owned(text))
    }

    /// Says that this write may meet a unique key, and that the transaction survives its [`super::Error::Duplicate`].
    pub(crate) const fn may_collide(mut self) -> Self {
        self.may_collide = true;
        self
    }

    const fn of(name: &'static str, text: Cow<'static, str>) -> Self {
        Self {
            name,
            text,
            may_collide: false,
            #[cfg(feature = "postgres")]
            numbered: OnceLock::new(),
        }
    }

    /// `noun.verb`
    pub(crate) const fn name(&self) -> &'static str {
        self.name
    }

    /// The text with `?` placeholders.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The text with `?` placeholders, for a driver that keeps it.
    #[cfg(feature = "mysql")]
    pub(crate) fn owned_text(&self) -> Cow<'static, str> {
        self.text.clone()
    }

    /// The text with `$1`, `$2` … for placeholders, rewritten once.
    #[cfg(feature = "postgres")]
    pub(crate) fn numbered(&self) -> Arc<str> {
        Arc::clone(self.numbered.get_or_init(|| number(&self.text).into()))
    }

    /// See [`Statement::may_collide`].
    pub(crate) const fn is_collidable(&self) -> bool {
        self.may_collide
    }
}

#[cfg(feature = "postgres")]
fn number(text: &str) -> String {
    use std::fmt::Write as _;

    let mut out = String::with_capacity(text.len() + 16);
    let mut count = 0_u32;
    for part in text.split_inclusive('?') {
        match part.strip_suffix('?') {
            Some(before) => {
                count += 1;
                out.push_str(before);
                // Writing to a String cannot fail.
                let _ = write!(out, "${count}");
            }
            None => out.push_str(part),
        }
    }
    out
}

#[cfg(all(test, feature = "postgres"))]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_numbered_in_order() {
        let statement = Statement::new("t.x", "UPDATE t SET a = ?, b = ? WHERE c IN (?)");
        assert_eq!(
            &*statement.numbered(),
            "UPDATE t SET a = $1, b = $2 WHERE c IN ($3)"
        );
        assert_eq!(&*Statement::new("t.y", "SELECT 1").numbered(), "SELECT 1");
    }
}
