//! A configured value of one of the kinds that the reference file uses.

use std::fmt;

use toml::de::DeValue;

/// A value before it is given its meaning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    Boolean(bool),
    Integer(i64),
    Text(String),
    List(Vec<String>),
}

impl Value {
    /// Takes a value out of a TOML document; the error says what was found instead.
    pub(super) fn from_toml(value: &DeValue<'_>) -> Result<Self, String> {
        match value {
            DeValue::Boolean(flag) => Ok(Self::Boolean(*flag)),
            DeValue::String(text) => Ok(Self::Text(text.clone().into_owned())),
            DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
                .map(Self::Integer)
                .map_err(|_| "the number is out of range".to_owned()),
            DeValue::Array(items) => items
                .iter()
                .map(|item| item.get_ref().as_str().map(str::to_owned))
                .collect::<Option<Vec<_>>>()
                .map(Self::List)
                .ok_or_else(|| "the list holds something that is not a text".to_owned()),
            other => Err(format!("a {} stands here", other.type_str())),
        }
    }

    /// Reads a text from the environment or a flag as a value of the same kind as `like`.
    pub(super) fn from_text(text: &str, like: &Self) -> Result<Self, String> {
        match like {
            Self::Text(_) => Ok(Self::Text(text.to_owned())),
            Self::Boolean(_) => match text {
                "true" => Ok(Self::Boolean(true)),
                "false" => Ok(Self::Boolean(false)),
                _ => Err(format!("`{text}` is not true or false")),
            },
            Self::Integer(_) => text
                .replace('_', "")
                .parse()
                .map(Self::Integer)
                .map_err(|_| format!("`{text}` is not a whole number")),
            Self::List(_) => Ok(Self::List(
                text.split(',')
                    .map(str::trim)
                    .filter(|item| !item.is_empty())
                    .map(str::to_owned)
                    .collect(),
            )),
        }
    }

    /// What kind of value this is, for messages.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Boolean(_) => "true or false",
            Self::Integer(_) => "a whole number",
            Self::Text(_) => "a text in quotes",
            Self::List(_) => "a list of texts",
        }
    }

    pub(super) fn same_kind(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }

    /// The value as JSON.
    pub(super) fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Boolean(flag) => (*flag).into(),
            Self::Integer(number) => (*number).into(),
            Self::Text(text) => text.as_str().into(),
            Self::List(items) => items.as_slice().into(),
        }
    }
}

/// As it would be written in a TOML file.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Boolean(flag) => flag.fmt(f),
            Self::Integer(number) => number.fmt(f),
            Self::Text(text) => toml::Value::from(text.as_str()).fmt(f),
            Self::List(items) => toml::Value::from(items.clone()).fmt(f),
        }
    }
}
