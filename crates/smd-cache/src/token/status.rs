//! How it stands with a token, for people and metrics; no secret is in it.

use std::fmt;
use std::time::SystemTime;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// How it stands with a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenStatus {
    /// Who gives it: a URL.
    pub source: String,
    /// In one word.
    pub state: TokenState,
    /// When the last one ends or has ended.
    pub expires_at: Option<SystemTime>,
    /// What is wrong, and what to do about it; empty where nothing is.
    pub detail: String,
    /// Tokens got since the start.
    pub granted: u64,
    /// Attempts that failed since the start.
    pub failed: u64,
}

/// The states of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TokenState {
    /// The first one has been asked for, or will be in a moment.
    Pending,
    /// There is one.
    Valid,
    /// There is one, but a service has refused it (401); another is asked for.
    Denied,
    /// There is one, but the next one does not come.
    RenewalFailing,
    /// There is none: who gives it does not answer, or not as it should. It is asked again.
    Unavailable,
    /// There is none, and what it was asked for with is refused, spent or missing.
    NeedsCredentials,
}

impl TokenState {
    /// All states, in the order of declaration.
    pub const ALL: [Self; 6] =
        [Self::Pending, Self::Valid, Self::Denied, Self::RenewalFailing, Self::Unavailable, Self::NeedsCredentials];

    /// A text that stays the same, for a metric's label.
    pub fn label(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Valid => "valid",
            Self::Denied => "denied",
            Self::RenewalFailing => "renewal_failing",
            Self::Unavailable => "unavailable",
            Self::NeedsCredentials => "needs_credentials",
        }
    }
}

impl fmt::Display for TokenState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

impl fmt::Display for TokenStatus {
    /// `token from https://…: valid until 2026-01-01T00:00:00Z; what is wrong`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "token from {}: {}", self.source, self.state)?;
        let date = self.expires_at.map(OffsetDateTime::from).and_then(|at| at.replace_nanosecond(0).ok());
        if let Some(date) = date.and_then(|date| date.format(&Rfc3339).ok()) {
            let word = if matches!(self.state, TokenState::Unavailable | TokenState::NeedsCredentials) {
                "since"
            } else {
                "until"
            };
            write!(f, " {word} {date}")?;
        }
        if self.detail.is_empty() { Ok(()) } else { write!(f, "; {}", self.detail) }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn it_is_told_in_one_line() {
        let mut status = TokenStatus {
            source: "http://t".into(),
            state: TokenState::Valid,
            expires_at: Some(SystemTime::UNIX_EPOCH + Duration::from_millis(1_800_000_000_500)),
            detail: String::new(),
            granted: 1,
            failed: 0,
        };
        assert_eq!(status.to_string(), "token from http://t: valid until 2027-01-15T08:00:00Z");
        status = TokenStatus { state: TokenState::NeedsCredentials, detail: "mount it".into(), ..status };
        assert_eq!(status.to_string(), "token from http://t: needs_credentials since 2027-01-15T08:00:00Z; mount it");
        assert_eq!(TokenState::ALL.map(TokenState::label).len(), 6);
    }
}
