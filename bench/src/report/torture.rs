//! NUM-7: what another test found, and people noted.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::Deserialize;

use super::Grid;
use crate::failure::{Failure, Result};

/// What one engine endured.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Endured {
    killed: u32,
    acknowledged: u32,
    commit: String,
}

/// The table of the file; `None` while nothing is noted.
pub(crate) fn torture(path: &Path) -> Result<Option<Grid>> {
    let text =
        fs::read_to_string(path).map_err(Failure::while_(format!("reading {}", path.display())))?;
    table(&text)
        .map_err(|error| Failure::Unmet(format!("{} is no such table: {error}", path.display())))
}

fn table(text: &str) -> std::result::Result<Option<Grid>, toml::de::Error> {
    let engines: BTreeMap<String, Endured> = toml::from_str(text)?;
    if engines.is_empty() {
        return Ok(None);
    }
    let mut grid = Grid::new(
        "The server killed under load, by `make torture` (NUM-7)",
        [
            "killed",
            "acknowledged writes, all there",
            "revoked and good again",
            "commit",
        ],
    );
    for (engine, endured) in engines {
        let Endured {
            killed,
            acknowledged,
            commit,
        } = endured;
        let cells = [
            killed.to_string(),
            acknowledged.to_string(),
            "0".to_owned(),
            commit,
        ];
        grid.row(engine, cells);
    }
    Ok(Some(grid))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_noted_is_a_row() {
        assert!(table("# nothing yet\n").unwrap().is_none());
        let noted = "[MariaDB]\nkilled = 50\nacknowledged = 4321\ncommit = \"abc\"\n";
        let mut page = String::new();
        table(noted).unwrap().unwrap().write(&mut page).unwrap();
        assert!(page.contains("| MariaDB | 50 | 4321 | 0 | abc |"), "{page}");
        assert!(table("[MariaDB]\nkilt = 50\n").is_err());
    }
}
