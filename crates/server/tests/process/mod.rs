//! The real program as a child, and the smallest client that can speak to it.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// A password that every policy accepts.
pub(crate) const PASSWORD: &str = "Blue-Whale-77-sings";

/// The program with a data folder, cheap hashes, a free port, and nothing of this process's own environment.
pub(crate) fn program(folder: &Path, environment: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ntt-auth"));
    command
        .current_dir(folder)
        .env_clear()
        .env("NTT_AUTH__PROFILE", "test")
        .env("NTT_AUTH__DATA_DIR", folder.join("data"))
        .env("NTT_AUTH__HTTP__LISTEN", "127.0.0.1:0")
        .env("NTT_AUTH__HTTP__DRAIN", "0s")
        .env("NTT_AUTH__PASSWORD__BCRYPT_COST", "4")
        .env("NTT_AUTH__RATE_LIMITS__ENABLED", "false")
        // Where coverage is measured, the program says in this file which of its lines ran.
        .envs(std::env::var_os("LLVM_PROFILE_FILE").map(|file| ("LLVM_PROFILE_FILE", file)))
        .envs(environment.iter().copied())
        .stdin(Stdio::null());
    command
}

/// A running server. It is killed when dropped.
pub(crate) struct Server {
    child: Child,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// What it printed before it was ready.
    pub(crate) said: Vec<String>,
}

impl Server {
    /// Starts a server in `folder` and waits until it says that it is ready. Its log goes to `log` in the folder.
    pub(crate) fn start(folder: &Path, environment: &[(&str, &str)]) -> Self {
        Self::launch(program(folder, environment), folder)
    }

    /// The same, by a command that becomes the server.
    pub(crate) fn launch(mut program: Command, folder: &Path) -> Self {
        let log = File::options()
            .create(true)
            .append(true)
            .open(folder.join("log"))
            .unwrap();
        let mut child = program.stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let mut said = Vec::new();
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            let line = line.unwrap();
            if let Some((_, address)) = line.split_once(" ready on http://") {
                return Self {
                    child,
                    address: address.parse().unwrap(),
                    said,
                };
            }
            said.push(line);
        }
        let _ = child.wait();
        panic!(
            "the server did not start:\n{}",
            std::fs::read_to_string(folder.join("log")).unwrap()
        );
    }

    /// Asks it to stop.
    pub(crate) fn ask_to_stop(&self) {
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
    }

    /// Asks it to stop, and waits.
    pub(crate) fn stop(mut self) -> ExitStatus {
        self.ask_to_stop();
        self.child.wait().unwrap()
    }

    /// Ends it as a power cut would.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An answer: its status and its body, if that is JSON.
pub(crate) type Answer = (u16, Value);

/// Sends one request on a connection of its own.
pub(crate) fn send(
    to: SocketAddr,
    method: &str,
    path: &str,
    token: Option<&str>,
    body: Option<&Value>,
) -> io::Result<Answer> {
    let body = body.map(Value::to_string).unwrap_or_default();
    let token = token
        .map(|token| format!("authorization: Bearer {token}\r\n"))
        .unwrap_or_default();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: {to}\r\nconnection: close\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n{token}\r\n",
        body.len()
    );
    let mut stream = TcpStream::connect(to)?;
    stream.write_all((head + &body).as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer
        .split_once("\r\n\r\n")
        .ok_or(io::ErrorKind::UnexpectedEof)?;
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok())
        .ok_or(io::ErrorKind::InvalidData)?;
    // A length that was promised and not kept means that the server died within the answer.
    let promised = head
        .lines()
        .filter_map(|line| line.split_once(": "))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, length)| length.parse().ok());
    if promised.is_some_and(|length: usize| length != body.len()) {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok((status, serde_json::from_str(body).unwrap_or_default()))
}
