//! Rows of every table, with whatever a column can hold, and the tables held against the schema.
#![expect(
    clippy::indexing_slicing,
    reason = "a test stops at what it does not expect"
)]

use std::collections::BTreeMap;

use ntt_auth_core::model::Timestamp;
use ntt_auth_core::store::portable::{
    Copying, Field, Kind, Portable, Progress, Row, TABLES, Table,
};

/// What stores make for themselves, and what is of one database only.
const NOT_COPIED: &[&str] = &[
    "user_search.",
    "user_search_state.",
    "copying.",
    "users.search_words",
];

/// Type and whether it may be null, by table and column, as the committed text of an engine tells.
fn schema(engine: &str) -> BTreeMap<(String, String), (String, bool)> {
    text(engine)
        .lines()
        .filter_map(|line| line.split_once(' '))
        .filter(|(place, _)| {
            place.contains('.') && !NOT_COPIED.iter().any(|not| place.starts_with(not))
        })
        .map(|(place, kind)| {
            let (table, column) = place.split_once('.').unwrap();
            let nullable = !kind.ends_with("NOT NULL");
            let kind = kind.trim_end_matches("NOT NULL").trim().to_owned();
            ((table.to_owned(), column.to_owned()), (kind, nullable))
        })
        .collect()
}

fn text(engine: &str) -> String {
    let path = format!(
        "{}/../store-sql/schema/{engine}.txt",
        env!("CARGO_MANIFEST_DIR")
    );
    std::fs::read_to_string(path).unwrap()
}

/// A column that is added to the tables is copied, or this fails.
#[test]
fn every_column_of_every_engine_is_copied() {
    let ours: Vec<(String, String)> = TABLES
        .iter()
        .flat_map(|table| {
            table
                .columns
                .iter()
                .map(|column| (table.name.to_owned(), column.name.to_owned()))
        })
        .collect();
    for engine in ["sqlite", "mysql", "postgres"] {
        let schema = schema(engine);
        let mut theirs: Vec<_> = schema.keys().cloned().collect();
        let mut sorted = ours.clone();
        theirs.sort();
        sorted.sort();
        assert_eq!(
            sorted, theirs,
            "{engine}: add the column in core/src/store/portable/table.rs"
        );
        for table in TABLES {
            for column in table.columns {
                let (kind, nullable) = &schema[&(table.name.to_owned(), column.name.to_owned())];
                let is_key = column.name == table.key;
                assert!(!(is_key && *nullable), "{}.{}", table.name, column.name);
                let holds = match column.kind {
                    Kind::Int | Kind::Flag => kind.to_lowercase().contains("int"),
                    Kind::Text => kind.to_lowercase().contains("text") || kind.contains("varchar"),
                    Kind::Bytes => ["BLOB", "blob", "binary", "bytea"]
                        .iter()
                        .any(|word| kind.contains(word)),
                    Kind::Id => ["BLOB", "binary(16)", "bytea"].contains(&kind.as_str()),
                };
                assert!(holds, "{engine}: {}.{} is {kind}", table.name, column.name);
                // The order of text is that of the language of the server, unless it is said.
                if is_key && column.kind == Kind::Text && engine == "postgres" {
                    assert!(kind.contains("COLLATE C"), "{}.{}", table.name, column.name);
                }
            }
        }
    }
}

#[test]
fn every_key_is_unique_on_every_engine() {
    for engine in ["sqlite", "mysql", "postgres"] {
        let text = text(engine);
        for table in TABLES {
            let names = [
                format!("UNIQUE {} PRIMARY KEY ({})", table.name, table.key),
                format!("UNIQUE {}_pkey ({})", table.name, table.key),
                format!("UNIQUE {0}_{1} ({1})", table.name, table.key),
            ];
            // SQLite's own row number is such a key without an index.
            let is_number = engine == "sqlite"
                && table
                    .columns
                    .iter()
                    .any(|column| column.name == table.key && column.kind == Kind::Int);
            let found = text
                .lines()
                .any(|line| names.iter().any(|name| line == name));
            assert!(found || is_number, "{engine}: {} {}", table.name, table.key);
        }
    }
}

/// Fills a new store, so that no table is empty: `rows` users, and of each other table as many as have room for what can differ.
pub(crate) async fn fill(store: &dyn Portable, rows: usize) {
    let run = [9; 16];
    let progress = Progress {
        table: "users".to_owned(),
        last: None,
        rows: 0,
    };
    let copying = Copying {
        source: [1; 32],
        pulse: [2; 32],
        run,
        begun_at: Timestamp::EPOCH,
        progress: progress.clone(),
    };
    assert!(store.begin_copy(&copying).await.unwrap());
    for table in TABLES {
        for made in made(table, rows).chunks(500) {
            let written = store.write(table, made.to_vec(), run, &progress).await;
            assert!(written.unwrap());
        }
    }
    assert!(store.finish_copy(run).await.unwrap());
}

/// What a store is filled with.
pub(crate) fn made(table: &Table, users: usize) -> Vec<Row> {
    let schema = schema("mysql");
    let rows = match (table.fresh(), table.name) {
        (Some(_), _) => 1,
        (None, "users") => users,
        (None, _) => 7,
    };
    (0..rows)
        .map(|number| row(table, number, &schema))
        .collect()
}

fn row(table: &Table, number: usize, schema: &BTreeMap<(String, String), (String, bool)>) -> Row {
    table
        .columns
        .iter()
        .enumerate()
        .map(|(at, column)| {
            let (kind, nullable) = &schema[&(table.name.to_owned(), column.name.to_owned())];
            let is_key = column.name == table.key;
            if *nullable && (number + at).is_multiple_of(3) {
                // Sealed, it is there as soon as there is an installation.
                if table.name != "root_secret" {
                    return Field::Null;
                }
            }
            match column.kind {
                Kind::Int if is_key && table.fresh().is_some() => Field::Int(1),
                Kind::Int if is_key => {
                    Field::Int([i64::MIN, -1, 0, 1, 77, 1 << 53, i64::MAX][number])
                }
                Kind::Int => Field::Int([i64::MAX, i64::MIN, 0, -7][(number + at) % 4]),
                Kind::Flag => Field::Int(i64::from((number + at).is_multiple_of(2))),
                Kind::Id => Field::Bytes(octets(16, number, at)),
                Kind::Bytes => {
                    let length = match size(kind) {
                        Some(length) => length,
                        // As much as every engine takes, and nothing.
                        None => [65_535, 0, 1, 300][number % 4],
                    };
                    Field::Bytes(octets(length, number, at))
                }
                Kind::Text => Field::Text(match (table.name, column.name) {
                    ("users", "email_folded") => format!("u{number}.{}@example.com", words(number)),
                    ("users", "username_folded") => format!("{}-{number}", words(number)),
                    ("consents", "document") => format!("terms-{number}"),
                    ("signing_keys", "id") => {
                        format!("{}key", ["", "Z", "a", "-", "_", "é", "👩"][number])
                    }
                    // Few of them as long as may be: there are many rows.
                    _ if number < 2 => content(size(kind).unwrap_or(65_535), number + at),
                    _ => content(64, number + at),
                }),
            }
        })
        .collect()
}

fn words(number: usize) -> &'static str {
    ["ada", "grace", "山田", "ΑΓΑΠΗ", "straße"][number % 5]
}

/// Text of all lengths and planes, and what SQL, terminals and collations trip over.
fn content(most: usize, number: usize) -> String {
    let content = match number % 7 {
        0 => String::new(),
        1 => "👩‍🚀 𝒜 ' \" \\ ? % _ -- ;".to_owned(),
        2 => "e\u{301} é ß SS ".to_owned(),
        3 => " trailing  ".to_owned(),
        4 => "\u{1}\t\r\n\u{feff}\u{10ffff}".to_owned(),
        // A text of MySQL holds so many octets.
        5 => "𝒜".repeat(most.min(65_535 / 4)),
        _ => "x".repeat(most),
    };
    content.chars().take(most).collect()
}

fn octets(length: usize, number: usize, at: usize) -> Vec<u8> {
    let seed = u64::try_from(number * 1_000 + at).unwrap().to_be_bytes();
    let tail = [seed.as_slice(), &[0, 0x27, 0xff, 0x5c, 0]].concat();
    tail.iter().rev().copied().cycle().take(length).collect()
}

/// The number in `varchar(64)`.
fn size(kind: &str) -> Option<usize> {
    kind.split_once('(')?.1.split(')').next()?.parse().ok()
}
