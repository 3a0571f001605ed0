//! Whom the client trusts, who it says it is, and which way it goes; and a client that does so (libraries §9). \[IO\]
//!
//! A CA file replaces the system's roots. The system's are loaded only where they are needed, for an `https://` URL
//! without a CA file: a scratch image has none, and must still reach an `http://` service.

use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, ClientBuilder, Identity, Url};
use zeroize::Zeroizing;

use super::error::{ClientError, error_chain};
use super::watched::Watched;

/// How a service is reached, beside its URL and CA.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Transport {
    /// Who we are in TLS, where the service wants to know.
    pub client_certificate: Option<ClientCertificate>,
    /// Whether a proxy is used.
    pub proxy: Proxy,
}

/// The files of a client's certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientCertificate {
    /// PEM file of the certificate and those between it and its CA.
    pub certificate: PathBuf,
    /// PEM file of its private key.
    pub key: PathBuf,
}

/// Whether a proxy is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Proxy {
    /// The one that `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` name; none to this machine itself.
    #[default]
    Environment,
    /// None.
    Off,
}

/// Everything that a client is made of; its files are read again when they change.
#[derive(Debug)]
pub(crate) struct Trust {
    roots: Roots,
    identity: Option<Files>,
    proxy: Proxy,
    redirects: usize,
    connect_timeout: Duration,
}

/// The roots of trust.
#[derive(Debug)]
enum Roots {
    /// None: no TLS is asked for.
    Nobody,
    /// Those of the system.
    System,
    /// Those of a file.
    File(Watched),
}

/// A client's certificate and its key.
#[derive(Debug)]
struct Files {
    certificate: Watched,
    key: Watched,
}

/// Contents to take the place of those in use.
#[derive(Default)]
struct Changes {
    roots: Option<Zeroizing<Vec<u8>>>,
    certificate: Option<Zeroizing<Vec<u8>>>,
    key: Option<Zeroizing<Vec<u8>>>,
}

impl Trust {
    /// Reads the files. Where `base` is no `https://` URL, a CA file without certificates is worth a warning and no
    /// more. Redirects are followed `redirects` times.
    pub(crate) fn read(
        base: &Url,
        ca: Option<&Path>,
        transport: &Transport,
        redirects: usize,
        connect_timeout: Duration,
    ) -> Result<Self, ClientError> {
        let needed = base.scheme() == "https";
        let roots = roots(ca, needed)?;
        let identity = match &transport.client_certificate {
            Some(files) if needed => Some(Files::read(files)?),
            Some(files) => {
                tracing::warn!(certificate = %files.certificate.display(), %base, "not used: the URL is http://");
                None
            }
            None => None,
        };
        let proxy = if is_this_machine(base) { Proxy::Off } else { transport.proxy };
        Ok(Self { roots, identity, proxy, redirects, connect_timeout })
    }

    /// A client as all that says.
    pub(crate) fn client(&self) -> Result<Client, ClientError> {
        self.client_with(&Changes::default())
    }

    /// Reads the files again: a new client where a content has changed and all are good together.
    pub(crate) async fn reload(&mut self) -> Result<Option<Client>, ClientError> {
        let mut changes = Changes::default();
        if let Roots::File(file) = &self.roots {
            changes.roots = file.changed().await.map_err(|error| ca_fault(file.path(), error.to_string()))?;
        }
        if let Some(files) = &self.identity {
            let (certificate, key) = (&files.certificate, &files.key);
            changes.certificate =
                certificate.changed().await.map_err(|error| unreadable(certificate.path(), &error))?;
            changes.key = key.changed().await.map_err(|error| unreadable(key.path(), &error))?;
        }
        if changes.is_empty() {
            return Ok(None);
        }
        let client = self.client_with(&changes)?;
        if let (Roots::File(file), Some(content)) = (&mut self.roots, changes.roots) {
            file.take(content);
        }
        if let Some(files) = &mut self.identity {
            changes.certificate.into_iter().for_each(|content| files.certificate.take(content));
            changes.key.into_iter().for_each(|content| files.key.take(content));
        }
        Ok(Some(client))
    }

    /// A client of the contents in use, but for those that have changed.
    fn client_with(&self, changes: &Changes) -> Result<Client, ClientError> {
        // Someone else in the process may have installed a provider; any one will do.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let builder = Client::builder()
            .user_agent(concat!("coresmd/", env!("CARGO_PKG_VERSION")))
            .redirect(if self.redirects == 0 { Policy::none() } else { Policy::limited(self.redirects) })
            .tcp_nodelay(true)
            .pool_idle_timeout(KEPT_OPEN)
            .connect_timeout(self.connect_timeout);
        let builder = match self.proxy {
            Proxy::Environment => builder,
            Proxy::Off => builder.no_proxy(),
        };
        let builder = match &self.roots {
            Roots::Nobody => builder.tls_certs_only(Vec::new()),
            Roots::System => builder,
            Roots::File(file) => {
                let pem = changes.roots.as_ref().map_or(file.content(), |content| content);
                builder.tls_certs_only(certificates(file.path(), pem)?)
            }
        };
        let Some(files) = &self.identity else { return self.build(builder) };
        let certificate = changes.certificate.as_ref().map_or(files.certificate.content(), |content| content);
        let key = changes.key.as_ref().map_or(files.key.content(), |content| content);
        let identity = identity(certificate, key).map_err(|reason| files.fault(reason))?;
        builder.identity(identity).build().map_err(|error| files.fault(error_chain(&error)))
    }

    fn build(&self, builder: ClientBuilder) -> Result<Client, ClientError> {
        builder.build().map_err(|error| match &self.roots {
            Roots::File(file) => ca_fault(file.path(), error_chain(&error)),
            Roots::Nobody | Roots::System => ClientError::Tls(error_chain(&error)),
        })
    }
}

impl Files {
    fn read(files: &ClientCertificate) -> Result<Self, ClientError> {
        let read = |path: &Path| Watched::read(path).map_err(|error| unreadable(path, &error));
        let files = Self { certificate: read(&files.certificate)?, key: read(&files.key)? };
        identity(files.certificate.content(), files.key.content()).map_err(|reason| files.fault(reason))?;
        Ok(files)
    }

    fn fault(&self, reason: String) -> ClientError {
        let (path, key) = (self.certificate.path().to_owned(), self.key.path().to_owned());
        ClientError::Certificate { path, key: Some(key), reason }
    }
}

impl Changes {
    fn is_empty(&self) -> bool {
        self.roots.is_none() && self.certificate.is_none() && self.key.is_none()
    }
}

/// Reads the CA file, if there is one.
fn roots(ca: Option<&Path>, needed: bool) -> Result<Roots, ClientError> {
    let Some(path) = ca else {
        return Ok(if needed { Roots::System } else { Roots::Nobody });
    };
    let file = Watched::read(path).map_err(|error| ca_fault(path, error.to_string()));
    match file.and_then(|file| certificates(path, file.content()).map(|_| file)) {
        Ok(file) => Ok(Roots::File(file)),
        Err(error) if needed => Err(error),
        Err(error) => {
            tracing::warn!(%error, "not used: the URL is http://");
            Ok(Roots::Nobody)
        }
    }
}

/// A PEM file's certificates, one at least: an empty bundle would trust nobody without a word.
fn certificates(path: &Path, pem: &[u8]) -> Result<Vec<Certificate>, ClientError> {
    match Certificate::from_pem_bundle(pem) {
        Ok(certificates) if certificates.is_empty() => {
            Err(ca_fault(path, "it holds no certificate in PEM form".to_owned()))
        }
        Ok(certificates) => Ok(certificates),
        Err(error) => Err(ca_fault(path, error_chain(&error))),
    }
}

fn identity(certificate: &[u8], key: &[u8]) -> Result<Identity, String> {
    let pem = Zeroizing::new([certificate, b"\n", key].concat());
    Identity::from_pem(&pem).map_err(|error| error_chain(&error))
}

/// Go's rule, which reqwest does not have: what runs on this machine is never asked through a proxy.
fn is_this_machine(base: &Url) -> bool {
    match base.host_str().unwrap_or_default().trim_matches(['[', ']']) {
        "localhost" => true,
        host => host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback()),
    }
}

fn ca_fault(path: &Path, reason: String) -> ClientError {
    ClientError::Ca { path: path.to_owned(), reason }
}

fn unreadable(path: &Path, error: &std::io::Error) -> ClientError {
    ClientError::Certificate { path: path.to_owned(), key: None, reason: error.to_string() }
}

/// How long an idle connection is kept for the next poll; whoever has the other end may close it earlier.
const KEPT_OPEN: Duration = Duration::from_mins(15);
