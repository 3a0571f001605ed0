//! Whom the client trusts: a CA file instead of the system's roots, named when it is no good.

use std::io::Write;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ResolvesServerCertUsingSni, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;
use rustls::version::TLS13;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};
use smd_cache::client::{ClientCertificate, ClientError, Fetched, Service, Timeouts, Transport};
use smd_cache::refresh::{Refresher, SourceConfig, StartError};
use smd_cache::state::FailureKind;
use smd_cache::token::{GrantKind, TokenConfig, TokenState};

use super::server::{listen, read_request};

const CA: &str = include_str!("../tls/ca.pem");
const OTHER_CA: &str = include_str!("../tls/other-ca.pem");

fn timeouts() -> Timeouts {
    let seconds = Duration::from_secs(5);
    Timeouts { connect: seconds, header: seconds, body: seconds }
}

fn service(url: &str, ca: &Path) -> Result<Service, ClientError> {
    Service::new(url, Some(ca), None, timeouts(), 1 << 16)
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

fn server_certificate() -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
    let certificate = CertificateDer::from_pem_slice(include_bytes!("../tls/server.pem")).unwrap();
    (vec![certificate], PrivateKeyDer::from_pem_slice(include_bytes!("../tls/server.key")).unwrap())
}

/// An HTTPS server with the certificate of `CA`, which answers `[]` to everything; its URL.
fn https_server() -> String {
    let (certificate, key) = server_certificate();
    let config = ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions().unwrap();
    serve(config.with_no_client_auth().with_single_cert(certificate, key).unwrap())
}

/// As a gateway that is configured with care (haproxy's `strict-sni` and `ssl-min-ver TLSv1.3`): a name that it does not
/// have, or none, gets no certificate.
fn strict_server() -> String {
    let (certificate, key) = server_certificate();
    let mut names = ResolvesServerCertUsingSni::new();
    let certified = CertifiedKey::from_der(certificate, key, &provider()).unwrap();
    names.add("localhost", certified).unwrap();
    let config = ServerConfig::builder_with_provider(provider()).with_protocol_versions(&[&TLS13]).unwrap();
    serve(config.with_no_client_auth().with_cert_resolver(Arc::new(names)))
}

/// A server that lets in who has a certificate of the clients' CA.
fn mutual_server() -> String {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(include_bytes!("../tls/client-ca.pem")).unwrap()).unwrap();
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider()).build().unwrap();
    let (certificate, key) = server_certificate();
    let config = ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions().unwrap();
    serve(config.with_client_cert_verifier(verifier).with_single_cert(certificate, key).unwrap())
}

/// Answers everything with `[]`; but `POST`s of a session with tokens.
fn serve(config: ServerConfig) -> String {
    let config = Arc::new(config);
    let listener = listen();
    let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let config = Arc::clone(&config);
            thread::spawn(move || answer(StreamOwned::new(ServerConnection::new(config).unwrap(), stream)));
        }
    });
    url
}

/// Answers one connection's requests until it ends.
fn answer(mut stream: StreamOwned<ServerConnection, TcpStream>) {
    while let Some((path, _)) = read_request(&mut stream) {
        let body = if path == "/tokensmith/service-identity/session" { TOKENS } else { "[]" };
        let length = body.len();
        let head = format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}");
        if stream.write_all(format!("{head}\r\n\r\n{body}").as_bytes()).and_then(|()| stream.flush()).is_err() {
            return;
        }
    }
}

/// What `TokenSmith` gives to a client whose certificate is good.
const TOKENS: &str =
    r#"{"access_token":"a","token_type":"Bearer","expires_in":60,"refresh_token":"r","refresh_expires_in":600}"#;

fn write(file: &Path, text: &str) {
    #[expect(clippy::disallowed_methods, reason = "a test replaces the CA file")]
    std::fs::write(file, text).unwrap();
}

fn ca_file(directory: &tempfile::TempDir, text: &str) -> PathBuf {
    let file = directory.path().join("ca.pem");
    write(&file, text);
    file
}

#[tokio::test]
async fn the_ca_file_is_trusted_alone_and_read_again_when_it_changes() {
    let directory = tempfile::tempdir().unwrap();
    let file = ca_file(&directory, OTHER_CA);
    let mut service = service(&https_server(), &file).unwrap();
    let error = service.get("/x", None).await.unwrap_err();
    assert_eq!(error.kind(), FailureKind::Connect);
    assert!(error.to_string().contains("certificate"), "{error}");

    write(&file, &format!("{OTHER_CA}{CA}"));
    assert_eq!(service.reload().await, []);
    assert!(matches!(service.get("/x", None).await, Ok(Fetched::Body(_))));

    write(&file, "no longer");
    assert!(matches!(&service.reload().await[..], [ClientError::Ca { path, .. }] if *path == file));
    assert!(matches!(service.get("/x", None).await, Ok(Fetched::Body(_))), "the old content is used on");
}

#[test]
fn a_ca_file_without_certificates_is_a_start_error_for_https_alone() {
    let directory = tempfile::tempdir().unwrap();
    let garbage = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for (file, reason) in [
        (ca_file(&directory, ""), "no certificate"),
        (PathBuf::from("/nonexistent/ca.pem"), "No such file"),
        (PathBuf::from("/dev/null"), "no certificate"),
    ] {
        let error = service("https://smd", &file).unwrap_err().to_string();
        assert!(error.contains(reason) && error.contains(&file.display().to_string()), "{error}");
        service("http://smd", &file).unwrap();
    }
    for text in ["not PEM", garbage] {
        let error = service("https://smd", &ca_file(&directory, text)).unwrap_err().to_string();
        assert!(error.contains("ca.pem"), "{error}");
    }
}

#[tokio::test]
async fn a_gateway_with_tls_1_3_is_told_the_name_of_the_url() {
    let directory = tempfile::tempdir().unwrap();
    let file = ca_file(&directory, CA);
    let url = strict_server();
    assert!(matches!(service(&url, &file).unwrap().get("/x", None).await, Ok(Fetched::Body(_))));
    let by_address = url.replace("localhost", "127.0.0.1");
    let error = service(&by_address, &file).unwrap().get("/x", None).await.unwrap_err();
    assert_eq!(error.kind(), FailureKind::Connect, "an address is no name");
    assert!(error.to_string().contains("alert"), "{error}");
}

/// The files of a client's certificate, in a directory of their own.
struct ClientFiles {
    _directory: tempfile::TempDir,
    files: ClientCertificate,
}

impl ClientFiles {
    fn new(certificate: &str, key: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        let files = ClientCertificate { certificate: path("client.pem"), key: path("client.key") };
        let new = Self { files, _directory: directory };
        new.set(certificate, key);
        new
    }

    fn set(&self, certificate: &str, key: &str) {
        write(&self.files.certificate, certificate);
        write(&self.files.key, key);
    }

    fn transport(&self) -> Transport {
        Transport { client_certificate: Some(self.files.clone()), ..Transport::default() }
    }
}

const CLIENT: &str = include_str!("../tls/client.pem");
const CLIENT_KEY: &str = include_str!("../tls/client.key");
const OTHER_CLIENT: &str = include_str!("../tls/other-client.pem");
const OTHER_CLIENT_KEY: &str = include_str!("../tls/other-client.key");

#[tokio::test]
async fn a_client_certificate_is_shown_and_read_again_when_it_changes() {
    let directory = tempfile::tempdir().unwrap();
    let ca = ca_file(&directory, CA);
    let url = mutual_server();
    let error = service(&url, &ca).unwrap().get("/x", None).await.unwrap_err();
    assert_eq!(error.kind(), FailureKind::Connect);

    let files = ClientFiles::new(CLIENT, CLIENT_KEY);
    let mut service = Service::over(&files.transport(), &url, Some(&ca), None, timeouts(), 1 << 16).unwrap();
    assert!(matches!(service.get("/x", None).await, Ok(Fetched::Body(_))));
    assert!(!format!("{service:?}").contains("PRIVATE"), "a key is not shown");

    files.set(OTHER_CLIENT, CLIENT_KEY);
    let faults = service.reload().await;
    assert!(matches!(&faults[..], [ClientError::Certificate { key: Some(_), .. }]), "half a change: {faults:?}");
    assert!(matches!(service.get("/x", None).await, Ok(Fetched::Body(_))), "the old pair is used on");
    files.set(OTHER_CLIENT, OTHER_CLIENT_KEY);
    assert_eq!(service.reload().await, []);
    assert!(matches!(service.get("/x", None).await, Ok(Fetched::Body(_))));
}

#[test]
fn a_client_certificate_that_is_none_is_a_start_error() {
    let directory = tempfile::tempdir().unwrap();
    let ca = ca_file(&directory, CA);
    for (certificate, key) in [("", ""), (CLIENT, ""), ("", CLIENT_KEY), (CLIENT, OTHER_CLIENT_KEY)] {
        let transport = ClientFiles::new(certificate, key);
        let made = Service::over(&transport.transport(), "https://smd", Some(&ca), None, timeouts(), 1);
        let error = made.unwrap_err().to_string();
        assert!(error.starts_with("client certificate ") && error.contains("client.pem"), "{error}");
        assert!(!error.contains("BEGIN"), "{error}");
    }
    let missing = Some(ClientCertificate { certificate: "/nonexistent/c".into(), key: "/nonexistent/k".into() });
    let transport = Transport { client_certificate: missing, ..Transport::default() };
    let error = Service::over(&transport, "https://smd", Some(&ca), None, timeouts(), 1).unwrap_err();
    assert!(error.to_string().contains("/nonexistent/c: No such file"), "{error}");
}

#[tokio::test]
async fn a_client_certificate_brings_a_token() {
    let directory = tempfile::tempdir().unwrap();
    let url = mutual_server();
    let files = ClientFiles::new(CLIENT, CLIENT_KEY);
    let mut config = SourceConfig::new(&url);
    config.smd_ca = Some(ca_file(&directory, CA));
    config.token = Some(TokenConfig::new(format!("{url}/tokensmith/"), GrantKind::Certificate));
    let error = Refresher::new(config.clone()).unwrap_err();
    assert!(matches!(error, StartError::Token(ClientError::NoCertificate { .. })), "{error}");

    config.transport = files.transport();
    let refresher = Refresher::new(config).unwrap();
    let state = refresher.state();
    let good = async {
        while state.load().stale || state.load().token.as_ref().unwrap().state != TokenState::Valid {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let shutdown = async { tokio::time::timeout(Duration::from_secs(20), good).await.unwrap() };
    refresher.run(|_| {}, shutdown).await;
}
