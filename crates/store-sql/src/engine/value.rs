//! Values in, rows out.

use ntt_auth_core::model::Timestamp;
use uuid::Uuid;

use super::Error;

/// What goes in and comes out. Booleans and times are integers, ids are 16 bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    Null,
    Int(i64),
    Text(String),
    Bytes(Vec<u8>),
}

impl From<i64> for Value {
    fn from(int: i64) -> Self {
        Self::Int(int)
    }
}

impl From<u32> for Value {
    fn from(int: u32) -> Self {
        Self::Int(int.into())
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Int(flag.into())
    }
}

impl From<Timestamp> for Value {
    fn from(time: Timestamp) -> Self {
        Self::Int(time.millis())
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&[u8]> for Value {
    fn from(bytes: &[u8]) -> Self {
        Self::Bytes(bytes.to_vec())
    }
}

impl From<Uuid> for Value {
    fn from(id: Uuid) -> Self {
        Self::Bytes(id.as_bytes().to_vec())
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// One row. Its columns are read in the order of the statement, each once.
#[derive(Debug)]
pub(crate) struct Row {
    statement: &'static str,
    columns: std::vec::IntoIter<Value>,
    read: usize,
}

impl Row {
    pub(crate) fn new(statement: &'static str, columns: Vec<Value>) -> Self {
        Self {
            statement,
            columns: columns.into_iter(),
            read: 0,
        }
    }

    /// The next column, whatever it is.
    pub(crate) fn value(&mut self) -> Result<Value, Error> {
        self.read += 1;
        self.columns.next().ok_or_else(|| self.corrupt())
    }

    /// The next column, an integer.
    pub(crate) fn int(&mut self) -> Result<i64, Error> {
        self.opt_int()?.ok_or_else(|| self.corrupt())
    }

    /// The next column, an integer or null.
    pub(crate) fn opt_int(&mut self) -> Result<Option<i64>, Error> {
        match self.value()? {
            Value::Int(int) => Ok(Some(int)),
            Value::Null => Ok(None),
            _ => Err(self.corrupt()),
        }
    }

    /// The next column, a time.
    pub(crate) fn time(&mut self) -> Result<Timestamp, Error> {
        self.int().map(Timestamp::from_millis)
    }

    /// The next column, a time or null.
    pub(crate) fn opt_time(&mut self) -> Result<Option<Timestamp>, Error> {
        Ok(self.opt_int()?.map(Timestamp::from_millis))
    }

    /// The next column, text.
    pub(crate) fn text(&mut self) -> Result<String, Error> {
        self.opt_text()?.ok_or_else(|| self.corrupt())
    }

    /// The next column, text or null.
    pub(crate) fn opt_text(&mut self) -> Result<Option<String>, Error> {
        match self.value()? {
            Value::Text(text) => Ok(Some(text)),
            Value::Null => Ok(None),
            _ => Err(self.corrupt()),
        }
    }

    /// The next column, bytes.
    pub(crate) fn bytes(&mut self) -> Result<Vec<u8>, Error> {
        self.opt_bytes()?.ok_or_else(|| self.corrupt())
    }

    /// The next column, bytes or null.
    pub(crate) fn opt_bytes(&mut self) -> Result<Option<Vec<u8>>, Error> {
        match self.value()? {
            Value::Bytes(bytes) => Ok(Some(bytes)),
            Value::Null => Ok(None),
            _ => Err(self.corrupt()),
        }
    }

    /// The next column, exactly `N` bytes.
    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        self.opt_array()?.ok_or_else(|| self.corrupt())
    }

    /// The next column, exactly `N` bytes or null.
    pub(crate) fn opt_array<const N: usize>(&mut self) -> Result<Option<[u8; N]>, Error> {
        self.opt_bytes()?
            .map(|bytes| bytes.try_into().map_err(|_| self.corrupt()))
            .transpose()
    }

    /// The next column, an id.
    pub(crate) fn id(&mut self) -> Result<Uuid, Error> {
        self.array().map(Uuid::from_bytes)
    }

    /// The next column, an id or null.
    pub(crate) fn opt_id(&mut self) -> Result<Option<Uuid>, Error> {
        Ok(self.opt_array()?.map(Uuid::from_bytes))
    }

    /// The next column, a name of a closed list.
    pub(crate) fn name<T: std::str::FromStr>(&mut self) -> Result<T, Error> {
        self.opt_name()?.ok_or_else(|| self.corrupt())
    }

    /// The next column, a name of a closed list or null.
    pub(crate) fn opt_name<T: std::str::FromStr>(&mut self) -> Result<Option<T>, Error> {
        self.opt_text()?
            .map(|text| text.parse().map_err(|_| self.corrupt()))
            .transpose()
    }

    /// Says that the column read last does not hold what was written there.
    pub(crate) fn corrupt(&self) -> Error {
        Error::Corrupt(format!("column {} of {}", self.read, self.statement).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_column_names_its_place() {
        let mut row = Row::new(
            "users.by_id",
            vec![Value::Int(1), Value::Text("x".into()), Value::Null],
        );
        assert_eq!(row.int().unwrap(), 1);
        let error = row.id().unwrap_err();
        assert_eq!(
            error.to_string(),
            "unreadable value at column 2 of users.by_id"
        );
        assert_eq!(row.opt_time().unwrap(), None);
        assert!(row.value().is_err());
    }
}
