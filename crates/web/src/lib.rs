//! Speaking HTTP: routes, extractors, problem details, pages and the OpenAPI document of ntt-auth.
//!
//! Every rule is in the flows of `ntt-auth-core`. A handler here parses a request, runs one flow and renders what came
//! of it. This page lists every route there is.

mod api;
mod app;
mod browser;
pub mod extract;
mod feed;
mod layer;
mod pages;
pub mod problem;
mod routes;
mod settings;
mod system;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::get;
use utoipa::OpenApi as _;

pub use api::schema::export_json;
pub use app::App;
pub use layer::{Counted, SharedCount, SharedLimits};
pub use settings::{
    CorsOrigins, FeedSettings, FeedToken, ForwardedHeader, MetricsAccess, RateLimits, WebSettings,
};
pub use system::openapi::OPENAPI;
pub use system::{
    BreakerState, BreakerStats, Component, Condition, HashingStats, LetterStats, MailStats,
    NodeStats, Outbox, OutboxMail, Probe, StatementStats, StoreStats, TimeTravel, TraceStats,
};

use crate::api::{audit, auth, jobs, outbox, revocations, sessions, testing, users};
use crate::layer::{FrameLayer, Tone, cors, note_denials, rate_limit};
use crate::pages::refusal::{as_pages, only_ours};
use crate::problem::{Problem, ProblemCode};
use crate::routes::{Described, Named, Routes, Served, routes};
use crate::system::{docs, health, jwks, openapi, scrape};

/// The API, limited per caller.
fn limited<R: Routes>(list: R) -> R {
    routes![
        list;
        audit::list::list_audit_events,
        auth::register::register,
        auth::login::login,
        auth::refresh::refresh,
        auth::logout::logout,
        auth::logout_all::logout_all,
        auth::change_password::change_password,
        auth::verify_email::verify_email,
        auth::resend_verification::resend_verification,
        auth::forgot_password::forgot_password,
        auth::reset_password::reset_password,
        auth::change_email::change_email,
        auth::confirm_email_change::confirm_email_change,
        auth::password_policy::password_policy,
        auth::permissions::permissions,
        auth::documents::documents,
        sessions::list::list_sessions,
        sessions::end::end_session,
        users::list::list_users,
        users::create::create_user,
        users::import::import_users,
        users::export::export_users,
        users::me::read::read_me,
        users::me::update::update_me,
        users::me::delete::delete_me,
        users::me::erase::erase_me,
        users::me::export::export_me,
        users::export_one::export_one,
        users::me::consents::list::list_consents,
        users::me::consents::give::give_consent,
        users::me::consents::withdraw::withdraw_consent,
        users::read::read_user,
        users::update::update_user,
        users::delete::delete_user,
        users::bulk::manage_users,
        users::role::change_role,
        users::suspend::suspend_user,
        users::reactivate::reactivate_user,
        users::unlock::unlock_user,
        users::restore::restore_user,
        users::logout_all::logout_user,
        users::sessions::list_user_sessions,
        api::system::backup::back_up,
        api::system::stats::system_stats,
        users::reset_password::reset_user_password,
        users::resend_verification::resend_user_verification,
        jobs::list::list_jobs,
        jobs::retry::retry_job,
        jobs::remove::remove_job,
    ]
}

/// What is asked thousands of times a second, or by probes and tests: not limited, and logged at `debug` only.
fn quiet<R: Routes>(list: R) -> R {
    routes![
        list;
        auth::validate::validate,
        jwks::jwks,
        health::health,
        health::health_live,
        health::health_ready,
        health::health_detailed,
        scrape::metrics,
        openapi::openapi_json,
        testing::clock::read_clock,
        testing::advance::advance_clock,
        testing::reset::reset,
        outbox::list::list_outbox,
        outbox::clear::clear_outbox,
        outbox::read::read_outbox_mail,
    ]
}

/// What services follow: as often as they like, but who may not is told to the audit trail.
fn followed<R: Routes>(list: R) -> R {
    routes![
        list;
        revocations::list::list_revocations,
        revocations::stream::stream_revocations,
    ]
}

/// What people see in a browser. The first of these is limited per caller.
fn forms<R: Routes>(list: R) -> R {
    routes![
        list;
        pages::setup::show_set_up,
        pages::setup::submit_set_up,
        pages::mail::verify_email::show_verify_email,
        pages::mail::verify_email::submit_verify_email,
        pages::mail::confirm_email_change::show_confirm_email_change,
        pages::mail::confirm_email_change::submit_confirm_email_change,
        pages::mail::reset_password::show_reset_password,
        pages::mail::reset_password::submit_reset_password,
        pages::mail::forgot_password::show_forgot_password,
        pages::mail::forgot_password::submit_forgot_password,
        pages::mail::not_me::show_not_me,
        pages::mail::not_me::submit_not_me,
    ]
}

fn open_pages<R: Routes>(list: R) -> R {
    let list = routes![
        list;
        pages::home,
        pages::outbox::show_outbox,
        pages::outbox::show_outbox_mail,
        pages::outbox::show_outbox_html,
        docs::docs,
        docs::error_page,
    ];
    list.undocumented("/docs/assets/{file}", || get(docs::asset))
        .undocumented("/assets/page.css", || get(pages::style))
}

/// The whole server as a router. The peer's address is expected in a `ConnectInfo<SocketAddr>` extension.
pub fn router(app: App) -> Router {
    let frame = FrameLayer::new(&app);
    let limit = from_fn_with_state(app.clone(), rate_limit);
    let denials = from_fn_with_state(app.clone(), note_denials);
    let other_origins = cors(&app.settings.cors_origins);
    let api = refusing(limited(Served(Router::new())))
        .layer(denials.clone())
        .layer(limit.clone());
    let quiet = refusing(quiet(Served(Router::new())));
    let followed = refusing(followed(Served(Router::new()))).layer(denials);
    let (api, quiet) = match other_origins {
        Some(cors) => (api.layer(cors.clone()), quiet.layer(cors)),
        None => (api, quiet),
    };
    let ours = from_fn_with_state(app.clone(), only_ours);
    let pages = refusing(forms(Served(Router::new())))
        .layer(ours)
        .layer(limit)
        .layer(from_fn(as_pages))
        .merge(refusing(open_pages(Served(Router::new()))));
    api.merge(pages)
        .fallback(|| async { Problem::not_found() })
        .layer(frame.toned(Tone::Spoken))
        .merge(quiet.merge(followed).layer(frame.toned(Tone::Quiet)))
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

/// The OpenAPI document of everything that [`router`] serves, made from the code. [`OPENAPI`] is the same as a text.
pub fn openapi() -> utoipa::openapi::OpenApi {
    let Described(mut document) = every(Described(openapi::Frontispiece::openapi()));
    api::schema::share_refusals(&mut document);
    document
}

/// The paths of all routes that are documented.
fn paths() -> Vec<String> {
    every(Named(Vec::new())).0
}

/// The paths of routes that are asked thousands of times a second, or by probes.
pub fn quiet_paths() -> Vec<String> {
    quiet(Named(Vec::new())).0
}

fn every<R: Routes>(list: R) -> R {
    open_pages(forms(followed(quiet(limited(list)))))
}

/// A method that a route does not know is told as a problem; `Allow` is added by the router.
fn refusing(Served(routes): Served) -> Router<App> {
    routes.method_not_allowed_fallback(|| async {
        Problem::new(
            ProblemCode::MethodNotAllowed,
            "See the Allow header for what is known here.",
        )
    })
}
