//! The tokens that live, and those that were spent.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use crate::cluster::uuid;
use crate::settings::TokenSmithSettings;

/// All tokens of one simulator.
pub(crate) struct Tokens(Mutex<State>);

#[derive(Default)]
struct State {
    knobs: Knobs,
    client: Option<(String, String)>,
    /// Bootstrap tokens that are still good.
    bootstrap: BTreeSet<String>,
    /// Access tokens until when.
    access: BTreeMap<String, SystemTime>,
    /// Refresh tokens until when.
    refresh: BTreeMap<String, SystemTime>,
    counts: Counts,
}

/// What can be turned while the simulator runs: `PUT /sim/tokensmith`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Knobs {
    /// Seconds that an access token lives. 0 is answered as it is, and such a token is dead on arrival.
    pub access_seconds: u64,
    /// Seconds that a refresh token lives.
    pub refresh_seconds: u64,
    /// Every refresh token is refused.
    pub refuse_refresh: bool,
    /// Every bootstrap token is refused, without being spent.
    pub refuse_bootstrap: bool,
    /// Fields that are missing from good answers: `expires_in`, …
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub leave_out: Vec<String>,
}

/// What `GET /sim/tokensmith` shows; no token is among it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct TokenSmithState {
    /// The knobs as they are.
    pub knobs: Knobs,
    /// Bootstrap tokens that are still good.
    pub bootstrap_left: usize,
    /// What was asked so far.
    #[serde(flatten)]
    pub counts: Counts,
}

/// How often what was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Counts {
    /// Bootstrap tokens taken.
    pub exchanged: u64,
    /// Refresh tokens taken.
    pub refreshed: u64,
    /// Client secrets taken.
    pub client_credentials: u64,
    /// Sessions by certificate.
    pub sessions: u64,
    /// Requests refused.
    pub refused: u64,
}

/// New tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Issued {
    pub(super) access_token: String,
    pub(super) expires_in: u64,
    pub(super) refresh_token: String,
    pub(super) refresh_expires_in: u64,
}

/// Why there are none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The request lacks something.
    InvalidRequest(&'static str),
    /// The token is not good, or not any more.
    InvalidGrant(&'static str),
    /// The secret is wrong.
    InvalidClient,
    /// There is no such grant.
    UnsupportedGrantType,
}

impl Tokens {
    /// No token yet.
    pub(crate) fn new(settings: Option<&TokenSmithSettings>) -> Self {
        let Some(settings) = settings else { return Self(Mutex::default()) };
        let TokenSmithSettings { bootstrap_tokens, client, access_seconds, refresh_seconds } = settings.clone();
        let knobs = Knobs { access_seconds, refresh_seconds, ..Knobs::default() };
        let bootstrap = bootstrap_tokens.into_iter().collect();
        Self(Mutex::new(State { knobs, client, bootstrap, ..State::default() }))
    }

    /// Whether an access token is good now.
    pub(crate) fn accepts(&self, access_token: &str, now: SystemTime) -> bool {
        self.lock().access.get(access_token).is_some_and(|until| now < *until)
    }

    /// One more bootstrap token, good once.
    pub(crate) fn add_bootstrap(&self, token: String) {
        self.lock().bootstrap.insert(token);
    }

    /// Every access token and every refresh token is dead.
    pub(crate) fn revoke(&self) {
        let mut state = self.lock();
        state.access.clear();
        state.refresh.clear();
    }

    /// The knobs as they are.
    pub(crate) fn knobs(&self) -> Knobs {
        self.lock().knobs.clone()
    }

    /// Turns the knobs.
    pub(crate) fn set_knobs(&self, knobs: Knobs) {
        self.lock().knobs = knobs;
    }

    /// How things are.
    pub(crate) fn state(&self) -> TokenSmithState {
        let state = self.lock();
        TokenSmithState { knobs: state.knobs.clone(), bootstrap_left: state.bootstrap.len(), counts: state.counts }
    }

    /// A bootstrap token against new tokens; it is spent then.
    pub(super) fn exchange(&self, token: &str, now: SystemTime) -> Result<Issued, Refusal> {
        let mut state = self.lock();
        let good = !state.knobs.refuse_bootstrap && state.bootstrap.remove(token);
        state.issue(good, Refusal::InvalidGrant("bootstrap token is unknown, spent or expired"), now, |counts| {
            &mut counts.exchanged
        })
    }

    /// A refresh token against new tokens; it is spent then.
    pub(super) fn refresh(&self, token: &str, now: SystemTime) -> Result<Issued, Refusal> {
        let mut state = self.lock();
        let good = !state.knobs.refuse_refresh && state.refresh.remove(token).is_some_and(|until| now < until);
        state.issue(good, Refusal::InvalidGrant("refresh token is unknown, spent or expired"), now, |counts| {
            &mut counts.refreshed
        })
    }

    /// A client's secret against new tokens.
    pub(super) fn client(&self, id: &str, secret: &str, now: SystemTime) -> Result<Issued, Refusal> {
        let mut state = self.lock();
        let good = state.client.as_ref().is_some_and(|client| (client.0.as_str(), client.1.as_str()) == (id, secret));
        state.issue(good, Refusal::InvalidClient, now, |counts| &mut counts.client_credentials)
    }

    /// New tokens for a client whose certificate was good.
    pub(super) fn session(&self, now: SystemTime) -> Result<Issued, Refusal> {
        self.lock().issue(true, Refusal::InvalidClient, now, |counts| &mut counts.sessions)
    }

    /// A panic cannot leave the maps half changed, so a poisoned lock is as good as any.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// New tokens if all is good, and the count of it; those that have died are forgotten.
    fn issue(
        &mut self,
        good: bool,
        refusal: Refusal,
        now: SystemTime,
        count: impl FnOnce(&mut Counts) -> &mut u64,
    ) -> Result<Issued, Refusal> {
        if !good {
            self.counts.refused += 1;
            return Err(refusal);
        }
        *count(&mut self.counts) += 1;
        self.access.retain(|_, until| now < *until);
        self.refresh.retain(|_, until| now < *until);
        let token = |kind: &str| uuid::of(&format!("{kind} {:?} {now:?}", self.counts));
        let (access_token, refresh_token) = (token("access"), token("refresh"));
        let Knobs { access_seconds, refresh_seconds, .. } = self.knobs;
        // beyond the clock's range is as good as for ever
        let until = |seconds| now.checked_add(Duration::from_secs(seconds)).unwrap_or(now + FOR_EVER);
        self.access.insert(access_token.clone(), until(access_seconds));
        self.refresh.insert(refresh_token.clone(), until(refresh_seconds));
        Ok(Issued { access_token, expires_in: access_seconds, refresh_token, refresh_expires_in: refresh_seconds })
    }
}

/// A hundred years.
const FOR_EVER: Duration = Duration::from_hours(100 * 365 * 24);

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens() -> Tokens {
        let bootstrap_tokens = vec!["one".into(), "two".into()];
        let client = Some(("dhcp".into(), "secret".into()));
        Tokens::new(Some(&TokenSmithSettings { bootstrap_tokens, client, access_seconds: 60, refresh_seconds: 600 }))
    }

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000 + seconds)
    }

    #[test]
    fn a_bootstrap_token_is_good_once() {
        let tokens = tokens();
        let issued = tokens.exchange("one", at(0)).unwrap();
        assert!(tokens.accepts(&issued.access_token, at(59)) && !tokens.accepts(&issued.access_token, at(60)));
        assert!(!tokens.accepts(&issued.refresh_token, at(0)), "one kind is not the other");
        assert!(tokens.exchange("one", at(1)).is_err());
        assert!(tokens.exchange("two", at(1)).is_ok());
        assert_eq!(tokens.state().counts, Counts { exchanged: 2, refused: 1, ..Counts::default() });
    }

    #[test]
    fn a_refresh_token_is_replaced_and_dies() {
        let tokens = tokens();
        let first = tokens.exchange("one", at(0)).unwrap();
        let second = tokens.refresh(&first.refresh_token, at(599)).unwrap();
        assert_ne!(first.refresh_token, second.refresh_token);
        assert!(tokens.refresh(&first.refresh_token, at(599)).is_err(), "spent");
        assert!(tokens.refresh(&second.refresh_token, at(599 + 600)).is_err(), "expired");
        assert!(tokens.refresh("", at(0)).is_err());
    }

    #[test]
    fn knobs_refuse_without_spending_the_bootstrap_token() {
        let tokens = tokens();
        tokens.set_knobs(Knobs { refuse_bootstrap: true, refuse_refresh: true, ..tokens.knobs() });
        assert!(tokens.exchange("one", at(0)).is_err());
        tokens.set_knobs(Knobs { access_seconds: u64::MAX, ..Knobs::default() });
        let issued = tokens.exchange("one", at(0)).unwrap();
        assert!(tokens.accepts(&issued.access_token, at(1 << 30)));
        tokens.revoke();
        assert!(!tokens.accepts(&issued.access_token, at(0)));
        assert_eq!(tokens.client("dhcp", "wrong", at(0)), Err(Refusal::InvalidClient));
        assert!(tokens.client("dhcp", "secret", at(0)).is_ok());
    }
}
