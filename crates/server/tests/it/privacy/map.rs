//! What `docs/PRIVACY.md` tells of each column.

use std::collections::BTreeMap;
use std::fs;

const MAP: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/PRIVACY.md");

/// One column, as `docs/PRIVACY.md` tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) class: String,
    pub(super) kept: String,
}

/// Every column that the map tells of, by table and name.
pub(super) fn map() -> BTreeMap<(String, String), Told> {
    let mut map = BTreeMap::new();
    for line in fs::read_to_string(MAP).unwrap().lines() {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let [_, table, columns, class, _, kept, _] = cells[..] else {
            continue;
        };
        let Some(table) = name(table) else { continue };
        for column in columns.split(", ").filter_map(name) {
            let told = Told {
                class: class.to_owned(),
                kept: kept.to_owned(),
            };
            let again = map.insert((table.clone(), column.clone()), told);
            assert_eq!(again, None, "{table}.{column} stands twice in the map");
        }
    }
    map
}

fn name(cell: &str) -> Option<String> {
    let name = cell.strip_prefix('`')?.strip_suffix('`')?;
    Some(name.to_owned())
}
