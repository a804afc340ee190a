//! One strict reading of a JSON object, for headers and claims alike: a name that occurs twice, at any depth, is
//! refused, because two readers may each believe another one of them.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::{Malformation, Segment};

/// The top-level members of an object, as far as headers and registered claims need them.
pub(crate) struct Members<'a>(Vec<(Cow<'a, str>, Value<'a>)>);

/// A member's value.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    /// A string.
    Text(Cow<'a, str>),
    /// A whole number, not negative, written without fraction or exponent, below 2^64.
    Whole(u64),
    /// An array of nothing but strings.
    Texts(Vec<Cow<'a, str>>),
    /// Anything else, null included.
    Other,
}

impl<'a> Members<'a> {
    /// Reads the whole of `bytes`, which came from `segment`, as one object.
    pub(crate) fn parse(bytes: &'a [u8], segment: Segment) -> Result<Self, Malformation> {
        let twice = Cell::new(false);
        let mut reader = serde_json::Deserializer::from_slice(bytes);
        let members = Object { twice: &twice }
            .deserialize(&mut reader)
            .and_then(|members| reader.end().map(|()| members));
        members.map(Self).map_err(|_| {
            if twice.get() {
                Malformation::DuplicateMember(segment)
            } else {
                Malformation::Json(segment)
            }
        })
    }

    /// Whether there is such a member, whatever its value.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(other, _)| other == name)
    }

    /// Takes a member out.
    pub(crate) fn take(&mut self, name: &str) -> Option<Value<'a>> {
        let at = self.0.iter().position(|(other, _)| other == name)?;
        Some(self.0.swap_remove(at).1)
    }
}

/// Reads an object; raises `twice` when a name occurs twice.
struct Object<'s> {
    twice: &'s Cell<bool>,
}

impl<'de> DeserializeSeed<'de> for Object<'_> {
    type Value = Vec<(Cow<'de, str>, Value<'de>)>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Object<'_> {
    type Value = Vec<(Cow<'de, str>, Value<'de>)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::with_capacity(16);
        while let Some(Text(name)) = map.next_key()? {
            members.push((name, map.next_value_seed(Any { twice: self.twice })?));
        }
        // Sorted, so that an object of a thousand names costs a stranger no more than it costs us.
        let mut names: Vec<&str> = members.iter().map(|(name, _)| name.as_ref()).collect();
        names.sort_unstable();
        if names.array_windows().any(|[one, next]| one == next) {
            self.twice.set(true);
            return Err(A::Error::custom("a member occurs twice"));
        }
        Ok(members)
    }
}

/// Reads any value.
struct Any<'s> {
    twice: &'s Cell<bool>,
}

impl<'de> DeserializeSeed<'de> for Any<'_> {
    type Value = Value<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Any<'_> {
    type Value = Value<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Value<'de>, E> {
        Ok(Value::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value<'de>, E> {
        Ok(Value::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value<'de>, E> {
        Ok(Value::Whole(number))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Value<'de>, E> {
        Ok(Value::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Value<'de>, E> {
        Ok(Value::Other)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Value<'de>, E> {
        Ok(Value::Other)
    }

    fn visit_unit<E>(self) -> Result<Value<'de>, E> {
        Ok(Value::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Value<'de>, A::Error> {
        let mut texts = Some(Vec::new());
        while let Some(value) = sequence.next_element_seed(Any { twice: self.twice })? {
            match (value, &mut texts) {
                (Value::Text(text), Some(texts)) => texts.push(text),
                _ => texts = None,
            }
        }
        Ok(texts.map_or(Value::Other, Value::Texts))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Value<'de>, A::Error> {
        Object { twice: self.twice }.visit_map(map)?;
        Ok(Value::Other)
    }
}

/// A string, borrowed from the input where it has no escapes.
struct Text<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;

        impl<'de> Visitor<'de> for TextVisitor {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }

        deserializer.deserialize_str(TextVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(json: &str) -> Result<Members<'_>, Malformation> {
        Members::parse(json.as_bytes(), Segment::Payload)
    }

    #[test]
    fn values_keep_their_kind() {
        let json = r#"{"t":"a\u0062","n":7,"a":["x","y"],"e":[],"m":["x",1],"neg":-1,"f":1.0,"x":1e3,"z":null,"b":true,
            "o":{"k":[{"k":1}]}}"#;
        let mut members = parse(json).unwrap();
        assert_eq!(members.take("t"), Some(Value::Text("ab".into())));
        assert_eq!(members.take("n"), Some(Value::Whole(7)));
        assert_eq!(
            members.take("a"),
            Some(Value::Texts(vec!["x".into(), "y".into()]))
        );
        assert_eq!(members.take("e"), Some(Value::Texts(vec![])));
        for other in ["m", "neg", "f", "x", "z", "b", "o"] {
            assert!(members.has(other));
            assert_eq!(members.take(other), Some(Value::Other), "{other}");
        }
        assert_eq!(members.take("t"), None);
    }

    #[test]
    fn twice_is_refused_at_any_depth_and_through_escapes() {
        for json in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"\u0061":2}"#,
            r#"{"a":{"b":1,"b":2}}"#,
            r#"{"a":[[{"b":1,"c":2,"b":3}]]}"#,
        ] {
            assert_eq!(
                parse(json).err(),
                Some(Malformation::DuplicateMember(Segment::Payload)),
                "{json}"
            );
        }
        assert!(parse(r#"{"a":{"a":{"a":1}}}"#).is_ok());
    }

    #[test]
    fn anything_but_one_object_is_refused() {
        let deep = "[".repeat(10_000);
        let bom = "\u{feff}{}";
        for json in [
            "",
            "null",
            "[]",
            "\"a\"",
            "1",
            "{",
            "{}{}",
            "{} x",
            "{\"a\":1,}",
            "{a:1}",
            "{\"a\":\"\\ud800\"}",
            bom,
            &deep,
        ] {
            assert_eq!(
                parse(json).err(),
                Some(Malformation::Json(Segment::Payload)),
                "{json:.20}"
            );
        }
        assert!(Members::parse(b"{\"a\":\"\xff\"}", Segment::Header).is_err());
        assert!(parse(" {\t\"a\" :\n1 } \r\n").is_ok());
    }
}
