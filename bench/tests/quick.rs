//! Runs the whole tool, short, against a stand-in that keeps the API's names and does the work that is measured: it signs,
//! verifies, hashes and refuses when busy, and remembers nothing but its key.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair,
    ParsedPublicKey,
};
use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

/// Set in the process that is to be the server.
const ROLE: &str = "STAND_IN";

fn main() {
    let command = std::env::args().nth(1);
    if matches!(command.as_deref(), Some("import" | "export")) {
        // It remembers nobody.
    } else if std::env::var_os(ROLE).is_some() {
        tokio::runtime::Runtime::new().unwrap().block_on(serve());
    } else {
        a_quick_run_measures_every_number_and_writes_the_page();
    }
}

fn a_quick_run_measures_every_number_and_writes_the_page() {
    let room = tempfile::tempdir().unwrap();
    let page = room.path().join("performance.md");
    let reasons = Path::new(env!("CARGO_MANIFEST_DIR")).join("reasons.toml");
    let ran = Command::new(env!("CARGO_BIN_EXE_ntt-auth-bench"))
        .arg("--quick")
        .arg("--server")
        .arg(std::env::current_exe().unwrap())
        .arg("--data")
        .arg(room.path().join("data"))
        .arg("--report")
        .arg(&page)
        .arg("--reasons")
        .arg(reasons)
        .env(ROLE, "1")
        .env_remove("PEERS")
        .status()
        .unwrap();
    assert!(ran.success());
    let page = fs::read_to_string(page).unwrap();
    for number in ["NUM-1", "NUM-2", "NUM-3", "NUM-4", "NUM-8", "ACC-12"] {
        assert!(
            page.contains(&format!("| {number} |")),
            "{number} is absent from\n{page}"
        );
    }
    let left = fs::read_dir(room.path().join("data")).unwrap().count();
    assert_eq!(left, 0, "the run's data are removed at its end");
}

struct StandIn {
    key: EcdsaKeyPair,
    public: ParsedPublicKey,
    random: SystemRandom,
    tokens: AtomicU64,
    hashing: Semaphore,
    cost: u32,
}

async fn serve() {
    let setting = |name: &str| std::env::var(format!("NTT_AUTH__{name}")).unwrap_or_default();
    let (key, public) = key_in(&PathBuf::from(setting("DATA_DIR")));
    let stand_in = Arc::new(StandIn {
        key,
        public,
        random: SystemRandom::new(),
        tokens: AtomicU64::new(0),
        hashing: Semaphore::new(20),
        cost: setting("PASSWORD__BCRYPT_COST").parse().unwrap_or(12),
    });
    let router = Router::new()
        .route("/api/v1/auth/register", post(async || StatusCode::CREATED))
        .route("/api/v1/auth/login", post(login))
        .route("/api/v1/auth/refresh", post(refresh))
        .route("/api/v1/auth/validate", get(validate))
        .route("/.well-known/jwks.json", get(jwks))
        .with_state(stand_in);
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket
        .bind(setting("HTTP__LISTEN").parse().unwrap())
        .unwrap();
    let listener = socket.listen(4096).unwrap();
    println!(
        "stand-in ready on http://{}",
        listener.local_addr().unwrap()
    );
    axum::serve(listener, router).await.unwrap();
}

/// The key in the data folder, made there at the first start.
fn key_in(folder: &Path) -> (EcdsaKeyPair, ParsedPublicKey) {
    let file = folder.join("key");
    if !file.exists() {
        let fresh = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        fs::write(&file, fresh.to_pkcs8v1().unwrap()).unwrap();
    }
    let pkcs8 = fs::read(&file).unwrap();
    let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &pkcs8).unwrap();
    let public = ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key.public_key().as_ref()).unwrap();
    (key, public)
}

impl StandIn {
    fn tokens(&self) -> Json<Value> {
        let number = self.tokens.fetch_add(1, Ordering::Relaxed);
        let head = BASE64.encode(r#"{"alg":"ES256","typ":"at+jwt"}"#);
        let claims = BASE64.encode(format!(r#"{{"jti":"{}-{number}"}}"#, std::process::id()));
        let message = format!("{head}.{claims}");
        let signature = self.key.sign(&self.random, message.as_bytes()).unwrap();
        let access_token = format!("{message}.{}", BASE64.encode(signature));
        Json(json!({ "accessToken": access_token, "refreshToken": format!("r-{number}") }))
    }
}

async fn login(
    State(stand_in): State<Arc<StandIn>>,
) -> Result<Json<Value>, impl axum::response::IntoResponse> {
    let Ok(_place) = stand_in.hashing.try_acquire() else {
        return Err((StatusCode::SERVICE_UNAVAILABLE, [("retry-after", "1")]));
    };
    let cost = stand_in.cost;
    tokio::task::spawn_blocking(move || {
        bcrypt::hash_with_salt("a password", cost, [1; 16]).unwrap()
    })
    .await
    .unwrap();
    Ok(stand_in.tokens())
}

async fn refresh(State(stand_in): State<Arc<StandIn>>, Json(asked): Json<Value>) -> Json<Value> {
    assert!(asked["refreshToken"].is_string());
    stand_in.tokens()
}

async fn validate(
    State(stand_in): State<Arc<StandIn>>,
    headers: HeaderMap,
) -> Result<Json<Value>, StatusCode> {
    let bearer = headers["authorization"].to_str().unwrap();
    let (message, signature) = bearer
        .strip_prefix("Bearer ")
        .and_then(|token| token.rsplit_once('.'))
        .ok_or(StatusCode::UNAUTHORIZED)?;
    let signature = BASE64
        .decode(signature)
        .map_err(|_| StatusCode::UNAUTHORIZED)?;
    stand_in
        .public
        .verify_sig(message.as_bytes(), &signature)
        .map_err(|_| StatusCode::UNAUTHORIZED)?;
    Ok(Json(json!({ "active": true, "scope": "x".repeat(200) })))
}

async fn jwks(State(stand_in): State<Arc<StandIn>>) -> Json<Value> {
    let point = stand_in.key.public_key().as_ref();
    let (x, y) = (BASE64.encode(&point[1..33]), BASE64.encode(&point[33..65]));
    Json(json!({ "keys": [{ "kty": "EC", "crv": "P-256", "kid": "1", "x": x, "y": y }] }))
}
