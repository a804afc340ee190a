//! One digest for the same rows, whichever engine they are in.

use sha2::{Digest as _, Sha256};

use super::{Field, Row, Table};

/// The number of a table's rows, and a digest over all of them in the order of their keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TableDigest {
    /// How many there are.
    pub rows: u64,
    /// SHA-256.
    pub digest: [u8; 32],
}

/// A digest in the making.
#[derive(Debug)]
pub(crate) struct Digester {
    rows: u64,
    hash: Sha256,
}

impl Digester {
    /// Begins with the names of the table and its columns, so that equal digests mean equal tables.
    pub(crate) fn new(table: &Table) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"ntt-auth rows 1");
        text(&mut hash, table.name);
        for column in table.columns {
            text(&mut hash, column.name);
        }
        Self { rows: 0, hash }
    }

    pub(crate) fn add(&mut self, row: &Row) {
        self.rows += 1;
        for field in row {
            self.hash.update(encoded(field));
        }
    }

    pub(crate) fn finish(self) -> TableDigest {
        TableDigest {
            rows: self.rows,
            digest: self.hash.finalize().into(),
        }
    }
}

/// One digest over those of all tables, in their order.
pub fn digest_of<'d>(tables: impl IntoIterator<Item = &'d TableDigest>) -> [u8; 32] {
    let mut hash = Sha256::new();
    for table in tables {
        hash.update(table.digest);
    }
    hash.finalize().into()
}

fn text(hash: &mut Sha256, text: &str) {
    hash.update(encoded(&Field::Text(text.to_owned())));
}

/// What kind of field it is, its length where that differs, and what it holds: no two fields, and no two rows of a table, have
/// the same octets.
fn encoded(field: &Field) -> Vec<u8> {
    let (kind, content) = match field {
        Field::Null => return vec![0],
        Field::Int(int) => return [&[1], int.to_be_bytes().as_slice()].concat(),
        Field::Text(text) => (2, text.as_bytes()),
        Field::Bytes(bytes) => (3, bytes.as_slice()),
    };
    let length = u64::try_from(content.len()).unwrap_or(u64::MAX);
    [&[kind], length.to_be_bytes().as_slice(), content].concat()
}

impl Field {
    /// The field as octets, from which [`Field::decode`] makes it again.
    pub fn encode(&self) -> Vec<u8> {
        encoded(self)
    }

    /// The field of such octets; `None` for any others.
    pub fn decode(octets: &[u8]) -> Option<Self> {
        let (kind, rest) = octets.split_first()?;
        let content = |rest: &[u8]| {
            let (length, content) = rest.split_first_chunk()?;
            let wanted = usize::try_from(u64::from_be_bytes(*length)).ok()?;
            (content.len() == wanted).then(|| content.to_vec())
        };
        match kind {
            0 if rest.is_empty() => Some(Self::Null),
            1 => Some(Self::Int(i64::from_be_bytes(rest.try_into().ok()?))),
            2 => String::from_utf8(content(rest)?).ok().map(Self::Text),
            3 => content(rest).map(Self::Bytes),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::TABLES;
    use super::*;

    fn digest(rows: &[Row]) -> TableDigest {
        let mut digester = Digester::new(&TABLES[0]);
        for row in rows {
            digester.add(row);
        }
        digester.finish()
    }

    #[test]
    fn what_differs_has_another_digest() {
        let text = |text: &str| Field::Text(text.to_owned());
        let different = [
            vec![],
            vec![vec![Field::Null]],
            vec![vec![text("")]],
            vec![vec![Field::Bytes(Vec::new())]],
            vec![vec![Field::Int(0)]],
            vec![vec![Field::Int(i64::MIN)]],
            vec![vec![text("ab"), text("c")]],
            vec![vec![text("a"), text("bc")]],
            vec![vec![text("é")]],
            vec![vec![text("e\u{301}")]],
        ];
        for (at, rows) in different.iter().enumerate() {
            for (other, others) in different.iter().enumerate() {
                assert_eq!(at == other, digest(rows).digest == digest(others).digest);
            }
        }
        assert_eq!(digest(&different[1]).rows, 1);
    }

    #[test]
    fn a_field_survives_as_octets_and_nothing_else_becomes_one() {
        for field in [
            Field::Null,
            Field::Int(i64::MIN),
            Field::Text("👩‍🚀".to_owned()),
            Field::Bytes(vec![0, 255]),
        ] {
            let octets = field.encode();
            assert_eq!(Field::decode(&octets), Some(field));
            assert_eq!(Field::decode(&[octets.as_slice(), &[0]].concat()), None);
        }
        assert_eq!(Field::decode(&[]), None);
        assert_eq!(Field::decode(&[2, 0, 0, 0, 0, 0, 0, 0, 1, 0xff]), None);
    }
}
