//! \[IO\] What can be read: the regular files beneath one directory, and contents that are made up.
//!
//! The kernel keeps a name beneath the directory (openat2(2), `RESOLVE_BENEATH`): `..` and symbolic links may lead
//! anywhere inside and nowhere outside; a link with an absolute path leads outside. The directory is looked up anew for
//! every name, so that it can be replaced as a whole.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use rustix::fs::{Mode, OFlags, ResolveFlags, openat2};
use rustix::io::Errno;
use smd_cache::MacAddr;
use thiserror::Error;

/// The names that can be read, and their contents.
#[derive(Debug)]
pub struct Library {
    root: PathBuf,
    /// Contents that no file has, by name; they come before files.
    made_up: HashMap<String, Arc<Contents>>,
    /// The files that are being read, so that a thousand clients of one file need one descriptor.
    open: Mutex<HashMap<Identity, Weak<Contents>>>,
}

/// What a name stands for.
#[derive(Debug)]
pub enum Contents {
    /// A file, and its size in octets when it was opened.
    File(File, u64),
    /// Octets in memory.
    Memory(Vec<u8>),
}

/// Why a name cannot be read.
#[derive(Debug, Error)]
pub enum OpenError {
    /// There is no such file.
    #[error("no such file")]
    NotFound,
    /// The name leads out of the directory, or access is denied.
    #[error("access denied")]
    Denied,
    /// A directory, a device or the like.
    #[error("not a regular file")]
    NotAFile,
    /// The machine is to blame.
    #[error("cannot read the file: {0}")]
    System(#[source] io::Error),
}

/// The same file, unchanged: device, inode, time of the last change in nanoseconds, size.
type Identity = (u64, u64, i128, u64);

/// How many files may be remembered before those that nobody reads any more are looked for.
const REMEMBERED: usize = 64;

impl Library {
    /// The files beneath `root`, which need not exist yet, and the contents that are made up.
    pub fn new(root: PathBuf, made_up: impl IntoIterator<Item = (String, Vec<u8>)>) -> Self {
        let made_up = made_up.into_iter().map(|(name, octets)| (name, Arc::new(Contents::Memory(octets)))).collect();
        Self { root, made_up, open: Mutex::default() }
    }

    /// The directory.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Opens a name. It is taken as one beneath the directory even if it begins with `/`; a MAC address in front of it
    /// names the client (facts: netboot §1.9) and counts only if there is such a directory.
    pub fn open(&self, name: &str) -> Result<Arc<Contents>, OpenError> {
        let name = name.trim_start_matches('/');
        match self.open_exactly(name) {
            Err(OpenError::NotFound) => {
                let rest = name.split_once('/').filter(|(first, _)| MacAddr::from_str(first).is_ok());
                rest.map_or(Err(OpenError::NotFound), |(_, rest)| self.open_exactly(rest.trim_start_matches('/')))
            }
            opened => opened,
        }
    }

    fn open_exactly(&self, name: &str) -> Result<Arc<Contents>, OpenError> {
        if name.is_empty() {
            return Err(OpenError::NotFound);
        }
        if let Some(contents) = self.made_up.get(name) {
            return Ok(Arc::clone(contents));
        }
        let file = File::from(self.open_beneath(name).map_err(OpenError::of)?);
        let metadata = file.metadata().map_err(OpenError::System)?;
        if !metadata.is_file() {
            return Err(OpenError::NotAFile);
        }
        let changed = i128::from(metadata.mtime()) * 1_000_000_000 + i128::from(metadata.mtime_nsec());
        Ok(self.share((metadata.dev(), metadata.ino(), changed, metadata.len()), file))
    }

    fn open_beneath(&self, name: &str) -> Result<OwnedFd, Errno> {
        let directory = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let root = rustix::fs::open(&self.root, directory, Mode::empty())?;
        // not to wait for a writer where the name is a pipe
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        openat2(root.as_fd(), name, flags, Mode::empty(), ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS)
    }

    /// The contents that others read already, or these.
    fn share(&self, identity: Identity, file: File) -> Arc<Contents> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(contents) = open.get(&identity).and_then(Weak::upgrade) {
            return contents;
        }
        if open.len() >= REMEMBERED {
            open.retain(|_, contents| contents.strong_count() > 0);
        }
        let contents = Arc::new(Contents::File(file, identity.3));
        open.insert(identity, Arc::downgrade(&contents));
        contents
    }
}

impl Contents {
    /// Octets.
    pub fn size(&self) -> u64 {
        match self {
            Self::File(_, size) => *size,
            Self::Memory(octets) => octets.len() as u64,
        }
    }

    /// Fills `buffer` with the octets from `offset` on. Fails if there are fewer: the file was cut short meanwhile.
    pub fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        match self {
            Self::File(file, _) => file.read_exact_at(buffer, offset),
            Self::Memory(octets) => {
                let start = usize::try_from(offset).unwrap_or(usize::MAX);
                let found = octets.get(start..).and_then(|rest| rest.get(..buffer.len()));
                buffer.copy_from_slice(found.ok_or(io::ErrorKind::UnexpectedEof)?);
                Ok(())
            }
        }
    }
}

impl OpenError {
    fn of(errno: Errno) -> Self {
        match errno {
            Errno::NOENT | Errno::NOTDIR | Errno::NAMETOOLONG | Errno::INVAL => Self::NotFound,
            Errno::XDEV | Errno::LOOP | Errno::ACCESS | Errno::PERM => Self::Denied,
            Errno::NXIO | Errno::ISDIR => Self::NotAFile,
            other => Self::System(other.into()),
        }
    }
}

#[cfg(test)]
mod tests;
