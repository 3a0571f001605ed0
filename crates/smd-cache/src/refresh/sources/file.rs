//! A file that is a source: read when it changes, parsed once, its last fault kept beside it. \[IO\]
//!
//! Each poll reads it and compares the content; between polls its identity is looked at, so that a replaced file (an
//! editor's, a `ConfigMap`'s, `mv`'s) is seen within a second. Only regular files are read: nothing else is whole at once.

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use thiserror::Error;
use tokio::task::spawn_blocking;

use crate::files::{Finding, Findings};
use crate::inventory::Part;
use crate::state::{FailureKind, PartFailure};

/// Why a file is no source. It is named in every case; its author or its permissions are to blame.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FileError {
    /// The file system says no.
    #[error("{}: {reason}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the file system says.
        reason: String,
    },
    /// Over the cap.
    #[error("{}: the file is larger than {limit} bytes", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The cap in bytes.
        limit: usize,
    },
    /// Not UTF-8.
    #[error("{}:{line}: the file is not UTF-8", path.display())]
    Encoding {
        /// The file.
        path: PathBuf,
        /// The line of the first bad byte, from 1.
        line: usize,
    },
    /// What it says is wrong.
    #[error(transparent)]
    Findings(#[from] Findings),
}

/// A file, and what it said when it was read last.
#[derive(Debug)]
pub(super) struct FileSource<T> {
    path: PathBuf,
    limit: usize,
    parse: Parse<T>,
    reading: Arc<Reading<T>>,
}

/// Reads a file's name, its text and when it was written.
type Parse<T> = fn(&str, &str, Option<SystemTime>) -> Result<T, Findings>;

#[derive(Debug)]
struct Reading<T> {
    identity: Option<Identity>,
    content: Vec<u8>,
    outcome: Result<Arc<T>, FileError>,
}

/// What changes when a file is replaced or written: device, inode, length, and both times to the nanosecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Identity([i128; 5]);

impl<T: Send + Sync + 'static> FileSource<T> {
    /// Reads the file for the first time. `limit` is in bytes.
    pub(super) fn open(path: &Path, limit: usize, parse: Parse<T>) -> Self {
        let reading = Arc::new(Reading::read(path, limit, parse, None));
        Self { path: path.to_owned(), limit, parse, reading }
    }

    /// What the file says, or what is wrong with it.
    pub(super) fn get(&self) -> Result<&T, &FileError> {
        self.reading.outcome.as_deref()
    }

    /// Reads it again, off the async threads.
    pub(super) async fn refresh(&mut self) {
        let (path, limit, parse, last) = (self.path.clone(), self.limit, self.parse, Arc::clone(&self.reading));
        let read = spawn_blocking(move || Reading::read(&path, limit, parse, Some(&last))).await;
        self.reading = Arc::new(read.unwrap_or_else(|error| Reading {
            identity: None,
            content: Vec::new(),
            outcome: Err(FileError::Io { path: self.path.clone(), reason: error.to_string() }),
        }));
    }

    /// Whether another file stands there than the one that was read last.
    pub(super) fn has_changed(&self) -> bool {
        fs::metadata(&self.path).ok().as_ref().map(Identity::of) != self.reading.identity
    }
}

impl<T> Reading<T> {
    /// Reads the file; where its content is that of `last`, its outcome is too.
    fn read(path: &Path, limit: usize, parse: Parse<T>, last: Option<&Self>) -> Self {
        // The identity first: what is written after that is seen as a change.
        let metadata = fs::metadata(path);
        let identity = metadata.as_ref().ok().map(Identity::of);
        let modified = metadata.as_ref().ok().and_then(|metadata| metadata.modified().ok());
        let content =
            metadata.map_err(|error| FileError::io(path, &error)).and_then(|metadata| content(path, &metadata, limit));
        match (content, last) {
            (Err(error), _) => Self { identity, content: Vec::new(), outcome: Err(error) },
            (Ok(content), Some(last)) if last.was_read() && content == last.content => {
                Self { identity, content, outcome: last.outcome.clone() }
            }
            (Ok(content), _) => {
                let outcome = understand(path, &content, modified, parse).map(Arc::new);
                Self { identity, content, outcome }
            }
        }
    }

    /// Whether there was a content, good or bad.
    fn was_read(&self) -> bool {
        !matches!(self.outcome, Err(FileError::Io { .. } | FileError::TooLarge { .. }))
    }
}

/// The content of a regular file.
fn content(path: &Path, metadata: &Metadata, limit: usize) -> Result<Vec<u8>, FileError> {
    if !metadata.is_file() {
        return Err(FileError::Io { path: path.to_owned(), reason: "this is no regular file".to_owned() });
    }
    let too_large = || FileError::TooLarge { path: path.to_owned(), limit };
    if usize::try_from(metadata.len()).map_or(true, |length| length > limit) {
        return Err(too_large());
    }
    #[expect(clippy::disallowed_methods, reason = "an IO room: this is where the file is read")]
    let content = fs::read(path).map_err(|error| FileError::io(path, &error))?;
    if content.len() > limit { Err(too_large()) } else { Ok(content) }
}

fn understand<T>(path: &Path, content: &[u8], modified: Option<SystemTime>, parse: Parse<T>) -> Result<T, FileError> {
    let text = std::str::from_utf8(content).map_err(|error| {
        let line = content[..error.valid_up_to()].split(|byte| *byte == b'\n').count();
        FileError::Encoding { path: path.to_owned(), line }
    })?;
    Ok(parse(&path.display().to_string(), text, modified)?)
}

impl FileError {
    fn io(path: &Path, error: &io::Error) -> Self {
        Self::Io { path: path.to_owned(), reason: error.to_string() }
    }

    /// Each mistake by itself.
    pub fn findings(&self) -> Vec<Finding> {
        let whole = |path: &Path, line: usize, message| {
            vec![Finding { file: path.display().to_string(), line: line as u64, column: 0, message }]
        };
        match self {
            Self::Io { path, reason } => whole(path, 0, format!("cannot be read: {reason}")),
            Self::TooLarge { path, limit } => whole(path, 0, format!("the file is larger than {limit} bytes")),
            Self::Encoding { path, line } => whole(path, *line, "the file is not UTF-8".to_owned()),
            Self::Findings(findings) => findings.0.clone(),
        }
    }

    /// As a failure of the part that the file should have brought.
    pub(super) fn failure(&self, part: Part) -> PartFailure {
        let kind = match self {
            Self::Io { .. } => FailureKind::Disk,
            Self::TooLarge { .. } => FailureKind::TooLarge,
            Self::Encoding { .. } | Self::Findings(_) => FailureKind::Schema,
        };
        PartFailure { part, kind, text: self.to_string() }
    }
}

impl Identity {
    fn of(metadata: &Metadata) -> Self {
        let nanoseconds = |seconds: i64, more: i64| i128::from(seconds) * 1_000_000_000 + i128::from(more);
        Self([
            metadata.dev().into(),
            metadata.ino().into(),
            metadata.len().into(),
            nanoseconds(metadata.mtime(), metadata.mtime_nsec()),
            nanoseconds(metadata.ctime(), metadata.ctime_nsec()),
        ])
    }
}
