//! TokenSmith: `/oauth/token` and `/service-identity/session` (facts: openchami-today §3), with knobs for what can go
//! wrong in a token's life.
//!
//! Tokens are texts without a meaning here, where the real ones are JWTs: a client has no business to look into them.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use axum::http::header::CACHE_CONTROL;
use serde::Serialize;

use crate::dispatch::{Call, Route, Service, ask};
use crate::query::Query;
use crate::reply::{JSON, Reply};
use crate::view::View;

mod tokens;

pub(crate) use tokens::Tokens;
use tokens::{Issued, Refusal};
pub use tokens::{Knobs, TokenSmithState};

/// The service.
pub(crate) static SERVICE: Service =
    Service { routes: ROUTES, no_token: "no token found\n", bad_token: "Unauthorized\n" };

static ROUTES: &[Route] =
    &[Route("/oauth/token", &[ask(token).public()]), Route("/service-identity/session", &[ask(session).public()])];

/// `POST /oauth/token`: a bootstrap token, a refresh token or a client's secret against new tokens.
fn token(call: &Call<'_>, _: &View) -> Reply {
    let form = Query::of_form(call.body);
    let field = |key: &str| form.joined(key, "");
    let issued = match field("grant_type").as_str() {
        "urn:ietf:params:oauth:grant-type:token-exchange" => match field("subject_token_type").as_str() {
            BOOTSTRAP => call.tokens.exchange(&field("subject_token"), call.now),
            _ => Err(Refusal::InvalidRequest("subject_token_type is not supported")),
        },
        "refresh_token" => call.tokens.refresh(&field("refresh_token"), call.now),
        "client_credentials" => call.tokens.client(&field("client_id"), &field("client_secret"), call.now),
        "" => Err(Refusal::InvalidRequest("grant_type is missing")),
        _ => Err(Refusal::UnsupportedGrantType),
    };
    answer(call, issued)
}

/// `POST /service-identity/session`: who the client is was settled by its certificate, so that here everybody gets in.
fn session(call: &Call<'_>, _: &View) -> Reply {
    answer(call, call.tokens.session(call.now))
}

const BOOTSTRAP: &str = "urn:openchami:params:oauth:token-type:bootstrap-token";

fn answer(call: &Call<'_>, issued: Result<Issued, Refusal>) -> Reply {
    #[derive(Serialize)]
    struct Error {
        error: &'static str,
        error_description: &'static str,
    }
    match issued {
        Ok(issued) => {
            Reply::json(&fields(&issued, &call.tokens.knobs().leave_out)).with_header(CACHE_CONTROL, "no-store")
        }
        Err(refusal) => {
            let (status, error, error_description) = refusal.wire();
            Reply { status, ..Reply::json_as(JSON, &Error { error, error_description }) }
        }
    }
}

/// The fields of a good answer but for those that a knob leaves out.
fn fields(issued: &Issued, leave_out: &[String]) -> BTreeMap<&'static str, serde_json::Value> {
    let fields = [
        ("access_token", issued.access_token.as_str().into()),
        ("token_type", "Bearer".into()),
        ("expires_in", issued.expires_in.into()),
        ("refresh_token", issued.refresh_token.as_str().into()),
        ("refresh_expires_in", issued.refresh_expires_in.into()),
    ];
    fields.into_iter().filter(|(name, _)| !leave_out.iter().any(|left_out| left_out == name)).collect()
}

impl Refusal {
    /// Status, code and text as RFC 6749 §5.2 has them.
    fn wire(&self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::InvalidRequest(text) => (StatusCode::BAD_REQUEST, "invalid_request", text),
            Self::InvalidGrant(text) => (StatusCode::BAD_REQUEST, "invalid_grant", text),
            Self::InvalidClient => (StatusCode::UNAUTHORIZED, "invalid_client", "the client is unknown"),
            Self::UnsupportedGrantType => {
                (StatusCode::BAD_REQUEST, "unsupported_grant_type", "grant_type is not supported")
            }
        }
    }
}
