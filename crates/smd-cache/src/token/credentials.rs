//! What a token is asked for with: read from its file, and again when that changes. \[IO\]

use std::io;
use std::path::Path;

use zeroize::Zeroizing;

use super::{GrantKind, Secret};

/// What a token is asked for with, as it is now.
#[derive(Debug)]
pub(super) struct Credentials {
    kind: GrantKind,
    secret: Option<Secret>,
    /// Why the file is of no use.
    fault: Option<String>,
}

/// What has become of the credentials since they were read last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    /// Nothing.
    None,
    /// There are others, or the first ones.
    Offered,
    /// There are none any more.
    Gone,
}

impl Credentials {
    /// Nothing has been read yet.
    pub(super) fn new(kind: GrantKind) -> Self {
        Self { kind, secret: None, fault: None }
    }

    /// Which they are.
    pub(super) fn kind(&self) -> &GrantKind {
        &self.kind
    }

    /// Whether they are good once only.
    pub(super) fn one_time(&self) -> bool {
        matches!(self.kind, GrantKind::Bootstrap { .. })
    }

    /// The bootstrap token or the client's secret.
    pub(super) fn secret(&self) -> Option<&Secret> {
        self.secret.as_ref()
    }

    /// Why the file is of no use.
    pub(super) fn fault(&self) -> Option<&str> {
        self.fault.as_deref()
    }

    /// Reads the file again. A token from the environment stands in for a bootstrap file that is of no use.
    pub(super) async fn read(&mut self) -> Change {
        let (file, otherwise) = match &self.kind {
            GrantKind::Certificate => return Change::None,
            GrantKind::Bootstrap { file, token } => (file.as_deref(), token.clone()),
            GrantKind::ClientCredentials { secret_file, .. } => (Some(secret_file.as_path()), None),
        };
        let read = match file {
            None => Ok(None),
            Some(path) => read(path).await.map(Some),
        };
        let secret = match read {
            Ok(secret) => {
                self.fault = None;
                secret.or(otherwise)
            }
            Err(fault) => {
                self.fault = Some(fault);
                otherwise
            }
        };
        if secret == self.secret {
            return Change::None;
        }
        self.secret = secret;
        if self.secret.is_some() { Change::Offered } else { Change::Gone }
    }

    /// What brings new ones.
    pub(super) fn advice(&self) -> String {
        match &self.kind {
            GrantKind::Bootstrap { file: Some(file), .. } => {
                format!("put a new bootstrap token into {}", file.display())
            }
            GrantKind::Bootstrap { file: None, .. } => {
                "start again with a new bootstrap token in TOKENSMITH_BOOTSTRAP_TOKEN, or configure a file for it"
                    .to_owned()
            }
            GrantKind::Certificate => "have the client certificate accepted, or take another".to_owned(),
            GrantKind::ClientCredentials { id, secret_file, .. } => {
                format!("put the right secret of client {id:?} into {}", secret_file.display())
            }
        }
    }
}

/// A secret from its file: printable ASCII, with blanks and line ends around it.
async fn read(path: &Path) -> Result<Secret, String> {
    let fault = |reason: &str| format!("{}: {reason}", path.display());
    let content = read_capped(path).await.map_err(|error| fault(&error.to_string()))?;
    let text = content.trim_ascii();
    if text.is_empty() {
        return Err(fault("it is empty"));
    }
    if text.len() > LARGEST {
        return Err(fault("it is too large for a secret"));
    }
    match std::str::from_utf8(text) {
        Ok(text) if text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) => Ok(Secret::new(text)),
        Ok(_) | Err(_) => Err(fault("it holds characters that no secret has")),
    }
}

/// As much of a file as is of interest.
async fn read_capped(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    use tokio::io::AsyncReadExt;
    let mut content = Zeroizing::new(Vec::new());
    let file = tokio::fs::File::open(path).await?;
    file.take(LARGEST as u64 + 64).read_to_end(&mut content).await?;
    Ok(content)
}

/// Bytes.
const LARGEST: usize = 64 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    fn write(path: &Path, content: &[u8]) {
        #[expect(clippy::disallowed_methods, reason = "a test mounts a secret")]
        std::fs::write(path, content).unwrap();
    }

    #[tokio::test]
    async fn a_file_is_seen_when_it_comes_changes_and_goes() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("bootstrap");
        let mut credentials = Credentials::new(GrantKind::Bootstrap { file: Some(path.clone()), token: None });
        assert_eq!(credentials.read().await, Change::None);
        assert!(credentials.fault().unwrap().contains("bootstrap: No such file"), "{credentials:?}");
        write(&path, b" first\n");
        assert_eq!((credentials.read().await, credentials.secret()), (Change::Offered, Some(&Secret::new("first"))));
        assert_eq!((credentials.read().await, credentials.fault()), (Change::None, None));
        write(&path, b"second");
        assert_eq!(credentials.read().await, Change::Offered);
        let large = vec![b'x'; 70_000];
        for (bad, reason) in [(&b""[..], "empty"), (b"a\nb", "characters"), (&large, "too large")] {
            write(&path, bad);
            credentials.read().await;
            let shown = format!("{credentials:?}");
            assert!(credentials.fault().unwrap().contains(reason) && !shown.contains("second"), "{shown}");
            assert_eq!(credentials.secret(), None);
        }
    }

    #[tokio::test]
    async fn the_environment_stands_in_for_the_file() {
        let (file, token) = (Some("/nonexistent/bootstrap".into()), Some(Secret::new("of the environment")));
        let mut credentials = Credentials::new(GrantKind::Bootstrap { file, token: token.clone() });
        assert_eq!((credentials.read().await, credentials.secret()), (Change::Offered, token.as_ref()));
        assert_eq!(credentials.read().await, Change::None);
    }
}
