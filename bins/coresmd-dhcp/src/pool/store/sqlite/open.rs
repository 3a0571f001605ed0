//! \[IO\] Opening a lease file: what is there, what is new, and what is corrupt.

use std::ffi::OsString;
use std::fmt;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::super::StoreError;
use crate::pool::seconds;

/// How long another program may keep the file locked.
const BUSY_TIMEOUT: Duration = Duration::from_secs(2);

/// The original's table, word for word.
const TABLE: &str = "create table if not exists leases4 (mac string not null, ip string not null, expiry int, \
                     hostname string not null, primary key (mac, ip))";

/// A corrupt lease file that got another name. Its leases are lost to this server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetAside {
    /// The lease file.
    pub path: PathBuf,
    /// The corrupt one's name now.
    pub aside: PathBuf,
    /// What is wrong with it.
    pub reason: String,
}

impl fmt::Display for SetAside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, aside, reason } = self;
        write!(
            f,
            "the lease file {} is corrupt ({reason}): it is {} now, and all leases in it are forgotten",
            path.display(),
            aside.display()
        )
    }
}

/// Why one attempt failed.
enum Failure {
    Corrupt(String),
    Sqlite(rusqlite::Error),
}

/// Locks the file beside the lease file. `SQLite` locks the lease file itself, by `fcntl`, so that others can read it; that
/// is no hindrance to a second server.
pub(super) fn lock(path: &Path) -> Result<File, StoreError> {
    let lock = with_suffix(path, ".lock");
    let failed = |source| StoreError::Lock { path: path.to_owned(), lock: lock.clone(), source };
    let file = OpenOptions::new().write(true).create(true).truncate(false).open(&lock).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse { path: path.to_owned(), lock }),
        Err(TryLockError::Error(source)) => Err(failed(source)),
    }
}

pub(super) fn open(path: &Path, now: SystemTime) -> Result<(Connection, Option<SetAside>), StoreError> {
    let error = |source| StoreError::Open { path: path.to_owned(), source };
    match attempt(path) {
        Ok(connection) => Ok((connection, None)),
        Err(Failure::Sqlite(source)) => Err(error(source)),
        Err(Failure::Corrupt(reason)) => {
            let aside = set_aside(path, now, reason)?;
            match attempt(path) {
                Ok(connection) => Ok((connection, Some(aside))),
                Err(Failure::Sqlite(source)) => Err(error(source)),
                Err(Failure::Corrupt(reason)) => Err(StoreError::Corrupt { path: path.to_owned(), reason }),
            }
        }
    }
}

fn attempt(path: &Path) -> Result<Connection, Failure> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    // What is damaged stays as it was found: nothing is written before all has been looked at, a change that fails is
    // undone, and the mode, which is kept in the file, is set last.
    let verdict: String = connection.query_row("pragma quick_check(1)", [], |row| row.get(0))?;
    if verdict != "ok" {
        return Err(Failure::Corrupt(verdict));
    }
    connection.pragma_update(None, "synchronous", "full")?;
    connection.execute_batch("begin immediate")?;
    connection.execute(TABLE, [])?;
    // Spellings that the original never writes; ours must be able to find a row by its client.
    connection.execute("update or replace leases4 set mac = lower(mac) where mac <> lower(mac)", [])?;
    connection.execute_batch("commit")?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    // The first read opens the log; without it the log could not be written back yet.
    connection.query_row("select count(*) from sqlite_schema", [], |_| Ok(()))?;
    Ok(connection)
}

/// Renames the file, with the log that belongs to it.
fn set_aside(path: &Path, now: SystemTime, reason: String) -> Result<SetAside, StoreError> {
    let mut second = seconds(now);
    let mut aside = with_suffix(path, &format!(".corrupt-{second}"));
    while aside.exists() {
        second += 1;
        aside = with_suffix(path, &format!(".corrupt-{second}"));
    }
    let renamed = rename(path, &aside).and_then(|()| {
        ["-wal", "-shm"].into_iter().try_for_each(|suffix| {
            match rename(&with_suffix(path, suffix), &with_suffix(&aside, suffix)) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
                other => other,
            }
        })
    });
    match renamed {
        Ok(()) => Ok(SetAside { path: path.to_owned(), aside, reason }),
        Err(source) => Err(StoreError::SetAside { path: path.to_owned(), aside, reason, source }),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the lease file is this room's; nothing else may be done with a corrupt one"
)]
fn rename(from: &Path, to: &Path) -> io::Result<()> {
    fs::rename(from, to)
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Corrupt(error.to_string()),
            _ => Self::Sqlite(error),
        }
    }
}
