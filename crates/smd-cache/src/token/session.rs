//! The life of a token, from the first one to the last renewal: a state machine that says what to ask for and when.
//! Pure: time is a [`Duration`] since some start (so that a clock that is set does no harm), and chance an argument.
//!
//! ```text
//!           ┌─ refresh token alive ──▶ Ask::Refresh ─ granted ──▶ wait until shortly before the end
//! due ──────┤                             └─ refused ─▶ the refresh token is dead, and at once:
//!           ├─ credentials there ────▶ Ask::Initial ─ granted ──▶ as above; a bootstrap token is spent now
//!           │                             └─ refused ─▶ again every five minutes, or when there are new ones
//!           └─ none ─────────────────▶ wait for new credentials
//! no answer, or none that can be used: again after 1, 2, 4, 8, 15, 15, … seconds
//! ```

use std::time::Duration;

use super::{Grant, Secret, TokenState};

/// What is asked for, and with what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// A token for the credentials: the bootstrap token, the client's secret, the certificate.
    Initial,
    /// A token for this refresh token.
    Refresh(Secret),
}

/// What is to be done now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Ask, and tell the outcome.
    Ask(Ask),
    /// Nothing until then, or until something else happens; `None`: until something else happens.
    Wait(Option<Duration>),
}

/// Why there is no new token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What was shown is not good, or not any more; asking again with it is of no use.
    pub refused: bool,
    /// In words, without a secret.
    pub text: String,
}

/// Where the life of a token stands.
#[derive(Debug, Clone)]
pub struct Session {
    refresh_before: Duration,
    one_time: bool,
    initial: Initial,
    access: Option<Access>,
    refresh: Option<Live>,
    due: Duration,
    /// In a row.
    failures: u32,
    trouble: Option<Failure>,
    /// A service has refused the current token.
    denied: bool,
    /// How many tokens in a row were refused by a service.
    denials: u32,
}

/// What the credentials are good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Initial {
    /// There are none.
    Missing,
    /// Not tried yet, or good for ever.
    Ready,
    /// Good once, and that is over.
    Spent,
    /// They were refused.
    Refused,
}

#[derive(Debug, Clone)]
struct Access {
    token: Live,
    granted: Duration,
}

/// A token and its end.
#[derive(Debug, Clone)]
struct Live {
    token: Secret,
    until: Duration,
}

impl Session {
    /// Nothing yet. A token is renewed `refresh_before` its end, or in the last third of its life if that is later.
    /// Credentials are good once (`one_time`) or for ever.
    pub fn new(refresh_before: Duration, one_time: bool) -> Self {
        Self {
            refresh_before,
            one_time,
            initial: Initial::Missing,
            access: None,
            refresh: None,
            due: Duration::ZERO,
            failures: 0,
            trouble: None,
            denied: false,
            denials: 0,
        }
    }

    /// What is to be done now.
    pub fn next(&self, now: Duration) -> Step {
        let end = self.access.as_ref().map(|access| access.token.until).filter(|until| now < *until);
        if now < self.due {
            return Step::Wait(Some(end.map_or(self.due, |end| end.min(self.due))));
        }
        match (self.live_refresh(now), self.initial) {
            (Some(refresh), _) => Step::Ask(Ask::Refresh(refresh.clone())),
            (None, Initial::Ready | Initial::Refused) => Step::Ask(Ask::Initial),
            (None, Initial::Missing | Initial::Spent) => Step::Wait(end),
        }
    }

    /// There are credentials that were not there before: others, or the first ones.
    pub fn credentials_offered(&mut self, now: Duration) {
        self.initial = Initial::Ready;
        if self.live_refresh(now).is_none() && (self.access_token(now).is_none() || self.trouble.is_some()) {
            self.due = self.due.min(now);
        }
    }

    /// The credentials are gone.
    pub fn credentials_gone(&mut self) {
        if self.initial != Initial::Spent {
            self.initial = Initial::Missing;
        }
    }

    /// There is a refresh token from an earlier run, good until `until`.
    pub fn restored(&mut self, token: Secret, until: Duration) {
        self.refresh = Some(Live { token, until });
    }

    /// The answer to `ask` holds tokens. `jitter` (0 ≤ jitter < 1) spreads renewals over a tenth of the token's life.
    pub fn granted(&mut self, ask: &Ask, grant: Grant, now: Duration, jitter: f64) {
        let Grant { access_token, lifetime, refresh } = grant;
        let mut wait = lifetime.saturating_sub(self.refresh_before.min(lifetime / 3));
        if let Some(refresh) = &refresh {
            wait = wait.min(refresh.lifetime * 2 / 3);
        }
        self.due = now + wait.mul_f64(1.0 - jitter / 10.0).max(SHORTEST);
        self.access = Some(Access { token: Live { token: access_token, until: now + lifetime }, granted: now });
        self.refresh = refresh.map(|refresh| Live { token: refresh.token, until: now + refresh.lifetime });
        if *ask == Ask::Initial {
            self.initial = if self.one_time { Initial::Spent } else { Initial::Ready };
        }
        self.denials = if self.denied { self.denials.saturating_add(1) } else { 0 };
        (self.denied, self.failures, self.trouble) = (false, 0, None);
    }

    /// The answer to `ask` holds none, or there is no answer. `jitter` shortens the wait by a fifth at most.
    pub fn failed(&mut self, ask: &Ask, failure: Failure, now: Duration, jitter: f64) {
        self.failures = self.failures.saturating_add(1);
        let wait = match (failure.refused, ask) {
            (true, Ask::Refresh(_)) => {
                self.refresh = None;
                if self.initial == Initial::Refused { AFTER_REFUSAL } else { Duration::ZERO }
            }
            (true, Ask::Initial) => {
                self.initial = Initial::Refused;
                AFTER_REFUSAL
            }
            (false, _) => doubling(self.failures - 1).min(LONGEST_RETRY),
        };
        self.due = now + wait.mul_f64(1.0 - jitter / 5.0);
        self.trouble = Some(failure);
    }

    /// A service has refused the current token: it is renewed at once, or, if that has helped for a moment only, after a
    /// longer and longer while.
    pub fn denied(&mut self, now: Duration) {
        let Some(access) = &self.access else { return };
        if !self.denied && self.failures == 0 {
            self.due = self.due.min(now.max(access.granted + doubling(self.denials).min(AFTER_REFUSAL)));
        }
        self.denied = true;
    }

    /// The token to be shown to services, while it is good.
    pub fn access_token(&self, now: Duration) -> Option<&Secret> {
        self.access.as_ref().map(|access| &access.token).filter(|live| now < live.until).map(|live| &live.token)
    }

    /// When the last token ends or has ended, if there was one.
    pub fn expires(&self) -> Option<Duration> {
        self.access.as_ref().map(|access| access.token.until)
    }

    /// The refresh token and its end, while it is good.
    pub fn refresh_token(&self, now: Duration) -> Option<(&Secret, Duration)> {
        self.refresh.as_ref().filter(|live| now < live.until).map(|live| (&live.token, live.until))
    }

    /// Where it stands.
    pub fn state(&self, now: Duration) -> TokenState {
        let usable = self.access_token(now).is_some();
        let stuck = self.live_refresh(now).is_none() && self.initial != Initial::Ready;
        match (usable, &self.trouble) {
            (true, None) if self.denied => TokenState::Denied,
            (true, None) => TokenState::Valid,
            (true, Some(_)) => TokenState::RenewalFailing,
            (false, _) if stuck => TokenState::NeedsCredentials,
            (false, None) if self.access.is_none() => TokenState::Pending,
            (false, _) => TokenState::Unavailable,
        }
    }

    /// What went wrong last, if nothing has gone well since.
    pub fn trouble(&self) -> Option<&Failure> {
        self.trouble.as_ref()
    }

    fn live_refresh(&self, now: Duration) -> Option<&Secret> {
        self.refresh_token(now).map(|(token, _)| token)
    }
}

/// 1, 2, 4, … seconds.
fn doubling(times: u32) -> Duration {
    SHORTEST * (1 << times.min(16))
}

/// The shortest time between two tokens that come when they should.
const SHORTEST: Duration = Duration::from_secs(1);

/// `TokenSmith`'s client goes up to this.
const LONGEST_RETRY: Duration = Duration::from_secs(15);

/// What was refused is not shown more often: it may be that the service has to be put right, and not the credentials.
const AFTER_REFUSAL: Duration = Duration::from_mins(5);

#[cfg(test)]
mod tests;
