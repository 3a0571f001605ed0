//! What can be wrong with a service's settings, and with what it answers.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Duration;

use thiserror::Error;

use crate::state::FailureKind;

/// Settings that no request can be made with: the configuration is to blame, and the file or URL is named.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ClientError {
    /// Not an HTTP URL.
    #[error("{url:?} is no URL of a service: {reason}")]
    Url {
        /// As configured.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// No certificates.
    #[error("CA file {}: {reason}", path.display())]
    Ca {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// No client certificate.
    #[error("client certificate {}{}: {reason}", path.display(), shown_key(key.as_deref()))]
    Certificate {
        /// The file of the certificate, or the file that cannot be read.
        path: PathBuf,
        /// The file of the key, where it may be to blame as well.
        key: Option<PathBuf>,
        /// What is wrong with them.
        reason: String,
    },
    /// A token for a certificate is wanted, and there is none.
    #[error("{url} gives tokens for a client certificate, and none is configured")]
    NoCertificate {
        /// Who gives tokens.
        url: String,
    },
    /// No token.
    #[error("token file {}: {reason}", path.display())]
    Token {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// TLS cannot be set up: the system has no CA certificates, as a rule.
    #[error("TLS cannot be set up: {0}")]
    Tls(String),
}

/// A body that did not come: the service, or the way there, is to blame.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FetchError {
    /// No connection, or no reply on it.
    #[error("{url}: {cause}")]
    Connect {
        /// What was asked for.
        url: String,
        /// The chain of causes.
        cause: String,
    },
    /// Too slow.
    #[error("{url}: {what} did not come within {after:?}")]
    Timeout {
        /// What was asked for.
        url: String,
        /// Which step.
        what: &'static str,
        /// The limit.
        after: Duration,
    },
    /// The service wants a token, or another one (401, 403).
    #[error("{url}: status {status}{detail}; {advice}")]
    Denied {
        /// What was asked for.
        url: String,
        /// 401 or 403.
        status: u16,
        /// `: ` and what the body says, or nothing.
        detail: String,
        /// What to do about it.
        advice: String,
    },
    /// There is no token, and nothing is asked for without one.
    #[error("{url}: not asked without a token: {reason}")]
    NoToken {
        /// What was to be asked for.
        url: String,
        /// How it stands with the token.
        reason: String,
    },
    /// Another status than 200.
    #[error("{url}: status {status}{detail}")]
    Status {
        /// What was asked for.
        url: String,
        /// The status.
        status: u16,
        /// `: ` and what the body says, or nothing.
        detail: String,
    },
    /// Not JSON.
    #[error("{url}: expected JSON, the Content-Type is {content_type:?}")]
    ContentType {
        /// What was asked for.
        url: String,
        /// The header's value.
        content_type: String,
    },
    /// Over the cap.
    #[error("{url}: the body is larger than {limit} bytes")]
    TooLarge {
        /// What was asked for.
        url: String,
        /// The cap in bytes.
        limit: usize,
    },
    /// The connection broke before the end of the body.
    #[error("{url}: the body ended early: {cause}")]
    Truncated {
        /// What was asked for.
        url: String,
        /// The chain of causes.
        cause: String,
    },
}

impl FetchError {
    /// What sort of failure it is.
    pub fn kind(&self) -> FailureKind {
        match self {
            Self::Connect { .. } => FailureKind::Connect,
            Self::Timeout { .. } => FailureKind::Timeout,
            Self::Denied { status: 403, .. } => FailureKind::Forbidden,
            Self::Denied { .. } => FailureKind::Unauthorized,
            Self::NoToken { .. } => FailureKind::NoToken,
            Self::Status { .. } => FailureKind::Status,
            Self::ContentType { .. } => FailureKind::ContentType,
            Self::TooLarge { .. } => FailureKind::TooLarge,
            Self::Truncated { .. } => FailureKind::Truncated,
        }
    }

    /// Whether the service wants a token, or another one (401, 403).
    pub fn is_denied(&self) -> bool {
        matches!(self, Self::Denied { .. })
    }
}

/// An error with its causes in one line: reqwest shows the outermost alone.
pub(crate) fn error_chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

fn shown_key(key: Option<&Path>) -> String {
    key.map_or_else(String::new, |key| format!(" with key {}", key.display()))
}
