//! What this program may do, found out by doing it to a table of its own, and undoing that.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use ntt_auth_core::store::StoreError;

use crate::engine::{self, Conn, Dialect, Engine, Error, Statement, Unit};
use crate::view::{UNWATCHED, View};

/// A right, and what is done with it.
type Step = (&'static str, &'static str);

const DROP: Step = ("DROP", "DROP TABLE IF EXISTS ntt_auth_trial");

/// In this order. Where tables cannot be rolled back, the right to drop one comes first: nothing is made that could not be
/// taken away again.
const STEPS: &[Step] = &[
    DROP,
    (
        "CREATE",
        "CREATE TABLE ntt_auth_trial (a BIGINT NOT NULL PRIMARY KEY)",
    ),
    ("ALTER", "ALTER TABLE ntt_auth_trial ADD COLUMN b BIGINT"),
    (
        "INDEX",
        "CREATE INDEX ntt_auth_trial_b ON ntt_auth_trial (b)",
    ),
    ("INSERT", "INSERT INTO ntt_auth_trial (a, b) VALUES (1, 1)"),
    ("UPDATE", "UPDATE ntt_auth_trial SET b = 2 WHERE a = 1"),
    ("DELETE", "DELETE FROM ntt_auth_trial WHERE b = 2"),
    DROP,
];

/// Tables of this schema that this user may not use as an owner does.
#[cfg(feature = "postgres")]
static FOREIGN_TABLES: Statement = Statement::new(
    "trial.foreign_tables",
    "SELECT relname FROM pg_catalog.pg_class WHERE relkind = 'r' AND relnamespace = to_regnamespace(quote_ident(current_schema())) \
     AND EXISTS (SELECT 1 FROM pg_catalog.pg_class m WHERE m.relname = 'migrations' AND m.relnamespace = pg_class.relnamespace) \
     AND relname IN ('migrations', 'users', 'sessions', 'signing_keys', 'root_secret', 'audit_events', 'audit_head', 'jobs', 'codes') \
     AND NOT pg_has_role(relowner, 'USAGE') ORDER BY relname",
);

/// What is not permitted, and what the engine says to it.
pub(super) async fn denied(engine: &dyn Engine) -> Result<Vec<(&'static str, String)>, StoreError> {
    if engine.dialect() == Dialect::Sqlite {
        // A file that was opened for writing may be written, whoever made its tables; and a trial that is undone would still
        // count up in its first page.
        return Ok(Vec::new());
    }
    let mut denied = Vec::new();
    let first = tried(engine, STEPS).await?;
    let is_left = !matches!(first, None | Some(("DROP" | "CREATE", _)));
    denied.extend(first);
    if is_left {
        // Where that was rolled back already, there is nothing.
        denied.extend(tried(engine, &[DROP]).await?);
    }
    match engine.dialect() {
        #[cfg(feature = "postgres")]
        Dialect::Postgres => {
            let mut view = View::reading(engine, UNWATCHED);
            let tables = view.all(&FOREIGN_TABLES, &[], |mut row| row.text()).await?;
            if !tables.is_empty() {
                let tables = tables.join(", ");
                denied.push(("ALTER", format!("another one owns {tables}")));
            }
        }
        _ => {}
    }
    Ok(denied)
}

/// The first step that is denied.
async fn tried(
    engine: &dyn Engine,
    steps: &'static [Step],
) -> Result<Option<(&'static str, String)>, StoreError> {
    let trial = Arc::new(Trial {
        steps,
        denied: Mutex::default(),
    });
    let outcome = engine::run(engine, Arc::clone(&trial) as _).await;
    let denied = trial
        .denied
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take();
    match (denied, outcome) {
        (Some(denied), _) => Ok(Some(denied)),
        // It ends by undoing itself.
        (None, Ok(()) | Err(StoreError::Corrupt(_))) => Ok(None),
        (None, Err(error)) => Err(error),
    }
}

struct Trial {
    steps: &'static [Step],
    denied: Mutex<Option<(&'static str, String)>>,
}

#[async_trait]
impl Unit for Trial {
    async fn apply(&self, conn: &mut dyn Conn) -> Result<(), StoreError> {
        for (right, text) in self.steps {
            let step = Statement::new("trial.step", text);
            if let Err(error) = conn.execute(&step, &[]).await {
                // Being away or busy denies nothing.
                if matches!(error, Error::Driver(_) | Error::Unavailable(_)) {
                    let denied = Some((*right, error.to_string()));
                    *self.denied.lock().unwrap_or_else(PoisonError::into_inner) = denied;
                }
                return Err(error.into());
            }
        }
        // Nothing of it is to be seen, not even for a moment.
        Err(StoreError::corrupt("a trial, which is undone"))
    }
}
