//! The inventory of events is the one that the code has (V16.1.1).

use std::fmt::Write as _;

use ntt_auth_core::model::EventKind;

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/AUDIT.md");
const BEGIN: &str =
    "<!-- kinds: UPDATE_SNAPSHOTS=1 cargo test -p ntt-auth-web v16_1_1 writes them anew -->\n";
const END: &str = "<!-- end of kinds -->\n";

#[test]
fn v16_1_1_the_documented_kinds_of_events_are_those_of_the_code() {
    let mut table = String::from("\n| kind | result | meaning |\n|---|---|---|\n");
    for kind in EventKind::ALL {
        let (name, result, meaning) = (kind.as_str(), kind.outcome().as_str(), kind.meaning());
        assert!(!meaning.is_empty(), "{name} has no meaning");
        writeln!(table, "| `{name}` | {result} | {meaning} |").unwrap();
    }
    table.push('\n');
    let document = std::fs::read_to_string(PATH).unwrap();
    let (before, rest) = document.split_once(BEGIN).unwrap();
    let (documented, after) = rest.split_once(END).unwrap();
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        let document = format!("{before}{BEGIN}{table}{END}{after}");
        std::fs::write(PATH, document).unwrap();
    } else {
        assert_eq!(documented, table);
    }
}

#[test]
fn every_kind_has_a_name_of_its_own() {
    for kind in EventKind::ALL {
        assert_eq!(kind.as_str().parse(), Ok(kind));
        let same = EventKind::ALL
            .iter()
            .filter(|other| other.as_str() == kind.as_str());
        assert_eq!(same.count(), 1, "{kind:?}");
    }
}
