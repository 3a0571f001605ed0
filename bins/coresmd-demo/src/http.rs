//! \[IO\] The HTTP client of the demo: boot scripts, and whether the servers are ready.

use std::path::Path;
use std::time::Duration;

use crate::trouble::Trouble;

/// How long an answer may take, connection included.
const PATIENCE: Duration = Duration::from_secs(10);

/// A client that trusts the CAs in `ca`, or the system's if a service speaks TLS, and goes through no proxy.
pub(crate) fn client(ca: Option<&Path>, tls: bool) -> Result<reqwest::Client, Trouble> {
    // Fails if the process has a provider already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = reqwest::Client::builder().no_proxy().timeout(PATIENCE);
    let builder = match ca {
        Some(file) => builder.tls_certs_only(certificates(file)?),
        // Reading the system's store fails on machines that have none.
        None if !tls => builder.tls_certs_only([]),
        None => builder,
    };
    builder.build().map_err(|error| Trouble::Inventory(format!("no HTTP client: {error}")))
}

#[expect(clippy::disallowed_methods, reason = "[IO] the file that --ca-cert names")]
fn certificates(file: &Path) -> Result<Vec<reqwest::Certificate>, Trouble> {
    let pem = std::fs::read(file).map_err(|error| Trouble::Io(file.display().to_string(), error))?;
    let certificates = reqwest::Certificate::from_pem_bundle(&pem).unwrap_or_default();
    if certificates.is_empty() {
        return Err(Trouble::Inventory(format!("{}: no certificate in it", file.display())));
    }
    Ok(certificates)
}
