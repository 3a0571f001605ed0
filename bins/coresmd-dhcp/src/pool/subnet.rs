//! The addresses of one range and the clients that hold them.
//!
//! Each address that somebody has, had or declined is one [`Slot`], which [`Subnet::insert`] and [`Subnet::remove`] keep
//! in step with three indexes: by client, by time, and the free addresses. All of it in O(log n).

mod queues;

use std::collections::HashMap;
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use rustc_hash::FxHashMap;

use self::queues::Queues;
use super::free::FreeAddresses;
use super::{Change, ClientKey, Range, Record};

/// How many former clients are remembered; the oldest are forgotten first.
const FORMER_CLIENTS: usize = 65_536;

/// One range.
#[derive(Debug, Clone)]
pub(super) struct Subnet {
    range: Range,
    slots: FxHashMap<u32, Slot>,
    /// The one slot of each client, but for those that it has declined. Hashed with a secret: clients choose their keys.
    by_client: HashMap<ClientKey, u32>,
    queues: Queues,
    /// The addresses without a slot, and those of former clients.
    free: FreeAddresses,
}

/// One address that is, or was, somebody's.
#[derive(Debug, Clone)]
struct Slot {
    client: ClientKey,
    state: State,
    /// The last second of this state.
    until: u64,
    hostname: Box<str>,
}

/// What an address is to the client of its slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Held until the client takes it.
    Offered,
    /// Leased, and in the store.
    Bound,
    /// Refused: another machine uses it. Nobody's.
    Declined,
    /// Free, but the client's first choice. `until` is when it was freed.
    Former,
}

/// How full a range is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// The range.
    pub range: Range,
    /// Addresses held for clients that have not taken them yet.
    pub offered: usize,
    /// Addresses leased.
    pub bound: usize,
    /// Addresses that rest because another machine uses them.
    pub declined: usize,
}

impl Usage {
    /// Addresses that are nobody's.
    pub fn free(&self) -> u64 {
        self.range.size().saturating_sub((self.offered + self.bound + self.declined) as u64)
    }
}

impl Subnet {
    /// All addresses free.
    pub(super) fn new(range: Range) -> Self {
        Self {
            range,
            slots: FxHashMap::default(),
            by_client: HashMap::new(),
            queues: Queues::default(),
            free: FreeAddresses::new(range.first().into(), range.last().into()),
        }
    }

    pub(super) fn network(&self) -> Option<Ipv4Net> {
        self.range.network()
    }

    pub(super) fn contains(&self, address: Ipv4Addr) -> bool {
        self.range.contains(address)
    }

    /// Whether an address may be used on this link: unless the configuration says the network, we cannot know better.
    pub(super) fn is_on_network(&self, address: Ipv4Addr) -> bool {
        self.range.network().is_none_or(|network| network.contains(&address))
    }

    /// The address that the client is offered or leases.
    pub(super) fn held(&self, client: &ClientKey) -> Option<Ipv4Addr> {
        let address = self.by_client.get(client)?;
        (self.slots.get(address)?.state != State::Former).then_some(Ipv4Addr::from(*address))
    }

    /// The address that the client holds, or held and nobody has had since.
    pub(super) fn known(&self, client: &ClientKey) -> Option<Ipv4Addr> {
        self.by_client.get(client).copied().map(Ipv4Addr::from)
    }

    /// Whether the client may lease this address: it holds it, or holds none and this one is free.
    pub(super) fn may_claim(&self, client: &ClientKey, address: Ipv4Addr) -> bool {
        match self.held(client) {
            Some(held) => held == address,
            None => self.free.contains(address.into()),
        }
    }

    /// Holds an address for the client at least until then; `None` if all are offered, leased or `reserved`.
    pub(super) fn offer(
        &mut self,
        client: &ClientKey,
        requested: Option<Ipv4Addr>,
        reserved: &dyn Fn(Ipv4Addr) -> bool,
        until: u64,
    ) -> Option<Ipv4Addr> {
        let held = self.held(client).map(u32::from);
        let address = held.or_else(|| self.choose(client, requested, reserved))?;
        let slot = match self.remove(address).filter(|_| held.is_some()) {
            // A lease stays a lease.
            Some(slot) => Slot { until: slot.until.max(until), ..slot },
            None => Slot { client: client.clone(), state: State::Offered, until, hostname: Box::default() },
        };
        self.insert(address, slot);
        Some(address.into())
    }

    /// Leases the client an address that it may have ([`Subnet::may_claim`]), or that is known to be its own.
    pub(super) fn bind(&mut self, client: &ClientKey, address: Ipv4Addr, until: u64, hostname: Option<&str>) -> Record {
        let before = self.remove(address.into()).filter(|slot| slot.client == *client);
        let kept = before.map(|slot| slot.hostname).unwrap_or_default();
        let hostname = hostname.map_or(kept, Box::from);
        let slot = Slot { client: client.clone(), state: State::Bound, until, hostname: hostname.clone() };
        self.insert(address.into(), slot);
        Record { client: client.clone(), address, expiry: until, hostname }
    }

    /// Takes a lease of the store back in. `false` if its client or its address is taken by a newer one.
    pub(super) fn restore(&mut self, record: &Record, now: u64) -> bool {
        let address = u32::from(record.address);
        if self.slots.contains_key(&address) || self.by_client.contains_key(&record.client) {
            return false;
        }
        let state = if record.expiry < now { State::Former } else { State::Bound };
        let Record { client, expiry: until, hostname, .. } = record.clone();
        self.insert(address, Slot { client, state, until, hostname });
        true
    }

    /// Frees a held address; the client stays its first choice.
    pub(super) fn release(&mut self, address: Ipv4Addr, now: u64) -> Option<Change> {
        self.change(address.into(), State::Former, now)
    }

    /// Lets a held address rest; it is its client's no more.
    pub(super) fn quarantine(&mut self, address: Ipv4Addr, until: u64) -> Option<Change> {
        self.change(address.into(), State::Declined, until)
    }

    /// Forgets the client and frees what it holds.
    pub(super) fn forget(&mut self, client: &ClientKey) -> Option<Change> {
        let address = *self.by_client.get(client)?;
        let slot = self.remove(address)?;
        deletion(address, &slot)
    }

    /// Ends everything whose last second is over.
    pub(super) fn expire(&mut self, now: u64, changes: &mut Vec<Change>) {
        for state in [State::Offered, State::Bound] {
            while let Some((until, address)) = self.queues.first(state).filter(|(until, _)| *until < now) {
                changes.extend(self.change(address, State::Former, until));
            }
        }
        while let Some((_, address)) = self.queues.first(State::Declined).filter(|(until, _)| *until < now) {
            self.remove(address);
        }
    }

    pub(super) fn usage(&self) -> Usage {
        Usage {
            range: self.range,
            offered: self.queues.len(State::Offered),
            bound: self.queues.len(State::Bound),
            declined: self.queues.len(State::Declined),
        }
    }

    /// An address for a client that holds none: RFC 2131 §4.3.1, and at last the one declined longest ago, so that nobody
    /// empties the pool by declining it.
    fn choose(
        &self,
        client: &ClientKey,
        requested: Option<Ipv4Addr>,
        reserved: &dyn Fn(Ipv4Addr) -> bool,
    ) -> Option<u32> {
        let usable = |address: &u32| !reserved((*address).into());
        let former = self.by_client.get(client).copied().filter(usable);
        let requested = || requested.map(u32::from).filter(|address| self.free.contains(*address)).filter(usable);
        let declined = || self.queues.oldest(State::Declined).find(usable);
        former.or_else(requested).or_else(|| self.free.lowest(usable)).or_else(declined)
    }

    /// Moves a slot into another state; what the store must forget then.
    fn change(&mut self, address: u32, state: State, until: u64) -> Option<Change> {
        let slot = self.remove(address)?;
        let deletion = deletion(address, &slot);
        self.insert(address, Slot { state, until, ..slot });
        deletion
    }

    /// Gives the address this slot, in place of any that it, or the client, had.
    fn insert(&mut self, address: u32, slot: Slot) {
        self.remove(address);
        if slot.state != State::Declined {
            if let Some(other) = self.by_client.get(&slot.client) {
                self.remove(*other);
            }
            self.by_client.insert(slot.client.clone(), address);
        }
        if slot.state != State::Former {
            self.free.take(address);
        }
        self.queues.add(slot.state, slot.until, address);
        self.slots.insert(address, slot);
        if self.queues.len(State::Former) > FORMER_CLIENTS
            && let Some((_, oldest)) = self.queues.first(State::Former)
        {
            self.remove(oldest);
        }
    }

    /// Frees the address and forgets its client.
    fn remove(&mut self, address: u32) -> Option<Slot> {
        let slot = self.slots.remove(&address)?;
        if slot.state != State::Declined {
            self.by_client.remove(&slot.client);
        }
        self.queues.remove(slot.state, slot.until, address);
        self.free.give(address);
        Some(slot)
    }
}

/// What the store must forget when a slot ends.
fn deletion(address: u32, slot: &Slot) -> Option<Change> {
    let delete = || Change::Delete { client: slot.client.clone(), address: address.into() };
    (slot.state == State::Bound).then(delete)
}
