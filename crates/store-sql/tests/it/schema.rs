//! The tables of each engine, as committed texts in `schema/`, so that no change of them goes unseen.
//! `NTT_WRITE_SCHEMA=1 cargo test -p ntt-auth-store-sql --all-features schema` writes them anew.

use ntt_auth_store_sql::SqlStore;

use crate::fresh;

fn compare(engine: &str, lines: &[String]) {
    let path = format!("{}/schema/{engine}.txt", env!("CARGO_MANIFEST_DIR"));
    let found = lines.join("\n") + "\n";
    if std::env::var_os("NTT_WRITE_SCHEMA").is_some() {
        std::fs::write(&path, &found).unwrap();
    }
    assert_eq!(
        found,
        std::fs::read_to_string(&path).unwrap(),
        "{path} does not tell what the migrations make"
    );
}

async fn migrated(database: &fresh::Database) {
    SqlStore::open(&database.url)
        .await
        .unwrap()
        .migrate()
        .await
        .unwrap();
}

#[tokio::test]
async fn sqlite_has_the_committed_schema() {
    let database = fresh::sqlite_file();
    migrated(&database).await;
    let connection =
        rusqlite::Connection::open(database.url.strip_prefix("sqlite:").unwrap()).unwrap();
    let lines = [
        "SELECT t.name || '.' || c.name || ' ' || c.type || iif(c.\"notnull\", ' NOT NULL', '') \
         FROM sqlite_schema t, pragma_table_info(t.name) c WHERE t.type = 'table' AND t.name <> 'migrations' ORDER BY t.name, c.cid",
        "SELECT iif(i.\"unique\", 'UNIQUE ', 'INDEX ') || iif(i.origin = 'pk', t.name || ' PRIMARY KEY', i.name) || ' (' || \
         (SELECT group_concat(c.name, ', ') FROM pragma_index_info(i.name) c) || ')' \
         FROM sqlite_schema t, pragma_index_list(t.name) i WHERE t.type = 'table' AND t.name <> 'migrations' ORDER BY t.name, i.name",
    ]
    .map(|query| {
        let mut statement = connection.prepare(query).unwrap();
        let lines = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
        lines.collect::<Result<Vec<_>, _>>().unwrap()
    });
    compare("sqlite", &lines.concat());
}

#[cfg(feature = "mysql")]
#[tokio::test]
async fn mysql_has_the_committed_schema() {
    use sqlx::Connection as _;

    let Some(database) = fresh::mysql() else {
        return;
    };
    migrated(&database).await;
    let mut connection = sqlx::MySqlConnection::connect(&database.url).await.unwrap();
    let mut lines = Vec::new();
    for query in [
        "SELECT CONCAT(table_name, '.', column_name, ' ', REPLACE(column_type, '(20)', ''), \
         COALESCE(CONCAT(' ', collation_name), ''), IF(is_nullable = 'NO', ' NOT NULL', '')) \
         FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name <> 'migrations' ORDER BY CAST(table_name AS BINARY), ordinal_position",
        "SELECT CONCAT(IF(non_unique, 'INDEX ', 'UNIQUE '), IF(index_name = 'PRIMARY', CONCAT(table_name, ' PRIMARY KEY'), index_name), \
         ' (', GROUP_CONCAT(column_name ORDER BY seq_in_index SEPARATOR ', '), ')') \
         FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name <> 'migrations' \
         GROUP BY table_name, index_name, non_unique ORDER BY CAST(table_name AS BINARY), CAST(index_name AS BINARY)",
    ] {
        lines.extend(
            sqlx::query_scalar::<_, String>(query)
                .fetch_all(&mut connection)
                .await
                .unwrap(),
        );
    }
    compare("mysql", &lines);
}

#[cfg(feature = "postgres")]
#[tokio::test]
async fn postgres_has_the_committed_schema() {
    use sqlx::Connection as _;

    let Some(database) = fresh::postgres() else {
        return;
    };
    migrated(&database).await;
    let mut connection = sqlx::PgConnection::connect(&database.url).await.unwrap();
    let mut lines = Vec::new();
    for query in [
        "SELECT table_name || '.' || column_name || ' ' || data_type || COALESCE(' COLLATE ' || collation_name, '') || \
         CASE WHEN is_nullable = 'NO' THEN ' NOT NULL' ELSE '' END \
         FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'migrations' ORDER BY table_name COLLATE \"C\", ordinal_position",
        "SELECT CASE WHEN i.indisunique THEN 'UNIQUE ' ELSE 'INDEX ' END || c.relname || ' ' || \
         substring(pg_get_indexdef(i.indexrelid) FROM '\\(.*\\)') \
         FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid \
         WHERE c.relnamespace = 'public'::regnamespace AND t.relname <> 'migrations' ORDER BY t.relname, c.relname",
    ] {
        lines.extend(
            sqlx::query_scalar::<_, String>(query)
                .fetch_all(&mut connection)
                .await
                .unwrap(),
        );
    }
    compare("postgres", &lines);
}
