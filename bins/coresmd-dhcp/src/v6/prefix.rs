//! Prefix delegation (RFC 8415 §6.3, §18.3): a pool of prefixes of one length, and who has which until when.
//!
//! A lease belongs to a client's DUID and the number of its `IA_PD`, so that repeated messages find the same prefix
//! again. An offer is held for two minutes; a lease ends when its lifetime does, and its prefix is free again. The state
//! goes out by [`PrefixPool::export`] and comes back by [`PrefixPool::import`]; offers are not worth keeping.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv6Addr;
use std::time::{Duration, SystemTime};

use dhcp_wire::v6::{Duid, IaPrefix};
use ipnet::Ipv6Net;
use thiserror::Error;

/// How long a lease lasts (facts: coredhcp-coredns §A5, `prefix`).
pub const LIFETIME: Duration = Duration::from_hours(1);
/// How long an offer is held.
const HOLD: Duration = Duration::from_mins(2);
/// The most prefixes that one client may hold: it chooses the numbers of its IAs itself.
const PER_CLIENT: usize = 8;
/// The most leases of a pool, to bound its memory; DUIDs are chosen by clients.
const PER_POOL: usize = 1 << 18;

/// The prefixes of one `prefix` step.
#[derive(Debug, Clone)]
pub struct PrefixPool {
    pool: Ipv6Net,
    /// The length of its blocks, of which each lease takes one.
    length: u8,
    leases: BTreeMap<u128, Lease>,
    holders: BTreeMap<(Duid, u32), u128>,
    /// Blocks by the end of their lease.
    ends: BTreeSet<(SystemTime, u128)>,
    /// Every block below this one is taken.
    low: u128,
    revision: u64,
}

/// A lease as it is kept over a restart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrefixLease {
    /// The client.
    pub client: Duid,
    /// The number of its `IA_PD`.
    pub iaid: u32,
    /// What it has.
    pub prefix: Ipv6Net,
    /// When that ends.
    pub expires: SystemTime,
}

/// Why there can be no such pool. The configuration is to blame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PoolError {
    /// The prefixes to delegate are longer than an address.
    #[error("a prefix has 128 bits at most, not {0}")]
    Length(u8),
    /// The pool is smaller than one of its prefixes.
    #[error("prefixes of {length} bits do not fit into {pool}")]
    Pool {
        /// The pool.
        pool: Ipv6Net,
        /// The length of the prefixes.
        length: u8,
    },
}

/// Why a kept lease is no lease of this pool: the configuration has changed, or the file was touched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ImportError {
    /// The prefix is not within the pool, or shorter than its prefixes are now.
    #[error("{0} is no prefix of this pool")]
    Foreign(Ipv6Net),
    /// Another lease has the prefix, or a part of it.
    #[error("{0} is taken")]
    Taken(Ipv6Net),
    /// The client has a lease for this `IA_PD` already.
    #[error("the client has a second prefix, {0}, for one IA_PD")]
    Second(Ipv6Net),
    /// More leases than a pool may have.
    #[error("the pool has too many leases")]
    Full,
}

/// What a client would like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hint {
    /// Anything.
    Any,
    /// A prefix of this length.
    Length(u8),
    /// This prefix.
    Exact(Ipv6Net),
}

#[derive(Debug, Clone)]
struct Lease {
    client: Duid,
    iaid: u32,
    prefix: Ipv6Net,
    expires: SystemTime,
    /// Acknowledged, not only offered.
    bound: bool,
}

impl PrefixPool {
    /// A pool out of which prefixes of `length` bits are delegated, or longer ones where a client wishes so.
    pub fn new(pool: Ipv6Net, length: u8) -> Result<Self, PoolError> {
        if length > 128 {
            return Err(PoolError::Length(length));
        }
        let pool = pool.trunc();
        if length < pool.prefix_len() {
            return Err(PoolError::Pool { pool, length });
        }
        let (leases, holders, ends) = (BTreeMap::new(), BTreeMap::new(), BTreeSet::new());
        Ok(Self { pool, length, leases, holders, ends, low: 0, revision: 0 })
    }

    /// Answers a SOLICIT: the client's prefix, or one that is held for it from now on. `None`: none is left.
    pub fn offer(&mut self, client: &Duid, iaid: u32, hint: Hint, now: SystemTime) -> Option<Ipv6Net> {
        let block = self.find(client, iaid, hint, now)?;
        let is_bound = self.leases[&block].bound;
        if !is_bound {
            self.prolong(block, now + HOLD, false);
        }
        Some(self.leases[&block].prefix)
    }

    /// Answers a REQUEST: the client's prefix, or a new one, leased from now on. `None`: none is left.
    pub fn bind(&mut self, client: &Duid, iaid: u32, hint: Hint, now: SystemTime) -> Option<Ipv6Net> {
        let block = self.find(client, iaid, hint, now)?;
        self.prolong(block, now + LIFETIME, true);
        Some(self.leases[&block].prefix)
    }

    /// Answers a RENEW or REBIND: the client's prefix, leased anew. A client that is not known (any more) has its hint if
    /// that is free and of this pool. `None`: it has no lease here.
    pub fn extend(&mut self, client: &Duid, iaid: u32, hint: Hint, now: SystemTime) -> Option<Ipv6Net> {
        self.expire(now);
        let is_free = matches!(hint, Hint::Exact(wish) if self.free_block_of(wish).is_some());
        let has_lease = self.holders.contains_key(&(client.clone(), iaid));
        if is_free || has_lease { self.bind(client, iaid, hint, now) } else { None }
    }

    /// The prefix that a client has leased for this `IA_PD`.
    pub fn of(&self, client: &Duid, iaid: u32) -> Option<Ipv6Net> {
        let lease = &self.leases[self.holders.get(&(client.clone(), iaid))?];
        lease.bound.then_some(lease.prefix)
    }

    /// Ends a lease; says whether there was one.
    pub fn release(&mut self, client: &Duid, iaid: u32) -> bool {
        let block = self.holders.get(&(client.clone(), iaid)).copied();
        block.inspect(|block| self.free(*block)).is_some()
    }

    /// Ends every lease whose time has come; says how many.
    pub fn expire(&mut self, now: SystemTime) -> usize {
        let mut count = 0;
        while let Some(&(end, block)) = self.ends.first()
            && end <= now
        {
            self.free(block);
            count += 1;
        }
        count
    }

    /// How many prefixes are leased or offered.
    pub fn len(&self) -> usize {
        self.leases.len()
    }

    /// Whether no prefix is leased or offered.
    pub fn is_empty(&self) -> bool {
        self.leases.is_empty()
    }

    /// Changes with everything that [`PrefixPool::export`] shows: whoever keeps the state compares it.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// The leases that must outlive a restart, by prefix.
    pub fn export(&self) -> impl Iterator<Item = PrefixLease> {
        let bound = self.leases.values().filter(|lease| lease.bound);
        bound.map(|Lease { client, iaid, prefix, expires, .. }| PrefixLease {
            client: client.clone(),
            iaid: *iaid,
            prefix: *prefix,
            expires: *expires,
        })
    }

    /// Takes a kept lease in again, even one whose time has come: the next message ends it.
    pub fn import(&mut self, lease: PrefixLease) -> Result<(), ImportError> {
        let PrefixLease { client, iaid, prefix, expires } = lease;
        let prefix = prefix.trunc();
        let block = self.block_of(prefix).filter(|_| prefix.prefix_len() >= self.length);
        let block = block.ok_or(ImportError::Foreign(prefix))?;
        if self.leases.contains_key(&block) {
            return Err(ImportError::Taken(prefix));
        }
        if self.holders.contains_key(&(client.clone(), iaid)) {
            return Err(ImportError::Second(prefix));
        }
        if self.leases.len() >= PER_POOL {
            return Err(ImportError::Full);
        }
        self.insert(block, Lease { client, iaid, prefix, expires, bound: true });
        self.revision += 1;
        Ok(())
    }

    /// The client's block, or a new one that it gets as an offer without any time.
    fn find(&mut self, client: &Duid, iaid: u32, hint: Hint, now: SystemTime) -> Option<u128> {
        self.expire(now);
        if let Some(block) = self.holders.get(&(client.clone(), iaid)) {
            return Some(*block);
        }
        let of_client = self.holders.range((client.clone(), 0)..=(client.clone(), u32::MAX)).count();
        if of_client >= PER_CLIENT || self.leases.len() >= PER_POOL {
            return None;
        }
        let (block, prefix) = self.choose(hint)?;
        self.insert(block, Lease { client: client.clone(), iaid, prefix, expires: now, bound: false });
        Some(block)
    }

    /// A free block and what is delegated of it: the hint if that is free; else the lowest, cut to the hint's length if
    /// that is longer than the pool's.
    fn choose(&mut self, hint: Hint) -> Option<(u128, Ipv6Net)> {
        if let Hint::Exact(wish) = hint
            && let Some(block) = self.free_block_of(wish)
        {
            let prefix = if wish.prefix_len() > self.length { wish.trunc() } else { self.prefix(block, self.length) };
            return Some((block, prefix));
        }
        while self.leases.contains_key(&self.low) {
            self.low += 1;
        }
        let length = match hint {
            Hint::Any => self.length,
            Hint::Length(length) => length,
            Hint::Exact(wish) => wish.prefix_len(),
        };
        (self.low <= self.last()).then(|| (self.low, self.prefix(self.low, length.clamp(self.length, 128))))
    }

    fn insert(&mut self, block: u128, lease: Lease) {
        self.holders.insert((lease.client.clone(), lease.iaid), block);
        self.ends.insert((lease.expires, block));
        self.leases.insert(block, lease);
    }

    fn prolong(&mut self, block: u128, expires: SystemTime, bound: bool) {
        let lease = self.leases.get_mut(&block).expect("only blocks that were just found are prolonged");
        self.ends.remove(&(lease.expires, block));
        self.ends.insert((expires, block));
        (lease.expires, lease.bound) = (expires, bound);
        self.revision += u64::from(bound);
    }

    fn free(&mut self, block: u128) {
        let lease = self.leases.remove(&block).expect("holders and ends name leases only");
        self.holders.remove(&(lease.client, lease.iaid));
        self.ends.remove(&(lease.expires, block));
        self.low = self.low.min(block);
        self.revision += u64::from(lease.bound);
    }

    /// The block that holds a prefix, or with which it begins; `None` if it is not of this pool.
    fn block_of(&self, prefix: Ipv6Net) -> Option<u128> {
        let address = prefix.addr();
        let offset = u128::from(address) - u128::from(self.pool.addr()).min(u128::from(address));
        self.pool.contains(&address).then(|| offset.checked_shr(self.shift()).unwrap_or(0))
    }

    fn free_block_of(&self, prefix: Ipv6Net) -> Option<u128> {
        self.block_of(prefix).filter(|block| !self.leases.contains_key(block))
    }

    fn prefix(&self, block: u128, length: u8) -> Ipv6Net {
        let offset = block.checked_shl(self.shift()).unwrap_or(0);
        let address = Ipv6Addr::from(u128::from(self.pool.addr()) + offset);
        Ipv6Net::new(address, length).expect("lengths are clamped to 128")
    }

    /// The last block.
    fn last(&self) -> u128 {
        let bits = u32::from(self.length - self.pool.prefix_len());
        u128::MAX.checked_shr(128 - bits).unwrap_or(0)
    }

    /// Bits behind a block's number.
    fn shift(&self) -> u32 {
        128 - u32::from(self.length)
    }
}

impl Hint {
    /// What the first prefix of an `IA_PD` says.
    pub fn of(first: Option<IaPrefix>) -> Self {
        match first {
            Some(IaPrefix { prefix: Ipv6Addr::UNSPECIFIED, length: 0, .. }) | None => Self::Any,
            Some(IaPrefix { prefix: Ipv6Addr::UNSPECIFIED, length, .. }) => Self::Length(length),
            Some(IaPrefix { prefix, length, .. }) => Ipv6Net::new(prefix, length).map_or(Self::Any, Self::Exact),
        }
    }
}

#[cfg(test)]
mod tests;
