use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::mpsc;
use std::thread;

use super::*;
use crate::bare::{self, Fixed};

/// A bare server with one route, for as long as the test lasts.
struct Bare {
    address: SocketAddr,
    _runtime: tokio::runtime::Runtime,
}

impl Bare {
    fn start(status: u16, headers: &[(&str, &str)]) -> Self {
        let fixed = Fixed {
            method: "GET".to_owned(),
            path: "/".to_owned(),
            status,
            headers: headers
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            body: "x".repeat(200_000),
            verify: None,
        };
        let router = bare::router(&[fixed]).unwrap();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let listener = runtime
            .block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))
            .unwrap();
        let address = listener.local_addr().unwrap();
        runtime.spawn(async move { bare::accept(&listener, &router).await });
        Self {
            address,
            _runtime: runtime,
        }
    }
}

fn requests() -> Vec<Vec<u8>> {
    vec![b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n".to_vec()]
}

#[test]
fn a_closed_loop_keeps_every_connection_busy_and_reads_long_answers_whole() {
    let bare = Bare::start(200, &[]);
    let requests = requests();
    let mut load = Load::open(bare.address, 20).unwrap();
    let length = Duration::from_millis(100);
    let outcome = load
        .run(Pace::Closed, length, &mut Repeat::new(&requests))
        .unwrap();
    assert!(outcome.samples.len() >= 20);
    assert_eq!(outcome.unexpected(&[200]), Vec::<u16>::new());
    assert_eq!(outcome.elapsed, length);
}

#[test]
fn an_open_loop_sends_exactly_what_is_due() {
    let bare = Bare::start(200, &[]);
    let requests = requests();
    let mut load = Load::open(bare.address, 5).unwrap();
    let pace = Pace::PerSecond(500.0);
    let outcome = load
        .run(
            pace,
            Duration::from_millis(200),
            &mut Repeat::new(&requests),
        )
        .unwrap();
    assert_eq!(outcome.samples.len(), 100);
}

#[test]
fn each_request_is_answered_once_and_in_order() {
    let bare = Bare::start(201, &[("x-kept", "yes")]);
    let requests: Vec<Vec<u8>> = (0..50).flat_map(|_| requests()).collect();
    let answers = ask(bare.address, 7, &requests).unwrap();
    assert_eq!(answers.len(), 50);
    for answer in answers {
        assert_eq!(answer.status, 201);
        let kept = ("x-kept".to_owned(), "yes".to_owned());
        assert!(answer.headers.contains(&kept));
    }
}

#[test]
fn refusals_are_counted_with_their_advice_and_make_a_client_pause() {
    let bare = Bare::start(503, &[("retry-after", "1")]);
    let requests = requests();
    let mut load = Load::open(bare.address, 3).unwrap();
    let mut traffic = Repeat::new(&requests).backing_off(Duration::from_hours(1));
    let outcome = load
        .run(Pace::Closed, Duration::from_millis(50), &mut traffic)
        .unwrap();
    // Each connection asked once and pauses still.
    assert_eq!((outcome.count(503), outcome.retry_after), (3, 3));
}

#[test]
fn a_connection_that_the_server_closes_after_its_answer_is_replaced() {
    let bare = Bare::start(200, &[("connection", "close")]);
    let requests: Vec<Vec<u8>> = (0..10).flat_map(|_| requests()).collect();
    assert_eq!(ask(bare.address, 2, &requests).unwrap().len(), 10);
}

#[test]
fn a_stall_is_seen_by_every_request_that_was_due_in_it() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let stall = Duration::from_millis(300);
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut buffer = [0; 1024];
        let (_never, stalled) = mpsc::channel::<()>();
        let mut first = true;
        while stream.read(&mut buffer).unwrap() > 0 {
            if std::mem::take(&mut first) {
                stalled.recv_timeout(stall).unwrap_err();
            }
            stream
                .write_all(b"HTTP/1.1 204 No Content\r\n\r\n")
                .unwrap();
        }
    });
    let requests = requests();
    let mut load = Load::open(address, 1).unwrap();
    let pace = Pace::PerSecond(100.0);
    let outcome = load
        .run(
            pace,
            Duration::from_millis(100),
            &mut Repeat::new(&requests),
        )
        .unwrap();
    drop(load);
    server.join().unwrap();
    assert_eq!(outcome.samples.len(), 10);
    // The last was due after 90 ms, and no answer came before 300.
    assert!(
        outcome
            .samples
            .iter()
            .all(|sample| sample.micros >= 200_000)
    );
}

#[test]
fn a_server_that_hangs_up_instead_of_answering_is_a_failure() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut buffer = [0; 1024];
        let _ = stream.read(&mut buffer).unwrap();
    });
    let failure = ask(address, 1, &requests()).unwrap_err().to_string();
    server.join().unwrap();
    assert!(failure.contains("closed a connection"), "{failure}");
}
