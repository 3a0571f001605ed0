//! What of an inventory could not be named, or not alone.

use std::fmt;
use std::sync::Arc;

use naming::Unnameable;
use smd_cache::ComponentId;

use super::encode::MAX_ADDRESSES;
use crate::name::NameError;
use crate::wire::Rtype;

/// Something of the inventory that has no name, or not one of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The name in question, as a text.
    pub name: String,
    /// What is wrong with it.
    pub kind: ProblemKind,
}

/// What is wrong with a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProblemKind {
    /// The component's ID cannot stand in a name, or the pattern makes too long a one: it is left out.
    Unnameable(Unnameable),
    /// Too long together with the zone: it is left out.
    Invalid(NameError),
    /// Several components are called so (a NID twice, a pattern without `{…}`): the name has the addresses of all.
    Shared(Vec<ComponentId>),
    /// So many addresses that they do not fit one message: some are left out.
    TooManyAddresses(usize),
    /// An alias of nothing that the inventory has; where it is said.
    NoMembers(Arc<str>),
    /// A name by rule that lies in no zone of ours: it is left out.
    Outside,
    /// A record of the configuration for a name that the inventory gives: it is left out.
    Conflict {
        /// The type of the record.
        rtype: Rtype,
        /// Where it is said.
        place: Arc<str>,
    },
    /// A CNAME that leads back to itself, or through too many others.
    Loop,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            ProblemKind::Unnameable(why) => write!(f, "{} is named nothing: {why}", self.name),
            ProblemKind::Invalid(error) => write!(f, "{} {error}", self.name),
            ProblemKind::Shared(ids) => {
                write!(f, "{} is the name of {} components: {}", self.name, ids.len(), ids[0])?;
                ids.iter().skip(1).take(SHOWN - 1).try_for_each(|id| write!(f, ", {id}"))?;
                f.write_str(if ids.len() > SHOWN { ", …" } else { "" })
            }
            ProblemKind::TooManyAddresses(count) => {
                write!(f, "{} has {count} addresses, of which {MAX_ADDRESSES} are given", self.name)
            }
            ProblemKind::NoMembers(place) => {
                write!(f, "{} is the name of nothing: the alias at {place} has no members", self.name)
            }
            ProblemKind::Outside => {
                write!(f, "{} is the name by a `rule`, and in no zone of ours: left out", self.name)
            }
            ProblemKind::Conflict { rtype, place } => {
                write!(f, "{}: the {rtype} record at {place} is left out: the inventory has this name", self.name)
            }
            ProblemKind::Loop => write!(f, "{}: the CNAME leads to no end", self.name),
        }
    }
}

/// How many components that share a name are listed.
const SHOWN: usize = 4;
