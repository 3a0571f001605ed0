//! What a service is shown: nothing, a token from a file, or the one that a keeper keeps. \[IO\]

use std::path::Path;

use reqwest::header::HeaderValue;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::error::ClientError;
use super::watched::Watched;
use crate::token::{Secret, TokenHandle, expiry};

/// What a service is shown.
#[derive(Debug)]
pub(super) enum Authorization {
    /// Nothing.
    Nothing,
    /// A token from a file.
    File(TokenFile),
    /// A token that is kept up to date elsewhere.
    Kept(TokenHandle),
}

/// A bearer token from a file.
#[derive(Debug)]
pub(super) struct TokenFile {
    file: Watched,
    header: HeaderValue,
}

impl Authorization {
    /// The value of `Authorization`, if there is one to be sent.
    ///
    /// # Errors
    /// In words, where there is none and no request is to be made without.
    pub(super) async fn header(&self) -> Result<Option<HeaderValue>, String> {
        match self {
            Self::Nothing => Ok(None),
            Self::File(token) => Ok(Some(token.header.clone())),
            Self::Kept(handle) => handle.authorization().await,
        }
    }

    /// The service answered `status`, 401 or 403, to a request with `used`: what is to be done about it, in words.
    pub(super) fn denied(&self, status: u16, used: Option<&HeaderValue>) -> String {
        if status != UNAUTHORIZED {
            return match self {
                Self::Nothing => "it does not let us read this".to_owned(),
                Self::File(_) | Self::Kept(_) => {
                    "the token may not read this: give it the scope or the role".to_owned()
                }
            };
        }
        match self {
            Self::Nothing => "it wants a token: configure one (token_file, or token)".to_owned(),
            Self::File(token) => {
                let file = token.file.path().display();
                format!("put a good token into {file}{}", token.ended())
            }
            Self::Kept(handle) => {
                used.inspect(|used| handle.denied(used));
                match used {
                    Some(_) => "another token is asked for".to_owned(),
                    None => format!("{}", handle.status()),
                }
            }
        }
    }

    /// Takes a changed token file.
    pub(super) async fn reload(&mut self) -> Result<(), ClientError> {
        match self {
            Self::Nothing | Self::Kept(_) => Ok(()),
            Self::File(token) => token.reload().await,
        }
    }
}

impl TokenFile {
    /// Reads the token for the first time.
    pub(super) fn read(path: &Path) -> Result<Self, ClientError> {
        let file = Watched::read(path).map_err(|error| fault(path, error.to_string()))?;
        let header = header(path, file.content())?;
        Ok(Self { file, header })
    }

    async fn reload(&mut self) -> Result<(), ClientError> {
        let path = self.file.path().to_owned();
        if let Some(content) = self.file.changed().await.map_err(|error| fault(&path, error.to_string()))? {
            self.header = header(&path, &content)?;
            self.file.take(content);
        }
        Ok(())
    }

    /// When the token ends, by its own account.
    fn ended(&self) -> String {
        let end = sent_token(&self.header).and_then(|token| expiry(token.expose()));
        let date = end.and_then(|end| {
            let seconds = end.duration_since(std::time::SystemTime::UNIX_EPOCH).ok()?.as_secs();
            OffsetDateTime::from_unix_timestamp(i64::try_from(seconds).ok()?).ok()?.format(&Rfc3339).ok()
        });
        date.map_or_else(String::new, |date| format!(" (that one is good until {date})"))
    }
}

/// The token that a header shows.
pub(super) fn sent_token(header: &HeaderValue) -> Option<Secret> {
    header.to_str().ok()?.strip_prefix(BEARER).map(Secret::new)
}

/// The header that shows a token (RFC 6750 §2.1); `None` where it holds what no header can hold.
pub(crate) fn bearer(token: &[u8]) -> Option<HeaderValue> {
    let mut header = HeaderValue::from_bytes(&[BEARER.as_bytes(), token].concat()).ok()?;
    header.set_sensitive(true);
    Some(header)
}

fn header(path: &Path, content: &[u8]) -> Result<HeaderValue, ClientError> {
    match content.trim_ascii() {
        b"" => Err(fault(path, "it is empty".to_owned())),
        token => bearer(token).ok_or_else(|| fault(path, "it holds characters that no header may hold".to_owned())),
    }
}

fn fault(path: &Path, reason: String) -> ClientError {
    ClientError::Token { path: path.to_owned(), reason }
}

const BEARER: &str = "Bearer ";
const UNAUTHORIZED: u16 = 401;
