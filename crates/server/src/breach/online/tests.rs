//! Whom the client believes, against listeners that speak TLS.

use std::io::ErrorKind;
use std::net::TcpListener as Unserved;
use std::sync::Arc;

use ntt_auth_core::password::Plain;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio_rustls::TlsAcceptor;

use super::*;

/// That nobody has stolen the password that is asked for.
const NOTHING: &str = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";

/// Somebody whose certificate is for `localhost`, and is its own authority.
struct Api {
    port: u16,
    authority: CertificateDer<'static>,
    /// The first line of each request, or what came instead of one.
    heard: UnboundedReceiver<Result<String, String>>,
}

impl Api {
    async fn start() -> Self {
        let certified = rcgen::generate_simple_self_signed(vec!["localhost".into()]).unwrap();
        let authority = certified.cert.der().clone();
        let key = PrivateKeyDer::Pkcs8(certified.signing_key.serialize_der().into());
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![authority.clone()], key)
            .unwrap();
        let tls = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (tell, heard) = unbounded_channel();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let outcome = match tls.accept(stream).await {
                    Ok(stream) => Ok(answer(stream, NOTHING).await),
                    Err(error) => Err(error.to_string()),
                };
                let _ = tell.send(outcome);
            }
        });
        Self {
            port,
            authority,
            heard,
        }
    }

    fn at(&self, host: &str) -> Url {
        format!("https://{host}:{}/range/", self.port)
            .parse()
            .unwrap()
    }

    /// A client that differs from the usual one in trusting this authority alone.
    fn trusted(&self, host: &str) -> Online {
        let mut roots = RootCertStore::empty();
        roots.add(self.authority.clone()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let connector = HttpsConnectorBuilder::new().with_tls_config(config);
        Online::over(connector, self.at(host), PATIENCE)
    }

    /// That the client broke off, for this reason, before it asked for anything.
    async fn was_asked_nothing(&mut self, alert: &str) {
        let broken_off = self.heard.recv().await.unwrap().unwrap_err();
        assert_eq!(broken_off, format!("received fatal alert: {alert}"));
    }
}

/// Long enough for a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(30);

/// Reads a request, answers it so, and gives its first line.
async fn answer(stream: impl AsyncRead + AsyncWrite + Unpin, with: &str) -> String {
    let mut stream = BufReader::new(stream);
    let mut lines = vec![String::new()];
    while stream.read_line(lines.last_mut().unwrap()).await.unwrap() > 2 {
        lines.push(String::new());
    }
    stream.write_all(with.as_bytes()).await.unwrap();
    stream.flush().await.unwrap();
    lines.remove(0)
}

async fn refused(online: &Online) -> String {
    let password = LeakDigest::of(&Plain::parse("password").unwrap());
    online.know(&password).await.unwrap_err().to_string()
}

#[tokio::test]
async fn v12_3_2_the_breach_api_is_asked_over_tls_by_its_own_name() {
    let mut api = Api::start().await;
    let password = LeakDigest::of(&Plain::parse("password").unwrap());
    assert!(!api.trusted("localhost").know(&password).await.unwrap());
    let asked = api.heard.recv().await.unwrap().unwrap();
    assert_eq!(asked.trim_end(), "GET /range/5BAA6 HTTP/1.1");
}

#[tokio::test]
async fn v12_3_2_a_breach_api_of_an_unknown_authority_is_refused() {
    let mut api = Api::start().await;
    let error = refused(&Online::new(api.at("localhost"), PATIENCE)).await;
    assert!(error.contains("UnknownIssuer"), "{error}");
    api.was_asked_nothing("UnknownCA").await;
}

#[tokio::test]
async fn v12_3_2_a_breach_api_with_a_certificate_for_another_name_is_refused() {
    let mut api = Api::start().await;
    let error = refused(&api.trusted("127.0.0.1")).await;
    assert!(error.contains("not valid for name"), "{error}");
    api.was_asked_nothing("BadCertificate").await;
}

#[tokio::test]
async fn v15_3_2_where_a_breach_api_redirects_to_is_not_asked() {
    let elsewhere = Unserved::bind("127.0.0.1:0").unwrap();
    elsewhere.set_nonblocking(true).unwrap();
    let to = elsewhere.local_addr().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let api = format!("http://{}/range/", listener.local_addr().unwrap());
    let statuses = [301, 302, 303, 307, 308];
    tokio::spawn(async move {
        for status in statuses {
            let (stream, _) = listener.accept().await.unwrap();
            let redirect = format!(
                "HTTP/1.1 {status} Elsewhere\r\nlocation: http://{to}/range/5BAA6\r\n\
                 content-length: 0\r\nconnection: close\r\n\r\n"
            );
            answer(stream, &redirect).await;
        }
    });
    for status in statuses {
        // Each a client of its own: one leaves an API alone that failed too often.
        let error = refused(&Online::new(api.parse().unwrap(), PATIENCE)).await;
        assert_eq!(error, format!("the answer has status {status}"));
    }
    let nobody = elsewhere.accept().unwrap_err();
    assert_eq!(nobody.kind(), ErrorKind::WouldBlock);
}
