//! The few things that are said to each kind of server here.

use std::fmt::Write as _;

use async_trait::async_trait;
use futures::TryStreamExt as _;
use mongodb::Client;
use mongodb::bson::{Document, doc};
use sqlx::{AssertSqlSafe, Connection as _, MySqlConnection, PgConnection};

/// Speaks to a server, or to a database of it, by its URL.
#[async_trait]
pub(crate) trait Speak: Send + Sync {
    /// Makes a database.
    async fn create(&self, server: &str, name: &str);

    /// Drops a database.
    async fn remove(&self, server: &str, name: &str);

    /// Notes what a database holds now; what is given back is for [`Speak::restore`].
    async fn keep(&self, database: &str) -> String;

    /// Forgets everything that a database did not hold when it was noted.
    async fn restore(&self, database: &str, kept: &str);
}

macro_rules! speak {
    ($name:ident, $connection:ty, $schema:literal, $made:literal, $dropped:literal) => {
        pub(crate) struct $name;

        impl $name {
            async fn run(url: &str, statements: String) {
                let mut connection = <$connection>::connect(url).await.unwrap();
                let statements = sqlx::raw_sql(AssertSqlSafe(statements));
                statements.execute(&mut connection).await.unwrap();
                connection.close().await.unwrap();
            }
        }

        #[async_trait]
        impl Speak for $name {
            async fn create(&self, server: &str, name: &str) {
                Self::run(server, format!("CREATE DATABASE {name} {}", $made)).await;
            }

            async fn remove(&self, server: &str, name: &str) {
                Self::run(server, format!("DROP DATABASE {name} {}", $dropped)).await;
            }

            async fn keep(&self, database: &str) -> String {
                let mut connection = <$connection>::connect(database).await.unwrap();
                let names = concat!(
                    "SELECT table_name FROM information_schema.tables WHERE table_schema = ",
                    $schema
                );
                let names = sqlx::query_scalar::<_, String>(names);
                let (mut kept, mut restore) = (String::new(), String::new());
                for name in names.fetch_all(&mut connection).await.unwrap() {
                    let count = AssertSqlSafe(format!("SELECT COUNT(*) FROM {name}"));
                    let count = sqlx::query_scalar::<_, i64>(count);
                    write!(restore, "DELETE FROM {name};").unwrap();
                    if count.fetch_one(&mut connection).await.unwrap() > 0 {
                        write!(kept, "CREATE TABLE kept_{name} AS SELECT * FROM {name};").unwrap();
                        write!(restore, "INSERT INTO {name} SELECT * FROM kept_{name};").unwrap();
                    }
                }
                let kept = sqlx::raw_sql(AssertSqlSafe(kept));
                kept.execute(&mut connection).await.unwrap();
                restore
            }

            async fn restore(&self, database: &str, kept: &str) {
                Self::run(database, kept.to_owned()).await;
            }
        }
    };
}

speak!(
    Mysql,
    MySqlConnection,
    "DATABASE()",
    "CHARACTER SET utf8mb4",
    ""
);
// FORCE is PostgreSQL's word for what MySQL does anyway: connections of a pool that is going away do not count.
speak!(
    Postgres,
    PgConnection,
    "current_schema()",
    "",
    "WITH (FORCE)"
);

pub(crate) struct Mongodb;

#[async_trait]
impl Speak for Mongodb {
    /// The first write makes it.
    async fn create(&self, _: &str, _: &str) {}

    async fn remove(&self, server: &str, name: &str) {
        let client = Client::with_uri_str(server).await.unwrap();
        client.database(name).drop().await.unwrap();
    }

    async fn keep(&self, database: &str) -> String {
        let client = Client::with_uri_str(database).await.unwrap();
        let database = client.default_database().unwrap();
        let names = database.list_collection_names().await.unwrap();
        for name in &names {
            let there = database.collection::<Document>(name);
            let there = there.find(doc! {}).await.unwrap();
            let there: Vec<_> = there.try_collect().await.unwrap();
            if !there.is_empty() {
                let kept = database.collection::<Document>(&format!("kept_{name}"));
                kept.insert_many(there).await.unwrap();
            }
        }
        names.join(" ")
    }

    async fn restore(&self, database: &str, kept: &str) {
        let client = Client::with_uri_str(database).await.unwrap();
        let database = client.default_database().unwrap();
        for name in kept.split(' ') {
            let there = database.collection::<Document>(name);
            there.delete_many(doc! {}).await.unwrap();
            let kept = database.collection::<Document>(&format!("kept_{name}"));
            let kept = kept.find(doc! {}).await.unwrap();
            let kept: Vec<_> = kept.try_collect().await.unwrap();
            if !kept.is_empty() {
                there.insert_many(kept).await.unwrap();
            }
        }
    }
}
