//! Tables, columns and indexes, a line for each, as the committed texts in `schema/` have them.

use std::collections::BTreeSet;

use ntt_auth_core::store::StoreError;

use crate::engine::{Dialect, Engine, Statement};
use crate::view::{UNWATCHED, View};

/// What describes one dialect.
struct Catalogue {
    /// What the steps make.
    text: &'static str,
    columns: Statement,
    indexes: Statement,
}

static SQLITE: Catalogue = Catalogue {
    text: include_str!("../../schema/sqlite.txt"),
    columns: Statement::new(
        "catalogue.columns",
        "SELECT t.name || '.' || c.name || ' ' || c.type || iif(c.\"notnull\", ' NOT NULL', '') \
         FROM sqlite_schema t, pragma_table_info(t.name) c WHERE t.type = 'table' AND t.name <> 'migrations' ORDER BY t.name, c.cid",
    ),
    indexes: Statement::new(
        "catalogue.indexes",
        "SELECT iif(i.\"unique\", 'UNIQUE ', 'INDEX ') || iif(i.origin = 'pk', t.name || ' PRIMARY KEY', i.name) || ' (' || \
         (SELECT group_concat(c.name, ', ') FROM pragma_index_info(i.name) c) || ')' \
         FROM sqlite_schema t, pragma_index_list(t.name) i WHERE t.type = 'table' AND t.name <> 'migrations' ORDER BY t.name, i.name",
    ),
};

#[cfg(feature = "mysql")]
static MYSQL: Catalogue = Catalogue {
    text: include_str!("../../schema/mysql.txt"),
    columns: Statement::new(
        "catalogue.columns",
        "SELECT CONCAT(table_name, '.', column_name, ' ', REPLACE(column_type, '(20)', ''), \
         COALESCE(CONCAT(' ', collation_name), ''), IF(is_nullable = 'NO', ' NOT NULL', '')) \
         FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name <> 'migrations' \
         ORDER BY CAST(table_name AS BINARY), ordinal_position",
    ),
    indexes: Statement::new(
        "catalogue.indexes",
        "SELECT CONCAT(IF(non_unique, 'INDEX ', 'UNIQUE '), IF(index_name = 'PRIMARY', CONCAT(table_name, ' PRIMARY KEY'), index_name), \
         ' (', GROUP_CONCAT(column_name ORDER BY seq_in_index SEPARATOR ', '), ')') \
         FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name <> 'migrations' \
         GROUP BY table_name, index_name, non_unique ORDER BY CAST(table_name AS BINARY), CAST(index_name AS BINARY)",
    ),
};

#[cfg(feature = "postgres")]
static POSTGRES: Catalogue = Catalogue {
    text: include_str!("../../schema/postgres.txt"),
    columns: Statement::new(
        "catalogue.columns",
        "SELECT table_name || '.' || column_name || ' ' || data_type || COALESCE(' COLLATE ' || collation_name, '') || \
         CASE WHEN is_nullable = 'NO' THEN ' NOT NULL' ELSE '' END \
         FROM information_schema.columns WHERE table_schema = current_schema() AND table_name <> 'migrations' \
         ORDER BY table_name COLLATE \"C\", ordinal_position",
    ),
    indexes: Statement::new(
        "catalogue.indexes",
        "SELECT CASE WHEN i.indisunique THEN 'UNIQUE ' ELSE 'INDEX ' END || c.relname || ' ' || \
         substring(pg_get_indexdef(i.indexrelid) FROM '\\(.*\\)') \
         FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid JOIN pg_catalog.pg_class t ON t.oid = i.indrelid \
         WHERE c.relnamespace = to_regnamespace(quote_ident(current_schema())) AND i.indisvalid AND t.relname <> 'migrations' \
         ORDER BY t.relname, c.relname",
    ),
};

impl Dialect {
    const fn catalogue(self) -> &'static Catalogue {
        match self {
            Self::Sqlite => &SQLITE,
            #[cfg(feature = "mysql")]
            Self::MySql => &MYSQL,
            #[cfg(feature = "postgres")]
            Self::Postgres => &POSTGRES,
        }
    }
}

/// What is there.
pub(crate) async fn lines(engine: &dyn Engine) -> Result<Vec<String>, StoreError> {
    let catalogue = engine.dialect().catalogue();
    let mut view = View::reading(engine, UNWATCHED);
    let mut lines = Vec::new();
    for statement in [&catalogue.columns, &catalogue.indexes] {
        lines.extend(view.all(statement, &[], |mut row| row.text()).await?);
    }
    Ok(lines)
}

/// What should be there and is not.
pub(super) async fn missing(engine: &dyn Engine) -> Result<Vec<String>, StoreError> {
    let found: BTreeSet<String> = lines(engine).await?.into_iter().collect();
    let wanted = engine.dialect().catalogue().text.lines();
    Ok(wanted
        .filter(|line| !found.contains(*line))
        .map(str::to_owned)
        .collect())
}
