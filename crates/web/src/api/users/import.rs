//! `POST /api/v1/users/import`

use std::collections::BTreeMap;

use axum::body::Body;
use axum::extract::{Request, State};
use futures::StreamExt as _;
use http::HeaderMap;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use ntt_auth_core::Auth;
use ntt_auth_core::flow::{ImportTerms, ImportUsers, OnConflict, OnInvalid, RowProblem};
use ntt_auth_core::model::{FieldErrors, Import, Invalid, Role};
use ntt_auth_core::transfer::{Format, Hints, Rows, Unreadable};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::App;
use crate::api::schema::{ANY, BEARER, BODY, HASHING, QUERY, refusals, role_schema};
use crate::extract::{May, Peer, Query, may};
use crate::problem::{Problem, ProblemCode};
use crate::settings::WebSettings;

refusals!(BODY, QUERY, BEARER, &[ProblemCode::Forbidden], HASHING, ANY);

/// Most problems that an answer tells of.
const MOST_PROBLEMS: usize = 1000;
/// What a file of users may be said to be.
const TYPES: [&str; 7] = [
    "application/x-ndjson",
    "application/jsonl",
    "application/json",
    "text/csv",
    "application/sql",
    "text/plain",
    "application/octet-stream",
];

/// What is imported, and how.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ImportQuery {
    /// The format of the body.
    #[param(inline)]
    format: FormatName,
    /// Judge every row and write nothing.
    dry_run: Option<bool>,
    /// What to do with accounts that are there already; `skip` if left out.
    #[param(inline)]
    on_conflict: Option<ConflictName>,
    /// What to do with rows of which a part is not acceptable that an account can do without; `reject` if left out.
    #[param(inline)]
    on_invalid: Option<InvalidName>,
    /// Which of the source's roles make which role here, e.g. `staff:moderator,admins:admin`.
    #[param(example = "staff:moderator", max_length = 4096)]
    roles: Option<String>,
    /// The role of everybody else; `user` if left out.
    #[param(schema_with = role_schema, required = false)]
    default_role: Option<Role>,
    /// The model that holds Django's users; `auth.user` if left out.
    #[param(example = "accounts.user", max_length = 200)]
    django_model: Option<String>,
    /// Also keep, in the metadata, what only administrators could change in the source. Here people may change it.
    keep_app_metadata: Option<bool>,
}

/// The formats of an import.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum FormatName {
    Jsonl,
    Csv,
    Auth0,
    Firebase,
    Keycloak,
    Supabase,
    Django,
}

/// What to do with accounts that are there already.
#[derive(Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ConflictName {
    /// Leave them as they are.
    #[default]
    Skip,
    /// Complete them.
    Update,
    /// Stop.
    Fail,
}

/// What to do with rows that are acceptable in part.
#[derive(Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum InvalidName {
    /// Reject them.
    #[default]
    Reject,
    /// Leave the part out.
    Drop,
}

/// What became of an import.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "dryRun": false, "stopped": false, "rows": 3, "added": 2, "updated": 0, "skipped": 0, "ignored": 0, "rejected": 1,
    "problems": [{ "row": 3, "id": "auth0|60425dc43519d90068f82973", "outcome": "rejected", "field": "/email",
                   "code": "invalid_email", "message": "This is not a valid email address." }],
    "problemsLeftOut": 0,
}))]
pub(crate) struct ImportReport {
    /// Whether nothing was written.
    dry_run: bool,
    /// Whether it ended at an account that was there already, as `onConflict=fail` asks.
    stopped: bool,
    /// Rows that were read.
    rows: u64,
    /// Accounts that were made.
    added: u64,
    /// Accounts that were completed.
    updated: u64,
    /// Accounts that were there and stayed as they are.
    skipped: u64,
    /// Rows that are no accounts.
    ignored: u64,
    /// Rows that made no account.
    rejected: u64,
    /// What was wrong, at most 1000.
    problems: Vec<ImportProblem>,
    /// How many problems there are beyond those.
    problems_left_out: usize,
}

/// What is wrong with a row.
#[derive(Serialize, ToSchema)]
pub(crate) struct ImportProblem {
    /// The row, counted from one; the names of columns are no row.
    row: u64,
    /// The id in the source, unless it is an address.
    id: Option<String>,
    /// `rejected`, `skipped` or `left_out`.
    outcome: &'static str,
    /// JSON Pointer to the field; empty for the whole row.
    field: String,
    /// What programs branch on.
    code: &'static str,
    /// One sentence for people.
    message: String,
}

/// Import users
///
/// Makes accounts of the rows of the body, as it arrives; only super admins may. Password hashes of other systems are kept until their
/// owner signs in, and are made anew then. Batches of rows are written together: what was read before a refusal stays, and the same
/// body may be sent again. Firebase's hashes need the project's parameters, which only `ntt-auth import` takes.
#[utoipa::path(
    post,
    path = "/api/v1/users/import",
    tag = "Users",
    security(("bearer" = [])),
    params(ImportQuery),
    request_body(description = "The file.", content(
        (Value = "application/x-ndjson", example = "{\"email\":\"ada@example.com\",\"passwordHash\":\"$2b$12$…\"}\n"),
        (Value = "text/csv", example = "email,firstName\r\nada@example.com,Ada\r\n"),
    )),
    responses(
        (status = 200, description = "What became of the rows.", body = ImportReport),
        Refusals,
    ),
)]
pub(crate) async fn import_users(
    State(app): State<App>,
    Peer(client): Peer,
    may: May<may::OperateSystem>,
    Query(query): Query<ImportQuery>,
    request: Request,
) -> Result<axum::Json<ImportReport>, Problem> {
    let settings = &app.settings;
    acceptable(request.headers(), settings)?;
    let terms = query.terms().map_err(Problem::invalid)?;
    let hints = Hints {
        firebase: None,
        django_model: query.django_model,
        keep_app_metadata: query.keep_app_metadata.unwrap_or_default(),
    };
    let mut reading = Importing {
        auth: &app.auth,
        rows: Rows::new(terms.format, hints),
        dry_run: terms.dry_run,
        import: ImportUsers::begin(&app.auth, may.0, client, terms, None, false).await?,
        problems: Vec::new(),
        left_out: 0,
    };
    reading.all(request.into_body(), settings).await?;
    let stopped = reading.import.has_stopped();
    let dry_run = reading.dry_run;
    let (problems, left_out) = (reading.problems, reading.left_out);
    let Import { counts, .. } = reading.import.finish(&app.auth).await?;
    Ok(axum::Json(ImportReport {
        dry_run,
        stopped,
        rows: counts.rows,
        added: counts.added,
        updated: counts.updated,
        skipped: counts.skipped,
        ignored: counts.ignored,
        rejected: counts.rejected,
        problems: problems.into_iter().map(ImportProblem::from).collect(),
        problems_left_out: left_out,
    }))
}

struct Importing<'a> {
    auth: &'a Auth,
    rows: Rows,
    dry_run: bool,
    import: ImportUsers,
    problems: Vec<RowProblem>,
    left_out: usize,
}

impl Importing<'_> {
    /// Reads the whole body, piece by piece, until the import stops.
    async fn all(&mut self, body: Body, settings: &WebSettings) -> Result<(), Problem> {
        let mut pieces = body.into_data_stream();
        let mut read = 0;
        loop {
            let piece = match tokio::time::timeout(settings.body_deadline, pieces.next()).await {
                Ok(Some(Ok(piece))) => piece,
                Ok(Some(Err(_))) => {
                    return Err(self.broken(ProblemCode::MalformedRequest, "The body broke off"));
                }
                Ok(None) => break,
                Err(_) => {
                    return Err(self.broken(ProblemCode::Timeout, "The body stopped arriving"));
                }
            };
            read += piece.len();
            if read > settings.max_import {
                return Err(self.broken(ProblemCode::PayloadTooLarge, &too_large(settings)));
            }
            // A piece is as large as the client makes it.
            for part in piece.chunks(64 * 1024) {
                let fed = self.rows.feed(part);
                self.take(false).await?;
                fed.map_err(|error| self.unreadable(&error))?;
            }
            if self.import.has_stopped() {
                return Ok(());
            }
        }
        let ended = self.rows.finish();
        self.take(true).await?;
        ended.map_err(|error| self.unreadable(&error))
    }

    async fn take(&mut self, all: bool) -> Result<(), Problem> {
        while !self.import.has_stopped()
            && let Some(batch) = self.rows.batch(0, all)
        {
            let problems = self.import.take(self.auth, batch).await?;
            let room = MOST_PROBLEMS.saturating_sub(self.problems.len());
            self.left_out += problems.len().saturating_sub(room);
            self.problems.extend(problems.into_iter().take(room));
        }
        Ok(())
    }

    /// The body cannot be read on; what was read before is in.
    fn broken(&self, code: ProblemCode, why: &str) -> Problem {
        Problem::new(code, format!("{why}; {}.", self.so_far()))
    }

    fn unreadable(&self, error: &Unreadable) -> Problem {
        let message = format!("The body cannot be read: {error}; {}.", self.so_far());
        Problem::invalid(FieldErrors::from((
            "",
            Invalid::with("unreadable", message),
        )))
    }

    fn so_far(&self) -> String {
        let counts = self.import.import().counts;
        match self.dry_run {
            true => "nothing was written".to_owned(),
            false => format!(
                "of the {} rows before, {} made an account and {} completed one",
                counts.rows, counts.added, counts.updated
            ),
        }
    }
}

/// Refuses what need not be read at all.
fn acceptable(headers: &HeaderMap, settings: &WebSettings) -> Result<(), Problem> {
    let essence = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.split(';').next())
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    if !TYPES.contains(&essence.as_str()) {
        return Err(Problem::new(
            ProblemCode::UnsupportedMediaType,
            "Send a file of users as application/x-ndjson, application/json or text/csv.",
        ));
    }
    let length = headers
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    let most = u64::try_from(settings.max_import).unwrap_or(u64::MAX);
    match length {
        Some(length) if length > most => Err(Problem::new(
            ProblemCode::PayloadTooLarge,
            format!("{}.", too_large(settings)),
        )),
        _ => Ok(()),
    }
}

fn too_large(settings: &WebSettings) -> String {
    format!("An import has at most {} octets here", settings.max_import)
}

impl ImportQuery {
    fn terms(&self) -> Result<ImportTerms, FieldErrors> {
        Ok(ImportTerms {
            format: match self.format {
                FormatName::Jsonl => Format::Jsonl,
                FormatName::Csv => Format::Csv,
                FormatName::Auth0 => Format::Auth0,
                FormatName::Firebase => Format::Firebase,
                FormatName::Keycloak => Format::Keycloak,
                FormatName::Supabase => Format::Supabase,
                FormatName::Django => Format::Django,
            },
            on_conflict: match self.on_conflict.unwrap_or_default() {
                ConflictName::Skip => OnConflict::Skip,
                ConflictName::Update => OnConflict::Update,
                ConflictName::Fail => OnConflict::Fail,
            },
            on_invalid: match self.on_invalid.unwrap_or_default() {
                InvalidName::Reject => OnInvalid::Reject,
                InvalidName::Drop => OnInvalid::Drop,
            },
            roles: self
                .roles
                .as_deref()
                .map(roles)
                .transpose()?
                .unwrap_or_default(),
            default_role: self.default_role.unwrap_or_default(),
            dry_run: self.dry_run.unwrap_or_default(),
        })
    }
}

/// `staff:moderator,admins:admin`
fn roles(text: &str) -> Result<BTreeMap<String, Role>, FieldErrors> {
    text.split(',')
        .map(|pair| {
            let (name, role) = pair.rsplit_once(':')?;
            Some((name.trim().to_owned(), role.trim().parse().ok()?))
        })
        .collect::<Option<_>>()
        .ok_or_else(|| {
            FieldErrors::from((
                "/roles",
                Invalid::new(
                    "invalid_roles",
                    "Roles are pairs of a name in the source and a role here, e.g. staff:moderator,admins:admin.",
                ),
            ))
        })
}

impl From<RowProblem> for ImportProblem {
    fn from(problem: RowProblem) -> Self {
        Self {
            row: problem.row,
            id: problem.id,
            outcome: problem.outcome.as_str(),
            field: problem.error.field.into_owned(),
            code: problem.error.code,
            message: problem.error.message.into_owned(),
        }
    }
}
