//! The bare server: the HTTP stack of ntt-auth with nothing above it. It answers what it is told to, and can do a bare signature check.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use aws_lc_rs::signature::ParsedPublicKey;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, on};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use http_body_util::BodyExt;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use serde::{Deserialize, Serialize};
use tokio::net::{TcpListener, TcpSocket};

use crate::failure::{Failure, Result};
use crate::reference::{EcPublicKey, Signed};

/// Connections that wait in the system's queue until they are accepted.
const BACKLOG: u32 = 4096;

/// One route and its fixed answer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Fixed {
    /// The method.
    pub(crate) method: String,
    /// The path.
    pub(crate) path: String,
    /// The status of the answer.
    pub(crate) status: u16,
    /// Its header fields; the stack itself adds the date and the length.
    pub(crate) headers: Vec<(String, String)>,
    /// Its body.
    pub(crate) body: String,
    /// With a key, the bearer token's ES256 signature is checked, and nothing else of it.
    pub(crate) verify: Option<EcPublicKey>,
}

/// Serves the routes in the file `routes` on a port of the system's choice, until the process is ended.
pub(crate) fn serve(routes: &Path) -> Result<()> {
    let text = std::fs::read_to_string(routes)
        .map_err(Failure::while_(format!("reading {}", routes.display())))?;
    let routes: Vec<Fixed> = serde_json::from_str(&text).map_err(|error| {
        Failure::Unmet(format!(
            "{} is no list of routes: {error}",
            routes.display()
        ))
    })?;
    let answering = router(&routes)?;
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(Failure::while_("starting the runtime"))?
        .block_on(async {
            let socket = TcpSocket::new_v4()?;
            socket.bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
            let listener = socket.listen(BACKLOG)?;
            announce(listener.local_addr()?);
            accept(&listener, &answering).await
        })
        .map_err(Failure::while_("listening"))
}

/// A router with those routes.
pub(crate) fn router(routes: &[Fixed]) -> Result<Router> {
    routes.iter().try_fold(Router::new(), |router, fixed| {
        let method = Method::from_bytes(fixed.method.as_bytes())
            .ok()
            .and_then(|method| MethodFilter::try_from(method).ok())
            .ok_or_else(|| Failure::Unmet(format!("{} is no method", fixed.method)))?;
        let prepared = Arc::new(Prepared::new(fixed)?);
        let handler = move |request: Request| {
            let prepared = Arc::clone(&prepared);
            async move { prepared.answer(request).await }
        };
        Ok(router.route(&fixed.path, on(method, handler)))
    })
}

struct Prepared {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
    verify: Option<ParsedPublicKey>,
}

impl Prepared {
    fn new(fixed: &Fixed) -> Result<Self> {
        let invalid =
            |what: &str| Failure::Unmet(format!("{} {}: {what}", fixed.method, fixed.path));
        let mut headers = HeaderMap::new();
        for (name, value) in &fixed.headers {
            let name: HeaderName = name.parse().map_err(|_| invalid("bad header name"))?;
            let value: HeaderValue = value.parse().map_err(|_| invalid("bad header value"))?;
            headers.append(name, value);
        }
        Ok(Self {
            status: StatusCode::from_u16(fixed.status).map_err(|_| invalid("bad status"))?,
            headers,
            body: Bytes::from(fixed.body.clone()),
            verify: fixed.verify.as_ref().map(EcPublicKey::parse).transpose()?,
        })
    }

    async fn answer(&self, request: Request) -> Response {
        if let Some(key) = &self.verify
            && !bearer_is_signed(request.headers(), key)
        {
            return StatusCode::UNAUTHORIZED.into_response();
        }
        if request.into_body().collect().await.is_err() {
            return StatusCode::BAD_REQUEST.into_response();
        }
        (
            self.status,
            self.headers.clone(),
            Body::from(self.body.clone()),
        )
            .into_response()
    }
}

fn bearer_is_signed(headers: &HeaderMap, key: &ParsedPublicKey) -> bool {
    headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "))
        .and_then(Signed::split)
        .is_some_and(|token| token.verify(key))
}

/// The accept loop, with the connection settings of ntt-auth's own and none of its limits.
pub(crate) async fn accept(listener: &TcpListener, router: &Router) -> std::io::Result<()> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    // Without this, hyper arms a timer of its own for each request.
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(None);
    let builder = Arc::new(builder);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let service = TowerToHyperService::new(router.clone());
        let builder = Arc::clone(&builder);
        tokio::spawn(async move {
            // A client that hangs up is no concern of a server that holds nothing.
            let _ = builder
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

#[expect(clippy::print_stdout, reason = "the line is what a starter waits for")]
fn announce(address: SocketAddr) {
    println!("bare ready on http://{address}");
}
