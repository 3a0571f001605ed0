//! Where tokens come from, as it is configured.

use std::path::PathBuf;
use std::time::Duration;

use super::Secret;

/// Where tokens come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenConfig {
    /// `TokenSmith`'s base URL, to which paths are appended; for client credentials the token endpoint itself.
    pub url: String,
    /// What is shown there.
    pub grant: GrantKind,
    /// Whether a service that could do without a token is not asked while there is none.
    pub required: bool,
    /// How long before its end a token is renewed.
    pub refresh_before: Duration,
    /// PEM file of the CAs that vouch for that URL; `None`: those of the inventory's services.
    pub ca: Option<PathBuf>,
    /// Where the refresh token is kept over a restart, which a spent bootstrap token does not survive otherwise.
    pub session_file: Option<PathBuf>,
}

/// What a token is given for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GrantKind {
    /// A bootstrap token, good once (RFC 8693, with `TokenSmith`'s own token type).
    Bootstrap {
        /// The file it is in, read again when it changes. It comes before `token`.
        file: Option<PathBuf>,
        /// The token from the environment.
        token: Option<Secret>,
    },
    /// The client's certificate in mutual TLS.
    Certificate,
    /// A client's secret (RFC 6749 §4.4).
    ClientCredentials {
        /// `client_id`.
        id: String,
        /// The file that the secret is in, read again when it changes.
        secret_file: PathBuf,
        /// `scope`, as the service has them: words with spaces between them.
        scope: Option<String>,
        /// How the secret is sent.
        by: ClientAuth,
    },
}

/// How a client's secret is sent (RFC 6749 §2.3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ClientAuth {
    /// HTTP's Basic authentication: every service must take it.
    #[default]
    Basic,
    /// Fields of the form.
    Post,
}

impl TokenConfig {
    /// A bootstrap token against a token of `TokenSmith`; requests without one are not made.
    pub fn new(url: impl Into<String>, grant: GrantKind) -> Self {
        Self {
            url: url.into(),
            grant,
            required: true,
            refresh_before: Self::REFRESH_BEFORE,
            ca: None,
            session_file: None,
        }
    }

    /// Takes the bootstrap token that the environment has, where one is wanted.
    pub fn with_bootstrap_token(mut self, from_environment: Option<Secret>) -> Self {
        if let GrantKind::Bootstrap { token, .. } = &mut self.grant {
            *token = from_environment;
        }
        self
    }

    /// The variable that holds the bootstrap token, as in the original.
    pub const BOOTSTRAP_VARIABLE: &str = "TOKENSMITH_BOOTSTRAP_TOKEN";

    /// The original's `refresh_before`.
    pub const REFRESH_BEFORE: Duration = Duration::from_mins(2);
}
