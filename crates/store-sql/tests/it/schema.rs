//! The tables of each engine, as committed texts in `schema/`, so that no change of them goes unseen.
//! `NTT_WRITE_SCHEMA=1 cargo test -p ntt-auth-store-sql --all-features schema` writes them anew.

use ntt_auth_store_sql::SqlStore;

use ntt_auth_test_database as database;

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

async fn catalogue(database: &database::Database) -> Vec<String> {
    let store = SqlStore::open(&database.url).await.unwrap();
    store.migrate().await.unwrap();
    store.catalogue().await.unwrap()
}

#[tokio::test]
async fn sqlite_has_the_committed_schema() {
    compare("sqlite", &catalogue(&database::sqlite_file()).await);
}

#[cfg(feature = "mysql")]
#[tokio::test]
async fn mariadb_has_the_committed_schema() {
    if let Some(database) = database::Server::Mariadb.database() {
        compare("mysql", &catalogue(&database).await);
    }
}

#[cfg(feature = "mysql")]
#[tokio::test]
async fn mysql8_has_the_committed_schema() {
    if let Some(database) = database::Server::Mysql8.database() {
        compare("mysql", &catalogue(&database).await);
    }
}

#[cfg(feature = "postgres")]
#[tokio::test]
async fn postgres_has_the_committed_schema() {
    if let Some(database) = database::Server::Postgres.database() {
        compare("postgres", &catalogue(&database).await);
    }
}
