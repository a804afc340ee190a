//! The load: one thread, one epoll set, requests made beforehand. It is as cheap as can be, because it shares the machine
//! with the server that it measures.

mod answer;
mod connection;
mod outcome;
mod traffic;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::net::SocketAddr;
use std::num::NonZeroU64;
use std::time::{Duration, Instant};

use rustix::event::{Timespec, epoll};
use rustix::fd::OwnedFd;

use self::connection::Connection;
use crate::failure::{Failure, Result};

pub(crate) use self::answer::{Answer, header_room};
pub(crate) use self::outcome::{Outcome, Sample, as_f64};
pub(crate) use self::traffic::{Kept, Once, Repeat, Then, Traffic};

/// How long after the end of a run its last answers may take.
const PATIENCE: Duration = Duration::from_mins(2);

/// How many readable connections are looked at before requests are sent again.
const BATCH: usize = 64;

/// How requests follow each other.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Pace {
    /// Closed loop: each connection sends when it has its answer. Latency counts from the sending.
    Closed,
    /// Open loop: so many requests a second, whatever the server does. Latency counts from the moment a request was *due*,
    /// also where it had to wait for a free connection, so that a stalled server cannot hide its stall.
    PerSecond(f64),
}

/// A set of open connections to one server.
pub(crate) struct Load {
    server: SocketAddr,
    epoll: OwnedFd,
    connections: Vec<Connection>,
}

impl Load {
    /// Opens that many connections.
    pub(crate) fn open(server: SocketAddr, connections: usize) -> Result<Self> {
        // The default slack of 50 µs would be seen in every open-loop latency.
        rustix::thread::set_current_timer_slack(NonZeroU64::new(1))
            .map_err(|error| Failure::while_("setting the timer slack")(error.into()))?;
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)
            .map_err(|error| Failure::while_("creating an epoll set")(error.into()))?;
        let mut load = Self {
            server,
            epoll,
            connections: Vec::with_capacity(connections),
        };
        for number in 0..connections {
            let connection = Connection::open(server, number)?;
            load.watch(number, &connection)?;
            load.connections.push(connection);
        }
        Ok(load)
    }

    /// Sends traffic for that long, or until it has no more requests, and waits for the last answers.
    pub(crate) fn run(
        &mut self,
        pace: Pace,
        length: Duration,
        traffic: &mut impl Traffic,
    ) -> Result<Outcome> {
        let start = Instant::now();
        let mut run = Run {
            pace,
            start,
            end: start + length,
            issued: 0,
            under_way: 0,
            exhausted: false,
            idle: (0..self.connections.len()).collect(),
            pausing: BinaryHeap::new(),
            last_answer: start,
            samples: Vec::new(),
            retry_after: 0,
        };
        let mut request = Vec::new();
        let mut events = Vec::with_capacity(BATCH);
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let now = Instant::now();
            run.wake_pausing(now);
            while let Some((number, due)) = run.next_to_send() {
                request.clear();
                if !traffic.request(number, &mut request) {
                    run.exhausted = true;
                    break;
                }
                self.connection(number)?.send(&request, due)?;
                run.issued += 1;
                run.under_way += 1;
            }
            if run.is_over(now) && run.under_way == 0 {
                break;
            }
            if now > run.end + PATIENCE {
                return Err(Failure::Unmet(format!(
                    "{} of {} requests to {} had no answer {} s after the end of the run",
                    run.under_way,
                    run.issued,
                    self.server,
                    PATIENCE.as_secs()
                )));
            }
            self.wait(
                &mut events,
                run.sleep_until(now).saturating_duration_since(now),
            )?;
            for event in events.drain(..) {
                let number = usize::try_from(event.data.u64()).unwrap_or(usize::MAX);
                self.take(number, &mut buffer, &mut run, traffic)?;
            }
        }
        Ok(run.outcome())
    }

    /// Reads what has come on one connection.
    fn take(
        &mut self,
        number: usize,
        buffer: &mut [u8],
        run: &mut Run,
        traffic: &mut impl Traffic,
    ) -> Result<()> {
        let server = self.server;
        let connection = self.connection(number)?;
        let Some(count) = connection.receive(buffer)? else {
            return Ok(());
        };
        if count == 0 {
            if connection.due.is_some() {
                return Err(Failure::Unmet(format!(
                    "{server} closed a connection that waited for an answer"
                )));
            }
            return self.reopen(number);
        }
        let fresh = buffer.get(..count).unwrap_or_default();
        let held = std::mem::take(&mut connection.partial);
        let joined;
        let received = if held.is_empty() {
            fresh
        } else {
            joined = [held.as_slice(), fresh].concat();
            joined.as_slice()
        };
        let mut room = header_room();
        let malformed = |what| Failure::Unmet(format!("talking to the server: {what}"));
        let Some(answer) = Answer::read(received, &mut room).map_err(malformed)? else {
            connection.partial = received.to_vec();
            return Ok(());
        };
        let due = connection
            .due
            .take()
            .ok_or_else(|| Failure::Unmet(format!("{server} answered where nothing was asked")))?;
        if answer.length != received.len() {
            return Err(Failure::Unmet(format!(
                "{server} sent more than one answer to one request"
            )));
        }
        run.record(&answer, due);
        let then = traffic.answer(number, &answer)?;
        if answer.closes() {
            self.reopen(number)?;
        }
        match then {
            Then::Now => run.idle.push_back(number),
            Then::After(pause) => run.pausing.push(Reverse((Instant::now() + pause, number))),
        }
        Ok(())
    }

    fn connection(&mut self, number: usize) -> Result<&mut Connection> {
        self.connections
            .get_mut(number)
            .ok_or_else(|| Failure::Unmet(format!("there is no connection number {number}")))
    }

    /// Replaces a connection that the server has closed.
    fn reopen(&mut self, number: usize) -> Result<()> {
        let fresh = Connection::open(self.server, number)?;
        self.watch(number, &fresh)?;
        // The old socket leaves the epoll set when it is closed, here.
        *self.connection(number)? = fresh;
        Ok(())
    }

    fn watch(&self, number: usize, connection: &Connection) -> Result<()> {
        let data = epoll::EventData::new_u64(u64::try_from(number).unwrap_or(u64::MAX));
        epoll::add(&self.epoll, &connection.stream, data, epoll::EventFlags::IN)
            .map_err(|error| Failure::while_("watching a connection")(error.into()))
    }

    fn wait(&self, events: &mut Vec<epoll::Event>, at_most: Duration) -> Result<()> {
        let timeout = Timespec::try_from(at_most).unwrap_or(Timespec {
            tv_sec: 1,
            tv_nsec: 0,
        });
        let room = rustix::buffer::spare_capacity(events);
        match epoll::wait(&self.epoll, room, Some(&timeout)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(Failure::while_("waiting for answers")(error.into())),
        }
    }
}

/// Sends each request once over that many connections, in a closed loop; the answers in the order of the requests.
pub(crate) fn ask(
    server: SocketAddr,
    connections: usize,
    requests: &[Vec<u8>],
) -> Result<Vec<Kept>> {
    let mut once = Once::new(requests);
    let mut load = Load::open(server, connections.min(requests.len()))?;
    load.run(Pace::Closed, Duration::from_mins(10), &mut once)?;
    Ok(once.answers())
}

/// Where a run stands.
struct Run {
    pace: Pace,
    start: Instant,
    end: Instant,
    issued: usize,
    under_way: usize,
    exhausted: bool,
    idle: VecDeque<usize>,
    pausing: BinaryHeap<Reverse<(Instant, usize)>>,
    last_answer: Instant,
    samples: Vec<Sample>,
    retry_after: usize,
}

impl Run {
    /// A free connection and the moment at which its request is due, if one is due now.
    fn next_to_send(&mut self) -> Option<(usize, Instant)> {
        if self.exhausted || self.idle.is_empty() {
            return None;
        }
        let now = Instant::now();
        let due = self.next_due(now);
        if due > now || due >= self.end {
            return None;
        }
        Some((self.idle.pop_front()?, due))
    }

    fn next_due(&self, now: Instant) -> Instant {
        match self.pace {
            Pace::Closed => now,
            Pace::PerSecond(rate) => {
                self.start + Duration::from_secs_f64(as_f64(self.issued) / rate)
            }
        }
    }

    fn is_over(&self, now: Instant) -> bool {
        self.exhausted || self.next_due(now) >= self.end
    }

    fn wake_pausing(&mut self, now: Instant) {
        while let Some(Reverse((until, number))) = self.pausing.peek().copied() {
            if until > now {
                break;
            }
            self.pausing.pop();
            self.idle.push_back(number);
        }
    }

    fn sleep_until(&self, now: Instant) -> Instant {
        if self.is_over(now) {
            return self.end + PATIENCE + Duration::from_millis(1);
        }
        let mut until = self.end;
        if let Some(Reverse((wake, _))) = self.pausing.peek() {
            until = until.min(*wake);
        }
        if !self.idle.is_empty() {
            until = until.min(self.next_due(now));
        }
        until
    }

    fn record(&mut self, answer: &Answer<'_>, due: Instant) {
        let now = Instant::now();
        self.under_way -= 1;
        self.last_answer = now;
        let micros = now.saturating_duration_since(due).as_micros();
        self.samples.push(Sample {
            status: answer.status,
            in_time: now <= self.end,
            micros: u32::try_from(micros).unwrap_or(u32::MAX),
        });
        if answer.status == 503 && answer.header("retry-after").is_some() {
            self.retry_after += 1;
        }
    }

    fn outcome(self) -> Outcome {
        // Traffic that ran out of requests was over with its last answer.
        let end = if self.exhausted {
            self.end.min(self.last_answer)
        } else {
            self.end
        };
        Outcome {
            elapsed: end
                .saturating_duration_since(self.start)
                .max(Duration::from_micros(1)),
            samples: self.samples,
            retry_after: self.retry_after,
        }
    }
}

#[cfg(test)]
mod tests;
