//! The collections and indexes that the steps make, held against a committed text:
//! `NTT_WRITE_SCHEMA=1 cargo test -p ntt-auth-store-mongo schema` writes it anew.

use crate::opened;

#[tokio::test]
async fn mongodb_has_the_committed_schema() {
    let Some((_database, store)) = opened().await else {
        return;
    };
    let path = format!("{}/schema/mongodb.txt", env!("CARGO_MANIFEST_DIR"));
    let found = store.catalogue().await.unwrap().join("\n") + "\n";
    if std::env::var_os("NTT_WRITE_SCHEMA").is_some() {
        std::fs::write(&path, &found).unwrap();
    }
    assert_eq!(
        found,
        std::fs::read_to_string(&path).unwrap(),
        "{path} does not tell what the migrations make"
    );
}
