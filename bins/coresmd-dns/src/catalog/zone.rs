//! A zone of the configuration: what it is called and which names it gives.

use naming::Pattern;

use crate::name::Name;

/// `zone NAME { nodes PATTERN }` of a `coresmd` block.
#[derive(Debug, Clone)]
pub struct Zone {
    /// The name of the zone.
    pub apex: Name,
    /// The pattern of the names that nodes have beside their IDs.
    pub nodes: Option<Pattern>,
}
