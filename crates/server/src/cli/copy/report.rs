//! What came of it, as text and as JSON.

use std::fmt::Write as _;

use ntt_auth_core::flow::Proof;
use serde_json::json;

use super::super::table::{Column, Table, counted};

/// What is told beside the proofs.
pub(super) struct Report {
    pub(super) from: &'static str,
    pub(super) to: &'static str,
    pub(super) resumed: bool,
}

const TABLE: Table<3> = Table([
    Column("TABLE", 18),
    Column("ROWS", 12),
    Column("SHA-256", 0),
]);

impl Report {
    pub(super) fn told(&self, proofs: &[Proof], json: bool) -> String {
        let (source, target) = Proof::digests(proofs);
        let [source, target] = [source, target].map(|digest| hex(&digest));
        let rows: u64 = proofs.iter().map(|proof| proof.target.rows).sum();
        if json {
            let tables: Vec<_> = proofs
                .iter()
                .map(|proof| {
                    json!({
                        "name": proof.table,
                        "source": { "rows": proof.source.rows, "sha256": hex(&proof.source.digest) },
                        "target": { "rows": proof.target.rows, "sha256": hex(&proof.target.digest) },
                    })
                })
                .collect();
            let report = json!({
                "from": self.from,
                "to": self.to,
                "resumed": self.resumed,
                "rows": rows,
                "equal": source == target,
                "source": source,
                "target": target,
                "tables": tables,
            });
            return format!("{report}\n");
        }
        let mut text = TABLE.head();
        for proof in proofs {
            let rows = proof.target.rows.to_string();
            text += &TABLE.row([proof.table, &rows, &hex(&proof.target.digest)]);
        }
        let _ = writeln!(text, "\nsource {source}\ntarget {target}");
        if source == target {
            let _ = writeln!(
                text,
                "Copied from {} to {}: {}, the same on both sides.\n\
                 Name the copy in database.url, keep the master key as it is, and start the servers again.",
                self.from,
                self.to,
                counted(rows, "row", "rows")
            );
        }
        text
    }
}

fn hex(octets: &[u8; 32]) -> String {
    octets
        .iter()
        .fold(String::with_capacity(64), |mut hex, octet| {
            // Writing to a String cannot fail.
            let _ = write!(hex, "{octet:02x}");
            hex
        })
}
