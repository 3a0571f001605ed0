//! What SMD calls a component: its ID, its type and its NID.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::xname::Xname;

/// A component's ID as its source spells it: opaque and case-preserving.
///
/// SMD's are xnames, inventory-service's need not be (facts: openchami-today §5). Parse it with
/// [`ComponentId::xname`] where geography helps.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct ComponentId(Arc<str>);

/// An ID that cannot be one: nothing but white space.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a component ID may not be empty")]
pub struct EmptyId;

impl ComponentId {
    /// Takes any text that is not blank; white space around it is dropped.
    pub fn new(text: &str) -> Result<Self, EmptyId> {
        match text.trim() {
            "" => Err(EmptyId),
            id => Ok(Self(Arc::from(id))),
        }
    }

    /// The ID as its source spells it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The ID as an xname, where it is one.
    pub fn xname(&self) -> Option<Xname> {
        Xname::parse(&self.0)
    }
}

impl Borrow<str> for ComponentId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ComponentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for ComponentId {
    type Error = EmptyId;

    fn try_from(text: String) -> Result<Self, EmptyId> {
        Self::new(&text)
    }
}

/// A component's type, as SMD spells it (`Node`, `NodeBMC`, …); compared exactly, case included.
///
/// An open set: SMD knows about 56, and a type that we have never heard of is carried like any other.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ComponentType(Arc<str>);

impl ComponentType {
    /// Any text; `""` is the type of an interface without a component.
    pub fn new(text: &str) -> Self {
        Self(Arc::from(text.trim()))
    }

    /// The type as SMD spells it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `Node`: the only type whose NID means something in hostname patterns.
    pub fn is_node(&self) -> bool {
        &*self.0 == "Node"
    }

    /// `NodeBMC`: the other type that CoreSMD's DNS names.
    pub fn is_node_bmc(&self) -> bool {
        &*self.0 == "NodeBMC"
    }
}

impl Borrow<str> for ComponentType {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ComponentType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A node's numeric ID. 0 is legal; SMD leaves the field out where there is none (and −1 means none too), so a
/// missing NID is `Option::None`, never `Nid(0)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Nid(pub u64);

impl fmt::Display for Nid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_keeps_its_case_and_is_never_blank() {
        assert_eq!(ComponentId::new(" Rack-A/Node7 ").map(|id| id.to_string()), Ok("Rack-A/Node7".into()));
        assert_eq!(ComponentId::new(" "), Err(EmptyId));
    }
}
