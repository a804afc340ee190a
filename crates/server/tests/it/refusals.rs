//! What the program refuses: one clear message that names the cure, and a status other than zero.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;

use crate::process::{Server, program};

/// Starts the program, which must give up, and gives what it said.
fn refused(folder: &Path, environment: &[(&str, &str)]) -> String {
    let output = program(folder, environment).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.starts_with("ntt-auth: "), "{said}");
    assert!(!said.contains("panicked"), "{said}");
    said
}

#[test]
fn a_port_in_use() {
    let folder = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let said = refused(folder.path(), &[("NTT_AUTH__HTTP__LISTEN", &address)]);
    assert!(
        said.contains(&address) && said.contains("in use") && said.contains("http.listen"),
        "{said}"
    );
    assert!(!folder.path().join("data").exists(), "nothing is touched");
}

#[test]
fn a_bad_configuration_in_full() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("ntt-auth.toml"),
        "[http]\nlissten = 'x'\nmax_body = 1\n",
    )
    .unwrap();
    let said = refused(folder.path(), &[("NTT_AUTH__TOKENS__ACCESS_TTL", "soon")]);
    for expected in [
        "3 problems",
        "http.lissten (ntt-auth.toml:2)",
        "did you mean http.listen?",
        "http.max_body (ntt-auth.toml:3)",
        "tokens.access_ttl (environment NTT_AUTH__TOKENS__ACCESS_TTL)",
    ] {
        assert!(said.contains(expected), "{expected:?} is not in {said}");
    }
}

#[test]
fn unsafe_settings_in_production() {
    let folder = tempfile::tempdir().unwrap();
    let said = refused(folder.path(), &[("NTT_AUTH__PROFILE", "production")]);
    for key in ["public_url", "keys.master_key", "password.bcrypt_cost"] {
        assert!(said.contains(key), "{key} is not in {said}");
    }
}

#[test]
fn a_data_folder_that_cannot_be_made() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file"), "").unwrap();
    let said = refused(folder.path(), &[("NTT_AUTH__DATA_DIR", "file/data")]);
    assert!(
        said.contains("file/data cannot be made") && said.contains("data_dir"),
        "{said}"
    );
}

#[test]
fn a_corrupt_database() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("data")).unwrap();
    fs::write(folder.path().join("data/ntt-auth.db"), vec![b'x'; 65_536]).unwrap();
    let said = refused(folder.path(), &[]);
    assert!(
        said.contains("ntt-auth.db") && said.contains("backup"),
        "{said}"
    );
}

#[test]
fn a_database_cut_in_half() {
    let folder = tempfile::tempdir().unwrap();
    assert!(Server::start(folder.path(), &[]).stop().success());
    let path = folder.path().join("data/ntt-auth.db");
    let mut bytes = fs::read(&path).unwrap();
    bytes[100..].fill(0xa5);
    fs::write(&path, bytes).unwrap();
    let said = refused(folder.path(), &[]);
    assert!(said.contains("ntt-auth.db"), "{said}");
}

#[test]
fn another_master_key() {
    let folder = tempfile::tempdir().unwrap();
    assert!(Server::start(folder.path(), &[]).stop().success());
    let key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    let said = refused(folder.path(), &[("NTT_AUTH__KEYS__MASTER_KEY", key)]);
    assert!(said.contains("master key") && !said.contains(key), "{said}");
}

#[test]
fn a_read_only_folder() {
    // The superuser may write everywhere, so the program is run as somebody else where the tests run as root.
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    fs::create_dir(&data).unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(&data, fs::Permissions::from_mode(0o555)).unwrap();
    let program_copy = folder.path().join("ntt-auth");
    fs::copy(env!("CARGO_BIN_EXE_ntt-auth"), &program_copy).unwrap();
    let mut command = std::process::Command::new(&program_copy);
    command
        .env_clear()
        .env("NTT_AUTH__DATA_DIR", &data)
        .env("NTT_AUTH__HTTP__LISTEN", "127.0.0.1:0");
    if rustix::process::geteuid().is_root() {
        command.uid(65_534).gid(65_534);
    }
    let output = command.output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains(data.to_str().unwrap()) && said.contains("write"),
        "{said}"
    );
}
