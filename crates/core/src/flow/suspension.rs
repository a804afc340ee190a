//! What a suspension is told.

use crate::flow::Measure;
use crate::model::{FieldErrors, Invalid, Timestamp};

const REASON_CHARACTERS: usize = 500;

impl Measure {
    /// A suspension until a time (RFC 3339), or open-ended, for a reason. Every mistake is named at once.
    pub fn suspend(
        until: Option<&str>,
        reason: Option<String>,
        now: Timestamp,
    ) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::new();
        let until = until.and_then(|text| errors.take("/until", future(text, now)));
        let reason = reason.and_then(|text| errors.take("/reason", plain_text(text)));
        if errors.is_empty() {
            Ok(Self::Suspend { until, reason })
        } else {
            Err(errors)
        }
    }
}

fn future(text: &str, now: Timestamp) -> Result<Timestamp, Invalid> {
    let time = Timestamp::parse(text).ok_or(Invalid::new(
        "invalid_time",
        "A time is in RFC 3339 form, e.g. 2030-01-01T00:00:00Z.",
    ))?;
    if time <= now {
        Err(Invalid::new(
            "in_the_past",
            "The time must be in the future.",
        ))
    } else {
        Ok(time)
    }
}

fn plain_text(text: String) -> Result<String, Invalid> {
    if text.chars().count() > REASON_CHARACTERS {
        return Err(Invalid::with(
            "too_long",
            format!("A reason has at most {REASON_CHARACTERS} characters."),
        ));
    }
    if text.chars().any(|c| c.is_control() && c != '\n') {
        return Err(Invalid::new(
            "invalid_characters",
            "A reason holds no control characters.",
        ));
    }
    Ok(text)
}
