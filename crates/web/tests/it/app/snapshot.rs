//! Committed texts: what must not change silently.

use std::path::Path;

/// Compares `text` with the committed file, or rewrites the file if `UPDATE_SNAPSHOTS=1`.
pub(crate) fn assert_committed(file: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some_and(|value| value == "1") {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        return;
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    let differing = committed
        .lines()
        .zip(text.lines())
        .find(|(old, new)| old != new);
    assert!(
        committed == text,
        "{file} is not what the code makes; look at the change and run UPDATE_SNAPSHOTS=1 cargo test -p ntt-auth-web. \
         First difference: {differing:?}",
    );
}
