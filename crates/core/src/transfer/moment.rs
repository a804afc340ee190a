//! Times as other systems write them.

use serde_json::Value;

use crate::model::{FieldErrors, Invalid, Timestamp};

/// The time that stands at `field`: RFC 3339 with `T` or a space, without an offset (UTC), milliseconds since the epoch as a
/// number or as digits, or MongoDB's `{"$date": …}`. Notes a mistake if it is none of these.
pub(super) fn moment(
    field: &'static str,
    value: Option<&Value>,
    errors: &mut FieldErrors,
) -> Option<Timestamp> {
    let value = value.filter(|value| !value.is_null())?;
    let read = of_value(value);
    if read.is_none() {
        errors.add(field, INVALID);
    }
    read
}

/// The same for a text.
pub(super) fn moment_text(
    field: &'static str,
    text: Option<&str>,
    errors: &mut FieldErrors,
) -> Option<Timestamp> {
    let text = text.filter(|text| !text.trim().is_empty())?;
    let read = of_text(text.trim());
    if read.is_none() {
        errors.add(field, INVALID);
    }
    read
}

const INVALID: Invalid = Invalid::new(
    "invalid_time",
    "A time is in RFC 3339 form, e.g. 2030-01-01T00:00:00Z.",
);

fn of_value(value: &Value) -> Option<Timestamp> {
    match value {
        Value::String(text) => of_text(text.trim()),
        Value::Number(number) => in_range(number.as_i64()?),
        Value::Object(members) => match members.get("$date")? {
            Value::Object(long) => of_value(long.get("$numberLong")?),
            date => of_value(date),
        },
        _ => None,
    }
}

fn of_text(text: &str) -> Option<Timestamp> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return in_range(text.parse().ok()?);
    }
    Timestamp::parse(text).or_else(|| {
        let naive: jiff::civil::DateTime = text.parse().ok()?;
        let zoned = naive.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
        Some(Timestamp::from_millis(zoned.timestamp().as_millisecond()))
    })
}

/// Only times that can be shown again.
fn in_range(millis: i64) -> Option<Timestamp> {
    jiff::Timestamp::from_millisecond(millis)
        .ok()
        .map(|time| Timestamp::from_millis(time.as_millisecond()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn reads_times_as_five_systems_write_them() {
        let expected = Some(Timestamp::from_millis(1_700_000_000_123));
        for value in [
            json!("2023-11-14T22:13:20.123Z"),
            json!("2023-11-14 22:13:20.123456+00"),
            json!("2023-11-15T07:13:20.123+09:00"),
            json!("2023-11-14T22:13:20.123"),
            json!(1_700_000_000_123_i64),
            json!("1700000000123"),
            json!({ "$date": "2023-11-14T22:13:20.123Z" }),
            json!({ "$date": { "$numberLong": "1700000000123" } }),
        ] {
            let mut errors = FieldErrors::new();
            assert_eq!(moment("/t", Some(&value), &mut errors), expected, "{value}");
            assert!(errors.is_empty());
        }
    }

    #[test]
    fn v1_4_2_refuses_times_beyond_what_can_be_shown() {
        for value in [
            json!("yesterday"),
            json!(i64::MAX),
            json!(i64::MIN),
            json!(1.5),
            json!("99999999999999999999"),
            json!(true),
            json!({}),
        ] {
            let mut errors = FieldErrors::new();
            assert_eq!(moment("/t", Some(&value), &mut errors), None, "{value}");
            assert!(!errors.is_empty(), "{value}");
        }
    }
}
