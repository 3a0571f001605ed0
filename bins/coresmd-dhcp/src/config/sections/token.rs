//! `smd.token`: who gives the token that SMD and BSS are shown. The original's `auth_mode`, `tokensmith_url` and
//! `refresh_before` of the step `coresmd` hold where this section says nothing.

use std::fmt;
use std::time::Duration;

use serde::Deserialize;
use smd_cache::token::{ClientAuth, GrantName, TokenKeys, TokenMode};

use super::{FilePath, HttpUrl, Timeout};

/// `smd.token` as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct TokenSection {
    mode: Option<Mode>,
    grant: Option<Grant>,
    url: Option<HttpUrl>,
    bootstrap_file: Option<FilePath>,
    client_id: Option<Text>,
    client_secret_file: Option<FilePath>,
    client_auth: Option<Authentication>,
    scope: Option<Text>,
    refresh_before: Option<Timeout>,
    ca_cert: Option<FilePath>,
    session_file: Option<FilePath>,
}

/// The keys of the section, above those of the step; without a section the step's `auth_mode` must ask for a token.
pub(super) fn keys(section: Option<TokenSection>, step: &TokenKeys) -> TokenKeys {
    let step = step.clone();
    let Some(section) = section else {
        return TokenKeys { mode: Some(step.mode.unwrap_or(TokenMode::Disabled)), ..step };
    };
    let duration: Option<Duration> = section.refresh_before.map(|duration| duration.0);
    TokenKeys {
        mode: section.mode.map(|mode| mode.0).or(step.mode),
        grant: section.grant.map(|grant| grant.0),
        url: section.url.map(|url| url.0).or(step.url),
        bootstrap_file: section.bootstrap_file.map(|path| path.0),
        client_id: section.client_id.map(|text| text.0),
        client_secret_file: section.client_secret_file.map(|path| path.0),
        client_auth: section.client_auth.map(|auth| auth.0),
        scope: section.scope.map(|text| text.0),
        refresh_before: duration.or(step.refresh_before),
        ca_cert: section.ca_cert.map(|path| path.0),
        session_file: section.session_file.map(|path| path.0),
    }
}

scalar!(
    /// `disabled`, `optional` or `required`.
    Mode(TokenMode),
    str::parse
);
scalar!(
    /// `bootstrap`, `certificate` or `client_credentials`.
    Grant(GrantName),
    str::parse
);
scalar!(
    /// `basic` or `post`.
    Authentication(ClientAuth),
    str::parse
);
scalar!(
    /// A text that is not empty.
    Text(String),
    |text| if text.is_empty() { Err("it is empty".into()) } else { Ok(text.into()) }
);
