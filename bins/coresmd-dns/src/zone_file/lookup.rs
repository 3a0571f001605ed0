//! What a zone answers: the algorithm of RFC 1034 §4.3.2 with wildcards (RFC 4592), DNAME (RFC 6672), referrals with
//! glue, the chain of aliases as far as it stays in the zone, NODATA and NXDOMAIN with the SOA (RFC 2308), and the
//! proofs of a signed zone (RFC 4035 §3.1) for those who ask for them.
//!
//! As the original: the zone's NS stand below every answer, and the SOA of a negative answer keeps its own TTL.

use hickory_proto::rr::{RData, Record};

use super::zone::{Node, RecordSet, Zone, key, push_label};
use super::{CNAME, DNAME, NSEC, RRSIG};
use crate::name::{MAX_NAME, suffixes};
use crate::plugins::Composed;
use crate::record;
use crate::wire::{Rcode, Rtype};

/// The longest chain of aliases that is followed.
const MAX_CHAIN: usize = 16;

/// The response code of a name that a DNAME makes too long (RFC 6672 §2.2).
const YXDOMAIN: u16 = 6;

/// What RFC 8482 §4.2 has in place of everything about a name: a HINFO that says so.
const ANY_RDATA: &[u8] = b"\x07RFC8482\0";

impl Zone {
    /// The answer about a name of the zone, in wire form and lower case.
    pub fn lookup(&self, name: &[u8], qtype: Rtype, dnssec_ok: bool) -> Composed {
        let composed = Composed { authoritative: true, ..Composed::default() };
        let mut reply = Reply { zone: self, dnssec_ok, composed };
        reply.resolve(name, qtype);
        reply.add_addresses();
        reply.composed
    }

    /// Where a name leads.
    fn place(&self, name: &[u8], qtype: Rtype) -> Place<'_> {
        let labels: Vec<&[u8]> = labels(name).collect();
        let below = labels.len().saturating_sub(self::labels(self.origin().as_wire()).count());
        let mut path = key(self.origin().as_wire()).into_vec();
        let mut node = self.apex();
        for (index, label) in labels[..below].iter().enumerate().rev() {
            if let Some(redirection) = node.set(DNAME) {
                let octets = labels[..=index].iter().map(|label| 1 + label.len()).sum();
                return Place::Redirected { redirection, octets };
            }
            let encloser = path.len();
            push_label(&mut path, label);
            let Some(next) = self.node(&path) else {
                path.truncate(encloser);
                push_label(&mut path, b"*");
                return Place::Missing { wildcard: self.node(&path), wildcard_key: path };
            };
            node = next;
            // the DS of a cut is the one type that lives above it (RFC 4035 §3.1.4.1)
            let cut = node.set(Rtype::NS).filter(|_| index > 0 || qtype != Rtype::DS);
            if let Some(cut) = cut {
                return Place::Cut { node, cut };
            }
        }
        Place::Here(node)
    }
}

/// Where a name leads.
enum Place<'z> {
    /// To a name of the zone, or an empty non-terminal.
    Here(&'z Node),
    /// Out of the zone, to the servers of a child.
    Cut { node: &'z Node, cut: &'z RecordSet },
    /// Elsewhere, the first so many octets of the name being kept.
    Redirected { redirection: &'z RecordSet, octets: usize },
    /// Nowhere, unless to the wildcard of the closest name above that exists.
    Missing { wildcard: Option<&'z Node>, wildcard_key: Vec<u8> },
}

/// What the last name of the chain comes to.
enum Outcome {
    /// There are records, or the chain leaves the zone.
    Answered,
    /// The chain goes on.
    Alias(Vec<u8>),
    /// The name exists, the type does not.
    NoData,
}

/// An answer in the making.
struct Reply<'z> {
    zone: &'z Zone,
    dnssec_ok: bool,
    composed: Composed,
}

impl<'z> Reply<'z> {
    /// Follows the chain from a name to its end.
    fn resolve(&mut self, name: &[u8], qtype: Rtype) {
        let mut chain = vec![name.to_vec()];
        while let Some(target) = self.step(&chain[chain.len() - 1], qtype) {
            let outside = !suffixes(&target).any(|suffix| suffix == self.zone.origin().as_wire());
            if outside || chain.contains(&target) || chain.len() == MAX_CHAIN {
                return self.add_servers(qtype);
            }
            chain.push(target);
        }
    }

    /// Answers for one name; the next one if it is an alias.
    fn step(&mut self, name: &[u8], qtype: Rtype) -> Option<Vec<u8>> {
        let zone = self.zone;
        let outcome = match zone.place(name, qtype) {
            Place::Here(node) => self.take(node, name, None, qtype),
            Place::Cut { node, cut } => {
                self.refer(node, cut);
                return None;
            }
            Place::Redirected { redirection, octets } => return self.redirect(redirection, name, octets),
            Place::Missing { wildcard: Some(node), wildcard_key } => {
                let outcome = self.take(node, name, Some(name), qtype);
                self.deny(&key(name));
                if matches!(outcome, Outcome::NoData) {
                    self.deny(&wildcard_key);
                }
                outcome
            }
            Place::Missing { wildcard: None, wildcard_key } => {
                self.composed.rcode = Rcode::NxDomain as u16;
                self.add_soa();
                self.deny(&key(name));
                self.deny(&wildcard_key);
                return None;
            }
        };
        match outcome {
            Outcome::Alias(target) => return Some(target),
            Outcome::Answered => self.add_servers(qtype),
            Outcome::NoData => {
                self.add_soa();
                self.deny(&key(name));
            }
        }
        None
    }

    /// Answers with what a node has. `owner`: the name that the records of a wildcard get.
    fn take(&mut self, node: &'z Node, name: &[u8], owner: Option<&[u8]>, qtype: Rtype) -> Outcome {
        match qtype {
            Rtype::ANY if !node.is_empty() => {
                let ttl = self.zone.soa().ttl;
                self.composed.answers.push(record::record(name, Rtype::HINFO, ttl, ANY_RDATA));
                return Outcome::Answered;
            }
            RRSIG if node.signatures().next().is_some() => {
                self.composed.answers.extend(node.signatures().map(|record| owned(record, owner)));
                return Outcome::Answered;
            }
            _ => {}
        }
        let alias = || node.set(CNAME).filter(|set| !set.records.is_empty());
        let Some(set) = node.set(qtype).filter(|set| !set.records.is_empty()).or_else(alias) else {
            return Outcome::NoData;
        };
        push(&mut self.composed.answers, set, owner, self.dnssec_ok);
        match &set.records[0].data {
            RData::CNAME(target) if qtype != CNAME => Outcome::Alias(record::lower_wire(target)),
            _ => Outcome::Answered,
        }
    }

    /// Answers with a DNAME and the CNAME that it makes (RFC 6672 §3.2).
    fn redirect(&mut self, redirection: &RecordSet, name: &[u8], octets: usize) -> Option<Vec<u8>> {
        push(&mut self.composed.answers, redirection, None, self.dnssec_ok);
        let dname = &redirection.records[0];
        let RData::Unknown { rdata, .. } = &dname.data else { return None };
        let target = [&name[..octets], rdata.anything.as_slice()].concat();
        if target.len() > MAX_NAME {
            self.composed.rcode = YXDOMAIN;
            return None;
        }
        self.composed.answers.push(record::record(name, CNAME, dname.ttl, &target));
        Some(target.to_ascii_lowercase())
    }

    /// Names the servers of a child zone. What was answered before is still our word.
    fn refer(&mut self, node: &Node, cut: &RecordSet) {
        self.composed.authoritative = !self.composed.answers.is_empty();
        let authorities = &mut self.composed.authorities;
        // the child signs these, not we (RFC 4035 §2.2)
        push(authorities, cut, None, false);
        match node.set(Rtype::DS) {
            Some(digests) if self.dnssec_ok => push(authorities, digests, None, true),
            Some(_) => {}
            None => self.deny(&key(&record::lower_wire(&cut.records[0].name))),
        }
    }

    /// The servers of the zone, unless they are the answer.
    fn add_servers(&mut self, qtype: Rtype) {
        let Some(servers) = self.zone.apex().set(Rtype::NS) else { return };
        let asked = self.composed.answers.iter().any(|record| record.name == servers.records[0].name);
        if qtype != Rtype::NS || !asked {
            push(&mut self.composed.authorities, servers, None, self.dnssec_ok);
        }
    }

    fn add_soa(&mut self) {
        if let Some(soa) = self.zone.apex().set(Rtype::SOA) {
            push(&mut self.composed.authorities, soa, None, self.dnssec_ok);
        }
    }

    /// Adds the NSEC that says what there is not at a key, once.
    fn deny(&mut self, key: &[u8]) {
        let Some(denial) = self.zone.denial(key).filter(|_| self.dnssec_ok) else { return };
        let there = |record: &Record| record::rtype(record) == NSEC && record.name == denial.records[0].name;
        if !self.composed.authorities.iter().any(there) {
            push(&mut self.composed.authorities, denial, None, true);
        }
    }

    /// The addresses in the zone of the servers, mail exchangers and services that the reply names.
    fn add_addresses(&mut self) {
        let Composed { answers, authorities, additionals, authoritative, .. } = &mut self.composed;
        let referred = if *authoritative { &[][..] } else { &authorities[..] };
        let mut known = Vec::new();
        for record in answers.iter().chain(referred) {
            let target = match &record.data {
                RData::NS(servers) => &servers.0,
                RData::MX(mail) => &mail.exchange,
                RData::SRV(service) => &service.target,
                _ => continue,
            };
            let wire = record::lower_wire(target);
            let inside = suffixes(&wire).any(|suffix| suffix == self.zone.origin().as_wire());
            if !inside || known.contains(&wire) {
                continue;
            }
            if let Some(node) = self.zone.node(&key(&wire)) {
                for set in [Rtype::A, Rtype::AAAA].into_iter().filter_map(|rtype| node.set(rtype)) {
                    push(additionals, set, None, self.dnssec_ok);
                }
            }
            known.push(wire);
        }
    }
}

/// Adds a set to a section, with its signatures if they are wanted.
fn push(section: &mut Vec<Record>, set: &RecordSet, owner: Option<&[u8]>, signed: bool) {
    let signatures = set.signatures.iter().filter(|_| signed);
    section.extend(set.records.iter().chain(signatures).map(|record| owned(record, owner)));
}

/// A record, with another owner if there is one.
fn owned(record: &Record, owner: Option<&[u8]>) -> Record {
    let mut record = record.clone();
    if let Some(owner) = owner {
        record.name = record::name(owner);
    }
    record
}

/// The labels of a name in wire form, the root's left out.
fn labels(name: &[u8]) -> impl Iterator<Item = &[u8]> {
    suffixes(name).take_while(|rest| rest[0] != 0).map(|rest| &rest[1..=usize::from(rest[0])])
}

#[cfg(test)]
mod tests;
