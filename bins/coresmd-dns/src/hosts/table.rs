//! A hosts file as two tables: the addresses of each name, the names of each address (hosts(5)).
//!
//! A line is an address and names behind it, up to `#`. What is wrong with a line is found with its place, and the
//! line left out.

use std::collections::HashMap;
use std::net::IpAddr;

use rustc_hash::FxBuildHasher;
use serve::findings::{Finding, Severity};

use crate::name::Name;
use crate::wire::Rtype;
use crate::zones::within;

/// The most findings of one file that are worth telling.
const MAX_FINDINGS: usize = 20;

/// Names and their addresses.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Table {
    /// By name, in wire form.
    addresses: HashMap<Box<[u8]>, Addresses, FxBuildHasher>,
    /// By the name that holds the PTR of the address.
    names: HashMap<Box<[u8]>, Vec<Name>, FxBuildHasher>,
}

/// The addresses of a name, in the order of the file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Addresses(Vec<IpAddr>);

impl Table {
    /// Adds what a text says about names in `zones`. `file` is what findings shall call it.
    pub fn read(&mut self, file: &str, text: &str, zones: &[Name]) -> Vec<Finding> {
        let mut findings = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let content = line.split('#').next().unwrap_or_default();
            let mut words = words(content);
            let Some((column, address)) = words.next() else { continue };
            let mut fault = |column: usize, word: &str, message: String| {
                if findings.len() < MAX_FINDINGS {
                    let finding = Finding::new(Severity::Error, file, index + 1, column, message);
                    findings.push(finding.length(word.chars().count()));
                }
            };
            match parse_address(address) {
                None => fault(column, address, format!("`{address}` is not an IP address")),
                Some(_) if words.clone().next().is_none() => {
                    fault(column, address, format!("the address {address} has no name"));
                }
                Some(ip) => {
                    for (column, name) in words {
                        match Name::parse(name) {
                            Ok(name) if within(name.as_wire(), zones) => self.insert(ip, &name),
                            Ok(_) => {}
                            Err(error) => fault(column, name, format!("the name `{name}` {error}")),
                        }
                    }
                }
            }
        }
        findings
    }

    /// The addresses of a name in wire form and lower case; `None` if there is no such name.
    pub(super) fn addresses(&self, name: &[u8]) -> Option<&Addresses> {
        self.addresses.get(name)
    }

    /// The names of the address whose PTR the name in wire form and lower case would hold.
    pub(super) fn names(&self, reverse: &[u8]) -> &[Name] {
        self.names.get(reverse).map_or(&[], Vec::as_slice)
    }

    /// Every address of a name and every name of an address.
    pub fn entries(&self) -> usize {
        let addresses = self.addresses.values().map(|addresses| addresses.0.len());
        addresses.chain(self.names.values().map(Vec::len)).sum()
    }

    /// Adds an address of a name, and the name to those of the address.
    pub(crate) fn insert(&mut self, address: IpAddr, name: &Name) {
        let addresses = self.addresses.entry(name.as_wire().into()).or_default();
        if !addresses.0.contains(&address) {
            addresses.0.push(address);
            self.names.entry(Name::reverse(address).into()).or_default().push(name.clone());
        }
    }
}

impl Addresses {
    /// The data of the records of a type, if it is a type of address.
    pub(super) fn records(&self, rtype: Rtype) -> impl Iterator<Item = Vec<u8>> {
        self.0.iter().filter_map(move |address| match address {
            IpAddr::V4(v4) if rtype == Rtype::A => Some(v4.octets().to_vec()),
            IpAddr::V6(v6) if rtype == Rtype::AAAA => Some(v6.octets().to_vec()),
            _ => None,
        })
    }
}

/// The words of a line, each with its column (from 1, in characters).
fn words(line: &str) -> impl Iterator<Item = (usize, &str)> + Clone {
    line.split_whitespace().map(move |word| {
        let before = word.as_ptr() as usize - line.as_ptr() as usize;
        (line[..before].chars().count() + 1, word)
    })
}

/// An address; the zone behind `%` of a link-local one says nothing to others.
pub(crate) fn parse_address(text: &str) -> Option<IpAddr> {
    let address = text.split_once('%').map_or(text, |(address, _)| address);
    address.parse().ok()
}
