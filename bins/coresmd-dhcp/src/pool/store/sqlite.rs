//! \[IO\] The original's lease file: an `SQLite` database with the table `leases4`, opened in place.
//!
//! It is written in WAL mode with `synchronous=FULL`: one fsync a commit. The mode stays with the file, and every `SQLite`
//! since 2010 reads and writes it, the original's too; after [`Store::close`] there is no `-wal` file left.
//!
//! `string` is no type that `SQLite` knows, so these columns have NUMERIC affinity: a hostname `1234` comes back as a number
//! (and `007` as 7, in the original too). Every value is read whatever its type is.

mod open;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row, TransactionBehavior, params};

use super::{Loaded, Store, StoreError};
use crate::pool::{Change, Record};

pub use self::open::SetAside;

/// An open lease file.
#[derive(Debug)]
pub struct Sqlite {
    path: PathBuf,
    connection: Connection,
    /// Locked as long as this is open.
    _lock: File,
}

impl Sqlite {
    /// Opens the lease file, or makes one. A corrupt one is set aside under another name, and a new one made: the second
    /// value says so, and whoever starts a server must say so too, since leases are lost. `now` becomes part of that name.
    ///
    /// Another server of ours that has the file open is noticed, by a lock on `PATH.lock`. Another program that writes to
    /// it at the same time is waited for, for a short while.
    pub fn open(path: &Path, now: SystemTime) -> Result<(Self, Option<SetAside>), StoreError> {
        let lock = open::lock(path)?;
        let (connection, set_aside) = open::open(path, now)?;
        Ok((Self { path: path.to_owned(), connection, _lock: lock }, set_aside))
    }

    fn read(&self) -> rusqlite::Result<Loaded> {
        let mut loaded = Loaded::default();
        let mut statement = self.connection.prepare("select mac, ip, expiry, hostname from leases4")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            loaded.push(mac(row.get_ref(0)?), text(row.get_ref(1)?), integer(row.get_ref(2)?), text(row.get_ref(3)?));
        }
        Ok(loaded)
    }

    fn write(&mut self, changes: &[Change]) -> rusqlite::Result<()> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        {
            let mut put = transaction
                .prepare("insert or replace into leases4 (mac, ip, expiry, hostname) values (?1, ?2, ?3, ?4)")?;
            let mut delete = transaction.prepare("delete from leases4 where mac = ?1 and ip = ?2")?;
            for change in changes {
                match change {
                    Change::Put(Record { client, address, expiry, hostname }) => {
                        let expiry = i64::try_from(*expiry).unwrap_or(i64::MAX);
                        put.execute(params![client.to_string(), address.to_string(), expiry, hostname])?
                    }
                    Change::Delete { client, address } => {
                        delete.execute(params![client.to_string(), address.to_string()])?
                    }
                };
            }
        }
        transaction.commit()
    }
}

impl Store for Sqlite {
    fn load(&mut self) -> Result<Loaded, StoreError> {
        self.read().map_err(|source| StoreError::Read { path: self.path.clone(), source })
    }

    fn commit(&mut self, changes: &[Change]) -> Result<(), StoreError> {
        self.write(changes).map_err(|source| StoreError::Write { path: self.path.clone(), source })
    }

    fn close(self) -> Result<(), StoreError> {
        let Self { path, connection, _lock } = self;
        let checkpoint = connection.query_row("pragma wal_checkpoint(truncate)", [], |_: &Row<'_>| Ok(()));
        let closed = checkpoint.and_then(|()| connection.close().map_err(|(_, source)| source));
        closed.map_err(|source| StoreError::Write { path, source })
    }
}

/// A client of one octet below 10 looks like a number: its leading zero comes back.
fn mac(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Integer(number) => format!("{number:02}"),
        other => text(other),
    }
}

fn text(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => String::new(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => number.to_string(),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => String::from_utf8_lossy(bytes).into_owned(),
    }
}

fn integer(value: ValueRef<'_>) -> Option<i64> {
    match value {
        ValueRef::Integer(number) => Some(number),
        ValueRef::Real(number) => Some(number as i64),
        _ => None,
    }
}
