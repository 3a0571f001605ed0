//! Whom the client trusts: a CA file instead of the system's roots, named when it is no good.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use smd_cache::client::{ClientError, Fetched, Service, Timeouts};
use smd_cache::state::FailureKind;

use super::server::{listen, read_request};

const CA: &str = include_str!("../tls/ca.pem");
const OTHER_CA: &str = include_str!("../tls/other-ca.pem");

fn service(url: &str, ca: &Path) -> Result<Service, ClientError> {
    let second = Duration::from_secs(5);
    Service::new(url, Some(ca), None, Timeouts { connect: second, header: second, body: second }, 1 << 16)
}

/// An HTTPS server with the certificate of `CA`, which answers `[]` to everything; its URL.
fn https_server() -> String {
    let certificate = CertificateDer::from_pem_slice(include_bytes!("../tls/server.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("../tls/server.key")).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let config = Arc::new(config);
    let listener = listen();
    let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut stream = StreamOwned::new(ServerConnection::new(Arc::clone(&config)).unwrap(), stream);
            while read_request(&mut stream).is_some() {
                let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n[]";
                if stream.write_all(head.as_bytes()).and_then(|()| stream.flush()).is_err() {
                    break;
                }
            }
        }
    });
    url
}

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
