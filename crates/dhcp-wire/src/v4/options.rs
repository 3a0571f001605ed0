//! The options of an outgoing message: one value for each code, in the order in which they are sent.

use std::net::Ipv4Addr;

use dhcproto::v4::OptionCode;

/// Option 82: the only one that is not sent in the order of its code (RFC 3046 §2.1: last).
const RELAY_AGENT_INFORMATION: u8 = 82;

/// A set of options, sorted as they go out: ascending by code, 82 last.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Options {
    entries: Vec<Entry>,
    bytes: Vec<u8>,
}

/// One option: its place among the others and its value's place in `bytes`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Entry {
    code: u8,
    start: usize,
    length: usize,
}

impl Options {
    /// An empty set with room for an ordinary reply.
    pub fn new() -> Self {
        Self { entries: Vec::with_capacity(24), bytes: Vec::with_capacity(384) }
    }

    /// Sets an option; a value that it had before is replaced. A value longer than 255 bytes is split when it is sent.
    pub fn set(&mut self, code: OptionCode, value: &[u8]) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(value);
        self.enter(Entry { code: code.into(), start, length: value.len() });
    }

    /// Sets an option to a list of addresses.
    pub fn set_addresses(&mut self, code: OptionCode, addresses: &[Ipv4Addr]) {
        let start = self.bytes.len();
        self.bytes.extend(addresses.iter().flat_map(Ipv4Addr::octets));
        self.enter(Entry { code: code.into(), start, length: self.bytes.len() - start });
    }

    /// Removes an option.
    pub fn remove(&mut self, code: OptionCode) {
        if let Ok(at) = self.find(code.into()) {
            self.entries.remove(at);
        }
    }

    /// An option's value.
    pub fn get(&self, code: OptionCode) -> Option<&[u8]> {
        self.find(code.into()).ok().map(|at| self.value(self.entries[at]))
    }

    /// Every option with its value, in the order of sending.
    pub fn iter(&self) -> impl Iterator<Item = (u8, &[u8])> {
        self.entries.iter().map(|entry| (entry.code, self.value(*entry)))
    }

    fn enter(&mut self, entry: Entry) {
        match self.find(entry.code) {
            Ok(at) => self.entries[at] = entry,
            Err(at) => self.entries.insert(at, entry),
        }
    }

    fn value(&self, entry: Entry) -> &[u8] {
        &self.bytes[entry.start..entry.start + entry.length]
    }

    fn find(&self, code: u8) -> Result<usize, usize> {
        self.entries.binary_search_by_key(&rank(code), |entry| rank(entry.code))
    }
}

/// Where an option stands among the others.
fn rank(code: u8) -> u16 {
    if code == RELAY_AGENT_INFORMATION { 256 } else { u16::from(code) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_come_out_in_the_order_of_their_codes_and_82_last() {
        let mut options = Options::new();
        options.set(OptionCode::RelayAgentInformation, &[1]);
        options.set(OptionCode::DomainSearch, &[2]);
        options.set(OptionCode::SubnetMask, &[3]);
        options.set(OptionCode::SubnetMask, &[4, 4]);
        options.set_addresses(OptionCode::DomainNameServer, &[Ipv4Addr::new(1, 2, 3, 4), Ipv4Addr::new(5, 6, 7, 8)]);
        options.set(OptionCode::Router, &[5]);
        options.remove(OptionCode::Router);
        assert_eq!(
            options.iter().collect::<Vec<_>>(),
            [(1, &[4, 4][..]), (6, &[1, 2, 3, 4, 5, 6, 7, 8]), (119, &[2]), (82, &[1])]
        );
        assert_eq!(options.get(OptionCode::SubnetMask), Some(&[4, 4][..]));
        assert_eq!(options.get(OptionCode::Router), None);
    }
}
