//! What an answer is kept under: name, type, class, and the two flags that change what an upstream says.

use crate::name::MAX_NAME;
use crate::query::{Header, Query};

/// Octets before the name: type, class, flags.
const FIXED: usize = 5;

/// The key of a question, in a buffer of its own so that a lookup allocates nothing.
#[derive(Clone)]
pub struct Key {
    octets: [u8; FIXED + MAX_NAME],
    length: u16,
}

impl Key {
    /// The key of a client's question. `name` is its name in lower case ([`Query::lower_name`]).
    pub fn new(header: &Header, query: &Query<'_>, name: &[u8]) -> Self {
        let dnssec_ok = query.edns.is_some_and(|edns| edns.dnssec_ok);
        Self::of(name, query.qtype.0, query.class, dnssec_ok, header.checking_disabled)
    }

    /// The key of its parts: DO (RFC 3225) and CD (RFC 4035 §3.2.2) are the last two.
    pub(crate) fn of(name: &[u8], qtype: u16, class: u16, dnssec_ok: bool, checking_disabled: bool) -> Self {
        let mut octets = [0; FIXED + MAX_NAME];
        octets[..2].copy_from_slice(&qtype.to_be_bytes());
        octets[2..4].copy_from_slice(&class.to_be_bytes());
        octets[4] = u8::from(dnssec_ok) | u8::from(checking_disabled) << 1;
        let name = &name[..name.len().min(MAX_NAME)];
        octets[FIXED..FIXED + name.len()].copy_from_slice(name);
        Self { octets, length: (FIXED + name.len()) as u16 }
    }

    /// The name.
    pub fn name(&self) -> &[u8] {
        &self.as_octets()[FIXED..]
    }

    /// All of it, for comparing and hashing.
    pub(super) fn as_octets(&self) -> &[u8] {
        &self.octets[..usize::from(self.length)]
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Key").field(&self.as_octets()).finish()
    }
}
