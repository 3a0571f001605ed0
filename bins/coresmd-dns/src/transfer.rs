//! Whole zones for secondaries: AXFR (RFC 5936), and IXFR that is answered as RFC 1995 §4 allows: with the SOA alone where
//! the client has the serial, else with the whole zone.
//!
//! A transfer is lent one catalog, so that a new snapshot during it changes nothing in it. It is cut into messages that
//! stay so small that a compression pointer reaches everything in them. Differences (IXFR proper) would be kept beside
//! the serials, NOTIFY sent by whoever publishes a catalog, TSIG checked and signed in [`wanted`] and [`Messages::next`];
//! none of them is there yet.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::catalog::{Catalog, RRset, is_newer};
use crate::handle::Exchange;
use crate::name::suffixes;
use crate::plugins::Question;
use crate::query::{HEADER, Header, Query};
use crate::response::Transport;
use crate::view::{Block, View};
use crate::wire::{CLASS_IN, Rtype};

/// Octets of records after which a message ends: as far as a compression pointer reaches (RFC 1035 §4.1.4).
const MESSAGE: usize = 0x3fff;

/// A whole zone that a client may have.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// What it is taken from.
    pub catalog: Arc<Catalog>,
    /// The zone, as an index for [`Catalog::zone`].
    pub zone: usize,
    /// The id of the query.
    id: u16,
    /// The question, as it was sent.
    question: Vec<u8>,
    /// Whether the client speaks EDNS.
    edns: bool,
    /// Whether the client has this very zone: it asked for what is newer than that (IXFR).
    pub is_current: bool,
}

/// What a message over TCP asks for, if that is a zone of ours which the client may have. Everything else is a query like
/// any other, and AXFR and IXFR that come out here as `None` are answered as such: refused, or with the SOA.
pub fn wanted(view: &View, exchange: &Exchange<'_>) -> Option<Wanted> {
    let Exchange { transport, client, message, .. } = *exchange;
    let header = Header::decode(message).ok().filter(|_| transport == Transport::Tcp)?;
    let query = Query::decode(&header, message).ok()?;
    if !matches!(query.qtype, Rtype::AXFR | Rtype::IXFR) || query.class != CLASS_IN {
        return None;
    }
    if query.edns.is_some_and(|edns| edns.version != 0) {
        return None;
    }
    let name = query.lower_name();
    let Block { catalog: Some(catalog), chain } = view.block(view.route(name.as_wire(), query.qtype)?) else {
        return None;
    };
    let zone = catalog.zone_at(name.as_wire())?;
    let question = Question { name: name.as_wire(), query: &query, client, transport };
    if !catalog.is_loaded() || !catalog.transfers_to(client.ip()) || !chain.permits(&question) {
        return None;
    }
    let has = (query.qtype == Rtype::IXFR).then(|| serial_of_client(&query, message)).flatten();
    Some(Wanted {
        zone,
        id: header.id,
        question: query.question.to_vec(),
        edns: query.edns.is_some(),
        is_current: has.is_some_and(|has| !is_newer(catalog.zone(zone).serial, has)),
        catalog: Arc::clone(catalog),
    })
}

/// The serial in the SOA behind the question of an IXFR (RFC 1995 §3): the first of the five numbers that end it.
fn serial_of_client(query: &Query<'_>, message: &[u8]) -> Option<u32> {
    let mut at = HEADER + query.question.len();
    // the owner: labels, or a pointer in their place
    loop {
        match *message.get(at)? {
            0 => break at += 1,
            0xc0.. => break at += 2,
            length => at += 1 + usize::from(length),
        }
    }
    let fixed: &[u8; 10] = message.get(at..)?.first_chunk()?;
    if fixed[..2] != Rtype::SOA.0.to_be_bytes() {
        return None;
    }
    let rdata = message.get(at + 10..)?.get(..usize::from(u16::from_be_bytes([fixed[8], fixed[9]])))?;
    let numbers = rdata.get(rdata.len().checked_sub(20)?..)?;
    Some(u32::from_be_bytes(*numbers.first_chunk()?))
}

/// A record of the zone.
#[derive(Debug, Clone, Copy)]
struct Record<'c> {
    /// Its owner in wire form.
    owner: &'c [u8],
    /// Type, class, TTL, length and data.
    rest: &'c [u8],
}

/// A transfer as messages, one after the other.
#[derive(Debug)]
pub struct Messages<'w> {
    wanted: &'w Wanted,
    records: Vec<Record<'w>>,
    /// How many of the records have been sent.
    sent: usize,
    /// Where in the message names stand that have been written.
    places: FxHashMap<&'w [u8], u16>,
}

impl Wanted {
    /// The messages that answer it.
    pub fn messages(&self) -> Messages<'_> {
        let records =
            if self.is_current { vec![soa(&self.catalog, self.zone)] } else { records(&self.catalog, self.zone) };
        Messages { wanted: self, records, sent: 0, places: FxHashMap::default() }
    }
}

impl<'w> Messages<'w> {
    /// How many records the transfer has.
    pub fn records(&self) -> usize {
        self.records.len()
    }

    /// Appends the next message; `false` when there is none left.
    pub fn next(&mut self, out: &mut Vec<u8>) -> bool {
        if self.sent == self.records.len() {
            return false;
        }
        let start = out.len();
        let wanted = self.wanted;
        let (first, apex) = (self.sent == 0, wanted.catalog.zone(wanted.zone).apex.as_wire());
        let opt = first && wanted.edns;
        self.places.clear();
        if wanted.question.starts_with(apex) {
            // the client's letters may be others; then the name is written once more
            self.places.extend(
                suffixes(apex)
                    .filter(|name| name.len() > 1)
                    .map(|name| (name, (HEADER + apex.len() - name.len()) as u16)),
            );
        }
        out.extend_from_slice(&wanted.id.to_be_bytes());
        // a response, with authority
        out.extend_from_slice(&[0x84, 0, 0, 1, 0, 0, 0, 0, 0, u8::from(opt)]);
        out.extend_from_slice(&wanted.question);
        let mut count: u16 = 0;
        while let Some(record) = self.records.get(self.sent) {
            let before = out.len();
            self.push(out, start, *record);
            if out.len() - start > MESSAGE && count > 0 {
                out.truncate(before);
                break;
            }
            self.sent += 1;
            count += 1;
        }
        out[start + 6..start + 8].copy_from_slice(&count.to_be_bytes());
        if opt {
            out.extend_from_slice(&[0, 0, 41, 0x04, 0xd0, 0, 0, 0, 0, 0, 0]);
        }
        true
    }

    /// Appends a record, with the names in it compressed that may be (RFC 3597 §4).
    fn push(&mut self, out: &mut Vec<u8>, start: usize, record: Record<'w>) {
        self.push_name(out, start, record.owner);
        let (head, rdata) = record.rest.split_at(10);
        out.extend_from_slice(head);
        let length_at = out.len() - 2;
        let rtype = Rtype(u16::from_be_bytes([head[0], head[1]]));
        match rtype {
            Rtype::NS | Rtype::CNAME | Rtype::PTR => self.push_name(out, start, rdata),
            Rtype::MX => {
                out.extend_from_slice(&rdata[..2]);
                self.push_name(out, start, &rdata[2..]);
            }
            Rtype::SOA => {
                let (names, numbers) = rdata.split_at(rdata.len() - 20);
                let (primary, mailbox) = names.split_at(name_length(names));
                self.push_name(out, start, primary);
                self.push_name(out, start, mailbox);
                out.extend_from_slice(numbers);
            }
            _ => out.extend_from_slice(rdata),
        }
        let length = (out.len() - length_at - 2) as u16;
        out[length_at..length_at + 2].copy_from_slice(&length.to_be_bytes());
    }

    /// Appends a name: its first labels, and a pointer to the rest where that stands in the message already.
    fn push_name(&mut self, out: &mut Vec<u8>, start: usize, name: &'w [u8]) {
        for suffix in suffixes(name) {
            if suffix.len() == 1 {
                break;
            }
            if let Some(place) = self.places.get(suffix) {
                return out.extend_from_slice(&(0xc000 | place).to_be_bytes());
            }
            let place = out.len() - start;
            if place <= MESSAGE {
                self.places.insert(suffix, place as u16);
            }
            out.extend_from_slice(&suffix[..=usize::from(suffix[0])]);
        }
        out.push(0);
    }
}

/// All records of a zone in the order of RFC 5936 §2.2: the SOA first and last; between them the apex, the names, and
/// where zones of ours lie below this one, their name servers, with addresses if these would be missed (glue).
fn records(catalog: &Catalog, zone: usize) -> Vec<Record<'_>> {
    let authority = catalog.zone(zone);
    let apex = authority.apex.as_wire();
    let mut names: Vec<_> = catalog.nodes().filter(|(_, node)| node.zone == zone && !node.sets.is_empty()).collect();
    names.sort_unstable_by_key(|(name, _)| *name);

    let soa = soa(catalog, zone);
    let mut records = Vec::with_capacity(names.len() + 4);
    records.push(soa);
    extend(&mut records, apex, authority.sets.get(Rtype::NS));
    for (name, node) in names {
        match node.alias {
            // the rest of the sets is what the CNAME leads to
            Some(_) => extend(&mut records, name, node.sets.get(Rtype::CNAME)),
            None => node.sets.iter().for_each(|set| extend(&mut records, name, Some(set))),
        }
    }
    for below in catalog.zones_below(zone) {
        extend(&mut records, below.apex.as_wire(), below.sets.get(Rtype::NS));
        for server in &below.name_servers {
            let name = server.as_wire();
            // the server's own zone is left out of this one
            let node = catalog.node(name).filter(|node| node.zone != zone);
            let is_below = suffixes(name).any(|suffix| suffix == below.apex.as_wire());
            for rtype in [Rtype::A, Rtype::AAAA] {
                extend(&mut records, name, node.filter(|_| is_below).and_then(|node| node.sets.get(rtype)));
            }
        }
    }
    records.push(soa);
    records
}

fn soa(catalog: &Catalog, zone: usize) -> Record<'_> {
    let authority = catalog.zone(zone);
    let set = authority.sets.get(Rtype::SOA);
    let rest = set.and_then(|set| set.behind_owners().next()).expect("every zone has a SOA");
    Record { owner: authority.apex.as_wire(), rest }
}

fn extend<'c>(records: &mut Vec<Record<'c>>, owner: &'c [u8], set: Option<RRset<'c>>) {
    let rests = set.into_iter().flat_map(RRset::behind_owners);
    records.extend(rests.map(|rest| Record { owner, rest }));
}

/// Octets of the name that begins the data.
fn name_length(data: &[u8]) -> usize {
    let mut at = 0;
    while data[at] != 0 {
        at += 1 + usize::from(data[at]);
    }
    at + 1
}

#[cfg(test)]
pub(crate) mod tests;
