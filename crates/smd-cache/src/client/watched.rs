//! Files that others replace while we run: a CA bundle, a token. Read again at every poll, compared by content. \[IO\]

use std::io;
use std::path::{Path, PathBuf};

use reqwest::header::HeaderValue;

use super::error::ClientError;

/// A file and the content that is in use.
#[derive(Debug)]
pub(super) struct Watched {
    path: PathBuf,
    content: Vec<u8>,
}

impl Watched {
    /// Reads the file for the first time.
    pub(super) fn read(path: &Path) -> io::Result<Self> {
        #[expect(clippy::disallowed_methods, reason = "an IO room: this is where the file is read")]
        let content = std::fs::read(path)?;
        Ok(Self { path: path.to_owned(), content })
    }

    /// The file.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The content in use.
    pub(super) fn content(&self) -> &[u8] {
        &self.content
    }

    /// The content as it is now, where it is not the one in use.
    pub(super) async fn changed(&self) -> io::Result<Option<Vec<u8>>> {
        let content = tokio::fs::read(&self.path).await?;
        Ok((content != self.content).then_some(content))
    }

    /// Puts new content to use.
    pub(super) fn take(&mut self, content: Vec<u8>) {
        self.content = content;
    }
}

/// A bearer token from a file.
#[derive(Debug)]
pub(super) struct Token {
    file: Watched,
    header: HeaderValue,
}

impl Token {
    /// Reads the token for the first time.
    pub(super) fn read(path: &Path) -> Result<Self, ClientError> {
        let file = Watched::read(path).map_err(|error| fault(path, error.to_string()))?;
        let header = bearer(path, file.content())?;
        Ok(Self { file, header })
    }

    /// Takes a changed token.
    pub(super) async fn reload(&mut self) -> Result<(), ClientError> {
        let path = self.file.path().to_owned();
        if let Some(content) = self.file.changed().await.map_err(|error| fault(&path, error.to_string()))? {
            self.header = bearer(&path, &content)?;
            self.file.take(content);
        }
        Ok(())
    }

    /// The value of `Authorization`.
    pub(super) fn header(&self) -> HeaderValue {
        self.header.clone()
    }
}

fn bearer(path: &Path, content: &[u8]) -> Result<HeaderValue, ClientError> {
    let token = content.trim_ascii();
    if token.is_empty() {
        return Err(fault(path, "it is empty".to_owned()));
    }
    let mut header = HeaderValue::from_bytes(&[b"Bearer ", token].concat())
        .map_err(|_| fault(path, "it holds characters that no header may hold".to_owned()))?;
    header.set_sensitive(true);
    Ok(header)
}

fn fault(path: &Path, reason: String) -> ClientError {
    ClientError::Token { path: path.to_owned(), reason }
}
