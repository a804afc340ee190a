//! What the server tells of itself.

use mongodb::bson::Document;
use ntt_auth_core::store::ManagedStore as _;

use crate::opened;

#[tokio::test]
async fn a_server_tells_what_is_missing_and_keeps_nothing_of_the_trial() {
    let Some((database, store)) = opened().await else {
        return;
    };
    let facts = store.examine().await.unwrap();
    assert_eq!(facts.product, "MongoDB");
    assert_eq!(facts.denied, []);
    assert_eq!(facts.schema.pending, Ok(0));
    assert_eq!(facts.schema.missing, [""; 0]);
    assert!(facts.connections.unwrap().0 > 0);
    assert!(store.clock().await.unwrap().is_some());

    let client = mongodb::Client::with_uri_str(&database.url).await.unwrap();
    let client = client.database(&database.name);
    let names = client.list_collection_names().await.unwrap();
    assert!(
        !names.iter().any(|name| name.contains("trial")),
        "{names:?}"
    );
    let sessions = client.collection::<Document>("sessions");
    sessions.drop_index("sessions_user_id").await.unwrap();
    let facts = store.examine().await.unwrap();
    assert_eq!(
        facts.schema.missing,
        ["INDEX sessions sessions_user_id (user_id, _id)"]
    );
}
