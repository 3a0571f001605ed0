//! The one POST that brings a token (RFC 6749 §4.4, §6; RFC 8693 §2.1). \[IO\]

use std::time::{Duration, SystemTime};

use reqwest::header::ACCEPT;
use reqwest::{RequestBuilder, Response, StatusCode, Url};
use tokio::time::timeout;

use super::{
    Ask, ClientAuth, Failure, Grant, GrantKind, Secret, Sender, TokenConfig, read_grant, read_refusal, redact,
};
use crate::client::{ClientError, Fetched, Transport, Trust, detail, error_chain, parse_url, receive};

/// Who gives tokens.
#[derive(Debug)]
pub(super) struct Endpoint {
    url: Url,
    sender: Sender,
    trust: Trust,
    http: reqwest::Client,
}

impl Endpoint {
    /// Reads the certificates.
    ///
    /// # Errors
    /// [`ClientError`] names the URL or the file at fault.
    pub(super) fn new(config: &TokenConfig, transport: &Transport, connect: Duration) -> Result<Self, ClientError> {
        let base = parse_url(&config.url)?;
        let (path, sender) = match config.grant {
            GrantKind::Bootstrap { .. } | GrantKind::Certificate => ("/oauth/token", Sender::TokenSmith),
            GrantKind::ClientCredentials { .. } => ("", Sender::OAuth2),
        };
        if config.grant == GrantKind::Certificate && transport.client_certificate.is_none() {
            return Err(ClientError::NoCertificate { url: base.into() });
        }
        // a redirect would carry the secret elsewhere
        let trust = Trust::read(&base, config.ca.as_deref(), transport, 0, connect)?;
        let http = trust.client()?;
        Ok(Self { url: below(&base, path), sender, trust, http })
    }

    /// Where it is, to be shown.
    pub(super) fn url(&self) -> &Url {
        &self.url
    }

    /// Asks once. `secret` is the bootstrap token or the client's secret. `now` is the time of day.
    pub(super) async fn ask(
        &mut self,
        ask: &Ask,
        kind: &GrantKind,
        secret: Option<&Secret>,
        now: SystemTime,
    ) -> Result<Grant, Failure> {
        match self.trust.reload().await {
            Ok(Some(http)) => self.http = http,
            Ok(None) => {}
            Err(fault) => tracing::warn!(%fault, "the old certificates are used on"),
        }
        let (url, request) = self.request(ask, kind, secret);
        let sent: Vec<Secret> = match ask {
            Ask::Initial => secret.cloned().into_iter().collect(),
            Ask::Refresh(token) => vec![token.clone()],
        };
        let failure =
            |refused: bool, text: String| Failure { refused, text: format!("{url}: {}", redact(&text, &sent)) };
        let exchange = async {
            let response = request.header(ACCEPT, "application/json").send().await;
            let response = response.map_err(|error| failure(false, error_chain(&error.without_url())))?;
            if response.status() != StatusCode::OK {
                let (refused, text) = refusal(response).await;
                return Err(failure(refused, text));
            }
            let body = body(response).await.map_err(|text| failure(false, text))?;
            read_grant(&body, self.sender, now).map_err(|error| failure(false, error.to_string()))
        };
        match timeout(ATTEMPT, exchange).await {
            Ok(granted) => granted,
            Err(_) => Err(failure(false, format!("no answer within {ATTEMPT:?}"))),
        }
    }

    /// The request, and the URL to be shown with it.
    fn request(&self, ask: &Ask, kind: &GrantKind, secret: Option<&Secret>) -> (Url, RequestBuilder) {
        let post = |fields: &[(&str, &str)]| (self.url.clone(), self.http.post(self.url.clone()).form(fields));
        let secret = secret.map(Secret::expose).unwrap_or_default();
        match (ask, kind) {
            (Ask::Refresh(token), _) => post(&[("grant_type", "refresh_token"), ("refresh_token", token.expose())]),
            (Ask::Initial, GrantKind::Bootstrap { .. }) => {
                post(&[("grant_type", EXCHANGE), ("subject_token", secret), ("subject_token_type", BOOTSTRAP)])
            }
            (Ask::Initial, GrantKind::Certificate) => {
                let mut url = self.url.clone();
                url.set_path(&url.path().replace("/oauth/token", "/service-identity/session"));
                let request = self.http.post(url.clone()).json(&serde_json::json!({}));
                (url, request)
            }
            (Ask::Initial, GrantKind::ClientCredentials { id, scope, by, .. }) => {
                let mut fields = vec![("grant_type", "client_credentials")];
                fields.extend(scope.as_deref().map(|scope| ("scope", scope)));
                match by {
                    ClientAuth::Post => {
                        fields.extend([("client_id", id.as_str()), ("client_secret", secret)]);
                        post(&fields)
                    }
                    ClientAuth::Basic => {
                        let (url, request) = post(&fields);
                        (url, request.basic_auth(form_encoded(id), Some(form_encoded(secret))))
                    }
                }
            }
        }
    }
}

/// A status that is not 200: whether it is final for what was shown, and what it says.
async fn refusal(response: Response) -> (bool, String) {
    let status = response.status();
    let refused = matches!(status.as_u16(), 400 | 401 | 403);
    if status.is_redirection() {
        return (false, format!("status {}: a secret is not sent on to where that leads", status.as_u16()));
    }
    if !refused {
        return (false, format!("status {}{}", status.as_u16(), detail(response).await));
    }
    let body = body(response).await.unwrap_or_default();
    let said = read_refusal(&body);
    let said = [said.code, said.description].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(", ");
    let text = if said.is_empty() { format!("status {}", status.as_u16()) } else { said };
    (true, format!("refused: {text}"))
}

async fn body(response: Response) -> Result<Vec<u8>, String> {
    match receive(response, None, LARGEST).await {
        Ok(Fetched::Body(body)) => Ok(body.into()),
        Ok(Fetched::Unchanged) => Ok(Vec::new()),
        Err(error) => Err(error.to_string()),
    }
}

fn below(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    if !path.is_empty() {
        url.set_path(&format!("{}{path}", base.path().trim_end_matches('/')));
    }
    url
}

/// RFC 6749 §2.3.1: encoded as in a form before it is encoded as Basic.
fn form_encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const BOOTSTRAP: &str = "urn:openchami:params:oauth:token-type:bootstrap-token";

/// The original's limit.
const ATTEMPT: Duration = Duration::from_secs(15);

/// Bytes of an answer.
const LARGEST: usize = 64 << 10;
