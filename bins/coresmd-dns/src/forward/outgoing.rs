//! A query as an upstream gets it: the client's question in lower case, RD, AD and CD as the client has them, and an
//! OPT record if it has one, with our size. EDNS options go from hop to hop (RFC 6891 §6.2.6): none is passed on.

use std::sync::Arc;

use crate::name::Name;
use crate::query::{HEADER, Query};
use crate::relayed::UDP_SIZE;
use crate::wire::{CLASS_IN, Rtype};

/// A query to be sent, its id still to be drawn. Two are equal when the same reply answers both.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Outgoing {
    /// The message, its id zero.
    octets: Arc<[u8]>,
    /// Octets of name, type and class.
    question_length: usize,
}

impl Outgoing {
    /// The query that puts a client's question. `message` is the one that `query` was read from, `name` its name in
    /// lower case.
    pub fn new(message: &[u8], query: &Query<'_>, name: &[u8]) -> Self {
        let flags = [message[2] & RECURSION_DESIRED, message[3] & (AUTHENTIC | CHECKING_DISABLED)];
        let dnssec_ok = query.edns.map(|edns| edns.dnssec_ok);
        Self::of(flags, name, query.qtype, query.class, dnssec_ok)
    }

    /// The query of a health check: the name servers of a zone.
    pub(super) fn probe(domain: &Name, recursion: bool) -> Self {
        let flags = [if recursion { RECURSION_DESIRED } else { 0 }, 0];
        Self::of(flags, domain.as_wire(), Rtype::NS, CLASS_IN, None)
    }

    fn of(flags: [u8; 2], name: &[u8], qtype: Rtype, class: u16, dnssec_ok: Option<bool>) -> Self {
        let mut octets = vec![0, 0, flags[0], flags[1], 0, 1, 0, 0, 0, 0, 0, u8::from(dnssec_ok.is_some())];
        octets.extend_from_slice(name);
        octets.extend_from_slice(&qtype.0.to_be_bytes());
        octets.extend_from_slice(&class.to_be_bytes());
        if let Some(dnssec_ok) = dnssec_ok {
            let [size_high, size_low] = UDP_SIZE.to_be_bytes();
            octets.extend_from_slice(&[0, 0, Rtype::OPT.0 as u8, size_high, size_low, 0, 0, u8::from(dnssec_ok) << 7]);
            octets.extend_from_slice(&[0, 0, 0]);
        }
        Self { octets: octets.into(), question_length: name.len() + 4 }
    }

    /// Name in lower case, type and class.
    pub fn question(&self) -> &[u8] {
        &self.octets[HEADER..HEADER + self.question_length]
    }

    /// The name asked for.
    pub fn name(&self) -> &[u8] {
        &self.question()[..self.question_length - 4]
    }

    /// The type asked for.
    pub fn qtype(&self) -> Rtype {
        let at = self.question_length - 4;
        Rtype(u16::from_be_bytes([self.question()[at], self.question()[at + 1]]))
    }

    /// Whether the upstream is to find the answer wherever it is; without it, what it says is true for nobody else.
    pub fn recursion_desired(&self) -> bool {
        self.octets[2] & RECURSION_DESIRED != 0
    }

    /// The message with an id.
    pub fn message(&self, id: u16) -> Vec<u8> {
        let mut message = self.octets.to_vec();
        message[..2].copy_from_slice(&id.to_be_bytes());
        message
    }
}

const RECURSION_DESIRED: u8 = 0x01;
/// AD: the client understands the flag (RFC 6840 §5.7).
const AUTHENTIC: u8 = 0x20;
const CHECKING_DISABLED: u8 = 0x10;
