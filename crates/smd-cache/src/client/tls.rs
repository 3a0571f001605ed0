//! Whom the client trusts, and a client that does (libraries §9). \[IO\]
//!
//! A CA file replaces the system's roots. The system's are loaded only where they are needed, for an `https://` URL
//! without a CA file: a scratch image has none, and must still reach an `http://` service.

use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Certificate, Client};

use super::error::{ClientError, error_chain};
use super::watched::Watched;

/// The roots of trust.
#[derive(Debug)]
pub(super) enum Trust {
    /// None: no TLS is asked for.
    Nobody,
    /// Those of the system.
    System,
    /// Those of a file.
    File(Watched),
}

impl Trust {
    /// Reads the CA file. Where TLS is not `needed`, a file without certificates is worth a warning and no more.
    pub(super) fn read(ca: Option<&Path>, needed: bool) -> Result<Self, ClientError> {
        let Some(path) = ca else {
            return Ok(if needed { Self::System } else { Self::Nobody });
        };
        let file = Watched::read(path).map_err(|error| fault(path, error.to_string()));
        match file.and_then(|file| certificates(path, file.content()).map(|_| file)) {
            Ok(file) => Ok(Self::File(file)),
            Err(error) if needed => Err(error),
            Err(error) => {
                tracing::warn!(%error, "not used: the URL is http://");
                Ok(Self::Nobody)
            }
        }
    }

    /// A client that trusts these roots.
    pub(super) fn client(&self, connect_timeout: Duration) -> Result<Client, ClientError> {
        match self {
            Self::Nobody => client(Some(Vec::new()), connect_timeout).map_err(ClientError::Tls),
            Self::System => client(None, connect_timeout).map_err(ClientError::Tls),
            Self::File(file) => file_client(file.path(), file.content(), connect_timeout),
        }
    }

    /// Reads the CA file again: a new client where its content has changed and is good.
    pub(super) async fn reload(&mut self, connect_timeout: Duration) -> Result<Option<Client>, ClientError> {
        let Self::File(file) = self else { return Ok(None) };
        let path = file.path().to_owned();
        let Some(content) = file.changed().await.map_err(|error| fault(&path, error.to_string()))? else {
            return Ok(None);
        };
        let client = file_client(&path, &content, connect_timeout)?;
        file.take(content);
        Ok(Some(client))
    }
}

fn file_client(path: &Path, pem: &[u8], connect_timeout: Duration) -> Result<Client, ClientError> {
    client(Some(certificates(path, pem)?), connect_timeout).map_err(|reason| fault(path, reason))
}

/// A PEM file's certificates, one at least: an empty bundle would trust nobody without a word.
fn certificates(path: &Path, pem: &[u8]) -> Result<Vec<Certificate>, ClientError> {
    match Certificate::from_pem_bundle(pem) {
        Ok(certificates) if certificates.is_empty() => {
            Err(fault(path, "it holds no certificate in PEM form".to_owned()))
        }
        Ok(certificates) => Ok(certificates),
        Err(error) => Err(fault(path, error_chain(&error))),
    }
}

/// Builds a client; `None` trusts the system's roots.
fn client(roots: Option<Vec<Certificate>>, connect_timeout: Duration) -> Result<Client, String> {
    // Someone else in the process may have installed a provider; any one will do.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = Client::builder()
        .user_agent(concat!("coresmd/", env!("CARGO_PKG_VERSION")))
        .no_proxy()
        .redirect(Policy::limited(MAX_REDIRECTS))
        .tcp_nodelay(true)
        .connect_timeout(connect_timeout);
    let builder = match roots {
        Some(roots) => builder.tls_certs_only(roots),
        None => builder,
    };
    builder.build().map_err(|error| error_chain(&error))
}

fn fault(path: &Path, reason: String) -> ClientError {
    ClientError::Ca { path: PathBuf::from(path), reason }
}

/// A gateway may move a path once or twice.
const MAX_REDIRECTS: usize = 3;
