//! Whatever is done to the trail behind the server's back is found (V16.4.2).

use std::fmt::Write as _;
use std::path::PathBuf;

use ntt_auth_core::audit::{Finding, parse_checkpoint};
use ntt_auth_core::flow::{AuditReport, Measure, checkpoint_audit, forget_person, verify_audit};
use ntt_auth_core::model::{Checkpoint, Role};
use rusqlite::Connection;
use rusqlite::types::Value;
use serde_json::json;

use crate::app::{TestApp, sqlite};

const TABLES: [&str; 4] = [
    "audit_events",
    "audit_head",
    "audit_checkpoints",
    "subject_keys",
];

/// A trail of a few dozen events in a file, and a second connection to it, as somebody has who can write the database.
struct Scene {
    app: TestApp,
    intruder: Connection,
    latest: i64,
    _folder: tempfile::TempDir,
}

impl Scene {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path: PathBuf = folder.path().join("x.db");
        let store = sqlite(&format!("sqlite:{}", path.display())).await;
        let app = TestApp::builder().store(store).build().await;
        let (admin, ada) = (app.admin().await, app.user("ada").await);
        let bob = app.user("bob").await;
        checkpoint_audit(&app.auth).await.unwrap().unwrap();
        for name in ["ada", "nobody"] {
            let body =
                json!({ "email": format!("{name}@example.com"), "password": "Wrong-Word-1843" });
            app.anon().post("/api/v1/auth/login", body).await.is(401);
        }
        ada.post_empty("/api/v1/auth/logout").await.is(204);
        for role in [Role::Moderator, Role::User] {
            let body = json!({ "role": role });
            let path = format!("/api/v1/users/{}/role", bob.id());
            let root = app
                .signed_in(&format!("root-{role}"), Role::SuperAdmin)
                .await;
            root.patch(&path, body).await.is(200);
        }
        checkpoint_audit(&app.auth).await.unwrap().unwrap();
        let erased = app.user("erased").await;
        admin
            .post_empty(&format!("/api/v1/users/{}/suspend", erased.id()))
            .await
            .is(200);
        forget_person(&app.auth, erased.id()).await.unwrap();
        let carol = app.user("carol").await;
        for _ in 0..5 {
            app.anon()
                .sign_in("carol@example.com", crate::app::PASSWORD)
                .await;
        }
        carol.post_empty("/api/v1/auth/logout-all").await.is(204);
        checkpoint_audit(&app.auth).await.unwrap().unwrap();
        for measure in [Measure::Delete, Measure::Restore, Measure::EndSessions] {
            app.operate(carol.id(), measure).await;
        }
        let intruder = Connection::open(&path).unwrap();
        intruder
            .execute_batch("PRAGMA synchronous = OFF; ATTACH ':memory:' AS kept;")
            .unwrap();
        for table in TABLES {
            let copy = format!("CREATE TABLE kept.{table} AS SELECT * FROM main.{table}");
            intruder.execute_batch(&copy).unwrap();
        }
        let latest = intruder
            .query_row("SELECT latest FROM audit_head", [], |row| row.get(0))
            .unwrap();
        let scene = Self {
            app,
            intruder,
            latest,
            _folder: folder,
        };
        let report = scene.verify(&[]).await;
        assert_eq!(report.findings, [], "before anything is done to it");
        assert_eq!((report.first, report.latest), (1, latest));
        assert!((25..60).contains(&latest), "{latest}");
        assert_eq!(report.checkpoints, 3);
        scene
    }

    async fn verify(&self, given: &[Checkpoint]) -> AuditReport {
        verify_audit(&self.app.auth, given, &mut |_, _| {})
            .await
            .unwrap()
    }

    /// Does something, verifies, and undoes it; `None` if the database does not let it be done.
    async fn after(&self, tampering: &str) -> Option<Vec<Finding>> {
        let done = self.intruder.execute_batch(tampering);
        let report = match done {
            Ok(()) => Some(self.verify(&[]).await),
            Err(_) => None,
        };
        self.undo();
        Some(report?.findings)
    }

    fn undo(&self) {
        if !self.intruder.is_autocommit() {
            self.intruder.execute_batch("ROLLBACK").unwrap();
        }
        let restore = TABLES.map(|table| {
            format!(
                "DELETE FROM main.{table}; INSERT INTO main.{table} SELECT * FROM kept.{table};"
            )
        });
        let restore = restore.concat();
        self.intruder
            .execute_batch(&format!("BEGIN; {restore} COMMIT;"))
            .unwrap();
    }

    /// Every value of a table with where it stands.
    fn cells(&self, table: &str) -> Vec<(i64, String, Value)> {
        let mut statement = self
            .intruder
            .prepare(&format!("SELECT * FROM kept.{table}"))
            .unwrap();
        let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
        let mut rows = statement.query([]).unwrap();
        let mut cells = Vec::new();
        let mut number = 1;
        while let Some(row) = rows.next().unwrap() {
            for (at, column) in columns.iter().enumerate() {
                cells.push((number, column.clone(), row.get(at).unwrap()));
            }
            number += 1;
        }
        cells
    }
}

/// Other values, as SQL, that could stand in the place of one.
fn others(value: &Value) -> Vec<String> {
    let hex = |bytes: &[u8]| {
        let mut literal = String::from("x'");
        for byte in bytes {
            write!(literal, "{byte:02x}").unwrap();
        }
        literal + "'"
    };
    match value {
        Value::Null => vec![
            "x'00112233445566778899aabbccddeeff'".into(),
            "'x'".into(),
            "7".into(),
        ],
        Value::Integer(int) => vec![(int + 1).to_string(), (int - 1).to_string(), "NULL".into()],
        Value::Text(text) => vec![
            format!("'{text}x'"),
            "'signed_in'".into(),
            "''".into(),
            "CAST(x'ff' AS TEXT)".into(),
            "NULL".into(),
        ],
        Value::Blob(bytes) => {
            let flipped = |at: usize| {
                let mut bytes = bytes.clone();
                bytes[at] ^= 1;
                hex(&bytes)
            };
            vec![
                flipped(0),
                flipped(bytes.len() - 1),
                hex(&bytes[1..]),
                hex(&[bytes.as_slice(), &[0]].concat()),
                "NULL".into(),
            ]
        }
        Value::Real(_) => vec![],
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn v16_4_2_every_edit_of_every_column_is_found_where_it_was_made() {
    let scene = Scene::new().await;
    let mut edits = 0;
    for (sequence, column, value) in scene.cells("audit_events") {
        for other in others(&value) {
            let edit = format!(
                "UPDATE main.audit_events SET {column} = {other} WHERE sequence = {sequence}"
            );
            let same = format!(
                "SELECT COUNT(*) FROM main.audit_events WHERE sequence = {sequence} AND {column} IS {other}"
            );
            if scene
                .intruder
                .query_row(&same, [], |row| row.get::<_, i64>(0))
                .unwrap()
                > 0
            {
                continue;
            }
            let Some(findings) = scene.after(&edit).await else {
                continue;
            };
            edits += 1;
            assert!(
                findings
                    .iter()
                    .any(|finding| finding.sequence() == Some(sequence)),
                "{edit}: {findings:?}"
            );
        }
    }
    assert!(edits > 1000, "{edits}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn v16_4_2_every_edit_of_the_head_of_checkpoints_and_of_keys_is_found() {
    let scene = Scene::new().await;
    let mut edits = 0;
    for table in ["audit_head", "audit_checkpoints", "subject_keys"] {
        let key = match table {
            "subject_keys" => "mark",
            "audit_head" => "id",
            _ => "sequence",
        };
        for (number, column, value) in scene.cells(table) {
            let row = format!(
                "{key} = (SELECT {key} FROM kept.{table} LIMIT 1 OFFSET {})",
                number - 1
            );
            for other in others(&value) {
                let edit = format!("UPDATE main.{table} SET {column} = {other} WHERE {row}");
                let same = format!(
                    "SELECT COUNT(*) FROM main.{table} WHERE {row} AND {column} IS {other}"
                );
                if scene
                    .intruder
                    .query_row(&same, [], |row| row.get::<_, i64>(0))
                    .unwrap()
                    > 0
                {
                    continue;
                }
                let Some(findings) = scene.after(&edit).await else {
                    continue;
                };
                edits += 1;
                assert_ne!(findings, [], "{edit}, which was {value:?}");
            }
            let removal = format!("DELETE FROM main.{table} WHERE {row}");
            let findings = scene.after(&removal).await.unwrap();
            assert_ne!(findings, [], "{removal}");
        }
    }
    assert!(edits > 100, "{edits}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn v16_4_2_every_deletion_swap_copy_and_cut_is_found() {
    let scene = Scene::new().await;
    let latest = scene.latest;
    for sequence in 1..=latest {
        let deletion = format!("DELETE FROM main.audit_events WHERE sequence = {sequence}");
        let findings = scene.after(&deletion).await.unwrap();
        let expected = match sequence == latest {
            true => Finding::CutTail {
                from: sequence,
                to: sequence,
            },
            false => Finding::Missing {
                from: sequence,
                to: sequence,
            },
        };
        assert_eq!(findings, [expected], "{deletion}");

        let cut = format!("DELETE FROM main.audit_events WHERE sequence >= {sequence}");
        let findings = scene.after(&cut).await.unwrap();
        let expected = Finding::CutTail {
            from: sequence,
            to: latest,
        };
        assert_eq!(findings, [expected], "{cut}");

        // Shorter, and the head made to fit as well as somebody can who has not the root secret.
        let made_fit = format!(
            "DELETE FROM main.audit_events WHERE sequence >= {sequence};
             DELETE FROM main.audit_checkpoints WHERE sequence >= {sequence};
             UPDATE main.audit_head SET latest = {sequence} - 1,
               hash = (SELECT hash FROM main.audit_events WHERE sequence = {sequence} - 1),
               checkpoint = (SELECT COALESCE(MAX(sequence), 0) FROM main.audit_checkpoints)"
        );
        let findings = scene.after(&made_fit).await.unwrap();
        assert_eq!(findings, [Finding::HeadAltered], "{made_fit}");

        let copy = format!(
            "INSERT INTO main.audit_events SELECT {latest} + 1, id, kind, occurred_at, actor_id, subject_id, session_id,
               address_mark, actor_mark, subject_mark, session_mark, detail, sealed, hash, mac
             FROM kept.audit_events WHERE sequence = {sequence}"
        );
        let findings = scene.after(&copy).await.unwrap();
        let expected = Finding::Surplus {
            sequence: latest + 1,
        };
        assert_eq!(findings, [expected], "{copy}");

        let before = copy.replace(&format!("SELECT {latest} + 1"), "SELECT 0");
        let findings = scene.after(&before).await.unwrap();
        assert_eq!(findings, [Finding::Surplus { sequence: 0 }], "{before}");

        for other in sequence + 1..=latest {
            let swap = format!(
                "BEGIN; UPDATE main.audit_events SET sequence = -1 WHERE sequence = {sequence};
                 UPDATE main.audit_events SET sequence = {sequence} WHERE sequence = {other};
                 UPDATE main.audit_events SET sequence = {other} WHERE sequence = -1; COMMIT"
            );
            let findings = scene.after(&swap).await.unwrap();
            for (here, there) in [(sequence, other), (other, sequence)] {
                let expected = Finding::Misplaced {
                    sequence: here,
                    belongs: there,
                };
                assert!(findings.contains(&expected), "{swap}: {findings:?}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn v16_4_2_a_gap_that_is_closed_by_renumbering_is_found() {
    let scene = Scene::new().await;
    let latest = scene.latest;
    for sequence in 1..latest {
        let closed = format!(
            "BEGIN; DELETE FROM main.audit_events WHERE sequence = {sequence};
             UPDATE main.audit_events SET sequence = -sequence WHERE sequence > {sequence};
             UPDATE main.audit_events SET sequence = -sequence - 1 WHERE sequence < 0; COMMIT"
        );
        let findings = scene.after(&closed).await.unwrap();
        let expected = Finding::Misplaced {
            sequence,
            belongs: sequence + 1,
        };
        assert!(findings.contains(&expected), "{closed}: {findings:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn v16_4_2_a_trail_put_back_to_an_older_state_is_found_by_a_checkpoint_kept_elsewhere() {
    let scene = Scene::new().await;
    let app = &scene.app;
    app.user("later").await;
    let checkpoint = checkpoint_audit(&app.auth).await.unwrap().unwrap();
    let kept = ntt_auth_core::audit::checkpoint_text(&checkpoint);
    // Everything as it was before, with a head that this installation itself wrote.
    scene.undo();
    assert_eq!(scene.verify(&[]).await.findings, []);
    let given = [parse_checkpoint(&kept).unwrap()];
    let expected = Finding::CutTail {
        from: scene.latest + 1,
        to: checkpoint.sequence,
    };
    assert_eq!(scene.verify(&given).await.findings, [expected]);
    // And if the trail goes on from there until it is as long again.
    for number in 0..5 {
        app.user(&format!("other{number}")).await;
    }
    let expected = Finding::CheckpointContradicts {
        sequence: checkpoint.sequence,
    };
    assert_eq!(scene.verify(&given).await.findings, [expected]);
    assert_eq!(scene.verify(&[]).await.findings, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn v16_4_2_an_altered_head_is_not_made_good_by_what_is_written_after_it() {
    let scene = Scene::new().await;
    let latest = scene.latest;
    let cut = format!(
        "DELETE FROM main.audit_events WHERE sequence = {latest};
         UPDATE main.audit_head SET latest = {latest} - 1,
           hash = (SELECT hash FROM main.audit_events WHERE sequence = {latest} - 1)"
    );
    scene.intruder.execute_batch(&cut).unwrap();
    // Nobody is kept from signing in by it.
    scene.app.user("later").await;
    let findings = scene.verify(&[]).await.findings;
    assert_eq!(findings, [Finding::Edited { sequence: latest }]);
    // And nothing is signed over it.
    assert!(checkpoint_audit(&scene.app.auth).await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn v16_4_2_events_of_another_installation_are_foreign() {
    let scene = Scene::new().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("y.db");
    let store = sqlite(&format!("sqlite:{}", path.display())).await;
    let other = TestApp::builder().store(store).root([8; 32]).build().await;
    other.user("ada").await;
    other.user("bob").await;
    let attach = format!("ATTACH '{}' AS other", path.display());
    scene.intruder.execute_batch(&attach).unwrap();
    let taken = "DELETE FROM main.audit_events; INSERT INTO main.audit_events SELECT * FROM other.audit_events;
                 DELETE FROM main.audit_head; INSERT INTO main.audit_head SELECT * FROM other.audit_head;
                 DELETE FROM main.audit_checkpoints";
    let findings = scene.after(taken).await.unwrap();
    assert!(findings.contains(&Finding::HeadAltered), "{findings:?}");
    assert!(
        findings.contains(&Finding::Foreign { sequence: 1 }),
        "{findings:?}"
    );
}
