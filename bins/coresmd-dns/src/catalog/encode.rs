//! Records as octets (RFC 1035 §3.2.1, §3.3; RFC 3596 for AAAA), and those of one name packed together.

use std::net::IpAddr;
use std::sync::Arc;

use super::zone::Soa;
use crate::name::Name;
use crate::wire::{CLASS_IN, Rtype};

/// Seconds for which an answer may be remembered unless the configuration says otherwise: what CoreSMD gives.
pub(crate) const TTL: u32 = 60;

/// The most addresses of one name and family: with more, the answer would not fit a message over TCP.
pub(super) const MAX_ADDRESSES: usize = 2_000;

/// The name of the question, as a compression pointer.
const QUESTION: [u8; 2] = [0xc0, 0x0c];

/// The records of one name, all types, one piece of memory: what a lookup does not have to fetch from several places
/// it has sooner. Clones share it, as the names of one component do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sets(Arc<[u8]>);

/// The records of one name and type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RRset<'c> {
    /// Their type.
    pub rtype: Rtype,
    /// How many there are.
    pub count: u16,
    /// The records as they stand in a message, the owner being a pointer to the question.
    pub records: &'c [u8],
}

impl Sets {
    /// The records of these types, each with the data of its records. Those of one type fit a message: who gives them
    /// sees to that.
    pub(super) fn new(sets: &[(Rtype, Vec<Vec<u8>>)], ttl: u32) -> Self {
        let mut packed = Vec::new();
        for (rtype, rdata) in sets.iter().filter(|(_, rdata)| !rdata.is_empty()) {
            let mut records = Vec::new();
            for rdata in rdata {
                records.extend_from_slice(&QUESTION);
                push_record(&mut records, *rtype, ttl, rdata);
            }
            push_set(&mut packed, *rtype, rdata.len() as u16, &records);
        }
        Self(packed.into())
    }

    /// The records of a name that has these addresses: A and AAAA, each in the given order, at most
    /// [`MAX_ADDRESSES`].
    pub(super) fn addresses(addresses: &[IpAddr], ttl: u32) -> Self {
        let (mut v4, mut v6) = (Vec::new(), Vec::new());
        for address in addresses {
            match address {
                IpAddr::V4(ip) if v4.len() < MAX_ADDRESSES => v4.push(ip.octets().to_vec()),
                IpAddr::V6(ip) if v6.len() < MAX_ADDRESSES => v6.push(ip.octets().to_vec()),
                _ => {}
            }
        }
        Self::new(&[(Rtype::A, v4), (Rtype::AAAA, v6)], ttl)
    }

    /// These and those of other types.
    pub(super) fn and(&self, others: &Self) -> Self {
        Self([&*self.0, &others.0].concat().into())
    }

    /// These and one more type, whose records are ready.
    pub(super) fn and_set(&self, rtype: Rtype, count: u16, records: &[u8]) -> Self {
        let mut packed = self.0.to_vec();
        push_set(&mut packed, rtype, count, records);
        Self(packed.into())
    }

    /// All types, in the order in which they were given.
    pub fn iter(&self) -> impl Iterator<Item = RRset<'_>> {
        let mut rest = &*self.0;
        std::iter::from_fn(move || {
            let (head, behind) = rest.split_first_chunk()?;
            let [type_high, type_low, count_high, count_low, length_high, length_low] = *head;
            let (records, next) = behind.split_at_checked(u16::from_be_bytes([length_high, length_low]).into())?;
            rest = next;
            let rtype = Rtype(u16::from_be_bytes([type_high, type_low]));
            Some(RRset { rtype, count: u16::from_be_bytes([count_high, count_low]), records })
        })
    }

    /// The records of one type.
    pub fn get(&self, rtype: Rtype) -> Option<RRset<'_>> {
        self.iter().find(|set| set.rtype == rtype)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Everything in one, for a digest.
    pub(super) fn octets(&self) -> &[u8] {
        &self.0
    }
}

impl<'c> RRset<'c> {
    /// The records one by one, each as what stands behind its owner: type, class, TTL, length and data. For sets whose
    /// owners are all the question.
    pub fn behind_owners(self) -> impl Iterator<Item = &'c [u8]> {
        let mut rest = self.records;
        std::iter::from_fn(move || {
            let record = rest.get(QUESTION.len()..)?;
            let length = u16::from_be_bytes(*record.get(8..10)?.first_chunk()?);
            let (record, next) = record.split_at_checked(10 + usize::from(length))?;
            rest = next;
            Some(record)
        })
    }

    /// The data of the records.
    pub(super) fn rdata(self) -> impl Iterator<Item = &'c [u8]> {
        self.behind_owners().map(|record| &record[10..])
    }
}

/// The data of a zone's SOA (RFC 1035 §3.3.13).
pub(super) fn soa_rdata(primary: &Name, mailbox: &Name, serial: u32, soa: &Soa) -> Vec<u8> {
    let mut rdata = [primary.as_wire(), mailbox.as_wire()].concat();
    for number in [serial, soa.refresh, soa.retry, soa.expire, soa.minimum] {
        rdata.extend_from_slice(&number.to_be_bytes());
    }
    rdata
}

/// The SOA of negative answers behind its owner; its TTL is that of the negative answer (RFC 2308 §3).
pub(super) fn negative_soa(soa_rdata: &[u8], ttl: u32) -> Box<[u8]> {
    let mut record = Vec::new();
    push_record(&mut record, Rtype::SOA, ttl, soa_rdata);
    record.into()
}

/// A record behind its owner: ten octets and its data.
fn push_record(out: &mut Vec<u8>, rtype: Rtype, ttl: u32, rdata: &[u8]) {
    out.extend_from_slice(&rtype.0.to_be_bytes());
    out.extend_from_slice(&CLASS_IN.to_be_bytes());
    out.extend_from_slice(&ttl.to_be_bytes());
    out.extend_from_slice(&(rdata.len() as u16).to_be_bytes());
    out.extend_from_slice(rdata);
}

/// A type with its records, as [`Sets`] holds it.
fn push_set(packed: &mut Vec<u8>, rtype: Rtype, count: u16, records: &[u8]) {
    packed.extend_from_slice(&rtype.0.to_be_bytes());
    packed.extend_from_slice(&count.to_be_bytes());
    packed.extend_from_slice(&(records.len() as u16).to_be_bytes());
    packed.extend_from_slice(records);
}
