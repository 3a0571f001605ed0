//! MAC addresses with their IP addresses, one pair a line: what `file` reads (facts: coredhcp-coredns §A5).
//!
//! ```text
//! # comments and empty lines are skipped
//! 52:54:00:be:ef:01 172.16.0.61   # to the end of the line
//! ```
//! Reading and watching the file is for the server; this room parses, and holds the table that is in force.

use std::ops::Range;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use arc_swap::ArcSwap;
use rustc_hash::FxHashMap;
use smd_cache::MacAddr;

/// The addresses of one family, by MAC address.
pub type Table<A> = FxHashMap<MacAddr, A>;

/// A file with the table that was read from it last. Clones share the table.
#[derive(Debug, Clone)]
pub struct AddressFile<A> {
    /// Where it is.
    pub path: PathBuf,
    /// Whether it is read again when it changes (`autorefresh`).
    pub autorefresh: bool,
    /// The table in force; empty until the file is read.
    pub table: Arc<ArcSwap<Table<A>>>,
}

impl<A: Copy> AddressFile<A> {
    /// A file that is not read yet.
    pub fn new(path: PathBuf, autorefresh: bool) -> Self {
        Self { path, autorefresh, table: Arc::default() }
    }

    /// The address of a client.
    pub fn get(&self, mac: MacAddr) -> Option<A> {
        self.table.load().get(&mac).copied()
    }

    /// Whether somebody has this address. Looked for line by line: such files are short.
    pub fn lists(&self, address: A) -> bool
    where
        A: PartialEq,
    {
        self.table.load().values().any(|listed| *listed == address)
    }
}

/// What is wrong with a part of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Octets of the text.
    pub span: Range<usize>,
    /// What is wrong.
    pub message: String,
    /// The table cannot be used. A MAC address that stands there twice is no reason for that: its last line counts.
    pub fatal: bool,
}

/// Reads a whole file. The table is good if no fault is fatal.
pub fn parse<A: FromStr + Copy + Family>(text: &str) -> (Table<A>, Vec<Fault>) {
    let (mut table, mut faults) = (Table::default(), Vec::new());
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let content = line.split('#').next().unwrap_or_default();
        match pair(content) {
            Ok(None) => {}
            Ok(Some((mac, address))) => {
                if table.insert(mac, address).is_some() {
                    let message = format!("{mac} is there twice: this line counts");
                    faults.push(Fault { span: place(start, content), message, fatal: false });
                }
            }
            Err(message) => faults.push(Fault { span: place(start, content), message, fatal: true }),
        }
        start += line.len();
    }
    (table, faults)
}

/// The word for an address of one family, in messages.
pub trait Family {
    /// `IPv4` or `IPv6`.
    const NAME: &'static str;
}

impl Family for std::net::Ipv4Addr {
    const NAME: &'static str = "IPv4";
}

impl Family for std::net::Ipv6Addr {
    const NAME: &'static str = "IPv6";
}

/// The two words of a line; `None` for a line without any.
fn pair<A: FromStr + Family>(content: &str) -> Result<Option<(MacAddr, A)>, String> {
    let words: Vec<&str> = content.split_whitespace().collect();
    match words[..] {
        [] => Ok(None),
        [mac, address] => {
            let mac = mac.parse().map_err(|error| format!("{mac:?} is no MAC address: {error}"))?;
            let address = address.parse().map_err(|_| format!("{address:?} is no {} address", A::NAME))?;
            Ok(Some((mac, address)))
        }
        _ => Err(format!("a line has a MAC address and an {} address, not {} words", A::NAME, words.len())),
    }
}

/// A line's place without the white space around it.
fn place(start: usize, content: &str) -> Range<usize> {
    let from = start + content.len() - content.trim_start().len();
    from..from + content.trim().len()
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use super::*;

    const TEXT: &str =
        "# nodes\n0A:00:27:00:00:01 172.16.0.61\n\n  \t\n0a-00-27-00-00-02\t172.16.0.62 # the second\r\n";

    #[test]
    fn a_line_is_a_mac_and_an_address() {
        let (table, faults) = parse::<Ipv4Addr>(TEXT);
        assert_eq!(faults, []);
        assert_eq!(table.len(), 2);
        assert_eq!(table[&MacAddr([0x0a, 0, 0x27, 0, 0, 2])], Ipv4Addr::new(172, 16, 0, 62));
        let (table, faults) = parse::<Ipv6Addr>("0a:00:27:00:00:01 fd00::1");
        assert_eq!((table.len(), faults.len()), (1, 0));
    }

    #[test]
    fn a_bad_line_is_named_and_a_repeated_mac_is_only_a_warning() {
        let text = format!("{TEXT}  oops 1.2.3.4\n0a:00:27:00:00:03 fd00::1\n0a:00:27:00:00:01\n");
        let (_, faults) = parse::<Ipv4Addr>(&format!("{text}0a0027000001 172.16.0.9\n"));
        let found: Vec<_> =
            faults.iter().map(|fault| (&text[..fault.span.start], fault.message.clone(), fault.fatal)).collect();
        let lines: Vec<_> = found.iter().map(|(before, ..)| before.lines().count()).collect();
        assert_eq!(lines, [6, 6, 7, 8]);
        assert!(found[0].1.contains("\"oops\" is no MAC address"), "{found:?}");
        assert_eq!(found[1].1, "\"fd00::1\" is no IPv4 address");
        assert_eq!(found[2].1, "a line has a MAC address and an IPv4 address, not 1 words");
        assert_eq!((found[3].1.as_str(), found[3].2), ("0a:00:27:00:00:01 is there twice: this line counts", false));
    }
}
