//! A server under test: always a process of its own.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};

use crate::failure::{Failure, Result};

/// How long a server may take to say that it is ready, and to end.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running server. It ends when this is dropped.
pub(crate) struct Server {
    name: &'static str,
    child: Child,
    ended: Receiver<()>,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// From the spawning of the process to its line that says that it is ready.
    pub(crate) ready_after: Duration,
}

impl Server {
    /// Starts `command`, which must print `… ready on http://ADDRESS` on its standard output. Its standard error goes to `log`.
    pub(crate) fn start(name: &'static str, mut command: Command, log: &Path) -> Result<Self> {
        let errors = File::options()
            .create(true)
            .append(true)
            .open(log)
            .map_err(Failure::while_(format!("opening {}", log.display())))?;
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(errors);
        let spawned = Instant::now();
        let mut child = command.spawn().map_err(Failure::while_(format!(
            "starting {}",
            command.get_program().display()
        )))?;
        let (say_ready, ready) = mpsc::channel();
        let (say_ended, ended) = mpsc::channel();
        if let Some(output) = child.stdout.take() {
            thread::spawn(move || follow(output, &say_ready, say_ended));
        }
        let Ok((address, at)) = ready.recv_timeout(PATIENCE) else {
            end(&mut child);
            return Err(Failure::Unmet(format!(
                "{name} did not say that it is ready; its last words:\n{}",
                last_words(log)
            )));
        };
        Ok(Self {
            name,
            child,
            ended,
            address,
            ready_after: at - spawned,
        })
    }

    /// Resident memory, in bytes.
    pub(crate) fn resident_memory(&self) -> Result<u64> {
        let status = self.proc_file("status")?;
        let kibibytes = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .and_then(|value| value.trim().strip_suffix(" kB"))
            .and_then(|digits| digits.trim().parse::<u64>().ok());
        kibibytes
            .map(|kibibytes| kibibytes * 1024)
            .ok_or_else(|| Failure::Unmet("/proc names no resident memory".to_owned()))
    }

    /// Processor time used so far, user and system, of all threads. The kernel counts it in hundredths of a second.
    pub(crate) fn processor_time(&self) -> Result<Duration> {
        processor_time(&self.proc_file("stat")?)
    }

    /// Asks the server to end, and waits until it has.
    pub(crate) fn stop(mut self) -> Result<()> {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        // Not SIGINT, which whatever a shell starts in the background ignores, and its children with it.
        let asked = pid.map(|pid| rustix::process::kill_process(pid, Signal::TERM));
        if !matches!(asked, Some(Ok(()))) {
            return Err(Failure::Unmet(format!("{} had ended by itself", self.name)));
        }
        // The thread that follows the output hangs up when the process has closed it.
        if self.ended.recv_timeout(PATIENCE) == Err(mpsc::RecvTimeoutError::Timeout) {
            return Err(Failure::Unmet(format!(
                "{} did not end within {} s of SIGTERM",
                self.name,
                PATIENCE.as_secs()
            )));
        }
        self.child.wait().map(drop).map_err(Failure::while_(format!(
            "waiting for the end of {}",
            self.name
        )))
    }

    fn proc_file(&self, name: &str) -> Result<String> {
        let path = PathBuf::from(format!("/proc/{}/{name}", self.child.id()));
        fs::read_to_string(&path).map_err(Failure::while_(format!(
            "reading {} of {}",
            path.display(),
            self.name
        )))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

/// Processor time that this tool has used so far: the client's, while a run lasts.
pub(crate) fn own_processor_time() -> Result<Duration> {
    let stat = fs::read_to_string("/proc/self/stat")
        .map_err(Failure::while_("reading /proc/self/stat"))?;
    processor_time(&stat)
}

/// User and system time in a process's `stat` file (proc(5)).
fn processor_time(stat: &str) -> Result<Duration> {
    // The second field, the name, is in parentheses and may contain spaces; utime and stime are fields 14 and 15.
    let ticks: Option<u64> = stat.rsplit_once(')').and_then(|(_, rest)| {
        let fields: Vec<&str> = rest.split_whitespace().collect();
        let user: u64 = fields.get(11)?.parse().ok()?;
        let system: u64 = fields.get(12)?.parse().ok()?;
        Some(user + system)
    });
    let ticks = ticks.ok_or_else(|| Failure::Unmet("/proc names no processor time".to_owned()))?;
    Ok(Duration::from_millis(
        ticks * 1000 / rustix::param::clock_ticks_per_second(),
    ))
}

/// Ends a process for good. One that has ended already is no error.
fn end(child: &mut Child) {
    if child.kill().is_ok() {
        drop(child.wait());
    }
}

/// Reads the output to its end, so that the server never blocks on it; `_ended` is hung up then.
fn follow(output: ChildStdout, ready: &Sender<(SocketAddr, Instant)>, _ended: Sender<()>) {
    for line in BufReader::new(output)
        .lines()
        .map_while(std::io::Result::ok)
    {
        if let Some(address) = address_in(&line) {
            // Nobody listens any more after the first such line.
            let _ = ready.send((address, Instant::now()));
        }
    }
}

fn address_in(line: &str) -> Option<SocketAddr> {
    let (_, rest) = line.split_once("ready on http://")?;
    rest.split_whitespace()
        .next()?
        .trim_end_matches('/')
        .parse()
        .ok()
}

fn last_words(log: &Path) -> String {
    let words = fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = words.lines().collect();
    let from = lines.len().saturating_sub(20);
    lines.get(from..).unwrap_or_default().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ready_line_names_the_address() {
        let line = "ntt-auth 0.1.0 ready on http://127.0.0.1:8080";
        assert_eq!(address_in(line), Some(([127, 0, 0, 1], 8080).into()));
        assert_eq!(address_in("first administrator: http://x"), None);
    }

    #[test]
    fn a_program_that_ends_at_once_is_reported_with_its_last_words() {
        let room = tempfile::tempdir().unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", "echo no such luck >&2"]);
        let refusal = Server::start("sh", command, &room.path().join("log")).err();
        let words = refusal.unwrap().to_string();
        assert!(words.contains("no such luck"), "{words}");
    }

    #[test]
    fn a_running_process_has_memory_and_processor_time() {
        let room = tempfile::tempdir().unwrap();
        let mut command = Command::new("sh");
        command.args([
            "-c",
            "echo ready on http://127.0.0.1:9; exec cat /dev/zero >/dev/null",
        ]);
        let server = Server::start("sh", command, &room.path().join("log")).unwrap();
        assert!(server.resident_memory().unwrap() > 0);
        while server.processor_time().unwrap().is_zero() {
            thread::yield_now();
        }
        server.stop().unwrap();
    }
}
