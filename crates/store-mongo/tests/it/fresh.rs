//! Empty databases, one for each test.

use std::io::Write as _;
use std::sync::Once;

/// A database that nobody else uses, of the server of `NTT_TEST_MONGODB_URL`; it is dropped with this value.
pub(crate) struct Database {
    /// What the store is opened with.
    pub(crate) url: String,
    /// Its name.
    pub(crate) name: String,
}

/// `None`, which is told, where there is no server.
pub(crate) fn mongodb() -> Option<Database> {
    static SKIPPED: Once = Once::new();
    let variable = "NTT_TEST_MONGODB_URL";
    let Ok(server) = std::env::var(variable) else {
        let word = format!("SKIPPED: {variable} is not set, so nothing is tested on that server");
        assert!(std::env::var("CI").as_deref() != Ok("true"), "{word}");
        // Not by a macro, whose output the test harness keeps to itself.
        let line = format!("{word}\n");
        SKIPPED.call_once(|| std::io::stderr().write_all(line.as_bytes()).unwrap());
        return None;
    };
    let folder = tempfile::tempdir().unwrap();
    let random = folder.path().file_name()?.to_str()?.replace('.', "_");
    let name = format!("ntt_auth{random}").to_lowercase();
    let (hosts, options) = server.split_once("/?").unwrap_or((&server, ""));
    // Many databases are open at once, each with a pool of its own.
    let url = format!("{hosts}/{name}?minPoolSize=0&{options}");
    Some(Database { url, name })
}

impl Drop for Database {
    fn drop(&mut self) {
        let (url, name) = (self.url.clone(), self.name.clone());
        // On a thread of its own, because nothing can be awaited here.
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let client = mongodb::Client::with_uri_str(&url).await.unwrap();
                client.database(&name).drop().await.unwrap();
            });
        });
        dropped.join().unwrap();
    }
}
