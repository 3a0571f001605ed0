//! What a store holds.

use std::fmt;
use std::net::Ipv4Addr;

use crate::pool::{ClientKey, Record};

/// The content of a store.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Loaded {
    /// The leases, in no order.
    pub records: Vec<Record>,
    /// The rows that are none.
    pub unreadable: Vec<Unreadable>,
}

/// A row that says no lease. It stays in the store, and holds nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// The client, as far as it is text.
    pub mac: String,
    /// The address, as far as it is text.
    pub ip: String,
    /// What is wrong.
    pub reason: String,
}

impl Loaded {
    /// Takes a row in, as it is spelled in the store.
    pub(super) fn push(&mut self, mac: String, ip: String, expiry: Option<i64>, hostname: String) {
        match record(&mac, &ip, expiry, hostname) {
            Ok(record) => self.records.push(record),
            Err(reason) => self.unreadable.push(Unreadable { mac, ip, reason }),
        }
    }
}

fn record(mac: &str, ip: &str, expiry: Option<i64>, hostname: String) -> Result<Record, String> {
    let client: ClientKey = mac.parse().map_err(|error| format!("the MAC address: {error}"))?;
    let address: Ipv4Addr = ip.parse().map_err(|error| format!("the IP address: {error}"))?;
    let expiry = expiry.ok_or("the expiry is no number")?;
    // Before 1970 is as much in the past as 1970 is.
    Ok(Record { client, address, expiry: u64::try_from(expiry).unwrap_or(0), hostname: hostname.into() })
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the lease of {:?} for {:?} cannot be read: {}", self.mac, self.ip, self.reason)
    }
}
