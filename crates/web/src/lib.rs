//! Speaking HTTP: routes, extractors, problem details, pages and the OpenAPI document of ntt-auth.
//!
//! Every rule is in the flows of `ntt-auth-core`. A handler here parses a request, runs one flow and renders what came
//! of it. This page lists every route there is.

mod api;
mod app;
mod browser;
pub mod extract;
mod layer;
mod pages;
pub mod problem;
mod settings;
mod system;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use utoipa::OpenApi as _;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use api::schema::export_json;
pub use app::App;
pub use settings::{CorsOrigins, MetricsAccess, RateLimits, WebSettings};
pub use system::{
    BreakerStats, Component, Condition, HashingStats, LetterStats, MailStats, Outbox, OutboxMail,
    Probe, TimeTravel,
};

use crate::api::{audit, auth, jobs, outbox, sessions, testing, users};
use crate::layer::{FrameLayer, Tone, cors, note_denials, rate_limit};
use crate::problem::{Problem, ProblemCode};
use crate::system::{docs, health, jwks, openapi, scrape};

/// The API, limited per caller.
fn limited() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(audit::list::list_audit_events))
        .routes(routes!(auth::register::register))
        .routes(routes!(auth::login::login))
        .routes(routes!(auth::refresh::refresh))
        .routes(routes!(auth::logout::logout))
        .routes(routes!(auth::logout_all::logout_all))
        .routes(routes!(auth::change_password::change_password))
        .routes(routes!(auth::verify_email::verify_email))
        .routes(routes!(auth::resend_verification::resend_verification))
        .routes(routes!(auth::forgot_password::forgot_password))
        .routes(routes!(auth::reset_password::reset_password))
        .routes(routes!(auth::change_email::change_email))
        .routes(routes!(auth::confirm_email_change::confirm_email_change))
        .routes(routes!(auth::password_policy::password_policy))
        .routes(routes!(auth::permissions::permissions))
        .routes(routes!(auth::documents::documents))
        .routes(routes!(sessions::list::list_sessions))
        .routes(routes!(sessions::end::end_session))
        .routes(routes!(users::list::list_users, users::create::create_user))
        .routes(routes!(users::import::import_users))
        .routes(routes!(users::export::export_users))
        .routes(routes!(
            users::me::read::read_me,
            users::me::update::update_me,
            users::me::delete::delete_me
        ))
        .routes(routes!(users::me::erase::erase_me))
        .routes(routes!(users::me::export::export_me))
        .routes(routes!(users::export_one::export_one))
        .routes(routes!(
            users::me::consents::list::list_consents,
            users::me::consents::give::give_consent
        ))
        .routes(routes!(users::me::consents::withdraw::withdraw_consent))
        .routes(routes!(
            users::read::read_user,
            users::update::update_user,
            users::delete::delete_user
        ))
        .routes(routes!(users::bulk::manage_users))
        .routes(routes!(users::role::change_role))
        .routes(routes!(users::suspend::suspend_user))
        .routes(routes!(users::reactivate::reactivate_user))
        .routes(routes!(users::unlock::unlock_user))
        .routes(routes!(users::restore::restore_user))
        .routes(routes!(users::logout_all::logout_user))
        .routes(routes!(users::sessions::list_user_sessions))
        .routes(routes!(api::system::backup::back_up))
        .routes(routes!(api::system::stats::system_stats))
        .routes(routes!(users::reset_password::reset_user_password))
        .routes(routes!(
            users::resend_verification::resend_user_verification
        ))
        .routes(routes!(jobs::list::list_jobs))
        .routes(routes!(jobs::retry::retry_job))
        .routes(routes!(jobs::remove::remove_job))
}

/// What is asked thousands of times a second, or by probes and tests: not limited, and logged at `debug` only.
fn quiet() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(auth::validate::validate))
        .routes(routes!(jwks::jwks))
        .routes(routes!(health::health))
        .routes(routes!(health::health_live))
        .routes(routes!(health::health_ready))
        .routes(routes!(health::health_detailed))
        .routes(routes!(scrape::metrics))
        .routes(routes!(openapi::openapi_json))
        .routes(routes!(
            testing::clock::read_clock,
            testing::advance::advance_clock
        ))
        .routes(routes!(testing::reset::reset))
        .routes(routes!(
            outbox::list::list_outbox,
            outbox::clear::clear_outbox
        ))
        .routes(routes!(outbox::read::read_outbox_mail))
}

/// What people see in a browser. The first of these is limited per caller.
fn forms() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(
            pages::setup::show_set_up,
            pages::setup::submit_set_up
        ))
        .routes(routes!(
            pages::mail::verify_email::show_verify_email,
            pages::mail::verify_email::submit_verify_email
        ))
        .routes(routes!(
            pages::mail::confirm_email_change::show_confirm_email_change,
            pages::mail::confirm_email_change::submit_confirm_email_change
        ))
        .routes(routes!(
            pages::mail::reset_password::show_reset_password,
            pages::mail::reset_password::submit_reset_password
        ))
        .routes(routes!(
            pages::mail::forgot_password::show_forgot_password,
            pages::mail::forgot_password::submit_forgot_password
        ))
        .routes(routes!(
            pages::mail::not_me::show_not_me,
            pages::mail::not_me::submit_not_me
        ))
}

fn open_pages() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(pages::home))
        .routes(routes!(pages::outbox::show_outbox))
        .routes(routes!(pages::outbox::show_outbox_mail))
        .routes(routes!(pages::outbox::show_outbox_html))
        .routes(routes!(docs::docs))
        .routes(routes!(docs::error_page))
        .route("/docs/assets/{file}", get(docs::asset))
        .route("/assets/page.css", get(pages::style))
}

/// The whole server as a router. The peer's address is expected in a `ConnectInfo<SocketAddr>` extension.
pub fn router(app: App) -> Router {
    let frame = FrameLayer::new(&app);
    let limit = from_fn_with_state(app.clone(), rate_limit);
    let denials = from_fn_with_state(app.clone(), note_denials);
    let other_origins = cors(&app.settings.cors_origins);
    let api = refusing(Router::from(limited()))
        .layer(denials)
        .layer(limit.clone());
    let quiet = refusing(Router::from(quiet()));
    let (api, quiet) = match other_origins {
        Some(cors) => (api.layer(cors.clone()), quiet.layer(cors)),
        None => (api, quiet),
    };
    let pages = refusing(Router::from(forms()))
        .layer(limit)
        .merge(refusing(Router::from(open_pages())));
    api.merge(pages)
        .fallback(|| async { Problem::not_found() })
        .layer(frame.toned(Tone::Spoken))
        .merge(quiet.layer(frame.toned(Tone::Quiet)))
        .with_state(app)
}

/// `GET /metrics` without a token, for a listener that only the operator reaches.
pub fn metrics_router(app: App) -> Router {
    let frame = FrameLayer::new(&app);
    Router::new()
        .route("/metrics", get(scrape::open_metrics))
        .fallback(|| async { Problem::not_found() })
        .layer(frame.toned(Tone::Quiet))
        .with_state(app)
}

/// The OpenAPI document of everything that [`router`] serves.
pub fn openapi() -> utoipa::openapi::OpenApi {
    let frontispiece = openapi::Frontispiece::openapi();
    let mut document = OpenApiRouter::with_openapi(frontispiece)
        .merge(limited())
        .merge(quiet())
        .merge(forms())
        .merge(open_pages())
        .into_openapi();
    api::schema::share_refusals(&mut document);
    document
}

/// A method that a route does not know is told as a problem; `Allow` is added by the router.
fn refusing(routes: Router<App>) -> Router<App> {
    routes.method_not_allowed_fallback(|| async {
        Problem::new(
            ProblemCode::MethodNotAllowed,
            "See the Allow header for what is known here.",
        )
    })
}
