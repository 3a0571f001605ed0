//! What was put aside while an inventory was read and joined, and why: one row, or one value of a row, at a time.
//!
//! The rest of the collection is served; these are what `/api/rejected`, the metrics and `check --live` show.

use std::fmt;
use std::net::IpAddr;

use thiserror::Error;

use crate::component::ComponentId;
use crate::mac::{MacAddr, MacError};

/// A row, or a value in it, that was put aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    /// The row, named so that an operator finds it: `EthernetInterfaces[17] 525400beef01`.
    pub row: String,
    /// Why.
    pub reason: RejectReason,
}

/// Why a row, or a value in it, was put aside.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RejectReason {
    /// The row does not have the shape of its collection.
    #[error("cannot be read: {0}")]
    Unreadable(String),
    /// Every key is absent, null or empty: SMD answers so for a PATCH of an unknown interface.
    #[error("is empty")]
    Blank,
    /// The row has no MAC address.
    #[error("has no MAC address")]
    NoMac,
    /// The MAC address cannot be read.
    #[error("MAC address {text:?}: {error}")]
    Mac {
        /// As it is spelled.
        text: String,
        /// What is wrong with it.
        error: MacError,
    },
    /// Another row has the same MAC address once the spellings are folded, and keeps it.
    #[error("MAC address {mac} belongs to {keeper}")]
    DuplicateMac {
        /// The address.
        mac: MacAddr,
        /// The row that keeps it.
        keeper: String,
    },
    /// An address that is empty or blank: skipped.
    #[error("has a blank address")]
    BlankAddress,
    /// An address that is neither IPv4 nor IPv6.
    #[error("{0} is not an IP address")]
    Address(String),
    /// An address that no interface can hold.
    #[error("{address} is {kind} address")]
    UnusableAddress {
        /// The address.
        address: IpAddr,
        /// What it is, with its article.
        kind: &'static str,
    },
    /// More addresses than any interface has.
    #[error("has {count} addresses; the first {kept} count")]
    TooManyAddresses {
        /// How many there are.
        count: usize,
        /// How many are looked at.
        kept: usize,
    },
    /// An older row holds the same address and keeps it.
    #[error("address {address} belongs to {keeper}")]
    DuplicateAddress {
        /// The address.
        address: IpAddr,
        /// The interface that keeps it.
        keeper: MacAddr,
    },
    /// The interface row names no component.
    #[error("belongs to no component")]
    NoComponent,
    /// The interface row names a component that is not listed.
    #[error("belongs to {0}, which is not listed")]
    UnlistedComponent(ComponentId),
    /// The component row has no ID.
    #[error("has no ID")]
    NoId,
    /// Another row lists the same component first.
    #[error("is listed twice; the first row counts")]
    DuplicateComponent,
    /// A NID that is no number; the component is served without one.
    #[error("NID {0} is no number")]
    Nid(String),
    /// The group has no label.
    #[error("has no label")]
    NoLabel,
    /// A group's member that is not a listed component.
    #[error("member {0} is not a listed component")]
    Member(String),
    /// A boot parameter's identifier that cannot be read.
    #[error("{0} names nobody")]
    BootIdentifier(String),
    /// A boot configuration's priority that is no number; it counts as 0.
    #[error("priority {0} is no number")]
    Priority(String),
    /// Boot parameters of boot-service that name no host, MAC or NID: for a group or for everybody, which does not show.
    #[error("names no host, MAC or NID; boot-service's /bootconfigurations would tell whom it is for")]
    NoTarget,
    /// More globs, groups and roles among the boot configurations than any site has.
    #[error("is one target too many; the first {kept} globs, groups and roles count")]
    TooManyTargets {
        /// How many are looked at.
        kept: usize,
    },
    /// Two boot parameters are stored under one identifier; the first counts.
    #[error("{0} has boot parameters already")]
    DuplicateBoot(String),
}

impl fmt::Display for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.row, self.reason)
    }
}

/// Names a row: collection, index and, where it has one, its ID.
pub(crate) fn row_name(collection: &str, index: usize, id: &str) -> String {
    match id.trim() {
        "" => format!("{collection}[{index}]"),
        id => format!("{collection}[{index}] {id}"),
    }
}
