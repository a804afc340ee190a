//! What goes into documents and comes out. Ids are UUIDs, times are integer milliseconds, whatever is not there has no field.

use mongodb::bson::spec::BinarySubtype;
use mongodb::bson::{Binary, Bson, Document, doc};
use ntt_auth_core::model::Timestamp;
use ntt_auth_core::store::portable::Field;
use uuid::Uuid;

use crate::error::Error;

/// An id: 16 bytes of the subtype for UUIDs, which compare byte by byte.
pub(crate) fn id(id: Uuid) -> Bson {
    Bson::Binary(Binary {
        subtype: BinarySubtype::Uuid,
        bytes: id.as_bytes().to_vec(),
    })
}

/// Bytes that mean nothing to the server.
pub(crate) fn bytes(bytes: &[u8]) -> Bson {
    Bson::Binary(Binary {
        subtype: BinarySubtype::Generic,
        bytes: bytes.to_vec(),
    })
}

/// A time, which is the installation's and not the server's.
pub(crate) fn time(time: Timestamp) -> Bson {
    Bson::Int64(time.millis())
}

/// Matches what is there, along an index that holds only that.
pub(crate) fn is_there() -> Bson {
    Bson::Document(doc! { "$exists": true })
}

/// The fields of a document, or of a change of one.
#[derive(Debug, Default)]
pub(crate) struct Fields {
    set: Document,
    unset: Document,
}

impl Fields {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// A field that is there.
    pub(crate) fn set(mut self, name: &str, value: impl Into<Bson>) -> Self {
        self.set.insert(name, value);
        self
    }

    /// A field that may be there.
    pub(crate) fn opt(mut self, name: &str, value: Option<impl Into<Bson>>) -> Self {
        match value {
            Some(value) => self.set.insert(name, value),
            None => self.unset.insert(name, ""),
        };
        self
    }

    /// A new document.
    pub(crate) fn document(self) -> Document {
        self.set
    }

    /// A change that leaves other fields as they are.
    pub(crate) fn change(self) -> Document {
        let mut change = Document::new();
        for (operator, fields) in [("$set", self.set), ("$unset", self.unset)] {
            if !fields.is_empty() {
                change.insert(operator, fields);
            }
        }
        change
    }

    /// The same change as a stage of a pipeline, in which a text that begins with `$` would be a name.
    pub(crate) fn stage(self) -> Document {
        let mut stage = Document::new();
        for (name, value) in self.set {
            stage.insert(name, doc! { "$literal": value });
        }
        for (name, _) in self.unset {
            stage.insert(name, "$$REMOVE");
        }
        stage
    }
}

/// A document that was read. Each field is taken once.
#[derive(Debug)]
pub(crate) struct Doc {
    collection: &'static str,
    fields: Document,
}

impl Doc {
    pub(crate) fn new(collection: &'static str, fields: Document) -> Self {
        Self { collection, fields }
    }

    fn take(&mut self, name: &str) -> Option<Bson> {
        self.fields
            .remove(name)
            .filter(|value| *value != Bson::Null)
    }

    fn there<T>(&self, name: &str, value: Option<T>) -> Result<T, Error> {
        value.ok_or_else(|| self.corrupt(name))
    }

    /// An integer.
    pub(crate) fn int(&mut self, name: &str) -> Result<i64, Error> {
        let value = self.opt_int(name)?;
        self.there(name, value)
    }

    /// An integer that may be missing. The server makes shorter ones of what it computes.
    pub(crate) fn opt_int(&mut self, name: &str) -> Result<Option<i64>, Error> {
        match self.take(name) {
            Some(Bson::Int64(int)) => Ok(Some(int)),
            Some(Bson::Int32(int)) => Ok(Some(int.into())),
            None => Ok(None),
            Some(_) => Err(self.corrupt(name)),
        }
    }

    /// A count, which is never negative.
    pub(crate) fn count(&mut self, name: &str) -> Result<u64, Error> {
        let int = self.int(name)?;
        u64::try_from(int).map_err(|_| self.corrupt(name))
    }

    /// A small count.
    pub(crate) fn small(&mut self, name: &str) -> Result<u32, Error> {
        let int = self.int(name)?;
        u32::try_from(int).map_err(|_| self.corrupt(name))
    }

    /// A flag.
    pub(crate) fn flag(&mut self, name: &str) -> Result<bool, Error> {
        match self.take(name) {
            Some(Bson::Boolean(flag)) => Ok(flag),
            _ => Err(self.corrupt(name)),
        }
    }

    /// A time.
    pub(crate) fn time(&mut self, name: &str) -> Result<Timestamp, Error> {
        self.int(name).map(Timestamp::from_millis)
    }

    /// A time that may be missing.
    pub(crate) fn opt_time(&mut self, name: &str) -> Result<Option<Timestamp>, Error> {
        Ok(self.opt_int(name)?.map(Timestamp::from_millis))
    }

    /// Text.
    pub(crate) fn text(&mut self, name: &str) -> Result<String, Error> {
        let value = self.opt_text(name)?;
        self.there(name, value)
    }

    /// Text that may be missing.
    pub(crate) fn opt_text(&mut self, name: &str) -> Result<Option<String>, Error> {
        match self.take(name) {
            Some(Bson::String(text)) => Ok(Some(text)),
            None => Ok(None),
            Some(_) => Err(self.corrupt(name)),
        }
    }

    /// Texts.
    pub(crate) fn texts(&mut self, name: &str) -> Result<Vec<String>, Error> {
        let Some(Bson::Array(values)) = self.take(name) else {
            return Err(self.corrupt(name));
        };
        values
            .into_iter()
            .map(|value| match value {
                Bson::String(text) => Ok(text),
                _ => Err(self.corrupt(name)),
            })
            .collect()
    }

    /// Bytes.
    pub(crate) fn bytes(&mut self, name: &str) -> Result<Vec<u8>, Error> {
        let value = self.opt_bytes(name)?;
        self.there(name, value)
    }

    /// Bytes that may be missing.
    pub(crate) fn opt_bytes(&mut self, name: &str) -> Result<Option<Vec<u8>>, Error> {
        match self.take(name) {
            Some(Bson::Binary(Binary { bytes, .. })) => Ok(Some(bytes)),
            None => Ok(None),
            Some(_) => Err(self.corrupt(name)),
        }
    }

    /// Exactly `N` bytes.
    pub(crate) fn array<const N: usize>(&mut self, name: &str) -> Result<[u8; N], Error> {
        let value = self.opt_array(name)?;
        self.there(name, value)
    }

    /// Exactly `N` bytes that may be missing.
    pub(crate) fn opt_array<const N: usize>(
        &mut self,
        name: &str,
    ) -> Result<Option<[u8; N]>, Error> {
        self.opt_bytes(name)?
            .map(|bytes| bytes.try_into().map_err(|_| self.corrupt(name)))
            .transpose()
    }

    /// An id.
    pub(crate) fn id(&mut self, name: &str) -> Result<Uuid, Error> {
        self.array(name).map(Uuid::from_bytes)
    }

    /// An id that may be missing.
    pub(crate) fn opt_id(&mut self, name: &str) -> Result<Option<Uuid>, Error> {
        Ok(self.opt_array(name)?.map(Uuid::from_bytes))
    }

    /// A name of a closed list.
    pub(crate) fn name<T: std::str::FromStr>(&mut self, name: &str) -> Result<T, Error> {
        let value = self.opt_name(name)?;
        self.there(name, value)
    }

    /// A name of a closed list that may be missing.
    pub(crate) fn opt_name<T: std::str::FromStr>(
        &mut self,
        name: &str,
    ) -> Result<Option<T>, Error> {
        self.opt_text(name)?
            .map(|text| text.parse().map_err(|_| self.corrupt(name)))
            .transpose()
    }

    /// A field as every engine has it.
    pub(crate) fn portable(&mut self, name: &str) -> Result<Field, Error> {
        Ok(match self.take(name) {
            None => Field::Null,
            Some(Bson::Int64(int)) => Field::Int(int),
            Some(Bson::Int32(int)) => Field::Int(int.into()),
            Some(Bson::Boolean(flag)) => Field::Int(flag.into()),
            Some(Bson::String(text)) => Field::Text(text),
            Some(Bson::Binary(Binary { bytes, .. })) => Field::Bytes(bytes),
            Some(_) => return Err(self.corrupt(name)),
        })
    }

    /// What the document is known by, whatever it is.
    pub(crate) fn key(mut self) -> Result<Bson, Error> {
        let key = self.take("_id");
        self.there("_id", key)
    }

    /// Says that a field does not hold what was written there.
    pub(crate) fn corrupt(&self, name: &str) -> Error {
        Error::Corrupt(format!("{}.{name}", self.collection).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_field_names_its_place() {
        let mut doc = Doc::new(
            "users",
            doc! { "revision": 1_i64, "_id": "x", "deleted_at": Bson::Null },
        );
        assert_eq!(doc.int("revision").unwrap(), 1);
        assert_eq!(
            doc.id("_id").unwrap_err().to_string(),
            "unreadable value at users._id"
        );
        assert_eq!(doc.opt_time("deleted_at").unwrap(), None);
        assert!(doc.text("email").is_err());
    }

    #[test]
    fn a_text_with_a_dollar_stays_a_text_in_a_pipeline() {
        let stage = Fields::new()
            .set("user_agent", "$seed")
            .opt("ip_address", None::<&str>)
            .stage();
        assert_eq!(
            stage,
            doc! { "user_agent": { "$literal": "$seed" }, "ip_address": "$$REMOVE" }
        );
    }
}
