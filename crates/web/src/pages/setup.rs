//! First set-up (OPS-1): the form behind the link that is printed once.

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use minijinja::context;
use minijinja::value::Serde;
use ntt_auth_core::flow::{RawRegistration, SetUp, SetUpError, set_up_is_open};
use ntt_auth_core::model::FieldErrors;
use ntt_auth_core::policy::ProfileField;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::App;
use crate::api::schema::{ANY, HASHING, QUERY, page_refusals};
use crate::extract::{Form, Peer, Query};
use crate::pages;
use crate::problem::{Problem, ProblemBody, ProblemCode};

page_refusals!(ShowRefusals: QUERY, ANY);
page_refusals!(
    SubmitRefusals: &[
        ProblemCode::MalformedRequest,
        ProblemCode::Timeout,
        ProblemCode::PayloadTooLarge,
        ProblemCode::UnsupportedMediaType,
        ProblemCode::CsrfRefused,
    ],
    HASHING,
    ANY,
);

/// The link's token.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct SetupQuery {
    /// The token, as it stands in the printed link.
    #[serde(default)]
    token: String,
}

/// The first super admin, as typed.
#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[schema(as = SetupForm)]
pub(crate) struct SetupForm {
    /// The token of the link; nobody who does not hold it can make a browser send this form.
    token: String,
    /// The address to sign in by.
    email: String,
    /// The password.
    #[schema(format = Password)]
    password: String,
    /// A user name, if wanted.
    username: String,
    /// Given name.
    first_name: String,
    /// Family name.
    last_name: String,
    /// Phone number in E.164 form.
    phone: String,
    /// IANA time zone.
    timezone: String,
    /// BCP 47 language tag.
    locale: String,
}

/// The form that makes the first super admin
#[utoipa::path(
    get,
    path = "/setup",
    tag = "Pages",
    params(SetupQuery),
    responses(
        (status = 200, description = "The form.", body = String, content_type = "text/html"),
        (status = 410, description = "The link is not good any more.", body = String, content_type = "text/html"),
        ShowRefusals,
    ),
)]
pub(crate) async fn show_set_up(
    State(app): State<App>,
    Query(query): Query<SetupQuery>,
) -> Response {
    match set_up_is_open(&app.auth, &query.token).await {
        Ok(true) => {
            let empty = SetupForm {
                token: query.token,
                ..SetupForm::default()
            };
            form(&app, StatusCode::OK, &empty, &FieldErrors::new())
        }
        Ok(false) => closed(),
        Err(fault) => Problem::from(fault).into_response(),
    }
}

/// Make the first super admin
#[utoipa::path(
    post,
    path = "/setup",
    tag = "Pages",
    request_body(content = SetupForm, content_type = "application/x-www-form-urlencoded"),
    responses(
        (
            status = 201,
            description = "The account was made; the link is closed for ever.",
            body = String,
            content_type = "text/html",
        ),
        (status = 410, description = "The link is not good any more.", body = String, content_type = "text/html"),
        (status = 422, description = "The form again, with what is wrong beside each field; or a field is unknown.", content(
            (String = "text/html"),
            (ProblemBody = "application/problem+json"),
        )),
        SubmitRefusals,
    ),
)]
pub(crate) async fn submit_set_up(
    State(app): State<App>,
    Peer(client): Peer,
    Form(typed): Form<SetupForm>,
) -> Response {
    let set_up = SetUp {
        token: typed.token.clone(),
        raw: typed.raw(),
        client,
    };
    match set_up.run(&app.auth).await {
        Ok(user) => {
            let text = format!(
                "{} is the super admin of this server. The link that led here is closed.",
                user.email.as_str()
            );
            pages::notice(StatusCode::CREATED, "Set-up is complete", &text)
        }
        Err(SetUpError::Closed) => closed(),
        Err(SetUpError::Invalid(errors)) => {
            form(&app, StatusCode::UNPROCESSABLE_ENTITY, &typed, &errors)
        }
        Err(SetUpError::Fault(fault)) => Problem::from(fault).into_response(),
    }
}

fn closed() -> Response {
    pages::notice(
        StatusCode::GONE,
        "This link is not good any more",
        "It was used, has expired, or was replaced by a newer one. As long as there is no super admin, every start of \
         the server prints a new link.",
    )
    .into_response()
}

/// One field of the form.
#[derive(Serialize)]
struct Field<'a> {
    name: &'static str,
    label: &'static str,
    kind: &'static str,
    autocomplete: &'static str,
    hint: Option<&'static str>,
    required: bool,
    value: &'a str,
    errors: Vec<&'a str>,
}

fn form(app: &App, status: StatusCode, typed: &SetupForm, errors: &FieldErrors) -> Response {
    let rules = &app.auth.rules().accounts;
    let optional = ProfileField::ALL.into_iter().filter_map(|field| {
        let required = rules.required.contains(&field);
        let (shown, label, kind, autocomplete, hint, value) = typed.of(field);
        (shown || required).then(|| Field {
            name: field.name(),
            label,
            kind,
            autocomplete,
            hint,
            required,
            value,
            errors: told(errors, field.pointer()),
        })
    });
    let email = Field {
        name: "email",
        label: "Email",
        kind: "email",
        autocomplete: "email",
        hint: None,
        required: true,
        value: &typed.email,
        errors: told(errors, "/email"),
    };
    let password = Field {
        name: "password",
        label: "Password",
        kind: "password",
        autocomplete: "new-password",
        hint: None,
        required: true,
        // What was typed is kept, but never a password: it would stand in the page's source.
        value: "",
        errors: told(errors, "/password"),
    };
    let fields: Vec<Field<'_>> = [email, password].into_iter().chain(optional).collect();
    let context = context! { root => pages::TOP, token => typed.token.as_str(), fields => Serde(&fields), failed => !errors.is_empty() };
    pages::form(status, "setup.html", context)
}

fn told<'a>(errors: &'a FieldErrors, pointer: &str) -> Vec<&'a str> {
    errors
        .as_slice()
        .iter()
        .filter(|error| error.field == pointer)
        .map(|error| error.message.as_ref())
        .collect()
}

/// Whether a field is shown even if it is not required, its label, type, `autocomplete` and hint, and what was typed.
type Shown<'a> = (
    bool,
    &'static str,
    &'static str,
    &'static str,
    Option<&'static str>,
    &'a str,
);

impl SetupForm {
    fn of(&self, field: ProfileField) -> Shown<'_> {
        match field {
            ProfileField::Username => (true, "User name", "text", "username", None, &self.username),
            ProfileField::FirstName => (
                true,
                "Given name",
                "text",
                "given-name",
                None,
                &self.first_name,
            ),
            ProfileField::LastName => (
                true,
                "Family name",
                "text",
                "family-name",
                None,
                &self.last_name,
            ),
            ProfileField::Phone => (
                false,
                "Phone",
                "tel",
                "tel",
                Some("For example +81312345678"),
                &self.phone,
            ),
            ProfileField::Timezone => (
                false,
                "Time zone",
                "text",
                "off",
                Some("For example Asia/Tokyo"),
                &self.timezone,
            ),
            ProfileField::Locale => (
                false,
                "Language",
                "text",
                "off",
                Some("For example ja or pt-BR"),
                &self.locale,
            ),
        }
    }

    /// What was typed; an empty field was not filled in.
    fn raw(&self) -> RawRegistration {
        let given = |text: &String| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        RawRegistration {
            email: self.email.trim().to_owned(),
            password: Some(self.password.clone()),
            username: given(&self.username),
            first_name: given(&self.first_name),
            last_name: given(&self.last_name),
            phone: given(&self.phone),
            timezone: given(&self.timezone),
            locale: given(&self.locale),
            ..RawRegistration::default()
        }
    }
}
