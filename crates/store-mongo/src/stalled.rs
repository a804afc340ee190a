//! Transactions that nobody goes on with.
//!
//! What a process wrote before it was killed or cut off stays locked until the server gives the transaction up, after a
//! minute by its default. Whoever waits that long for such a document ends the transaction instead. Should it be alive after
//! all, it is applied again from its start, as after any contention.

use std::time::Duration;

use futures::TryStreamExt as _;
use mongodb::bson::{Bson, Document, doc};

use crate::error::Error;
use crate::server::Server;

/// A transaction that lives does something within this time: between its operations it waits for nothing.
const REST: Duration = Duration::from_millis(700);

/// Ends the transactions of this program that do nothing.
pub(crate) async fn end(server: &Server) -> Result<(), Error> {
    let before = idle(server).await?;
    if before.is_empty() {
        return Ok(());
    }
    tokio::time::sleep(REST).await;
    let mut after = idle(server).await?;
    after.retain(|transaction| before.contains(transaction));
    if after.is_empty() {
        return Ok(());
    }
    let sessions: Vec<Bson> = after
        .into_iter()
        .map(|transaction| doc! { "id": transaction.session }.into())
        .collect();
    let kill = server
        .database
        .run_command(doc! { "killSessions": sessions });
    server.in_time(kill).await.map(drop)
}

/// A transaction between two operations, and how far it has come.
#[derive(Debug, PartialEq)]
struct Idle {
    session: Bson,
    number: Bson,
    active: Bson,
}

async fn idle(server: &Server) -> Result<Vec<Idle>, Error> {
    let admin = server.client.database("admin");
    let found = admin.aggregate([
        doc! { "$currentOp": { "allUsers": false, "idleSessions": true } },
        doc! { "$match": {
            "type": "idleSession",
            "appName": &server.app_name,
            "transaction.parameters.autocommit": false,
        } },
    ]);
    // Local, because nothing else is known of operations.
    let found = found.read_concern(mongodb::options::ReadConcern::local());
    let sessions: Vec<Document> = server
        .in_time(async { found.await?.try_collect().await })
        .await?;
    Ok(sessions.iter().filter_map(of_session).collect())
}

fn of_session(session: &Document) -> Option<Idle> {
    let transaction = session.get_document("transaction").ok()?;
    let parameters = transaction.get_document("parameters").ok()?;
    Some(Idle {
        session: session.get_document("lsid").ok()?.get("id")?.clone(),
        number: parameters.get("txnNumber")?.clone(),
        active: transaction.get("timeActiveMicros")?.clone(),
    })
}
