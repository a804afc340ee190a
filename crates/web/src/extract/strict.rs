//! Reading JSON and queries strictly, so that each mistake is told with its kind and its place.
//!
//! `serde_json` tells a mistake as a sentence and lets the last of two equal names win. Here a document is first read
//! as it stands, refusing names that are given twice, and then taken apart by a deserializer whose error keeps the kind
//! of the mistake and its place as a JSON Pointer (RFC 6901).

use std::collections::HashSet;
use std::fmt;

use ntt_auth_core::model::{FieldErrors, Invalid};
use serde::de::value::{StrDeserializer, StringDeserializer};
use serde::de::{
    self, Deserialize, DeserializeOwned, DeserializeSeed, Deserializer, IntoDeserializer as _,
    MapAccess, SeqAccess, Unexpected, Visitor,
};
use serde::forward_to_deserialize_any;

/// A document as it stands.
#[derive(Debug)]
pub(super) enum Document {
    Null,
    Bool(bool),
    Unsigned(u64),
    Signed(i64),
    Float(f64),
    Text(String),
    List(Vec<Document>),
    Object(Vec<(String, Document)>),
    /// A parameter of a query: text that may stand for a number or a flag.
    Parameter(String),
}

/// Reads a document into `T`, or tells what is wrong with it.
pub(super) fn read<T: DeserializeOwned>(document: Document) -> Result<T, FieldErrors> {
    T::deserialize(document).map_err(FieldErrors::from)
}

/// The parameters of a query as a document; none may be given twice.
pub(super) fn parameters(
    pairs: impl Iterator<Item = (String, String)>,
) -> Result<Document, FieldErrors> {
    let mut names = HashSet::new();
    let mut errors = FieldErrors::new();
    let mut members = Vec::new();
    for (name, value) in pairs {
        if names.insert(name.clone()) {
            members.push((name, Document::Parameter(value)));
        } else {
            errors.add(
                token(&name),
                Invalid::new("repeated", "This parameter may be given once."),
            );
        }
    }
    if errors.is_empty() {
        Ok(Document::Object(members))
    } else {
        Err(errors)
    }
}

/// A mistake, its kind and its place.
#[derive(Debug)]
pub(super) struct Mistake {
    place: String,
    code: &'static str,
    message: String,
}

impl Mistake {
    fn new(code: &'static str, message: String) -> Self {
        Self {
            place: String::new(),
            code,
            message,
        }
    }

    fn within(mut self, name: &str) -> Self {
        self.place.insert_str(0, &token(name));
        self
    }
}

/// A reference token of a JSON Pointer, with its slash.
fn token(name: &str) -> String {
    format!("/{}", name.replace('~', "~0").replace('/', "~1"))
}

impl From<Mistake> for FieldErrors {
    fn from(mistake: Mistake) -> Self {
        let mut errors = Self::new();
        errors.add(mistake.place, Invalid::with(mistake.code, mistake.message));
        errors
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
    }
}

impl std::error::Error for Mistake {}

impl de::Error for Mistake {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new("invalid_value", message.to_string())
    }

    fn invalid_type(_: Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::new(
            "invalid_type",
            format!("Expected {}.", plainly(&expected.to_string())),
        )
    }

    fn invalid_value(_: Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::new(
            "invalid_value",
            format!("Expected {}.", plainly(&expected.to_string())),
        )
    }

    fn unknown_variant(_: &str, expected: &'static [&'static str]) -> Self {
        Self::new(
            "unknown_value",
            format!("Expected one of {}.", expected.join(", ")),
        )
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        let known = match expected {
            [] => "no field is known".to_owned(),
            _ => format!("known are {}", expected.join(", ")),
        };
        Self::new(
            "unknown_field",
            format!("This field is not known here; {known}."),
        )
        .within(field)
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new("required", "This field is required.".to_owned()).within(field)
    }
}

/// What is expected, without the names of our types.
fn plainly(expected: &str) -> &str {
    match expected {
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number that is not negative",
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number",
        "f32" | "f64" => "a number",
        "a map" => "an object",
        _ if expected.starts_with("struct ") => "an object",
        _ => expected,
    }
}

impl<'de> Deserialize<'de> for Document {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AsItStands)
    }
}

struct AsItStands;

impl<'de> Visitor<'de> for AsItStands {
    type Value = Document;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Document, E> {
        Ok(Document::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Document, E> {
        Ok(Document::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Document, E> {
        Ok(Document::Unsigned(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Document, E> {
        Ok(Document::Signed(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Document, E> {
        Ok(Document::Float(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Document, E> {
        Ok(Document::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Document, E> {
        Ok(Document::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Document, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Document::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Document, A::Error> {
        let mut names = HashSet::new();
        let mut object = Vec::new();
        while let Some(name) = members.next_key::<String>()? {
            if !names.insert(name.clone()) {
                return Err(de::Error::custom("a name is given twice in one object"));
            }
            object.push((name, members.next_value()?));
        }
        Ok(Document::Object(object))
    }
}

impl<'de> Deserializer<'de> for Document {
    type Error = Mistake;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        match self {
            Self::Null => visitor.visit_unit(),
            Self::Bool(value) => visitor.visit_bool(value),
            Self::Unsigned(value) => visitor.visit_u64(value),
            Self::Signed(value) => visitor.visit_i64(value),
            Self::Float(value) => visitor.visit_f64(value),
            Self::Text(value) | Self::Parameter(value) => visitor.visit_string(value),
            Self::List(items) => visitor.visit_seq(Items {
                items: items.into_iter(),
                index: 0,
            }),
            Self::Object(members) => visitor.visit_map(Members {
                members: members.into_iter(),
                value: None,
            }),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        match self {
            Self::Null => visitor.visit_none(),
            other => visitor.visit_some(other),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Mistake> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mistake> {
        match self {
            Self::Text(value) | Self::Parameter(value) => {
                let variant: StringDeserializer<Mistake> = value.into_deserializer();
                visitor.visit_enum(variant)
            }
            _ => Err(de::Error::invalid_type(
                Unexpected::Other("something else"),
                &"a string",
            )),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        match self {
            Self::Parameter(text) => match text.as_str() {
                "true" => visitor.visit_bool(true),
                "false" => visitor.visit_bool(false),
                _ => Err(de::Error::invalid_type(
                    Unexpected::Other("text"),
                    &"true or false",
                )),
            },
            other => other.deserialize_any(visitor),
        }
    }

    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        match self {
            Self::Parameter(text) => match text.parse() {
                Ok(number) => visitor.visit_u32(number),
                Err(_) => Err(de::Error::invalid_type(Unexpected::Other("text"), &visitor)),
            },
            other => other.deserialize_any(visitor),
        }
    }

    /// A derived `Deserialize` would also take a list for an object, field by field in their order.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mistake> {
        match self {
            Self::Object(_) => self.deserialize_any(visitor),
            _ => Err(de::Error::invalid_type(
                Unexpected::Other("something else"),
                &"an object",
            )),
        }
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u8 u16 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map identifier ignored_any
    }
}

struct Items {
    items: std::vec::IntoIter<Document>,
    index: usize,
}

impl<'de> SeqAccess<'de> for Items {
    type Error = Mistake;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Mistake> {
        let Some(item) = self.items.next() else {
            return Ok(None);
        };
        let index = self.index;
        self.index += 1;
        seed.deserialize(item)
            .map(Some)
            .map_err(|mistake| mistake.within(&index.to_string()))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.items.len())
    }
}

struct Members {
    members: std::vec::IntoIter<(String, Document)>,
    value: Option<(String, Document)>,
}

impl<'de> MapAccess<'de> for Members {
    type Error = Mistake;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Mistake> {
        let Some((name, value)) = self.members.next() else {
            return Ok(None);
        };
        let key: StrDeserializer<'_, Mistake> = name.as_str().into_deserializer();
        let key = seed.deserialize(key)?;
        self.value = Some((name, value));
        Ok(Some(key))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Mistake> {
        match self.value.take() {
            Some((name, value)) => seed
                .deserialize(value)
                .map_err(|mistake| mistake.within(&name)),
            None => Err(de::Error::custom("a value was asked for before its name")),
        }
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.members.len())
    }
}
