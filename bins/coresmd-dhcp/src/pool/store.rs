//! What keeps leases over a restart. Everything that a store has to do for the pool is here: read them all once, write
//! changes so that they survive.

mod loaded;
#[cfg(test)]
mod memory;
mod sqlite;

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use super::Change;

#[cfg(test)]
pub(super) use self::memory::Memory;

pub use self::loaded::{Loaded, Unreadable};
pub use self::sqlite::{SetAside, Sqlite};

/// Leases that survive.
pub trait Store {
    /// All leases. Those that nobody can read are reported, and stay where they are.
    fn load(&mut self) -> Result<Loaded, StoreError>;

    /// Applies changes in their order, all or none. Once this returns `Ok` they survive a crash and a power cut.
    fn commit(&mut self, changes: &[Change]) -> Result<(), StoreError>;

    /// Ends in good order. Not needed for anything that was committed.
    fn close(self) -> Result<(), StoreError>;
}

/// Why leases cannot be kept. The machine's fault (permissions, a full disk, a broken one) or the configuration's (a file
/// that is something else); each names the file.
#[derive(Debug, Error)]
pub enum StoreError {
    /// No such directory, no permission, a read-only file system, locked by another program.
    #[error("cannot open the lease file {}: {source}", path.display())]
    Open {
        /// The lease file.
        path: PathBuf,
        /// The words of `SQLite`.
        source: rusqlite::Error,
    },
    /// Another server has it open: both would give out the same addresses.
    #[error("cannot open the lease file {}: another server uses it (it holds {})", path.display(), lock.display())]
    InUse {
        /// The lease file.
        path: PathBuf,
        /// The file that the other one has locked.
        lock: PathBuf,
    },
    /// No such directory, or no permission, for the file that tells servers of each other.
    #[error("cannot open the lease file {}: cannot lock {}: {source}", path.display(), lock.display())]
    Lock {
        /// The lease file.
        path: PathBuf,
        /// The file beside it.
        lock: PathBuf,
        /// The system's words.
        source: io::Error,
    },
    /// The lease file is corrupt, and cannot be renamed.
    #[error("the lease file {} is corrupt ({reason}) and cannot be set aside as {}: {source}", path.display(), aside.display())]
    SetAside {
        /// The lease file.
        path: PathBuf,
        /// The name that it should have got.
        aside: PathBuf,
        /// What is wrong with it.
        reason: String,
        /// The system's words.
        source: io::Error,
    },
    /// Even a new lease file is corrupt at once.
    #[error("the lease file {} is corrupt although it is new ({reason}): the disk is broken", path.display())]
    Corrupt {
        /// The lease file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// There is a table `leases4`, but not with the columns that it should have; or it cannot be read.
    #[error("cannot read the table leases4 of {}: {source}", path.display())]
    Read {
        /// The lease file.
        path: PathBuf,
        /// The words of `SQLite`.
        source: rusqlite::Error,
    },
    /// The disk is full or broken, or another program keeps the file locked.
    #[error("cannot write to the lease file {}: {source}", path.display())]
    Write {
        /// The lease file.
        path: PathBuf,
        /// The words of `SQLite`.
        source: rusqlite::Error,
    },
}
