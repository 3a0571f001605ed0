//! Keeps a token: asks when the [`Session`] says so, reads what to ask with, and tells everybody how it stands. \[IO\]

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tokio::time::{Instant, sleep_until};

use super::credentials::{Change, Credentials};
use super::endpoint::Endpoint;
use super::saved::{self, Saved};
use super::{Ask, GrantKind, Session, Step, TokenConfig, TokenHandle, TokenState, TokenStatus};
use crate::client::{ClientError, Transport, bearer};

/// Keeps a token up to date.
#[derive(Debug)]
pub struct Keeper {
    session: Session,
    credentials: Credentials,
    endpoint: Endpoint,
    session_file: Option<PathBuf>,
    handle: TokenHandle,
    started: Instant,
    granted: u64,
    failed: u64,
    /// When the current token ends, by the time of day when it came.
    expires_at: Option<SystemTime>,
}

impl Keeper {
    /// Reads the certificates and the session file; sends nothing.
    ///
    /// # Errors
    /// [`ClientError`] names the URL or the file at fault. A bootstrap token or a secret that is not there yet is none:
    /// it may be mounted later.
    pub fn new(config: &TokenConfig, transport: &Transport, connect: Duration) -> Result<Self, ClientError> {
        let endpoint = Endpoint::new(config, transport, connect)?;
        let credentials = Credentials::new(config.grant.clone());
        let mut session = Session::new(config.refresh_before, credentials.one_time());
        if config.grant == GrantKind::Certificate {
            session.credentials_offered(Duration::ZERO);
        }
        let session_file = config.session_file.clone();
        if let Some(saved) = session_file.as_deref().and_then(restore)
            && saved.source == endpoint.url().as_str()
            && let Ok(left) = saved.until.duration_since(now())
        {
            session.restored(saved.token, left);
        }
        let status = TokenStatus {
            source: endpoint.url().to_string(),
            state: TokenState::Pending,
            expires_at: None,
            detail: String::new(),
            granted: 0,
            failed: 0,
        };
        let handle = TokenHandle::new(config.required, status);
        let (granted, failed, expires_at) = (0, 0, None);
        let started = now_instant();
        Ok(Self { session, credentials, endpoint, session_file, handle, started, granted, failed, expires_at })
    }

    /// Where the token is found.
    pub fn handle(&self) -> TokenHandle {
        self.handle.clone()
    }

    /// Keeps the token for ever. `on_change` is called whenever something changes in how it stands.
    pub async fn run(mut self, on_change: impl Fn(&TokenStatus)) {
        let mut told = None;
        loop {
            match self.credentials.read().await {
                Change::None => {}
                Change::Offered => self.session.credentials_offered(self.elapsed()),
                Change::Gone => self.session.credentials_gone(),
            }
            let step = self.session.next(self.elapsed());
            if let Step::Ask(ask) = step {
                self.ask(&ask).await;
            }
            let again = matches!(self.session.next(self.elapsed()), Step::Ask(_));
            let status = self.status();
            self.show(&status, !again);
            if told.as_ref() != Some(&status) {
                log(&status);
                on_change(&status);
                told = Some(status);
            }
            self.wait().await;
        }
    }

    /// Asks once, and keeps what comes of it.
    async fn ask(&mut self, ask: &Ask) {
        let (kind, secret) = (self.credentials.kind(), self.credentials.secret());
        let asked = self.endpoint.ask(ask, kind, secret, now()).await;
        let (elapsed, jitter) = (self.elapsed(), rand::random());
        match asked {
            Ok(grant) => {
                self.granted += 1;
                self.expires_at = now().checked_add(grant.lifetime);
                self.session.granted(ask, grant, elapsed, jitter);
                self.save().await;
            }
            Err(failure) => {
                self.failed += 1;
                self.session.failed(ask, failure, elapsed, jitter);
            }
        }
    }

    /// Waits until something is to be done; the file of the credentials is looked at now and then.
    async fn wait(&mut self) {
        let now = self.elapsed();
        let until = match self.session.next(now) {
            Step::Ask(_) => return,
            Step::Wait(until) => until.unwrap_or(Duration::MAX).min(now + LOOK),
        };
        tokio::select! {
            () = sleep_until(self.started + until) => {}
            () = self.handle.denial() => self.session.denied(self.elapsed()),
        }
    }

    fn status(&self) -> TokenStatus {
        let state = self.session.state(self.elapsed());
        let trouble = self.session.trouble().map(|failure| failure.text.as_str());
        let advice = match state {
            TokenState::Pending | TokenState::Valid => None,
            TokenState::Denied => Some("a service has refused it (401): another is asked for".to_owned()),
            TokenState::NeedsCredentials => Some(self.credentials.advice()),
            TokenState::RenewalFailing | TokenState::Unavailable => {
                let stuck = self.session.trouble().is_some_and(|failure| failure.refused);
                Some(if stuck { self.credentials.advice() } else { "it is asked again".to_owned() })
            }
        };
        let fault = self.credentials.fault().filter(|_| state == TokenState::NeedsCredentials);
        let detail: Vec<&str> = trouble.into_iter().chain(fault).chain(advice.as_deref()).collect();
        TokenStatus {
            source: self.endpoint.url().to_string(),
            state,
            expires_at: self.expires_at,
            detail: detail.join("; "),
            granted: self.granted,
            failed: self.failed,
        }
    }

    /// Shows the services what there is.
    fn show(&self, status: &TokenStatus, settled: bool) {
        let token = self.session.access_token(self.elapsed());
        let header = token.and_then(|token| bearer(token.expose().as_bytes()));
        self.handle.show(header, status.clone(), settled);
    }

    /// Keeps the refresh token over a restart.
    async fn save(&self) {
        let (Some(file), Some((token, until))) =
            (self.session_file.clone(), self.session.refresh_token(self.elapsed()))
        else {
            return;
        };
        let left = until.saturating_sub(self.elapsed());
        let Some(until) = now().checked_add(left) else { return };
        let saved = Saved { source: self.endpoint.url().to_string(), token: token.clone(), until };
        let path = file.clone();
        let written = tokio::task::spawn_blocking(move || saved::save(&path, &saved)).await;
        if let Err(error) = written.unwrap_or_else(|error| Err(std::io::Error::other(error))) {
            tracing::warn!(%error, file = %file.display(), "the refresh token is not kept over a restart");
        }
    }

    /// Since the start.
    fn elapsed(&self) -> Duration {
        now_instant().duration_since(self.started)
    }
}

fn restore(file: &Path) -> Option<Saved> {
    saved::load(file).unwrap_or_else(|reason| {
        tracing::warn!(file = %file.display(), reason, "the refresh token of the last run is of no use");
        None
    })
}

fn log(status: &TokenStatus) {
    match status.state {
        TokenState::Pending | TokenState::Valid => tracing::info!(state = status.state.label(), "{status}"),
        TokenState::Denied | TokenState::RenewalFailing | TokenState::Unavailable | TokenState::NeedsCredentials => {
            tracing::warn!(state = status.state.label(), "{status}");
        }
    }
}

fn now() -> SystemTime {
    #[expect(clippy::disallowed_methods, reason = "an IO room: dates of tokens are compared with the time of day")]
    SystemTime::now()
}

fn now_instant() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "an IO room: the session's clock is read here")]
    Instant::now()
}

/// How often the file of the credentials is looked at.
const LOOK: Duration = Duration::from_secs(1);
