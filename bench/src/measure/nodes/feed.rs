//! Following the stream of revocations of each server.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender};
use std::time::{Duration, Instant};

use serde::Deserialize;

use super::NODES;
use super::revocation::Seen;
use crate::engines::FEED_TOKEN;
use crate::failure::{Failure, Result};
use crate::request;

/// How often the flag is looked at, and how long the last events may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// What a stream tells.
pub(super) enum Sight {
    /// Everything that was there before has been told; or there is no stream.
    Ready,
    /// A revocation.
    Revoked {
        /// The server that told of it.
        node: usize,
        /// The session or user.
        of: String,
        /// When it was read.
        at: Instant,
    },
}

/// The data of an event.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    session_id: Option<String>,
    user_id: Option<String>,
}

/// Reads the stream of one server until the flag is set. Where there is none, nothing is told but that it is ready.
pub(super) fn follow(node: usize, server: SocketAddr, over: &AtomicBool, tell: &Sender<Sight>) {
    // A stream that breaks off is seen in the figures: what it did not tell is not counted.
    let _ = read(node, server, over, tell);
    let _ = tell.send(Sight::Ready);
}

fn read(
    node: usize,
    server: SocketAddr,
    over: &AtomicBool,
    tell: &Sender<Sight>,
) -> std::io::Result<()> {
    let mut stream = TcpStream::connect(server)?;
    stream.set_read_timeout(Some(PATIENCE / 10))?;
    stream.write_all(&request::get(
        "/api/v1/revocations/stream",
        Some(FEED_TOKEN),
    ))?;
    let mut reader = BufReader::new(stream);
    let mut line = Vec::new();
    let mut begun = false;
    while !over.load(Ordering::Relaxed) {
        match reader.read_until(b'\n', &mut line) {
            Ok(0) => break,
            Ok(_) => {}
            // What has come of a line stays in it.
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                continue;
            }
            Err(error) => return Err(error),
        }
        let at = Instant::now();
        let text = String::from_utf8_lossy(&line);
        let text = text.trim();
        if text.starts_with("HTTP/1.1 ") && !text.contains(" 200 ") {
            break;
        }
        if text == "event: head" && !begun {
            begun = true;
            let _ = tell.send(Sight::Ready);
        }
        let entry = text
            .strip_prefix("data: ")
            .and_then(|data| serde_json::from_str::<Entry>(data).ok());
        if let Some(of) = entry.and_then(|entry| entry.session_id.or(entry.user_id)) {
            let _ = tell.send(Sight::Revoked { node, of, at });
        }
        line.clear();
    }
    Ok(())
}

/// Waits until that many streams are ready.
pub(super) fn ready(sights: &Receiver<Sight>, streams: usize) -> Result<()> {
    let mut ready = 0;
    while ready < streams {
        match sights.recv_timeout(PATIENCE) {
            Ok(Sight::Ready) => ready += 1,
            Ok(Sight::Revoked { .. }) => {}
            Err(_) => {
                return Err(Failure::Unmet(
                    "a stream of revocations did not say that it had told everything".to_owned(),
                ));
            }
        }
    }
    Ok(())
}

/// For each revocation, the time from its acknowledgement until the last of the other servers had told it. Those that were not told
/// by all of them are left out.
pub(super) fn delays(seen: &[Seen], sights: &Receiver<Sight>) -> Vec<Duration> {
    let mut first: BTreeMap<(String, usize), Instant> = BTreeMap::new();
    loop {
        let missing = seen
            .iter()
            .any(|seen| (0..NODES).any(|node| !first.contains_key(&(seen.told_as.clone(), node))));
        if !missing {
            break;
        }
        match sights.recv_timeout(PATIENCE) {
            Ok(Sight::Revoked { node, of, at }) => {
                first.entry((of, node)).or_insert(at);
            }
            Ok(Sight::Ready) => {}
            Err(_) => break,
        }
    }
    seen.iter()
        .filter_map(|seen| {
            let others = (0..NODES).filter(|node| *node != seen.node);
            let times: Option<Vec<Instant>> = others
                .map(|node| first.get(&(seen.told_as.clone(), node)).copied())
                .collect();
            let last = times?.into_iter().max()?;
            Some(last.saturating_duration_since(seen.acknowledged))
        })
        .collect()
}
