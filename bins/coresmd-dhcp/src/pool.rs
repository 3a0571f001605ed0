//! The pool: temporary addresses for machines that the inventory does not know (`bootloop`), and the address range of
//! `range`. RFC 2131 §4.3 as a state machine without IO; facts: coredhcp-coredns §A5, coresmd-plugins §6.
//!
//! ```text
//! Pool             one message in, a verdict and the changes of the store out
//!  ├ settings      ranges, times
//!  ├ request       who asks what from where
//!  ├ subnet        the addresses of one range: offered, bound, declined, free
//!  │   └ free      the free addresses, lowest first
//!  ├ restore       the leases of the store, at the start
//!  └ record        a lease as the store keeps it, and how it changes
//! store            what keeps leases over a restart
//!  └ sqlite        [IO] the original's lease file, in place
//! writer           [IO] one thread: group commit, then the replies
//! ```
//!
//! **An ACK may leave only when its changes are durable.** Give the changes of every [`Answer`] to one [`Writer`], in the
//! order in which the pool made them (with several threads: before the lock of the pool is released).
//!
//! | state | from | until | then |
//! |---|---|---|---|
//! | offered | DISCOVER | `offer_hold` | former |
//! | bound | REQUEST; stored | `lease_time`, renewed by each REQUEST | former; removed from the store |
//! | declined | DECLINE | `quarantine` | free; before that only if nothing else is left |
//! | former | expiry, RELEASE | somebody else needs it | free for all, and first choice for its last client |
//!
//! Only bound addresses are stored. Whatever else a crash forgets costs a client a DISCOVER at worst.

mod answer;
mod client;
mod free;
mod record;
mod request;
mod restore;
mod settings;
pub mod store;
mod subnet;
#[cfg(test)]
mod tests;
mod writer;

use std::net::Ipv4Addr;
use std::time::{SystemTime, UNIX_EPOCH};

pub use self::answer::{Answer, Silence, Verdict};
pub use self::client::{ClientKey, ClientKeyError};
pub use self::record::{Change, Record};
pub use self::request::{ClientState, Link, Request};
pub use self::restore::Restored;
pub use self::settings::{Range, SettingsError, Times};
pub use self::subnet::Usage;
pub use self::writer::{Progress, Stopped, Writer};

use self::subnet::Subnet;

/// The leases of one or several ranges.
#[derive(Debug, Clone)]
pub struct Pool {
    subnets: Vec<Subnet>,
    times: Times,
}

impl Pool {
    /// A pool without leases. Fails if two ranges have an address in common.
    pub fn new(ranges: &[Range], times: Times) -> Result<Self, SettingsError> {
        settings::check_disjoint(ranges)?;
        Ok(Self { subnets: ranges.iter().copied().map(Subnet::new).collect(), times })
    }

    /// DISCOVER (RFC 2131 §4.3.1). In this order: the address that the client has; the one that it had; the one that it
    /// asks for (option 50); the lowest free one; the one that was declined longest ago. A client that asks again gets
    /// the same address again. An address that is `reserved` for somebody else is none of these.
    pub fn discover(
        &mut self,
        client: &ClientKey,
        link: Link<'_>,
        requested: Option<Ipv4Addr>,
        reserved: &dyn Fn(Ipv4Addr) -> bool,
        now: SystemTime,
    ) -> Answer {
        let mut changes = self.expire(now);
        let hold_until = seconds(now).saturating_add(self.times.offer_hold);
        let verdict = match self.select(link) {
            None => Verdict::Silence(Silence::NoPool),
            Some(subnet) => {
                if subnet.held(client).is_some_and(reserved) {
                    changes.extend(subnet.forget(client));
                }
                let offer = subnet.offer(client, requested, reserved, hold_until);
                offer.map_or(Verdict::Silence(Silence::Exhausted), Verdict::Offer)
            }
        };
        Answer { verdict, changes }
    }

    /// REQUEST that selects us or no server (RFC 2131 §4.3.2). One that selects another server is not for the pool: its
    /// offer runs out by itself.
    pub fn request(&mut self, request: &Request<'_>, now: SystemTime) -> Answer {
        let mut changes = self.expire(now);
        let verdict = match self.judge(request) {
            Err(verdict) => verdict,
            Ok(subnet) => {
                let until = seconds(now).saturating_add(self.times.lease_time);
                let record = self.subnets[subnet].bind(request.client, request.address, until, request.hostname);
                changes.push(Change::Put(record));
                Verdict::Ack(request.address)
            }
        };
        Answer { verdict, changes }
    }

    /// RELEASE of ciaddr (RFC 2131 §4.3.4). The address is free at once; its client is remembered.
    pub fn release(&mut self, client: &ClientKey, address: Ipv4Addr, now: SystemTime) -> Answer {
        let mut changes = self.expire(now);
        let verdict = match self.containing(address).filter(|subnet| subnet.held(client) == Some(address)) {
            None => Silence::NotHeld,
            Some(subnet) => {
                changes.extend(subnet.release(address, seconds(now)));
                Silence::Released
            }
        };
        Answer { verdict: Verdict::Silence(verdict), changes }
    }

    /// DECLINE of option 50 (RFC 2131 §4.3.3): another machine uses the address, so that nobody gets it for a while.
    pub fn decline(&mut self, client: &ClientKey, address: Ipv4Addr, now: SystemTime) -> Answer {
        let mut changes = self.expire(now);
        let until = seconds(now).saturating_add(self.times.quarantine);
        let verdict = match self.containing(address).filter(|subnet| subnet.held(client) == Some(address)) {
            None => Silence::NotHeld,
            Some(subnet) => {
                changes.extend(subnet.quarantine(address, until));
                Silence::Declined
            }
        };
        Answer { verdict: Verdict::Silence(verdict), changes }
    }

    /// The client has a reservation now, and has been told to leave the pool, or has left it: its renewal was answered
    /// with a NAK, or it has sent a DISCOVER. Its addresses are free at once.
    #[must_use = "the changes belong to the writer"]
    pub fn forget(&mut self, client: &ClientKey) -> Vec<Change> {
        self.subnets.iter_mut().filter_map(|subnet| subnet.forget(client)).collect()
    }

    /// Whether the address is one of the pool's.
    pub fn contains(&self, address: Ipv4Addr) -> bool {
        self.index_containing(address).is_some()
    }

    /// Ends what has run out. Every message does so too; call it now and then so that the store learns of it without one.
    #[must_use = "the changes belong to the writer"]
    pub fn expire(&mut self, now: SystemTime) -> Vec<Change> {
        let mut changes = Vec::new();
        for subnet in &mut self.subnets {
            subnet.expire(seconds(now), &mut changes);
        }
        changes
    }

    /// Seconds that a lease lasts: option 51.
    pub fn lease_time(&self) -> u64 {
        self.times.lease_time
    }

    /// How full each range is, in the order of the configuration.
    pub fn usage(&self) -> impl Iterator<Item = Usage> {
        self.subnets.iter().map(Subnet::usage)
    }

    /// Whether a REQUEST is to be acknowledged, and out of which subnet. NAK only where RFC 2131 §4.3.2 wants one.
    fn judge(&mut self, request: &Request<'_>) -> Result<usize, Verdict> {
        let Request { client, link, state, address, .. } = *request;
        // A renewal comes by unicast, past any relay: only its address says where the client is.
        let index = match state {
            ClientState::Renewing => self.index_containing(address).ok_or(Verdict::Nak)?,
            _ => self.index(link).ok_or(Verdict::Silence(Silence::NoPool))?,
        };
        let subnet = &self.subnets[index];
        let known = subnet.known(client);
        match state {
            ClientState::InitReboot if !subnet.is_on_network(address) => Err(Verdict::Nak),
            ClientState::InitReboot if known == Some(address) => Ok(index),
            ClientState::InitReboot if known.is_none() => Err(Verdict::Silence(Silence::NoRecord)),
            ClientState::InitReboot => Err(Verdict::Nak),
            _ if subnet.may_claim(client, address) => Ok(index),
            // Broadcast to every server: another one may have leased what we know nothing of.
            ClientState::Rebinding if !subnet.contains(address) && !self.is_held_by(client) => {
                Err(Verdict::Silence(Silence::NoRecord))
            }
            ClientState::Selecting | ClientState::Renewing | ClientState::Rebinding => Err(Verdict::Nak),
        }
    }

    fn is_held_by(&self, client: &ClientKey) -> bool {
        self.subnets.iter().any(|subnet| subnet.held(client).is_some())
    }

    fn containing(&mut self, address: Ipv4Addr) -> Option<&mut Subnet> {
        let index = self.index_containing(address)?;
        self.subnets.get_mut(index)
    }

    fn index_containing(&self, address: Ipv4Addr) -> Option<usize> {
        self.subnets.iter().position(|subnet| subnet.contains(address))
    }

    fn select(&mut self, link: Link<'_>) -> Option<&mut Subnet> {
        let index = self.index(link)?;
        self.subnets.get_mut(index)
    }

    /// The subnet of a link: by the longest prefix. A range without a network serves every link; a single range also
    /// serves every client that no relay places.
    fn index(&self, link: Link<'_>) -> Option<usize> {
        if let [only] = self.subnets.as_slice()
            && (only.network().is_none() || matches!(link, Link::Direct(_)))
        {
            return Some(0);
        }
        let is_near = |network: &ipnet::Ipv4Net| match link {
            Link::Near(address) => network.contains(&address),
            Link::Direct(ours) => ours.iter().any(|own| network.contains(&own.addr())),
        };
        let networks = self.subnets.iter().enumerate().filter_map(|(index, subnet)| Some((index, subnet.network()?)));
        networks.filter(|(_, network)| is_near(network)).max_by_key(|(_, network)| network.prefix_len()).map(|(i, _)| i)
    }
}

/// Whole seconds since 1970, rounded down; the pool's and the store's measure of time. A lease holds through the second in
/// which it runs out, so that no client is cut short by the rounding.
fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
