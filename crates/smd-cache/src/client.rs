//! One HTTP service, SMD or BSS: a body whole, or the reason why not. \[IO\]
//!
//! Facts: smd-bss §1, §5 (what a failing SMD, or a gateway in front of it, sends), libraries §9 (TLS). Nothing here
//! trusts the peer: every step has a deadline, the body a cap, and the status and Content-Type are checked.

mod authorization;
mod error;
mod receive;
mod tls;
mod watched;

pub(crate) use authorization::bearer;
pub(crate) use error::error_chain;
pub use error::{ClientError, FetchError};
pub use receive::{Collector, Fetched};
pub(crate) use receive::{detail, receive};
pub(crate) use tls::Trust;
pub use tls::{ClientCertificate, Proxy, Transport};

use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{Response, StatusCode, Url};
use tokio::sync::Mutex;
use tokio::time::timeout;

use authorization::{Authorization, TokenFile, sent_token};

use crate::token::{TokenHandle, redact};

/// How long each step of a request may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// Connecting, TLS included.
    pub connect: Duration,
    /// From there to the reply's header.
    pub header: Duration,
    /// From there to the end of the body.
    pub body: Duration,
}

/// A service with its certificates, its token and its open connections.
#[derive(Debug)]
pub struct Service {
    base: Url,
    trust: Trust,
    authorization: Authorization,
    timeouts: Timeouts,
    max_body: usize,
    http: reqwest::Client,
    /// One request at a time: one connection, kept from poll to poll, and the least for the service to bear.
    turn: Mutex<()>,
}

impl Service {
    /// Reads the CA and token files; sends nothing. `max_body` is in bytes.
    ///
    /// # Errors
    /// [`ClientError`] names the URL or the file at fault. Where the URL is `http://`, the CA file may be missing.
    pub fn new(
        url: &str,
        ca: Option<&Path>,
        token_file: Option<&Path>,
        timeouts: Timeouts,
        max_body: usize,
    ) -> Result<Self, ClientError> {
        Self::over(&Transport::default(), url, ca, token_file, timeouts, max_body)
    }

    /// As [`Service::new`], with a client certificate or without a proxy.
    pub fn over(
        transport: &Transport,
        url: &str,
        ca: Option<&Path>,
        token_file: Option<&Path>,
        timeouts: Timeouts,
        max_body: usize,
    ) -> Result<Self, ClientError> {
        let base = parse_url(url)?;
        let trust = Trust::read(&base, ca, transport, MAX_REDIRECTS, timeouts.connect)?;
        let authorization = match token_file {
            Some(file) => Authorization::File(TokenFile::read(file)?),
            None => Authorization::Nothing,
        };
        let http = trust.client()?;
        Ok(Self { base, trust, authorization, timeouts, max_body, http, turn: Mutex::new(()) })
    }

    /// Shows the service the token that `tokens` has, where it has no token file of its own.
    pub fn with_tokens(mut self, tokens: Option<TokenHandle>) -> Self {
        if let (Authorization::Nothing, Some(tokens)) = (&self.authorization, tokens) {
            self.authorization = Authorization::Kept(tokens);
        }
        self
    }

    /// Reads the CA, certificate and token files again and takes what has changed. What cannot be read keeps its old
    /// content and is returned, in words.
    pub async fn reload(&mut self) -> Vec<ClientError> {
        let mut faults = Vec::new();
        match self.trust.reload().await {
            Ok(Some(http)) => self.http = http,
            Ok(None) => {}
            Err(fault) => faults.push(fault),
        }
        faults.extend(self.authorization.reload().await.err());
        faults
    }

    /// GETs `path` below the service's URL. `last` is the body that was taken last: while the new one is equal to it,
    /// nothing is kept, and [`Fetched::Unchanged`] is the answer if it is so to the end.
    pub async fn get(&self, path: &str, last: Option<&Bytes>) -> Result<Fetched, FetchError> {
        let url = self.url(path);
        let _turn = self.turn.lock().await;
        let response = self.send(&url).await?;
        let receiving = timeout(self.timeouts.body, receive(response, last, self.max_body));
        match receiving.await {
            Ok(received) => received.map_err(|error| error.at(&url)),
            Err(_) => Err(FetchError::Timeout { url: url.into(), what: "the body", after: self.timeouts.body }),
        }
    }

    /// Sends the request and checks the reply's header.
    async fn send(&self, url: &Url) -> Result<Response, FetchError> {
        let mut request = self.http.get(url.clone()).header(ACCEPT, "application/json");
        let token = self.authorization.header().await;
        let token = token.map_err(|reason| FetchError::NoToken { url: url.to_string(), reason })?;
        if let Some(token) = &token {
            request = request.header(AUTHORIZATION, token);
        }
        let limit = self.timeouts.connect + self.timeouts.header;
        let response = match timeout(limit, request.send()).await {
            Err(_) => return Err(FetchError::Timeout { url: url.to_string(), what: "the header", after: limit }),
            Ok(Err(error)) if error.is_timeout() => {
                let after = self.timeouts.connect;
                return Err(FetchError::Timeout { url: url.to_string(), what: "the connection", after });
            }
            Ok(Err(error)) => {
                return Err(FetchError::Connect { url: url.to_string(), cause: error_chain(&error.without_url()) });
            }
            Ok(Ok(response)) => response,
        };
        if response.status() != StatusCode::OK {
            return Err(self.bad_status(url, response, token.as_ref()).await);
        }
        match response.headers().get(CONTENT_TYPE) {
            Some(value) if !is_json(value) => {
                let content_type = String::from_utf8_lossy(value.as_bytes()).into_owned();
                Err(FetchError::ContentType { url: url.to_string(), content_type })
            }
            Some(_) | None => Ok(response),
        }
    }

    /// A status that is not 200, with what the body says about it if that comes in time. It may repeat the token.
    async fn bad_status(&self, url: &Url, response: Response, token: Option<&HeaderValue>) -> FetchError {
        let (url, status) = (url.to_string(), response.status().as_u16());
        let detail = timeout(self.timeouts.body, detail(response)).await.unwrap_or_default();
        let sent = token.and_then(sent_token);
        let detail = redact(&detail, sent.as_slice());
        match status {
            401 | 403 => FetchError::Denied { url, status, detail, advice: self.authorization.denied(status, token) },
            _ => FetchError::Status { url, status, detail },
        }
    }

    /// The service's URL with `path` appended to its own.
    fn url(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        url.set_path(&format!("{}{path}", self.base.path().trim_end_matches('/')));
        url
    }
}

/// Reads the URL of a service. One with a password is refused: URLs are shown to everybody.
pub(crate) fn parse_url(text: &str) -> Result<Url, ClientError> {
    let fault = |reason: String| ClientError::Url { url: without_password(text), reason };
    let mut url = Url::parse(text.trim()).map_err(|error| fault(error.to_string()))?;
    if url.password().is_some() {
        return Err(fault("it holds a password, which would be seen: use a token".to_owned()));
    }
    if !matches!(url.scheme(), "http" | "https") {
        return Err(fault(format!("its scheme is {}, not http or https", url.scheme())));
    }
    url.set_query(None);
    url.set_fragment(None);
    Ok(url)
}

/// What stands between `//` and `@` may be a password.
fn without_password(url: &str) -> String {
    match (url.find("//"), url.rfind('@')) {
        (Some(start), Some(end)) if start + 2 < end => format!("{}…{}", &url[..start + 2], &url[end..]),
        _ => url.to_owned(),
    }
}

/// `application/json` or another `+json` type, problem reports excepted.
fn is_json(content_type: &HeaderValue) -> bool {
    let text = content_type.to_str().unwrap_or_default();
    let media_type = text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    media_type == "application/json" || (media_type.ends_with("+json") && media_type != "application/problem+json")
}

/// A gateway may move a path once or twice.
const MAX_REDIRECTS: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;

    const TIMEOUTS: Timeouts =
        Timeouts { connect: Duration::from_secs(1), header: Duration::from_secs(1), body: Duration::from_secs(1) };

    #[test]
    fn paths_join_on_the_path_of_the_url() {
        for (base, joined) in [
            ("http://smd:27779", "http://smd:27779/hsm/v2/groups"),
            ("http://smd:27779/", "http://smd:27779/hsm/v2/groups"),
            ("http://smd/apis/smd/?x=1#y", "http://smd/apis/smd/hsm/v2/groups"),
            (" http://[::1]:27779/a ", "http://[::1]:27779/a/hsm/v2/groups"),
        ] {
            let service = Service::new(base, None, None, TIMEOUTS, 1).unwrap();
            assert_eq!(service.url("/hsm/v2/groups").as_str(), joined);
        }
    }

    #[test]
    fn what_is_no_url_is_named() {
        for url in ["", "smd:27779", "smd", "ftp://smd", "http://"] {
            let error = Service::new(url, None, None, TIMEOUTS, 1).unwrap_err();
            assert!(error.to_string().contains(&format!("{url:?}")), "{error}");
        }
    }

    #[test]
    fn json_by_its_content_type() {
        for (text, expected) in [
            ("application/json", true),
            ("application/json; charset=UTF-8", true),
            ("Application/JSON;charset=utf-8", true),
            ("application/vnd.smd+json", true),
            ("application/problem+json", false),
            ("text/plain; charset=utf-8", false),
            ("text/html", false),
            ("", false),
        ] {
            assert_eq!(is_json(&HeaderValue::from_static(text)), expected, "{text}");
        }
    }
}
