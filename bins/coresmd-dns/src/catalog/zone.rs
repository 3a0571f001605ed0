//! What a `coresmd` block wants to be made of its inventory: its zones, and the names in them.

use std::sync::Arc;

use ipnet::IpNet;
use naming::{NodeSet, Pattern, RuleSet};
use smd_cache::ComponentType;

use super::encode::TTL;
use crate::name::Name;
use crate::wire::Rtype;

/// All that a `coresmd` block says about names; what it says about where the inventory is lies elsewhere.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// The zones: those of names, and the reverse ones that are ours whole.
    pub zones: Vec<Zone>,
    /// The types of the components that are named; empty: all types.
    pub only: Vec<ComponentType>,
    /// The rules that DHCP names machines by; what none of them names they leave alone.
    pub rules: RuleSet,
    /// For which names a miss is somebody else's to answer; `None`: for none in our zones.
    pub fallthrough: Option<Vec<Name>>,
    /// Whom whole zones are given to (AXFR).
    pub transfer_to: Vec<IpNet>,
}

/// A zone that is ours.
#[derive(Debug, Clone)]
pub struct Zone {
    /// The name of the zone.
    pub apex: Name,
    /// Names that components have beside their IDs, by type.
    pub patterns: Vec<TypeNames>,
    /// Names of the single interfaces of nodes.
    pub interfaces: Vec<InterfaceNames>,
    /// Names for one or several components.
    pub aliases: Vec<Alias>,
    /// Records that come from no inventory. Their names lie in this zone.
    pub records: Vec<StaticRecord>,
    /// Seconds for which its records may be remembered.
    pub ttl: u32,
    /// What its SOA says.
    pub soa: Soa,
    /// Its name servers; none: `ns.` and the zone.
    pub name_servers: Vec<Name>,
}

/// A pattern for the components of some types.
#[derive(Debug, Clone)]
pub struct TypeNames {
    /// The types.
    pub types: Vec<ComponentType>,
    /// What such a component is called. One that needs a NID names no component without, its own or that of the node
    /// which it belongs to.
    pub pattern: Pattern,
}

/// A pattern for single interfaces of nodes.
#[derive(Debug, Clone)]
pub struct InterfaceNames {
    /// What an interface is called; beside what patterns hold, `{interface}` is its description and `{index}` its place
    /// among those of the node that this is for, from 0 in the order of their MACs.
    pub pattern: Pattern,
    /// Which interfaces it is for, by their description in lower case, with one `*` or `?`; `None`: for all.
    pub description: Option<String>,
}

/// A name for all components of a set.
#[derive(Debug, Clone)]
pub struct Alias {
    /// The name.
    pub name: Name,
    /// Who is called so: IDs, or names without the zone.
    pub members: NodeSet,
    /// Where this is said.
    pub place: Arc<str>,
}

/// A record of the configuration.
#[derive(Debug, Clone)]
pub struct StaticRecord {
    /// Its owner.
    pub name: Name,
    /// Its type.
    pub rtype: Rtype,
    /// Its data as it stands in a message, names uncompressed.
    pub rdata: Vec<u8>,
    /// Where this is said.
    pub place: Arc<str>,
}

/// What a SOA says, but for the serial (RFC 1035 §3.3.13). Times are in seconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Soa {
    /// The primary name server; `None`: the first of the zone's.
    pub primary: Option<Name>,
    /// The mailbox of who is responsible; `None`: `hostmaster.` and the zone.
    pub mailbox: Option<Name>,
    /// After which a secondary asks for a newer zone.
    pub refresh: u32,
    /// After which a secondary asks again when it got no answer.
    pub retry: u32,
    /// For which a secondary may go on answering without having reached us.
    pub expire: u32,
    /// For which a resolver may remember that something does not exist (RFC 2308 §4).
    pub minimum: u32,
}

impl Default for Soa {
    /// Refreshed about as often as the inventory is polled, given up after a week; short for what does not exist, since a
    /// node that appears in the inventory is soon looked for again.
    fn default() -> Self {
        Self { primary: None, mailbox: None, refresh: 60, retry: 30, expire: 604_800, minimum: 30 }
    }
}

impl Zone {
    /// A zone of component IDs, and of what `nodes` makes of nodes.
    pub fn new(apex: Name, nodes: Option<Pattern>) -> Self {
        let of_nodes = |pattern| TypeNames { types: vec![ComponentType::new("Node")], pattern };
        Self {
            apex,
            patterns: nodes.map(of_nodes).into_iter().collect(),
            interfaces: Vec::new(),
            aliases: Vec::new(),
            records: Vec::new(),
            ttl: TTL,
            soa: Soa::default(),
            name_servers: Vec::new(),
        }
    }
}

impl Plan {
    /// These zones and nothing else.
    pub fn of(zones: Vec<Zone>) -> Self {
        Self { zones, ..Self::default() }
    }

    /// The zones of names, with their places.
    pub(super) fn forward(&self) -> impl Iterator<Item = (usize, &Zone)> {
        self.zones.iter().enumerate().filter(|(_, zone)| !zone.apex.is_reverse())
    }

    /// Whether components of this type are named.
    pub(super) fn names(&self, component_type: &ComponentType) -> bool {
        self.only.is_empty() || self.only.contains(component_type)
    }
}
