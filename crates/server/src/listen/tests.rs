use std::net::Ipv4Addr;
use std::sync::Arc;

use axum::routing::get;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;

use super::*;

const TOLERANT: Duration = Duration::from_mins(10);
const IMPATIENT: Duration = Duration::from_millis(200);

struct Server {
    address: SocketAddr,
    stop: Option<oneshot::Sender<Duration>>,
    task: JoinHandle<()>,
    entered: Arc<Notify>,
    release: Arc<Notify>,
}

fn limits() -> Limits {
    Limits {
        max_connections: 100,
        max_connections_per_address: 100,
        header_timeout: TOLERANT,
        shutdown_timeout: TOLERANT,
        trusted_proxies: Vec::new(),
    }
}

fn serve(limits: Limits) -> Server {
    let entered = Arc::new(Notify::new());
    let release = Arc::new(Notify::new());
    let wait = {
        let (entered, release) = (Arc::clone(&entered), Arc::clone(&release));
        move || async move {
            entered.notify_one();
            release.notified().await;
            "released"
        }
    };
    let router = Router::new()
        .route(
            "/",
            get(|ConnectInfo(peer): ConnectInfo<SocketAddr>| async move { peer.to_string() }),
        )
        .route("/large", get(|| async { vec![b'x'; 64 << 20] }))
        .route("/wait", get(wait));
    let listener = Listener::bind((Ipv4Addr::LOCALHOST, 0).into(), "http.listen").unwrap();
    let address = listener.address();
    let (stop, stopped) = oneshot::channel();
    let task =
        tokio::spawn(listener.serve(router, limits, async { stopped.await.unwrap_or_default() }));
    Server {
        address,
        stop: Some(stop),
        task,
        entered,
        release,
    }
}

impl Server {
    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    fn stop(&mut self) {
        self.drain(Duration::ZERO);
    }

    fn drain(&mut self, time: Duration) {
        self.stop.take().unwrap().send(time).unwrap();
    }
}

/// Everything until the server closes; a reset counts as closed.
async fn rest(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes).await;
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Reads until `mark` has come.
async fn until(stream: &mut TcpStream, mark: &str) -> String {
    let mut text = String::new();
    while !text.contains(mark) {
        let mut piece = [0; 1024];
        let read = stream.read(&mut piece).await.unwrap();
        assert_ne!(read, 0, "closed before {mark:?}: {text:?}");
        text.push_str(&String::from_utf8_lossy(&piece[..read]));
    }
    text
}

#[tokio::test]
async fn tells_the_router_who_asks_and_keeps_the_connection() {
    let server = serve(limits());
    let mut stream = server.connect().await;
    let own = stream.local_addr().unwrap().to_string();
    for _ in 0..2 {
        stream
            .write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
            .await
            .unwrap();
        assert!(until(&mut stream, &own).await.starts_with("HTTP/1.1 200"));
    }
}

#[tokio::test]
async fn closes_a_connection_that_sends_nothing_or_too_slowly() {
    let server = serve(Limits {
        header_timeout: IMPATIENT,
        ..limits()
    });
    // Nothing, half an HTTP/2 preface, half a head, a head and then nothing.
    for start in ["", "PRI * HT", "GET / HTTP/1.1\r\nhost: x\r\n"] {
        let mut stream = server.connect().await;
        stream.write_all(start.as_bytes()).await.unwrap();
        assert_eq!(rest(&mut stream).await, "", "{start:?}");
    }
    let mut stream = server.connect().await;
    stream
        .write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    assert!(rest(&mut stream).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn closes_a_connection_that_drips_its_head() {
    let server = serve(Limits {
        header_timeout: IMPATIENT,
        ..limits()
    });
    let mut stream = server.connect().await;
    stream
        .write_all(b"GET / HTTP/1.1\r\nhost: x\r\n")
        .await
        .unwrap();
    let mut dripping = tokio::time::interval(IMPATIENT / 20);
    loop {
        dripping.tick().await;
        let mut byte = [0];
        if stream.write_all(b"a: b\r\n").await.is_err()
            || matches!(stream.try_read(&mut byte), Ok(0))
        {
            break;
        }
    }
}

#[tokio::test]
async fn closes_a_connection_whose_client_does_not_read() {
    let server = serve(Limits {
        header_timeout: IMPATIENT,
        max_connections: 1,
        ..limits()
    });
    let mut lazy = server.connect().await;
    lazy.write_all(b"GET /large HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    // With room for one connection, the next is answered only once the lazy one is gone.
    let mut next = server.connect().await;
    next.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    until(&mut next, "200 OK").await;
}

#[tokio::test]
async fn refuses_heads_that_are_too_large() {
    let server = serve(limits());
    let mut stream = server.connect().await;
    let head = format!(
        "GET / HTTP/1.1\r\nhost: x\r\na: {}\r\n\r\n",
        "a".repeat(2 * MAX_HEAD)
    );
    let _ = stream.write_all(head.as_bytes()).await;
    assert!(rest(&mut stream).await.starts_with("HTTP/1.1 431"));
    let mut stream = server.connect().await;
    let head = format!(
        "GET / HTTP/1.1\r\nhost: x\r\n{}\r\n",
        "a: b\r\n".repeat(101)
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    assert!(rest(&mut stream).await.starts_with("HTTP/1.1 431"));
}

#[tokio::test]
async fn caps_the_connections_of_one_address() {
    let server = serve(Limits {
        max_connections_per_address: 1,
        ..limits()
    });
    let mut first = server.connect().await;
    first
        .write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    until(&mut first, "200 OK").await;
    assert_eq!(rest(&mut server.connect().await).await, "");
    drop(first);
    loop {
        let mut next = server.connect().await;
        let _ = next
            .write_all(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
            .await;
        if rest(&mut next).await.starts_with("HTTP/1.1 200") {
            break;
        }
    }
}

#[tokio::test]
async fn further_connections_wait_until_one_closes() {
    let server = serve(Limits {
        max_connections: 1,
        ..limits()
    });
    let mut first = server.connect().await;
    first
        .write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    until(&mut first, "200 OK").await;
    let mut second = server.connect().await;
    second
        .write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    drop(first);
    until(&mut second, "200 OK").await;
}

#[tokio::test]
async fn shutdown_finishes_what_runs_and_accepts_nothing_more() {
    let mut server = serve(limits());
    let mut idle = server.connect().await;
    idle.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    until(&mut idle, "200 OK").await;
    let mut busy = server.connect().await;
    busy.write_all(b"GET /wait HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    server.entered.notified().await;
    server.stop();
    rest(&mut idle).await;
    assert!(TcpStream::connect(server.address).await.is_err());
    server.release.notify_one();
    let answer = rest(&mut busy).await;
    assert!(
        answer.ends_with("released") && answer.contains("connection: close"),
        "{answer}"
    );
    server.task.await.unwrap();
}

/// One answer of a connection that stays open.
async fn ask(stream: &mut TcpStream) -> String {
    stream
        .write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    let mut answer = vec![0; 4096];
    let count = stream.read(&mut answer).await.unwrap();
    String::from_utf8(answer[..count].to_vec()).unwrap()
}

#[tokio::test]
async fn while_it_drains_everybody_is_answered_and_asked_to_go_elsewhere() {
    let mut server = serve(limits());
    let mut kept = server.connect().await;
    let answer = ask(&mut kept).await;
    assert!(!answer.contains("connection: close"), "{answer}");
    server.drain(TOLERANT);
    // The order has reached a connection when it asks to be closed.
    loop {
        let mut fresh = server.connect().await;
        let answer = ask(&mut fresh).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        if answer.contains("connection: close") {
            assert_eq!(rest(&mut fresh).await, "");
            break;
        }
    }
    let answer = ask(&mut kept).await;
    assert!(
        answer.starts_with("HTTP/1.1 200") && answer.contains("connection: close"),
        "{answer}"
    );
    assert_eq!(rest(&mut kept).await, "");
    server.task.abort();
}

#[tokio::test]
async fn shutdown_does_not_wait_for_ever() {
    let mut server = serve(Limits {
        shutdown_timeout: IMPATIENT,
        ..limits()
    });
    let mut busy = server.connect().await;
    busy.write_all(b"GET /wait HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    server.entered.notified().await;
    server.stop();
    server.task.await.unwrap();
    assert_eq!(rest(&mut busy).await, "");
}

#[test]
fn a_port_in_use_is_named_with_its_cure() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let _context = runtime.enter();
    let first = Listener::bind((Ipv4Addr::LOCALHOST, 0).into(), "http.listen").unwrap();
    let error = Listener::bind(first.address(), "http.listen").unwrap_err();
    assert!(
        error.to_string().contains("is in use by another program"),
        "{error}"
    );
    let error = Listener::bind("192.0.2.1:0".parse().unwrap(), "http.listen").unwrap_err();
    assert!(
        error
            .to_string()
            .contains("is not an address of this machine"),
        "{error}"
    );
}

#[tokio::test]
async fn http2_is_spoken_and_an_idle_connection_of_it_is_closed() {
    let server = serve(Limits {
        header_timeout: IMPATIENT,
        ..limits()
    });
    let io = hyper_util::rt::TokioIo::new(server.connect().await);
    let (mut sender, connection) = hyper::client::conn::http2::handshake(TokioExecutor::new(), io)
        .await
        .unwrap();
    let ended = tokio::spawn(connection);
    let request = Request::get(format!("http://{}/", server.address))
        .body(String::new())
        .unwrap();
    assert_eq!(sender.send_request(request).await.unwrap().status(), 200);
    // The client keeps its side open; the server ends it all the same.
    let _ = ended.await.unwrap();
    assert!(sender.is_closed());
}
