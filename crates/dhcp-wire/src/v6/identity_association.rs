//! Identity associations (RFC 8415 §21.4, §21.5, §21.21): what a client holds or would like to.

use std::net::Ipv6Addr;

use dhcproto::v6::{OptionCode, Status};

use super::options::Walk;
use super::received;

/// An `IA_NA`, `IA_TA` or `IA_PD`.
#[derive(Debug, Clone)]
pub struct IdentityAssociation<'a> {
    /// The number by which the client knows it.
    pub iaid: u32,
    /// When to renew, in seconds; 0 in an `IA_TA`.
    pub t1: u32,
    /// When to rebind, in seconds; 0 in an `IA_TA`.
    pub t2: u32,
    options: Walk<'a>,
}

/// An address in an IA (option 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IaAddress {
    /// The address; `::` where the client has no wish.
    pub address: Ipv6Addr,
    /// Seconds.
    pub preferred: u32,
    /// Seconds; 0 takes the address away.
    pub valid: u32,
}

/// A prefix in an IA (option 26).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IaPrefix {
    /// The prefix; `::` where the client wishes for a length only.
    pub prefix: Ipv6Addr,
    /// Its length, at most 128; 0 where the client has no wish.
    pub length: u8,
    /// Seconds.
    pub preferred: u32,
    /// Seconds; 0 takes the prefix away.
    pub valid: u32,
}

impl<'a> IdentityAssociation<'a> {
    /// Reads an `IA_NA` or `IA_PD`.
    pub(super) fn lasting(value: &'a [u8]) -> Option<Self> {
        let (iaid, rest) = word(value)?;
        let (t1, rest) = word(rest)?;
        let (t2, rest) = word(rest)?;
        Some(Self { iaid, t1, t2, options: Walk(rest) })
    }

    /// Reads an `IA_TA`.
    pub(super) fn temporary(value: &'a [u8]) -> Option<Self> {
        let (iaid, rest) = word(value)?;
        Some(Self { iaid, t1: 0, t2: 0, options: Walk(rest) })
    }

    /// Its addresses.
    pub fn addresses(&self) -> impl Iterator<Item = IaAddress> + use<'a> {
        self.options.all(OptionCode::IAAddr).filter_map(|value| {
            let (address, rest) = value.split_first_chunk::<16>()?;
            let (preferred, rest) = word(rest)?;
            let (valid, _) = word(rest)?;
            Some(IaAddress { address: Ipv6Addr::from(*address), preferred, valid })
        })
    }

    /// Its prefixes.
    pub fn prefixes(&self) -> impl Iterator<Item = IaPrefix> + use<'a> {
        self.options.all(OptionCode::IAPrefix).filter_map(|value| {
            let (preferred, rest) = word(value)?;
            let (valid, rest) = word(rest)?;
            let (&length, rest) = rest.split_first()?;
            let prefix = Ipv6Addr::from(*rest.first_chunk::<16>()?);
            Some(IaPrefix { prefix, length, preferred, valid })
        })
    }

    /// Its status (option 13) with the text for humans.
    pub fn status(&self) -> Option<(Status, &'a [u8])> {
        self.options.first(OptionCode::StatusCode).and_then(received::status)
    }
}

/// The first four octets as a number, and the rest.
fn word(bytes: &[u8]) -> Option<(u32, &[u8])> {
    bytes.split_first_chunk().map(|(word, rest)| (u32::from_be_bytes(*word), rest))
}
