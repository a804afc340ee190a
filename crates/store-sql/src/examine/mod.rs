//! What an engine tells of itself.

pub(crate) mod catalogue;
mod trial;

use std::collections::BTreeMap;

use ntt_auth_core::model::Timestamp;
use ntt_auth_core::store::{EngineFacts, SchemaFacts, StoreError};

use crate::engine::{Dialect, Engine, Statement};
use crate::migrate;
use crate::view::{UNWATCHED, View};

/// What is asked of one dialect.
struct Questions {
    version: Statement,
    /// Names and values.
    settings: Statement,
    /// Connections that are open.
    open: Option<Statement>,
    /// Milliseconds since the epoch.
    clock: Option<Statement>,
}

static SQLITE: Questions = Questions {
    version: Statement::new("examine.version", "SELECT sqlite_version()"),
    settings: Statement::new(
        "examine.settings",
        "SELECT 'journal_mode', journal_mode FROM pragma_journal_mode UNION ALL SELECT 'encoding', encoding FROM pragma_encoding",
    ),
    open: None,
    clock: None,
};

#[cfg(feature = "mysql")]
static MYSQL: Questions = Questions {
    version: Statement::new("examine.version", "SELECT VERSION()"),
    settings: Statement::new(
        "examine.settings",
        "SHOW VARIABLES WHERE variable_name IN ('innodb_flush_log_at_trx_commit', 'sync_binlog', 'log_bin', 'innodb_doublewrite', \
         'max_connections', 'max_allowed_packet', 'read_only', 'super_read_only', 'transaction_isolation', 'tx_isolation', \
         'character_set_client', 'character_set_database', 'innodb_page_size')",
    ),
    open: Some(Statement::new(
        "examine.open",
        "SHOW GLOBAL STATUS WHERE variable_name = 'Threads_connected'",
    )),
    clock: Some(Statement::new(
        "examine.clock",
        "SELECT CAST(ROUND(UNIX_TIMESTAMP(NOW(3)) * 1000) AS SIGNED)",
    )),
};

#[cfg(feature = "postgres")]
static POSTGRES: Questions = Questions {
    version: Statement::new(
        "examine.version",
        "SELECT current_setting('server_version')",
    ),
    settings: Statement::new(
        "examine.settings",
        "SELECT name, setting FROM pg_catalog.pg_settings WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit', \
         'max_connections', 'superuser_reserved_connections', 'server_encoding', 'client_encoding', 'transaction_isolation', \
         'default_transaction_isolation', 'in_hot_standby', 'default_transaction_read_only') \
         UNION ALL SELECT 'is_in_recovery', CASE WHEN pg_is_in_recovery() THEN 'on' ELSE 'off' END",
    ),
    open: Some(Statement::new(
        "examine.open",
        "SELECT 'open', CAST(COUNT(*) AS TEXT) FROM pg_catalog.pg_stat_activity WHERE backend_type = 'client backend'",
    )),
    clock: Some(Statement::new(
        "examine.clock",
        "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)",
    )),
};

impl Dialect {
    const fn questions(self) -> &'static Questions {
        match self {
            Self::Sqlite => &SQLITE,
            #[cfg(feature = "mysql")]
            Self::MySql => &MYSQL,
            #[cfg(feature = "postgres")]
            Self::Postgres => &POSTGRES,
        }
    }

    fn product(self, version: &str) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            #[cfg(feature = "mysql")]
            Self::MySql if version.contains("MariaDB") => "MariaDB",
            #[cfg(feature = "mysql")]
            Self::MySql => "MySQL",
            #[cfg(feature = "postgres")]
            Self::Postgres => {
                // Nothing else is told apart.
                let _ = version;
                "PostgreSQL"
            }
        }
    }
}

pub(crate) async fn facts(engine: &dyn Engine) -> Result<EngineFacts, StoreError> {
    let questions = engine.dialect().questions();
    let mut view = View::reading(engine, UNWATCHED);
    let version: String = view
        .one(&questions.version, &[], |mut row| row.text())
        .await?;
    let settings = pairs(&mut view, &questions.settings).await?;
    let connections = match &questions.open {
        Some(open) => {
            let open = pairs(&mut view, open).await?.into_values().next();
            let number = |text: Option<&String>| text.and_then(|text| text.parse().ok());
            number(open.as_ref()).zip(number(settings.get("max_connections")))
        }
        None => None,
    };
    Ok(EngineFacts {
        product: engine.dialect().product(&version),
        version,
        schema: schema(engine).await?,
        denied: trial::denied(engine).await?,
        connections,
        settings,
    })
}

pub(crate) async fn clock(engine: &dyn Engine) -> Result<Option<Timestamp>, StoreError> {
    match &engine.dialect().questions().clock {
        Some(clock) => {
            let mut view = View::reading(engine, UNWATCHED);
            Ok(Some(view.one(clock, &[], |mut row| row.time()).await?))
        }
        None => Ok(None),
    }
}

async fn schema(engine: &dyn Engine) -> Result<SchemaFacts, StoreError> {
    if migrate::is_new(engine).await? {
        return Ok(SchemaFacts::default());
    }
    let pending = match migrate::pending_steps(engine).await {
        Ok(pending) => Ok(pending),
        Err(StoreError::Unavailable(why)) => Err(why.into()),
        Err(error) => return Err(error),
    };
    let missing = match pending {
        Ok(0) => catalogue::missing(engine).await?,
        _ => Vec::new(),
    };
    Ok(SchemaFacts {
        is_new: false,
        pending,
        missing,
    })
}

async fn pairs(
    view: &mut View<'_>,
    statement: &Statement,
) -> Result<BTreeMap<String, String>, StoreError> {
    let pairs = view.all(statement, &[], |mut row| {
        Ok((row.text()?.to_lowercase(), row.text()?))
    });
    Ok(pairs.await?.into_iter().collect())
}
