//! A running server: its first minutes, its commands beside it, slow clients, its end.

use std::fs::Permissions;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::process::{Answer, PASSWORD, Server, program, send};

impl Server {
    fn post(&self, path: &str, token: Option<&str>, body: &Value) -> Answer {
        send(self.address, "POST", path, token, Some(body)).unwrap()
    }

    fn get(&self, path: &str, token: Option<&str>) -> Answer {
        send(self.address, "GET", path, token, None).unwrap()
    }

    fn register(&self, email: &str) {
        let (status, body) = self.post(
            "/api/v1/auth/register",
            None,
            &json!({ "email": email, "password": PASSWORD }),
        );
        assert_eq!(status, 201, "{body}");
    }

    fn login(&self, email: &str, password: &str) -> Answer {
        self.post(
            "/api/v1/auth/login",
            None,
            &json!({ "email": email, "password": password }),
        )
    }

    fn validate(&self, access: &str) -> u16 {
        self.get("/api/v1/auth/validate", Some(access)).0
    }
}

/// Runs a command beside whatever serves from `folder`, with `input` on its standard input.
pub(crate) fn command(folder: &Path, arguments: &[&str], input: &str) -> String {
    let mut child = program(folder, &[])
        .args(arguments)
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(input.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(
        output.status.success(),
        "{arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

/// Asks again until it is so; the test's own time-out is the limit.
fn until(mut condition: impl FnMut() -> bool) {
    while !condition() {
        std::thread::yield_now();
    }
}

#[test]
fn accounts_and_tokens_survive_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[]);
    server.register("ada@example.com");
    let (status, tokens) = server.login("ada@example.com", PASSWORD);
    assert_eq!(status, 200, "{tokens}");
    assert!(server.stop().success());

    let public_url = issuer(&tokens);
    let environment = [("NTT_AUTH__PUBLIC_URL", public_url.as_str())];
    let server = Server::start(folder.path(), &environment);
    assert_eq!(
        server.validate(tokens["accessToken"].as_str().unwrap()),
        200
    );
    server.kill();
    let server = Server::start(folder.path(), &environment);
    let refresh = json!({ "refreshToken": tokens["refreshToken"] });
    assert_eq!(server.post("/api/v1/auth/refresh", None, &refresh).0, 200);
}

/// The issuer named in an access token: with port 0 each start has another.
fn issuer(tokens: &Value) -> String {
    use base64::Engine as _;
    let payload = tokens["accessToken"]
        .as_str()
        .unwrap()
        .split('.')
        .nth(1)
        .unwrap();
    let claims = base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(payload)
        .unwrap();
    serde_json::from_slice::<Value>(&claims).unwrap()["iss"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[test]
fn the_first_administrator_is_offered_until_there_is_one() {
    let folder = tempfile::tempdir().unwrap();
    let offers = |server: &Server| {
        server
            .said
            .iter()
            .filter(|line| line.contains("first administrator"))
            .count()
    };
    let server = Server::start(folder.path(), &[]);
    assert_eq!(offers(&server), 1, "{:?}", server.said);
    command(
        folder.path(),
        &[
            "user",
            "create",
            "root@example.com",
            "--role",
            "super_admin",
            "--password-stdin",
        ],
        PASSWORD,
    );
    let (status, tokens) = server.login("root@example.com", PASSWORD);
    assert_eq!(
        (status, &tokens["user"]["role"]),
        (200, &json!("super_admin"))
    );
    assert!(server.stop().success());
    assert_eq!(offers(&Server::start(folder.path(), &[])), 0);
}

#[test]
fn commands_take_effect_on_the_running_server() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[]);
    server.register("ada@example.com");
    let (_, tokens) = server.login("ada@example.com", PASSWORD);
    let access = tokens["accessToken"].as_str().unwrap();
    assert_eq!(server.validate(access), 200);

    let other = "Green-Turtle-88-swims";
    command(
        folder.path(),
        &[
            "user",
            "set-password",
            "ada@example.com",
            "--password-stdin",
        ],
        &format!("{other}\n"),
    );
    until(|| server.validate(access) == 401);
    assert_eq!(server.login("ada@example.com", PASSWORD).0, 401);
    assert_eq!(server.login("ada@example.com", other).0, 200);

    let keys = || {
        server.get("/.well-known/jwks.json", None).1["keys"]
            .as_array()
            .unwrap()
            .len()
    };
    assert_eq!(keys(), 2);
    command(folder.path(), &["keys", "rotate", "--force"], "");
    until(|| keys() == 3);
    let (_, tokens) = server.login("ada@example.com", other);
    assert_eq!(
        server.validate(tokens["accessToken"].as_str().unwrap()),
        200
    );
}

#[test]
fn a_slow_body_is_answered_and_the_rest_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[("NTT_AUTH__HTTP__BODY_TIMEOUT", "1s")]);
    let mut slow = TcpStream::connect(server.address).unwrap();
    slow.write_all(
        b"POST /api/v1/auth/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{",
    )
    .unwrap();
    assert_eq!(server.get("/health/live", None).0, 200);
    let mut answer = String::new();
    slow.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
}

#[test]
fn a_slow_head_is_cut_off() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[("NTT_AUTH__HTTP__HEADER_TIMEOUT", "1s")]);
    let mut slow = TcpStream::connect(server.address).unwrap();
    slow.write_all(b"GET /health HTTP/1.1\r\nhost: x\r\n")
        .unwrap();
    let mut answer = Vec::new();
    slow.read_to_end(&mut answer).unwrap();
    assert!(answer.is_empty());
    assert_eq!(server.get("/health/live", None).0, 200);
}

#[test]
fn healthcheck_tells_ready_from_gone() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[]);
    let address = server.address.to_string();
    let check = |address: &str| {
        program(folder.path(), &[("NTT_AUTH__HTTP__LISTEN", address)])
            .arg("healthcheck")
            .output()
            .unwrap()
    };
    assert!(check(&address).status.success());
    assert!(server.stop().success());
    let gone = check(&address);
    assert_eq!(gone.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&gone.stderr).contains("does not answer"));
}

#[test]
fn the_log_is_json_when_asked_and_whole_when_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(
        folder.path(),
        &[
            ("NTT_AUTH__LOG__FORMAT", "json"),
            ("NTT_AUTH__LOG__DIRECTORY", "logs"),
            ("NTT_AUTH__LOG__LEVEL", "debug"),
        ],
    );
    server.register("ada@example.com");
    assert_eq!(server.login("ada@example.com", PASSWORD).0, 200);
    assert!(server.stop().success());
    let file = std::fs::read_dir(folder.path().join("logs"))
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let log = std::fs::read_to_string(file).unwrap();
    let lines: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let login = lines
        .iter()
        .find(|line| line["route"] == "/api/v1/auth/login")
        .unwrap();
    assert_eq!(login["status"], 200);
    assert!(login["span"]["request_id"].is_string(), "{login}");
    assert_eq!(lines.last().unwrap()["message"], "stopped");
    assert!(
        !log.contains(PASSWORD) && !log.contains("ada@example.com"),
        "{log}"
    );
}

#[test]
fn v16_4_2_files_of_the_log_are_their_owners_alone_whatever_the_umask() {
    let folder = tempfile::tempdir().unwrap();
    let logs = folder.path().join("logs");
    std::fs::create_dir(&logs).unwrap();
    let wide = |name: &str| {
        let path = logs.join(name);
        std::fs::write(&path, "{}\n").unwrap();
        std::fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        path
    };
    let (earlier, foreign) = (wide("ntt-auth.2020-01-01.log"), wide("notes.txt"));

    // Started by a shell that lets everybody read what it creates.
    let bare = program(folder.path(), &[("NTT_AUTH__LOG__DIRECTORY", "logs")]);
    let mut shell = Command::new("/bin/sh");
    shell
        .args(["-c", "umask 0; echo $$ > pid; exec \"$0\""])
        .arg(bare.get_program())
        .current_dir(folder.path())
        .env_clear()
        .envs(
            bare.get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        );
    let server = Server::launch(shell, folder.path());
    let pid = std::fs::read_to_string(folder.path().join("pid")).unwrap();
    let status = std::fs::read_to_string(format!("/proc/{}/status", pid.trim())).unwrap();
    assert!(server.stop().success());

    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let mut days = 0;
    for entry in std::fs::read_dir(&logs).unwrap() {
        let path = entry.unwrap().path();
        if path != foreign {
            days += 1;
            assert_eq!(mode(&path), 0o600, "{}", path.display());
        }
    }
    assert_eq!(days, 2);
    assert_eq!(mode(&foreign), 0o644);
    // So will be the file of the next day, which the running server creates.
    assert!(status.contains("Umask:\t0077"), "{status}");
    let today = std::fs::read_dir(&logs)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| *path != foreign && *path != earlier)
        .unwrap();
    let told = std::fs::read_to_string(today).unwrap();
    assert!(
        told.contains("ntt-auth.2020-01-01.log") && told.contains("644"),
        "{told}"
    );
}

#[test]
fn memory_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(
        folder.path(),
        &[("NTT_AUTH__DATABASE__URL", "sqlite::memory:")],
    );
    server.register("ada@example.com");
    assert!(server.stop().success());
    let names: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(names, ["log"]);
}

#[test]
fn a_second_signal_cuts_the_wait_short() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(
        folder.path(),
        &[
            ("NTT_AUTH__HTTP__BODY_TIMEOUT", "1h"),
            ("NTT_AUTH__HTTP__SHUTDOWN_TIMEOUT", "1h"),
        ],
    );
    let mut slow = TcpStream::connect(server.address).unwrap();
    slow.write_all(
        b"POST /api/v1/auth/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{",
    )
    .unwrap();
    // A second answer on a second connection: the first request is being handled by now, or still waits to be read.
    assert_eq!(server.get("/health/live", None).0, 200);
    server.ask_to_stop();
    until(|| TcpStream::connect(server.address).is_err());
    assert!(server.stop().success());
}

#[test]
fn metrics_have_a_listener_of_their_own_or_a_token() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(
        folder.path(),
        &[
            ("NTT_AUTH__METRICS__LISTEN", "127.0.0.1:0"),
            ("NTT_AUTH__METRICS__TOKEN", "a token for the scraper"),
            ("NTT_AUTH__LOG__FORMAT", "json"),
        ],
    );
    // The log is written by a thread of its own, so its first line may come after the word on standard output.
    let ready = || -> Option<Value> {
        let log = std::fs::read_to_string(folder.path().join("log")).unwrap();
        log.lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .find(|line: &Value| line["message"] == "ready")
    };
    until(|| ready().is_some());
    let metrics = ready().unwrap()["metrics"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    assert_eq!(send(metrics, "GET", "/metrics", None, None).unwrap().0, 200);
    assert_eq!(send(metrics, "GET", "/health", None, None).unwrap().0, 404);
    assert_eq!(server.get("/metrics", None).0, 401);
    assert_eq!(
        server.get("/metrics", Some("a token for the scraper")).0,
        200
    );
    assert!(server.stop().success());
}
