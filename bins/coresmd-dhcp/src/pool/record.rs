//! A lease as the store keeps it.

use std::net::Ipv4Addr;

use super::ClientKey;

/// A bound address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Who holds it.
    pub client: ClientKey,
    /// The address.
    pub address: Ipv4Addr,
    /// The last second of the lease, counted from 1970.
    pub expiry: u64,
    /// Option 12 of the client's messages; may be empty.
    pub hostname: Box<str>,
}

/// One change of the store. Changes of one address must reach it in the order in which the pool made them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A new lease, or a renewed one: replaces what the store has of this client and address.
    Put(Record),
    /// The lease is over.
    Delete {
        /// Who held it.
        client: ClientKey,
        /// The address.
        address: Ipv4Addr,
    },
}

impl Record {
    /// The end of this lease.
    pub(super) fn into_delete(self) -> Change {
        Change::Delete { client: self.client, address: self.address }
    }
}
