//! Identifiers of boot parameters: a MAC, a NID or a name, told apart by how they look.

use crate::component::Nid;
use crate::inventory::read_nid;
use crate::mac::MacAddr;
use crate::wire::Loose;
use crate::xname::Xname;

/// What an identifier is. Any list may hold any kind: BSS in KV mode lists MACs and `nid7` among the hosts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Key {
    /// A MAC in any spelling.
    Mac(MacAddr),
    /// `7` or `nid7`.
    Nid(Nid),
    /// Anything else; an xname in its normal form.
    Name(Box<str>),
}

impl Key {
    /// What a JSON value names; `None`: nobody.
    pub(super) fn read(value: &Loose<'_>) -> Option<Self> {
        match value {
            Loose::Text(text) => Self::of_text(text),
            other => read_nid(other).ok().flatten().map(Self::Nid),
        }
    }

    /// What a text names; `None`: nobody.
    pub(crate) fn of_text(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.is_empty() {
            return None;
        }
        let nid = || text.strip_prefix("nid").unwrap_or(text).parse().ok().map(Nid);
        Some(match text.parse().ok() {
            Some(mac) => Self::Mac(mac),
            None => nid().map_or_else(|| Self::Name(folded(text)), Self::Nid),
        })
    }
}

/// An xname in its normal form; any other name (a role, `Default`) as it is.
pub(super) fn folded(name: &str) -> Box<str> {
    Xname::parse(name).map_or_else(|| name.into(), |xname| xname.to_string().into())
}
