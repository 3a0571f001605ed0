//! \[IO\] Whom we trust, and who we are, with upstreams that are asked over TLS (RFC 7858). The system's certificates
//! are loaded only where no CA file is given.

use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio_rustls::TlsConnector;

use super::config::TlsFiles;
use super::setup::SetupError;

/// What secures connections, after the files of the configuration.
pub(super) fn connector(files: &TlsFiles) -> Result<TlsConnector, SetupError> {
    let roots = match &files.ca {
        Some(path) => file_roots(path)?,
        None => system_roots()?,
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| SetupError::Tls(error.to_string()))?
        .with_root_certificates(roots);
    let config = match &files.identity {
        None => builder.with_no_client_auth(),
        Some((certificate, key)) => {
            let chain = certificates(certificate)?;
            let private =
                PrivateKeyDer::from_pem_slice(&read(key)?).map_err(|error| SetupError::file(key, error.to_string()))?;
            let fault = |error: rustls::Error| SetupError::file(certificate, error.to_string());
            builder.with_client_auth_cert(chain, private).map_err(fault)?
        }
    };
    Ok(TlsConnector::from(Arc::new(config)))
}

/// The name that an upstream's certificate must be for: its own, or its address.
pub(super) fn server_name(name: Option<&str>, address: IpAddr) -> Result<ServerName<'static>, SetupError> {
    match name {
        None => Ok(ServerName::from(address)),
        Some(name) => ServerName::try_from(name.to_owned())
            .map_err(|_| SetupError::Tls(format!("`{name}` is no name that a certificate can be for"))),
    }
}

fn file_roots(path: &Path) -> Result<RootCertStore, SetupError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(path)? {
        roots.add(certificate).map_err(|error| SetupError::file(path, error.to_string()))?;
    }
    Ok(roots)
}

fn system_roots() -> Result<RootCertStore, SetupError> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    let (usable, _) = roots.add_parsable_certificates(found.certs);
    if usable == 0 {
        let reason = found.errors.first().map_or_else(|| "there are none".to_owned(), ToString::to_string);
        let help = "name a CA file: `tls FILE`";
        return Err(SetupError::Tls(format!("the system's certificates cannot be used: {reason}; {help}")));
    }
    Ok(roots)
}

/// A PEM file's certificates, one at least: an empty list would trust nobody without a word.
fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, SetupError> {
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&read(path)?).collect();
    match all {
        Ok(all) if all.is_empty() => Err(SetupError::file(path, "it holds no certificate in PEM form".to_owned())),
        Ok(all) => Ok(all),
        Err(error) => Err(SetupError::file(path, error.to_string())),
    }
}

fn read(path: &Path) -> Result<Vec<u8>, SetupError> {
    #[expect(clippy::disallowed_methods, reason = "certificates are read when the configuration is put to work")]
    std::fs::read(path).map_err(|error| SetupError::file(path, error.to_string()))
}
