//! A mail server that fails as it is told. It speaks SMTP (RFC 5321) with STARTTLS, implicit TLS and AUTH, and remembers
//! every message it took.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ntt_auth_mail::{Security, SmtpSettings};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

/// Where in a conversation something goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum At {
    Banner,
    Ehlo,
    StartTls,
    Auth,
    Mail,
    Rcpt,
    Data,
    /// While the content comes in.
    Content,
    /// After the final dot.
    Dot,
}

/// What goes wrong there.
#[derive(Debug, Clone)]
pub(crate) enum Fault {
    /// This reply instead of the usual one.
    Reply(&'static str),
    /// The connection is closed without a word. At the final dot the message was taken before.
    Drop,
    /// No answer, for as long as the client stays.
    Silence,
}

/// One message that was taken.
#[derive(Debug, Clone)]
pub(crate) struct Taken {
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) encrypted: bool,
    pub(crate) signed_in: bool,
    pub(crate) raw: String,
}

/// How the server is.
#[derive(Debug, Clone, Copy, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a thing that a server has or has not"
)]
pub(crate) struct Manner {
    pub(crate) starttls: bool,
    pub(crate) implicit_tls: bool,
    pub(crate) auth: bool,
    pub(crate) smtputf8: bool,
    /// Puts a second answer behind the one to STARTTLS, in plain, as somebody on the way would.
    pub(crate) injects: bool,
}

/// The server.
pub(crate) struct Fake {
    pub(crate) address: SocketAddr,
    /// The certificate of its own authority, in PEM.
    pub(crate) authority: String,
    state: Arc<State>,
    task: tokio::task::JoinHandle<()>,
}

struct State {
    manner: Manner,
    tls: TlsAcceptor,
    faults: Mutex<HashMap<At, VecDeque<Fault>>>,
    taken: Mutex<Vec<Taken>>,
    said: Mutex<Vec<String>>,
    connections: watch::Sender<usize>,
    failed: watch::Sender<Vec<At>>,
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Fake {
    pub(crate) async fn start(manner: Manner) -> Self {
        let certified = rcgen::generate_simple_self_signed(vec!["localhost".into()]).unwrap();
        let key = PrivateKeyDer::Pkcs8(certified.signing_key.serialize_der().into());
        let config = ServerConfig::builder_with_provider(Arc::new(
            rustls::crypto::aws_lc_rs::default_provider(),
        ))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certified.cert.der().clone()], key)
        .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let state = Arc::new(State {
            manner,
            tls: TlsAcceptor::from(Arc::new(config)),
            faults: Mutex::default(),
            taken: Mutex::default(),
            said: Mutex::default(),
            connections: watch::channel(0).0,
            failed: watch::channel(Vec::new()).0,
        });
        Self {
            address: listener.local_addr().unwrap(),
            authority: certified.cert.pem(),
            task: tokio::spawn({
                let state = Arc::clone(&state);
                async move {
                    loop {
                        let (stream, _) = listener.accept().await.unwrap();
                        state.connections.send_modify(|count| *count += 1);
                        tokio::spawn(serve(Arc::clone(&state), stream));
                    }
                }
            }),
            state,
        }
    }

    /// How a client reaches it.
    pub(crate) fn settings(&self, security: Security) -> SmtpSettings {
        SmtpSettings {
            host: "localhost".to_owned(),
            port: self.address.port(),
            security,
            credentials: None,
            hello: "auth.example.com".to_owned(),
            connect_timeout: Duration::from_secs(5),
            command_timeout: Duration::from_secs(5),
            data_timeout: Duration::from_secs(5),
            pool: 2,
            authorities: Some(self.authority.clone().into_bytes()),
        }
    }

    /// Lets the next conversation that comes there fail.
    pub(crate) fn fail(&self, at: At, fault: Fault) {
        let mut faults = self.state.faults.lock().unwrap();
        faults.entry(at).or_default().push_back(fault);
    }

    /// Where it failed as told so far, in that order.
    pub(crate) fn failures(&self) -> Vec<At> {
        self.state.failed.borrow().clone()
    }

    /// Waits until it has failed there.
    pub(crate) async fn failed(&self, at: At) {
        let mut failed = self.state.failed.subscribe();
        failed
            .wait_for(|places| places.contains(&at))
            .await
            .unwrap();
    }

    /// What it took.
    pub(crate) fn taken(&self) -> Vec<Taken> {
        self.state.taken.lock().unwrap().clone()
    }

    /// Every command it was given.
    pub(crate) fn said(&self) -> Vec<String> {
        self.state.said.lock().unwrap().clone()
    }

    /// How often it was connected to.
    pub(crate) fn connections(&self) -> usize {
        *self.state.connections.borrow()
    }

    /// Waits until somebody has connected so often.
    pub(crate) async fn connected(&self, times: usize) {
        let mut connections = self.state.connections.subscribe();
        connections.wait_for(|count| *count >= times).await.unwrap();
    }
}

/// A conversation's end, or the turn to TLS.
enum Turn {
    Over,
    Encrypt,
}

async fn serve(state: Arc<State>, stream: TcpStream) -> Option<()> {
    if state.manner.implicit_tls {
        let stream = state.tls.accept(stream).await.ok()?;
        converse(&state, &mut BufReader::new(stream), true, true).await?;
        return Some(());
    }
    let mut stream = BufReader::new(stream);
    if let Turn::Encrypt = converse(&state, &mut stream, true, false).await? {
        let stream = state.tls.accept(stream.into_inner()).await.ok()?;
        converse(&state, &mut BufReader::new(stream), false, true).await?;
    }
    Some(())
}

async fn converse<S>(
    state: &State,
    stream: &mut BufReader<S>,
    greet: bool,
    encrypted: bool,
) -> Option<Turn>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    if greet {
        answer(state, stream, At::Banner, "220 fake ESMTP").await?;
    }
    let (mut from, mut to, mut signed_in) = (String::new(), String::new(), false);
    loop {
        let line = line(stream).await?;
        state.said.lock().unwrap().push(line.clone());
        let (verb, rest) = line.split_once(' ').unwrap_or((&line, ""));
        match verb.to_ascii_uppercase().as_str() {
            "EHLO" => {
                let manner = state.manner;
                let mut lines = vec!["fake".to_owned(), "8BITMIME".to_owned()];
                if manner.starttls && !encrypted {
                    lines.push("STARTTLS".to_owned());
                }
                if manner.auth && (encrypted || !manner.starttls) {
                    lines.push("AUTH PLAIN LOGIN".to_owned());
                }
                if manner.smtputf8 {
                    lines.push("SMTPUTF8".to_owned());
                }
                let last = lines.len() - 1;
                let text: Vec<String> = (0..)
                    .zip(&lines)
                    .map(|(at, line)| format!("250{}{line}", if at == last { ' ' } else { '-' }))
                    .collect();
                answer(state, stream, At::Ehlo, &text.join("\r\n")).await?;
            }
            "STARTTLS" => {
                let reply = if state.manner.injects {
                    "220 ready\r\n250-evil\r\n250 AUTH PLAIN"
                } else {
                    "220 ready"
                };
                if answer(state, stream, At::StartTls, reply).await? {
                    return Some(Turn::Encrypt);
                }
            }
            "AUTH" => {
                let secret = rest.strip_prefix("PLAIN ").unwrap_or_default();
                let right = STANDARD.decode(secret).ok()? == b"\0user\0secret";
                let reply = if right { "235 welcome" } else { "535 5.7.8 no" };
                signed_in = answer(state, stream, At::Auth, reply).await? && right;
            }
            "MAIL" => {
                from = path(rest);
                answer(state, stream, At::Mail, "250 ok").await?;
            }
            "RCPT" => {
                to = path(rest);
                answer(state, stream, At::Rcpt, "250 ok").await?;
            }
            "DATA" => {
                if !answer(state, stream, At::Data, "354 go on").await? {
                    continue;
                }
                let raw = content(state, stream).await?;
                let fault = next(state, At::Dot);
                if !matches!(fault, Some(Fault::Reply(_))) {
                    state.taken.lock().unwrap().push(Taken {
                        from: from.clone(),
                        to: to.clone(),
                        encrypted,
                        signed_in,
                        raw,
                    });
                }
                act(stream, fault, "250 taken").await?;
            }
            "QUIT" => {
                let _ = stream.write_all(b"221 bye\r\n").await;
                return Some(Turn::Over);
            }
            "NOOP" | "RSET" => stream.write_all(b"250 ok\r\n").await.ok()?,
            _ => stream.write_all(b"500 what\r\n").await.ok()?,
        }
    }
}

/// Reads a message up to its final dot, without the dots that were put in front of others (RFC 5321 § 4.5.2).
async fn content<S>(state: &State, stream: &mut BufReader<S>) -> Option<String>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut raw = String::new();
    loop {
        let line = line(stream).await?;
        if line == "." {
            return Some(raw);
        }
        raw.push_str(line.strip_prefix('.').unwrap_or(&line));
        raw.push_str("\r\n");
        if raw.len() > 100
            && let Some(fault) = next(state, At::Content)
        {
            act(stream, Some(fault), "").await?;
        }
    }
}

async fn line<S>(stream: &mut BufReader<S>) -> Option<String>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut octets = Vec::new();
    if stream.read_until(b'\n', &mut octets).await.ok()? == 0 {
        return None;
    }
    Some(
        String::from_utf8_lossy(&octets)
            .trim_end_matches("\r\n")
            .to_owned(),
    )
}

fn path(argument: &str) -> String {
    let inner = argument.split_once('<').unwrap_or_default().1;
    inner.split('>').next().unwrap().to_owned()
}

fn next(state: &State, at: At) -> Option<Fault> {
    let fault = state.faults.lock().unwrap().get_mut(&at)?.pop_front()?;
    state.failed.send_modify(|places| places.push(at));
    Some(fault)
}

/// Answers as usual or fails as told; says whether it was the usual answer. `None` ends the conversation.
async fn answer<S>(state: &State, stream: &mut BufReader<S>, at: At, usual: &str) -> Option<bool>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    act(stream, next(state, at), usual).await
}

async fn act<S>(stream: &mut BufReader<S>, fault: Option<Fault>, usual: &str) -> Option<bool>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (text, as_usual) = match fault {
        None => (usual, true),
        Some(Fault::Reply(text)) => (text, false),
        Some(Fault::Drop) => return None,
        Some(Fault::Silence) => {
            // Until the client gives up.
            while line(stream).await.is_some() {}
            return None;
        }
    };
    let text = format!("{text}\r\n");
    stream.write_all(text.as_bytes()).await.ok()?;
    stream.flush().await.ok()?;
    Some(as_usual)
}
