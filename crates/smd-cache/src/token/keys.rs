//! The keys that configure a token, as both servers have them, and what they come to together.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use super::{ClientAuth, GrantKind, TokenConfig};

/// The keys as they are written; `None` where the default holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TokenKeys {
    /// `mode`, or the original's `auth_mode`.
    pub mode: Option<TokenMode>,
    /// `grant`.
    pub grant: Option<GrantName>,
    /// `url`, or the original's `tokensmith_url`.
    pub url: Option<String>,
    /// `bootstrap_file`.
    pub bootstrap_file: Option<PathBuf>,
    /// `client_id`.
    pub client_id: Option<String>,
    /// `client_secret_file`.
    pub client_secret_file: Option<PathBuf>,
    /// `client_auth`.
    pub client_auth: Option<ClientAuth>,
    /// `scope`.
    pub scope: Option<String>,
    /// `refresh_before`.
    pub refresh_before: Option<Duration>,
    /// `ca_cert`.
    pub ca_cert: Option<PathBuf>,
    /// `session_file`.
    pub session_file: Option<PathBuf>,
}

/// Whether a token is got, and what is done without one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenMode {
    /// None is got.
    Disabled,
    /// Without one, services are asked without.
    Optional,
    /// Without one, services are not asked.
    Required,
}

/// What is shown for a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GrantName {
    /// A bootstrap token.
    Bootstrap,
    /// The client's certificate.
    Certificate,
    /// The client's secret.
    ClientCredentials,
}

/// Keys that do not go together: the configuration is to blame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeysError {
    /// Which key.
    pub key: &'static str,
    /// What is wrong with it.
    pub message: String,
}

impl TokenKeys {
    /// The names of all keys, in the order of the fields.
    pub const NAMES: [&str; 11] = [
        "mode",
        "grant",
        "url",
        "bootstrap_file",
        "client_id",
        "client_secret_file",
        "client_auth",
        "scope",
        "refresh_before",
        "ca_cert",
        "session_file",
    ];

    /// What they come to; `None` where no token is got. `certificate`: whether there is a client certificate.
    ///
    /// # Errors
    /// The first key that is missing, or that does not go with the others.
    pub fn resolve(self, certificate: bool) -> Result<Option<TokenConfig>, KeysError> {
        let required = match self.mode.unwrap_or(TokenMode::Required) {
            TokenMode::Disabled => return Ok(None),
            TokenMode::Optional => false,
            TokenMode::Required => true,
        };
        let grant = self.grant.unwrap_or(GrantName::Bootstrap);
        self.check(grant, certificate)?;
        let missing = |key, help: &str| KeysError { key, message: format!("is needed: {help}") };
        let url = self.url.ok_or_else(|| missing("url", "who gives the token"))?;
        let grant = match grant {
            GrantName::Bootstrap => GrantKind::Bootstrap { file: self.bootstrap_file, token: None },
            GrantName::Certificate => GrantKind::Certificate,
            GrantName::ClientCredentials => GrantKind::ClientCredentials {
                id: self.client_id.ok_or_else(|| missing("client_id", "who we are"))?,
                secret_file: self
                    .client_secret_file
                    .ok_or_else(|| missing("client_secret_file", "the file with the client's secret"))?,
                scope: self.scope,
                by: self.client_auth.unwrap_or_default(),
            },
        };
        let refresh_before = self.refresh_before.unwrap_or(TokenConfig::REFRESH_BEFORE);
        let (ca, session_file) = (self.ca_cert, self.session_file);
        Ok(Some(TokenConfig { url, grant, required, refresh_before, ca, session_file }))
    }

    /// Finds a key that would do nothing.
    fn check(&self, grant: GrantName, certificate: bool) -> Result<(), KeysError> {
        let (bootstrap, client) = (grant == GrantName::Bootstrap, grant == GrantName::ClientCredentials);
        for (key, is_set, counts, grants) in [
            ("bootstrap_file", self.bootstrap_file.is_some(), bootstrap, "bootstrap"),
            ("client_id", self.client_id.is_some(), client, "client_credentials"),
            ("client_secret_file", self.client_secret_file.is_some(), client, "client_credentials"),
            ("client_auth", self.client_auth.is_some(), client, "client_credentials"),
            ("scope", self.scope.is_some(), client, "client_credentials"),
            ("session_file", self.session_file.is_some(), !client, "bootstrap or certificate"),
        ] {
            if is_set && !counts {
                return Err(KeysError { key, message: format!("counts only with the grant {grants}") });
            }
        }
        if grant == GrantName::Certificate && !certificate {
            let message = "certificate needs `client_cert` and `client_key` beside the URL of SMD".to_owned();
            return Err(KeysError { key: "grant", message });
        }
        Ok(())
    }
}

impl FromStr for TokenMode {
    type Err = String;

    /// As the original reads it: in any case.
    fn from_str(text: &str) -> Result<Self, String> {
        match text.to_ascii_lowercase().as_str() {
            "disabled" => Ok(Self::Disabled),
            "optional" => Ok(Self::Optional),
            "required" => Ok(Self::Required),
            _ => Err(format!("{text:?} is none of disabled, optional, required")),
        }
    }
}

impl FromStr for GrantName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "bootstrap" => Ok(Self::Bootstrap),
            "certificate" => Ok(Self::Certificate),
            "client_credentials" => Ok(Self::ClientCredentials),
            _ => Err(format!("{text:?} is none of bootstrap, certificate, client_credentials")),
        }
    }
}

impl FromStr for ClientAuth {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "basic" => Ok(Self::Basic),
            "post" => Ok(Self::Post),
            _ => Err(format!("{text:?} is neither basic nor post")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(grant: GrantName) -> TokenKeys {
        TokenKeys { grant: Some(grant), url: Some("http://t".into()), ..TokenKeys::default() }
    }

    #[test]
    fn a_url_is_enough_for_a_bootstrap_token() {
        let keys = TokenKeys { url: Some("http://t".into()), ..TokenKeys::default() };
        let grant = GrantKind::Bootstrap { file: None, token: None };
        assert_eq!(keys.clone().resolve(false), Ok(Some(TokenConfig::new("http://t", grant))));
        for (mode, required) in [("Disabled", None), ("optional", Some(false)), ("REQUIRED", Some(true))] {
            let config = TokenKeys { mode: Some(mode.parse().unwrap()), ..keys.clone() }.resolve(false).unwrap();
            assert_eq!(config.map(|config| config.required), required, "{mode}");
        }
    }

    #[test]
    fn keys_that_are_missing_or_do_nothing_are_named() {
        let file = || Some(PathBuf::from("f"));
        let client = || TokenKeys {
            client_id: Some("c".into()),
            client_secret_file: file(),
            ..keys(GrantName::ClientCredentials)
        };
        for (keys, key) in [
            (TokenKeys::default(), "url"),
            (TokenKeys { url: None, ..keys(GrantName::Bootstrap) }, "url"),
            (keys(GrantName::ClientCredentials), "client_id"),
            (TokenKeys { client_secret_file: None, ..client() }, "client_secret_file"),
            (TokenKeys { bootstrap_file: file(), ..client() }, "bootstrap_file"),
            (TokenKeys { session_file: file(), ..client() }, "session_file"),
            (TokenKeys { scope: Some("s".into()), ..keys(GrantName::Bootstrap) }, "scope"),
            (TokenKeys { client_auth: Some(ClientAuth::Post), ..keys(GrantName::Bootstrap) }, "client_auth"),
            (keys(GrantName::Certificate), "grant"),
        ] {
            assert_eq!(keys.clone().resolve(false).unwrap_err().key, key, "{keys:?}");
        }
        assert!(client().resolve(false).unwrap().is_some());
        assert_eq!(keys(GrantName::Certificate).resolve(true).unwrap().unwrap().grant, GrantKind::Certificate);
    }

    #[test]
    fn words_that_are_none_are_named() {
        for error in [
            "often".parse::<TokenMode>().unwrap_err(),
            "often".parse::<GrantName>().unwrap_err(),
            "often".parse::<ClientAuth>().unwrap_err(),
        ] {
            assert!(error.starts_with("\"often\" is n"), "{error}");
        }
    }
}
