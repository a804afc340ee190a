//! Runs the whole tool, short, against a stand-in that keeps the API's names and does the work that is measured: it signs,
//! verifies, hashes and refuses when busy, and remembers nothing but its key and what was revoked.
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
use axum::extract::{Path as UrlPath, State};
use axum::routing::{delete, get, patch, post};
use axum::{Json, Router};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

/// Set in the process that is to be the server: the folder in which several of them keep their key and what was revoked.
const ROLE: &str = "STAND_IN";

fn main() {
    let command = std::env::args().nth(1);
    if matches!(command.as_deref(), Some("import" | "export" | "user")) {
        // It remembers nobody, but listens.
        std::io::copy(&mut std::io::stdin(), &mut std::io::sink()).unwrap();
    } else if command.as_deref() == Some("doctor") {
        println!("ok   database.version: Elephant 1.2-3");
    } else if command.as_deref() == Some("config") {
        // Every setting is as good as any other.
    } else if std::env::var_os(ROLE).is_some() {
        tokio::runtime::Runtime::new().unwrap().block_on(serve());
    } else {
        a_quick_run_measures_every_number_and_writes_the_page();
    }
}

fn a_quick_run_measures_every_number_and_writes_the_page() {
    let room = tempfile::tempdir().unwrap();
    let page = room.path().join("performance.md");
    let engines_page = room.path().join("performance-engines.md");
    let shared = room.path().join("shared");
    fs::create_dir(&shared).unwrap();
    let kept = Path::new(env!("CARGO_MANIFEST_DIR"));
    let ran = Command::new(env!("CARGO_BIN_EXE_ntt-auth-bench"))
        .arg("--quick")
        .arg("--server")
        .arg(std::env::current_exe().unwrap())
        .arg("--data")
        .arg(room.path().join("data"))
        .arg("--report")
        .arg(&page)
        .arg("--engines-report")
        .arg(&engines_page)
        .arg("--reasons")
        .arg(kept.join("reasons.toml"))
        .arg("--torture")
        .arg(kept.join("torture.toml"))
        // Starts nothing: the one database beside SQLite is named.
        .args(["--databases", "true"])
        .env("NTT_BENCH_POSTGRES_URL", "postgres://stand-in/accounts")
        .env("NTT_BENCH_REDIS_URL", "redis://stand-in")
        .env(ROLE, &shared)
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
    let page = fs::read_to_string(engines_page).unwrap();
    for expected in [
        "| NUM-6 |",
        "| Elephant 1.2, with Redis | 18 |",
        "| statements for one login | 7.0 | 7.0 |",
    ] {
        assert!(page.contains(expected), "{expected} is absent from\n{page}");
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
    revoked: PathBuf,
}

async fn serve() {
    let setting = |name: &str| std::env::var(format!("NTT_AUTH__{name}")).unwrap_or_default();
    let shared = PathBuf::from(std::env::var_os(ROLE).unwrap());
    let (key, public) = key_in(&shared);
    let cost = setting("PASSWORD__BCRYPT_COST").parse().unwrap_or(12);
    let stand_in = Arc::new(StandIn {
        key,
        public,
        random: SystemRandom::new(),
        tokens: AtomicU64::new(0),
        // Logins are refused where overload is measured, and only there.
        hashing: Semaphore::new(if cost == 4 { 256 } else { 20 }),
        cost,
        revoked: shared,
    });
    let router = Router::new()
        .route("/api/v1/auth/register", post(async || StatusCode::CREATED))
        .route("/api/v1/auth/login", post(login))
        .route("/api/v1/auth/refresh", post(refresh))
        .route("/api/v1/auth/validate", get(validate))
        .route("/.well-known/jwks.json", get(jwks))
        .route("/api/v1/users", get(async || Json(json!([]))))
        .route("/api/v1/users/me", get(async || Json(json!({}))))
        .route("/api/v1/auth/logout", post(log_out))
        .route("/api/v1/auth/logout-all", post(log_out))
        .route("/api/v1/auth/sessions/{id}", delete(revoke))
        .route("/api/v1/users/{id}/logout-all", post(revoke))
        .route("/api/v1/users/{id}/suspend", post(revoke))
        .route("/api/v1/users/{id}/role", patch(revoke))
        .route("/metrics", get(metrics))
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

/// The key in the folder, made there at the first start.
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
        // Each login is a user, a session and a token of one name.
        let id = format!("{}-{number}", std::process::id());
        let claims = BASE64.encode(&id);
        let message = format!("{head}.{claims}");
        let signature = self.key.sign(&self.random, message.as_bytes()).unwrap();
        let access_token = format!("{message}.{}", BASE64.encode(signature));
        Json(json!({
            "accessToken": access_token, "refreshToken": format!("r-{number}"),
            "sessionId": id, "user": { "userId": id },
        }))
    }

    /// The name in a token, if it is signed and was not revoked.
    fn holder(&self, headers: &HeaderMap) -> Option<String> {
        let bearer = headers["authorization"].to_str().unwrap();
        let (message, signature) = bearer.strip_prefix("Bearer ")?.rsplit_once('.')?;
        let signature = BASE64.decode(signature).ok()?;
        self.public
            .verify_sig(message.as_bytes(), &signature)
            .ok()?;
        let id = BASE64.decode(message.split_once('.')?.1).ok()?;
        let id = String::from_utf8(id).ok()?;
        (!self.revoked.join(&id).exists()).then_some(id)
    }
}

async fn log_out(State(stand_in): State<Arc<StandIn>>, headers: HeaderMap) -> StatusCode {
    let holder = stand_in.holder(&headers);
    revoke(State(stand_in), UrlPath(holder.unwrap())).await
}

async fn revoke(State(stand_in): State<Arc<StandIn>>, UrlPath(id): UrlPath<String>) -> StatusCode {
    fs::write(stand_in.revoked.join(id), "").unwrap();
    StatusCode::NO_CONTENT
}

/// Seven statements for each pair of tokens, and one that nobody asked for.
async fn metrics(State(stand_in): State<Arc<StandIn>>) -> String {
    let count = stand_in.tokens.load(Ordering::Relaxed) * 7;
    format!(
        "ntt_auth_store_statements_total{{statement=\"a\"}} {count}\n\
         ntt_auth_store_statements_total{{statement=\"b\"}} 1\n"
    )
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
    stand_in.holder(&headers).ok_or(StatusCode::UNAUTHORIZED)?;
    Ok(Json(json!({ "active": true, "scope": "x".repeat(200) })))
}

async fn jwks(State(stand_in): State<Arc<StandIn>>) -> Json<Value> {
    let point = stand_in.key.public_key().as_ref();
    let (x, y) = (BASE64.encode(&point[1..33]), BASE64.encode(&point[33..65]));
    Json(json!({ "keys": [{ "kty": "EC", "crv": "P-256", "kid": "1", "x": x, "y": y }] }))
}
