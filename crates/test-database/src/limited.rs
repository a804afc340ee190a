//! Statements on the server that a database is on, and users who may do less than its owner.

use futures::future::BoxFuture;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, MySqlConnection, PgConnection};

use crate::Database;
use crate::server::on_a_thread;

/// Runs a statement on the server that a URL names.
fn run(url: String, statement: String) -> BoxFuture<'static, ()> {
    Box::pin(async move {
        let statement = AssertSqlSafe(statement);
        if url.starts_with("postgres") {
            let mut connection = PgConnection::connect(&url).await.unwrap();
            connection.execute(statement).await.unwrap();
        } else {
            let mut connection = MySqlConnection::connect(&url).await.unwrap();
            connection.execute(statement).await.unwrap();
        }
    })
}

pub(crate) fn execute(url: &str, statement: &str) {
    let (url, statement) = (url.to_owned(), statement.to_owned());
    on_a_thread(run(url, statement));
}

pub(crate) fn limited_user(url: &str) -> Database {
    let name = url
        .rsplit_once('/')
        .unwrap()
        .1
        .replace("ntt_auth_", "limited_");
    let (_, place) = url.split_once('@').unwrap();
    let (made, dropped) = if url.starts_with("postgres") {
        (
            vec![
                format!("CREATE ROLE {name} LOGIN PASSWORD 'limited'"),
                format!("GRANT USAGE ON SCHEMA public TO {name}"),
                format!(
                    "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {name}"
                ),
            ],
            vec![format!("DROP OWNED BY {name}"), format!("DROP ROLE {name}")],
        )
    } else {
        let database = url.rsplit_once('/').unwrap().1;
        (
            vec![
                format!("CREATE USER {name}@'%' IDENTIFIED BY 'limited'"),
                format!("GRANT SELECT, INSERT, UPDATE, DELETE ON {database}.* TO {name}@'%'"),
            ],
            vec![format!("DROP USER {name}@'%'")],
        )
    };
    for statement in made {
        execute(url, &statement);
    }
    let scheme = url.split_once("://").unwrap().0;
    Database {
        url: format!("{scheme}://{name}:limited@{place}"),
        _removed_with_it: Box::new(Undone {
            url: url.to_owned(),
            statements: dropped,
        }),
    }
}

/// Statements that are run in the end.
struct Undone {
    url: String,
    statements: Vec<String>,
}

impl Drop for Undone {
    fn drop(&mut self) {
        for statement in &self.statements {
            execute(&self.url, statement);
        }
    }
}
