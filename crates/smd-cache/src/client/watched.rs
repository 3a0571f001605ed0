//! Files that others replace while we run: a CA bundle, a certificate, a token. Read again at every poll, compared by
//! content. \[IO\]

use std::path::{Path, PathBuf};
use std::{fmt, io};

use zeroize::Zeroizing;

/// A file and the content that is in use. It may be a secret: `Debug` shows its length.
pub(super) struct Watched {
    path: PathBuf,
    content: Zeroizing<Vec<u8>>,
}

impl Watched {
    /// Reads the file for the first time.
    pub(super) fn read(path: &Path) -> io::Result<Self> {
        #[expect(clippy::disallowed_methods, reason = "an IO room: this is where the file is read")]
        let content = Zeroizing::new(std::fs::read(path)?);
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
    pub(super) async fn changed(&self) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
        let content = Zeroizing::new(tokio::fs::read(&self.path).await?);
        Ok((content != self.content).then_some(content))
    }

    /// Puts new content to use.
    pub(super) fn take(&mut self, content: Zeroizing<Vec<u8>>) {
        self.content = content;
    }
}

impl fmt::Debug for Watched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({} bytes)", self.path.display(), self.content.len())
    }
}
