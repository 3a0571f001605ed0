//! How the cache is doing, readable at any time: what `/readyz` and the metrics tell.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use arc_swap::ArcSwap;

use crate::inventory::Part;
use crate::rejected::Rejected;
use crate::snapshot::Counts;
use crate::token::TokenStatus;

/// The state after the last poll (or after the start, before any).
#[derive(Debug, Clone, Default)]
pub struct CacheState {
    /// When SMD last confirmed what is served; from disk: when the bodies in the file were fetched. `None`: nothing is
    /// served yet.
    pub fetched_at: Option<SystemTime>,
    /// Whether the last poll did not confirm what is served: SMD failed, its answer is held back, or there was no poll.
    pub stale: bool,
    /// Whether what is served comes from the snapshot file and SMD has not confirmed it since the start.
    pub from_disk: bool,
    /// How much is served.
    pub counts: Counts,
    /// How many identifiers BSS has boot parameters for.
    pub boot_identifiers: usize,
    /// What was put aside when the snapshot was built.
    pub rejected: Arc<[Rejected]>,
    /// Polls since the start.
    pub polls: u64,
    /// Those of them that changed nothing.
    pub unchanged: u64,
    /// Failures since the start.
    pub failures: Failures,
    /// What failed in the last poll, part by part; empty when all was well.
    pub failing: Vec<PartFailure>,
    /// The last failure since the start, in words.
    pub last_failure: Option<String>,
    /// An inventory that the shrink guard holds back.
    pub held_back: Option<HeldBack>,
    /// Boot parameters that the shrink guard holds back.
    pub boot_held_back: Option<HeldBack>,
    /// The digest of the snapshot that is served.
    pub digest: Option<[u8; 32]>,
    /// How it stands with the token, where one is got and renewed; it is of now, not of the last poll.
    pub token: Option<TokenStatus>,
}

/// A part that failed in the last poll. Its last good content is served on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartFailure {
    /// Which collection.
    pub part: Part,
    /// What sort of failure.
    pub kind: FailureKind,
    /// In words.
    pub text: String,
}

/// Something that shrank by more than half, and is not believed yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeldBack {
    /// How many there are (hosts, or boot identifiers).
    pub now: usize,
    /// How many there would be.
    pub offered: usize,
    /// On how many polls in a row it was seen.
    pub polls: u32,
}

/// What sort of failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FailureKind {
    /// No connection, a failed TLS handshake, or a connection that closed without a reply.
    Connect,
    /// Connecting, the header or the body took too long.
    Timeout,
    /// A status other than 200, 401 and 403.
    Status,
    /// The service wants a token, or another one (401).
    Unauthorized,
    /// The token may not read this (403).
    Forbidden,
    /// There is no token, and nothing is asked for without one.
    NoToken,
    /// Not JSON by its Content-Type.
    ContentType,
    /// More than the cap.
    TooLarge,
    /// The body ended early.
    Truncated,
    /// An empty body.
    Empty,
    /// Not the JSON that the path promises.
    Schema,
    /// The snapshot file cannot be read or written, or a file that is a source cannot be read.
    Disk,
    /// A CA, certificate or token file cannot be read again; the old content is used on.
    Credentials,
    /// A defect of this program, contained.
    Internal,
}

/// Failures counted by kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Failures([u64; FailureKind::ALL.len()]);

/// Where the current state is found. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct StateHandle(Arc<ArcSwap<CacheState>>);

impl StateHandle {
    /// The current state.
    pub fn load(&self) -> Arc<CacheState> {
        self.0.load_full()
    }

    /// Puts a new state in the place of the old one, but for the token, which has its own pace.
    pub(crate) fn store(&self, state: &CacheState) {
        self.0.rcu(|current| CacheState { token: current.token.clone(), ..state.clone() });
    }

    /// Tells how it stands with the token.
    pub(crate) fn store_token(&self, token: &TokenStatus) {
        self.0.rcu(|current| CacheState { token: Some(token.clone()), ..CacheState::clone(current) });
    }
}

impl CacheState {
    pub(crate) fn fail(&mut self, kind: FailureKind, text: &str) {
        self.failures.0[kind as usize] += 1;
        self.last_failure = Some(text.to_owned());
    }
}

impl Failures {
    /// How many there were of one kind.
    pub fn of(&self, kind: FailureKind) -> u64 {
        self.0[kind as usize]
    }

    /// All kinds with their counts.
    pub fn iter(&self) -> impl Iterator<Item = (FailureKind, u64)> {
        FailureKind::ALL.into_iter().map(|kind| (kind, self.of(kind)))
    }
}

impl FailureKind {
    /// All kinds, in the order of declaration.
    pub const ALL: [Self; 14] = [
        Self::Connect,
        Self::Timeout,
        Self::Status,
        Self::Unauthorized,
        Self::Forbidden,
        Self::NoToken,
        Self::ContentType,
        Self::TooLarge,
        Self::Truncated,
        Self::Empty,
        Self::Schema,
        Self::Disk,
        Self::Credentials,
        Self::Internal,
    ];

    /// A text that stays the same, for a metric's label.
    pub fn label(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Timeout => "timeout",
            Self::Status => "status",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::NoToken => "no_token",
            Self::ContentType => "content_type",
            Self::TooLarge => "too_large",
            Self::Truncated => "truncated",
            Self::Empty => "empty",
            Self::Schema => "schema",
            Self::Disk => "disk",
            Self::Credentials => "credentials",
            Self::Internal => "internal",
        }
    }
}

impl fmt::Display for FailureKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_counted_by_kind() {
        let mut state = CacheState::default();
        for kind in FailureKind::ALL {
            (0..=kind as usize).for_each(|_| state.fail(kind, kind.label()));
        }
        assert!(
            state.failures.iter().enumerate().all(|(at, (kind, count))| (kind as usize, count) == (at, at as u64 + 1))
        );
        assert_eq!(state.last_failure.as_deref(), Some("internal"));
    }
}
