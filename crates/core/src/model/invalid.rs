//! What is wrong with an input, told field by field.

use std::borrow::Cow;

use serde::Serialize;

/// Why one value is not acceptable: a code that programs branch on, and a sentence for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalid {
    /// Stable, `snake_case`.
    pub code: &'static str,
    /// One sentence, without the value itself.
    pub message: Cow<'static, str>,
}

impl Invalid {
    /// A reason with a fixed sentence.
    pub const fn new(code: &'static str, message: &'static str) -> Self {
        Self {
            code,
            message: Cow::Borrowed(message),
        }
    }

    /// A reason whose sentence holds a limit or a rule's figure.
    pub fn with(code: &'static str, message: String) -> Self {
        Self {
            code,
            message: Cow::Owned(message),
        }
    }
}

/// An [`Invalid`] with the place it was found at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// JSON Pointer (RFC 6901) into the request, e.g. `/password`.
    pub field: Cow<'static, str>,
    /// Stable, `snake_case`.
    pub code: &'static str,
    /// One sentence, without the value itself.
    pub message: Cow<'static, str>,
}

/// Collects what is wrong with a request, so that one answer names every mistake.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldErrors(Vec<FieldError>);

impl FieldErrors {
    /// Nothing wrong yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes one mistake at `field`, a JSON Pointer.
    pub fn add(&mut self, field: impl Into<Cow<'static, str>>, invalid: Invalid) {
        self.0.push(FieldError {
            field: field.into(),
            code: invalid.code,
            message: invalid.message,
        });
    }

    /// The value, or `None` after noting what is wrong with it.
    pub fn take<T>(&mut self, field: &'static str, parsed: Result<T, Invalid>) -> Option<T> {
        parsed.map_err(|invalid| self.add(field, invalid)).ok()
    }

    /// Notes all of `others`.
    pub fn extend(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    /// Whether nothing was noted.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The mistakes in the order they were noted.
    pub fn into_vec(self) -> Vec<FieldError> {
        self.0
    }

    /// The mistakes in the order they were noted.
    pub fn as_slice(&self) -> &[FieldError] {
        &self.0
    }
}

impl From<(&'static str, Invalid)> for FieldErrors {
    fn from((field, invalid): (&'static str, Invalid)) -> Self {
        let mut errors = Self::new();
        errors.add(field, invalid);
        errors
    }
}
