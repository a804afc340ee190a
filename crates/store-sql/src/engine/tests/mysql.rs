//! What only MySQL does.

use super::*;

async fn run_text(engine: &dyn Engine, text: String) {
    let unit = doing(move |conn| {
        let statement = Statement::built("t.text", text.clone());
        Box::pin(async move { Ok(conn.execute(&statement, &[]).await.map(drop)?) })
    });
    run(engine, unit).await.unwrap();
}

#[tokio::test]
async fn a_password_without_tls_is_told_what_cures_it() {
    let Some(database) = database::Server::Mysql8.database() else {
        return;
    };
    let (server, user) = database.url.rsplit_once('/').unwrap();
    let admin = SqlStore::open(&database.url).await.unwrap();
    run_text(
        &*admin.engine,
        format!("CREATE USER {user} IDENTIFIED BY 'secret'"),
    )
    .await;
    let server = server.replace("root@", &format!("{user}:secret@"));
    let refused = SqlStore::open(&format!("{server}/information_schema?ssl-mode=disabled")).await;
    let text = refused.unwrap_err().to_string();
    assert!(text.contains("over TLS"), "{text}");
    SqlStore::open(&format!("{server}/information_schema"))
        .await
        .unwrap();
    run_text(&*admin.engine, format!("DROP USER {user}")).await;
}
