//! Redis servers.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::server::named;

/// The URL of the Redis server of `NTT_TEST_REDIS_URL`, which other tests use at the same time. `None` if it is not set, which is
/// said; with `CI=true` it must be.
#[must_use]
pub fn redis() -> Option<String> {
    named("NTT_TEST_REDIS_URL", true)
}

/// A Redis server of a test's own, which may be stopped and frozen. It ends with this value.
pub struct RedisServer {
    folder: tempfile::TempDir,
    port: u16,
    options: Vec<String>,
    child: Option<Child>,
}

impl RedisServer {
    /// Starts `redis-server` on a port of its own. `None` where no Redis is tested at all: see [`redis`].
    #[must_use]
    pub fn start() -> Option<Self> {
        redis()?;
        Some(Self::launch(|_| Vec::new()))
    }

    /// The same, by TLS alone; `files` writes a certificate and its key into a folder and names them.
    #[must_use]
    pub fn start_tls(files: impl FnOnce(&Path) -> [String; 2]) -> Option<Self> {
        redis()?;
        Some(Self::launch(|folder| {
            let [certificate, key] = files(folder);
            let options = ["--tls-cert-file", &certificate, "--tls-key-file", &key];
            let options = options.into_iter().chain(["--tls-auth-clients", "no"]);
            options.map(str::to_owned).collect()
        }))
    }

    fn launch(options: impl FnOnce(&Path) -> Vec<String>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut server = Self {
            // Nobody else is given it soon: the system hands out others first.
            port: TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
                .and_then(|free| free.local_addr())
                .unwrap()
                .port(),
            options: options(folder.path()),
            folder,
            child: None,
        };
        server.run();
        server
    }

    /// Starts it again at the same place, with nothing in it.
    #[expect(
        clippy::disallowed_methods,
        reason = "between two looks at whether it has started"
    )]
    pub fn run(&mut self) {
        let port = self.port.to_string();
        let ports = match self.options.is_empty() {
            true => vec!["--port", &port],
            false => vec!["--port", "0", "--tls-port", &port],
        };
        let child = Command::new("redis-server")
            .args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
            .arg("--dir")
            .arg(self.folder.path())
            .args(ports)
            .args(&self.options)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        self.child = Some(child);
        let deadline = Instant::now() + Duration::from_secs(30);
        while !self.answers() {
            assert!(Instant::now() < deadline, "redis-server does not start");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn answers(&self) -> bool {
        let Ok(mut stream) = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)) else {
            return false;
        };
        if !self.options.is_empty() {
            return true;
        }
        let mut answer = [0; 5];
        stream.write_all(b"PING\r\n").is_ok()
            && stream.read_exact(&mut answer).is_ok()
            && &answer == b"+PONG"
    }

    /// Where it listens: its port on this machine.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Freezes it: it keeps its connections and answers nothing.
    pub fn freeze(&self) {
        self.signal(Signal::STOP);
    }

    /// Lets it go on.
    pub fn thaw(&self) {
        self.signal(Signal::CONT);
    }

    /// Ends it as a power cut would.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    fn signal(&self, signal: Signal) {
        let child = self.child.as_ref().unwrap();
        kill_process(Pid::from_child(child), signal).unwrap();
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        self.kill();
    }
}
