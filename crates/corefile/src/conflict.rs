//! Two server blocks that cannot both be served (facts: coredhcp-coredns §B2 "Duplicates").

use std::collections::BTreeSet;

use crate::error::{Error, ErrorKind};
use crate::key::Key;
use crate::span::Span;
use crate::{Corefile, ServerBlock};

impl Corefile {
    /// The keys that repeat what another block serves already: same scheme, zone, port and `bind` address.
    /// `dns_port` is the port of `dns` keys that name none.
    ///
    /// `bind` arguments are compared as they are written; that an interface's name and one of its addresses are the
    /// same shows only when both are bound.
    pub fn conflicts(&self, dns_port: u16) -> Vec<Error> {
        let mut served: Vec<Served<'_>> = Vec::new();
        let mut errors = Vec::new();
        for block in &self.blocks {
            let addresses = bind_addresses(block);
            for key in &block.keys {
                let new = Served { key, port: key.effective_port(dns_port), addresses: addresses.clone() };
                match served.iter().find_map(|old| old.conflict(&new)) {
                    Some(error) => errors.push(error),
                    None => served.push(new),
                }
            }
        }
        errors
    }
}

/// A key and where it listens.
struct Served<'a> {
    key: &'a Key,
    port: u16,
    /// Arguments of the block's `bind`; none: every address.
    addresses: BTreeSet<&'a str>,
}

impl Served<'_> {
    fn conflict(&self, new: &Self) -> Option<Error> {
        let what = |served: &Self| (served.key.scheme, served.port);
        if what(self) != what(new) || self.key.zone != new.key.zone {
            return None;
        }
        let key = Key { port: Some(new.port), ..new.key.clone() }.to_string();
        let first: Span = self.key.span.clone();
        let kind = match (self.addresses.is_empty(), new.addresses.is_empty()) {
            (true, false) | (false, true) => ErrorKind::Overlap { key, first },
            (false, false) if self.addresses.is_disjoint(&new.addresses) => return None,
            _ => ErrorKind::AlreadyDefined { key, first },
        };
        Some(Error::new(kind, new.key.span.clone()))
    }
}

/// The arguments of all `bind` lines.
fn bind_addresses(block: &ServerBlock) -> BTreeSet<&str> {
    block.named("bind").flat_map(|bind| &bind.args).map(|word| word.text.as_str()).collect()
}
