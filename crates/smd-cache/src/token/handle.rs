//! Where the current token is found: every request of every service asks here. \[IO\]

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::HeaderValue;
use tokio::sync::{Notify, watch};
use tokio::time::timeout;

use super::TokenStatus;

/// Where the current token is found. Clones share it.
#[derive(Debug, Clone)]
pub struct TokenHandle(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    required: bool,
    current: watch::Sender<Current>,
    denied: Notify,
}

/// The token and what is to be said of it.
#[derive(Debug, Clone)]
struct Current {
    /// Whether the first attempt is over.
    settled: bool,
    header: Option<HeaderValue>,
    status: TokenStatus,
}

impl TokenHandle {
    pub(super) fn new(required: bool, status: TokenStatus) -> Self {
        let current = watch::Sender::new(Current { settled: false, header: None, status });
        Self(Arc::new(Shared { required, current, denied: Notify::new() }))
    }

    /// How it stands with the token.
    pub fn status(&self) -> TokenStatus {
        self.0.current.borrow().status.clone()
    }

    /// The value of `Authorization`. Waits for the end of the first attempt to get one, for a while. `None`: there is no
    /// token, and none is required.
    ///
    /// # Errors
    /// A token is required, and there is none: why, in words.
    pub(crate) async fn authorization(&self) -> Result<Option<HeaderValue>, String> {
        let mut current = self.0.current.subscribe();
        let current = match timeout(FIRST_ATTEMPT, current.wait_for(|current| current.settled)).await {
            Ok(Ok(settled)) => settled.clone(),
            Ok(Err(_)) | Err(_) => self.0.current.borrow().clone(),
        };
        match current.header {
            None if self.0.required => Err(current.status.to_string()),
            header => Ok(header),
        }
    }

    /// A service has refused a request with `used`. Another one is asked for, if that is not the case already.
    pub(crate) fn denied(&self, used: &HeaderValue) {
        if self.0.current.borrow().header.as_ref() == Some(used) {
            self.0.denied.notify_one();
        }
    }

    /// Completes when a service has refused the current token.
    pub(super) async fn denial(&self) {
        self.0.denied.notified().await;
    }

    /// Shows the services another token, or none. `settled`: the first attempt is over.
    pub(super) fn show(&self, header: Option<HeaderValue>, status: TokenStatus, settled: bool) {
        self.0.current.send_replace(Current { settled, header, status });
    }
}

/// The original's limit for the first attempt.
const FIRST_ATTEMPT: Duration = Duration::from_secs(15);
