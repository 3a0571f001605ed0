//! A store that survives what a test calls a crash: its content belongs to the test.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use super::{Loaded, Store, StoreError};
use crate::pool::{Change, ClientKey, Record};

/// Leases in memory. Clones share them.
#[derive(Debug, Clone, Default)]
pub(in crate::pool) struct Memory {
    content: Arc<Mutex<Content>>,
}

#[derive(Debug, Default)]
struct Content {
    records: BTreeMap<(ClientKey, Ipv4Addr), Record>,
    commits: usize,
    broken: bool,
}

impl Memory {
    /// From now on every commit fails, or works again.
    pub(in crate::pool) fn set_broken(&self, broken: bool) {
        self.content.lock().unwrap().broken = broken;
    }

    /// How many commits there were.
    pub(in crate::pool) fn commits(&self) -> usize {
        self.content.lock().unwrap().commits
    }
}

impl Store for Memory {
    fn load(&mut self) -> Result<Loaded, StoreError> {
        let records = self.content.lock().unwrap().records.values().cloned().collect();
        Ok(Loaded { records, unreadable: Vec::new() })
    }

    fn commit(&mut self, changes: &[Change]) -> Result<(), StoreError> {
        let mut content = self.content.lock().unwrap();
        if content.broken {
            let source = rusqlite::Error::InvalidQuery;
            return Err(StoreError::Write { path: PathBuf::from("memory"), source });
        }
        content.commits += 1;
        for change in changes.iter().cloned() {
            match change {
                Change::Put(record) => content.records.insert((record.client.clone(), record.address), record),
                Change::Delete { client, address } => content.records.remove(&(client, address)),
            };
        }
        Ok(())
    }

    fn close(self) -> Result<(), StoreError> {
        Ok(())
    }
}
