use std::collections::BTreeSet;

use super::*;
use crate::SqlStore;
use crate::engine::tests::engines;
use crate::repo::user_search;

fn all() -> u32 {
    u32::try_from(SQLITE.len()).unwrap()
}

#[tokio::test]
async fn steps_are_taken_once() {
    let store = SqlStore::open("sqlite::memory:").await.unwrap();
    assert!(store.pending_steps().await.is_err());
    assert_eq!(store.migrate().await.unwrap(), all());
    assert_eq!(store.pending_steps().await.unwrap(), 0);
    assert_eq!(store.migrate().await.unwrap(), 0);
}

#[tokio::test]
async fn of_many_that_start_at_once_one_takes_the_steps() {
    let directory = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", directory.path().join("x.db").display());
    let starts = (0..4).map(|_| async {
        let store = SqlStore::open(&url).await.unwrap();
        store.migrate().await.unwrap()
    });
    assert_eq!(
        futures::future::join_all(starts).await.iter().sum::<u32>(),
        all()
    );
}

#[test]
fn each_engine_has_the_same_steps() {
    let names = |folder: &str| {
        let directory = format!("{}/migrations/{folder}", env!("CARGO_MANIFEST_DIR"));
        let mut names: Vec<_> = std::fs::read_dir(directory)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    };
    let embedded: Vec<_> = SQLITE
        .iter()
        .map(|step| format!("{}.sql", step.name))
        .collect();
    for folder in ["sqlite", "mysql", "postgres"] {
        assert_eq!(names(folder), embedded, "{folder}");
    }
}

#[test]
fn a_foreign_or_newer_or_half_made_database_is_refused() {
    let ours = |at: usize, finished| {
        (
            SQLITE[at].name.to_owned(),
            checksum(SQLITE[at].text),
            finished,
        )
    };
    let refusal = |taken: &[(String, String, bool)]| {
        pending(SQLITE, taken)
            .map(<[_]>::len)
            .unwrap_err()
            .to_string()
    };
    assert_eq!(pending(SQLITE, &[]).unwrap().len(), SQLITE.len());
    assert!(refusal(&[("0001_house".into(), "0".into(), true)]).contains("another version"));
    assert!(refusal(&[ours(0, false)]).contains("interrupted"));
    let mut newer: Vec<_> = (0..SQLITE.len()).map(|at| ours(at, true)).collect();
    let last = SQLITE.last().unwrap().name.split('_').next().unwrap();
    newer.push((format!("9998_more_from_{last}"), "0".into(), true));
    assert_eq!(pending(SQLITE, &newer).unwrap().len(), 0);
    newer.push(("9999_future".into(), "0".into(), true));
    assert!(refusal(&newer).contains("newer version"));
    newer.pop();
    newer.push((format!("9999_future_from_{last}"), "0".into(), false));
    assert!(refusal(&newer).contains("under way"));
}

/// Takes a step of a program yet to be written, which older ones can live with: every table has a column more, and there are a
/// table and an index more.
pub(crate) struct NextStep(pub(crate) Dialect);

#[async_trait]
impl Unit for NextStep {
    async fn apply(&self, conn: &mut dyn Conn) -> Result<(), StoreError> {
        let last = self.0.steps().last().unwrap().name;
        let last = last.split('_').next().unwrap();
        // A step may have made a table anew.
        let there: BTreeSet<_> = self
            .0
            .steps()
            .iter()
            .flat_map(|step| tables(step.text))
            .collect();
        let mut texts: Vec<String> = there
            .into_iter()
            .map(|table| format!("ALTER TABLE {table} ADD COLUMN from_the_future INTEGER"))
            .collect();
        texts.push("CREATE TABLE of_the_future (id BIGINT NOT NULL PRIMARY KEY)".to_owned());
        texts.push("CREATE INDEX users_of_the_future ON users (from_the_future)".to_owned());
        texts.push(format!(
            "INSERT INTO migrations (name, checksum, finished) VALUES ('9999_future_from_{last}', '0', 1)"
        ));
        for text in texts {
            conn.execute(&Statement::built("test.next", text), &[])
                .await?;
        }
        Ok(())
    }
}

#[test]
fn statements_end_with_their_line() {
    let text = "-- a; comment\nCREATE TABLE t (\n  a TEXT -- why; indeed\n);\nINSERT INTO t VALUES ('x;y');\n";
    let split: Vec<_> = statements(text).collect();
    assert_eq!(split.len(), 2, "{split:?}");
    assert!(split[1] == "INSERT INTO t VALUES ('x;y')");
}

#[tokio::test]
async fn a_reset_leaves_a_new_store_and_other_tables_alone() {
    for engine in engines().await {
        let execute = |text: &'static str| {
            let statement = Statement::new("test.execute", text);
            let unit: Arc<dyn Unit> = Arc::new(Execute(statement));
            engine::run(&**engine, unit)
        };
        assert!(is_new(&**engine).await.unwrap());
        run(&**engine).await.unwrap();
        assert!(!is_new(&**engine).await.unwrap());
        execute("CREATE TABLE bystander (a BIGINT)").await.unwrap();
        execute("INSERT INTO bystander (a) VALUES (1)")
            .await
            .unwrap();
        execute("UPDATE revocation_counter SET latest = 7 WHERE id = 1")
            .await
            .unwrap();
        reset(&**engine).await.unwrap();
        let counted = Statement::new(
            "test.count",
            "SELECT latest, (SELECT COUNT(*) FROM bystander) FROM revocation_counter WHERE id = 1",
        );
        let mut row = engine.query(&counted, &[]).await.unwrap().pop().unwrap();
        assert_eq!((row.int().unwrap(), row.int().unwrap()), (0, 1));
        assert_eq!(run(&**engine).await.unwrap(), 0);
    }
}

struct Execute(Statement);

#[async_trait]
impl Unit for Execute {
    async fn apply(&self, conn: &mut dyn Conn) -> Result<(), StoreError> {
        conn.execute(&self.0, &[]).await?;
        Ok(())
    }
}

/// Takes the steps before one of that name, and none after.
struct Before(Dialect, &'static str);

#[async_trait]
impl Unit for Before {
    async fn apply(&self, conn: &mut dyn Conn) -> Result<(), StoreError> {
        let steps = self.0.steps();
        let earlier = steps.iter().take_while(|step| step.name != self.1).count();
        take(conn, &steps[..earlier]).await.map(drop)
    }
}

/// A user and one of their words, as they were before words had an order.
struct OneWithAWord([u8; 16]);

#[async_trait]
impl Unit for OneWithAWord {
    async fn apply(&self, conn: &mut dyn Conn) -> Result<(), StoreError> {
        let user = Statement::new(
            "test.user",
            "INSERT INTO users (id, email, email_folded, first_name, role, metadata, token_version, last_login_at, created_at, \
             updated_at, search_words, revision) VALUES (?, 'ada@b.example', 'ada@b.example', 'Ada', 'user', '{}', 0, 0, 77, 78, ' ada', 0)",
        );
        conn.execute(&user, &[Value::Bytes(self.0.into())]).await?;
        let word = Statement::new(
            "test.word",
            "INSERT INTO user_search (contact, token, user_id) VALUES (0, 'ada', ?)",
        );
        conn.execute(&word, &[Value::Bytes(self.0.into())]).await?;
        Ok(())
    }
}

#[tokio::test]
async fn words_from_before_their_order_have_it_afterwards() {
    for engine in engines().await {
        let units: [Arc<dyn Unit>; 2] = [
            Arc::new(Before(engine.dialect(), "0010_search_order")),
            Arc::new(OneWithAWord([5; 16])),
        ];
        for unit in units {
            engine::run(&**engine, unit).await.unwrap();
        }
        assert_ne!(run(&**engine).await.unwrap(), 0);
        assert_eq!(user_search::fill(&**engine).await.unwrap(), 1);
        let words = Statement::new(
            "test.words",
            "SELECT created_at, kind, token FROM user_search ORDER BY kind, token",
        );
        let words: Vec<_> = engine
            .query(&words, &[])
            .await
            .unwrap()
            .into_iter()
            .map(|mut row| (row.int().unwrap(), row.int().unwrap(), row.text().unwrap()))
            .collect();
        let of = |kind, token: &str| (77, kind, token.to_owned());
        assert_eq!(
            words,
            [of(0, "ada"), of(1, "b.example"), of(3, "ada@b.example"),]
        );
    }
}
