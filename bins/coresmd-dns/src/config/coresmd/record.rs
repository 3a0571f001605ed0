//! `record NAME TYPE DATA…`: records that are in no inventory, checked one by one and against each other.

use std::net::IpAddr;

use corefile::{Directive, Span, Word};
use hickory_proto::rr::{RData, RecordType};
use hickory_proto::serialize::binary::{BinEncodable, BinEncoder, NameEncoding};

use super::super::report::Report;
use super::authority::Server;
use super::names::place;
use crate::catalog::StaticRecord;
use crate::name::{Name, suffixes};
use crate::wire::Rtype;

/// The types that a record can have: name, how many words its data is at least and at most, and which of them is a name.
const TYPES: [(RecordType, usize, usize, Option<usize>); 14] = [
    (RecordType::A, 1, 1, None),
    (RecordType::AAAA, 1, 1, None),
    (RecordType::CAA, 3, 3, None),
    (RecordType::CNAME, 1, 1, Some(0)),
    (RecordType::HINFO, 2, 2, None),
    (RecordType::HTTPS, 2, usize::MAX, Some(1)),
    (RecordType::MX, 2, 2, Some(1)),
    (RecordType::NAPTR, 6, 6, Some(5)),
    (RecordType::PTR, 1, 1, Some(0)),
    (RecordType::SRV, 4, 4, Some(3)),
    (RecordType::SSHFP, 3, 3, None),
    (RecordType::SVCB, 2, usize::MAX, Some(1)),
    (RecordType::TLSA, 4, 4, None),
    (RecordType::TXT, 1, usize::MAX, None),
];

/// The most octets of data that the records of one name and type have together: an answer stays a small part of what a
/// message over TCP holds.
const MOST: usize = 16 * 1024;

/// The zones of a block, by which names are understood.
pub(super) struct Names {
    apexes: Vec<Name>,
}

impl Names {
    /// Of these zones; one of them at least is no reverse zone.
    pub(super) fn new(apexes: Vec<Name>) -> Self {
        Self { apexes }
    }

    /// The first zone of names.
    pub(super) fn first(&self) -> &Name {
        self.apexes.iter().find(|apex| !apex.is_reverse()).unwrap_or(&self.apexes[0])
    }

    /// Where the servers and the mailbox of a zone are named: a reverse zone holds no such names.
    pub(super) fn home<'n>(&'n self, apex: &'n Name) -> &'n Name {
        if apex.is_reverse() { self.first() } else { apex }
    }

    /// The innermost zone that a name lies in, as an index.
    pub(super) fn zone_of(&self, name: &Name) -> Option<usize> {
        suffixes(name.as_wire()).find_map(|suffix| self.apexes.iter().position(|apex| apex.as_wire() == suffix))
    }

    /// The name that a word means: `@` is the origin; a name that ends in a dot or lies in a zone of ours is whole, any
    /// other lies below the origin.
    pub(super) fn resolve(&self, word: &Word, origin: &Name, report: &mut Report<'_>) -> Option<Name> {
        let resolved = match word.text.as_str() {
            "@" => Ok(origin.clone()),
            text => Name::parse(text).and_then(|whole| {
                let is_whole = text.ends_with('.') || self.zone_of(&whole).is_some();
                if is_whole { Ok(whole) } else { origin.child(text) }
            }),
        };
        let told = |error| report.error(&word.span, format!("`{}` {error}", word.text), "write a name: `login`");
        resolved.map_err(told).ok()
    }

    /// A mailbox, with its `@` or with the dot that stands for it (RFC 1035 §8).
    pub(super) fn mailbox(&self, word: &Word, origin: &Name, report: &mut Report<'_>) -> Option<Name> {
        match word.text.split_once('@') {
            Some((user, host)) if !user.is_empty() && !host.is_empty() => {
                let text = format!("{user}.{}.", host.trim_end_matches('.'));
                self.resolve(&Word { text, ..word.clone() }, origin, report)
            }
            _ => self.resolve(word, origin, report),
        }
    }
}

/// The records as far as they have been read.
#[derive(Default)]
pub(super) struct Records {
    records: Vec<(StaticRecord, Span)>,
}

impl Records {
    /// `record NAME TYPE DATA…`.
    pub(super) fn line(&mut self, line: &Directive, origin: &Name, names: &Names, report: &mut Report<'_>) {
        let [owner, kind, data @ ..] = &line.args[..] else {
            let help = "write `record www A 10.0.0.80`, or `record _ldap._tcp SRV 10 0 389 login`";
            return report.error(&line.span, "`record` wants a name, a type and data", help);
        };
        let Some(name) = names.resolve(owner, origin, report) else { return };
        if names.zone_of(&name).is_none() {
            let message = format!("`{name}` lies in no zone of this block");
            return report.error(&owner.span, message, "leave out the dot at its end, or add the zone");
        }
        if let Some((rtype, rdata)) = self::data(kind, data, origin, names, report) {
            self.push(StaticRecord { name, rtype, rdata, place: place(owner) }, &owner.span, report);
        }
    }

    /// The addresses of `ns NAME ADDRESS…`. Said for several zones, the server may be the same.
    pub(super) fn server(&mut self, server: &Server<'_>, origin: &Name, names: &Names, report: &mut Report<'_>) {
        let Some(name) = names.resolve(server.name, origin, report) else { return };
        if !server.addresses.is_empty() && names.zone_of(&name).is_none() {
            let message = format!("`{name}` lies in no zone of this block, so that its address is not ours to give");
            return report.error(&server.name.span, message, "leave the address out");
        }
        for address in &server.addresses {
            let (rtype, rdata) = match address {
                IpAddr::V4(v4) => (Rtype::A, v4.octets().to_vec()),
                IpAddr::V6(v6) => (Rtype::AAAA, v6.octets().to_vec()),
            };
            let record = StaticRecord { name: name.clone(), rtype, rdata, place: place(server.name) };
            if !self.records.iter().any(|(known, _)| is_same(known, &record)) {
                self.push(record, &server.name.span, report);
            }
        }
    }

    fn push(&mut self, record: StaticRecord, span: &Span, report: &mut Report<'_>) {
        if let Some((_, first)) = self.records.iter().find(|(known, _)| is_same(known, &record)) {
            let message = format!("this {} record of {} is given twice", record.rtype, record.name);
            return report.error(span, message, format!("remove it here or at {first}"));
        }
        self.records.push((record, span.clone()));
    }

    /// All records, once it is seen that they can stand beside each other.
    pub(super) fn finish(self, names: &Names, report: &mut Report<'_>) -> Vec<StaticRecord> {
        for (index, (record, span)) in self.records.iter().enumerate() {
            let (StaticRecord { name, rtype, .. }, before) = (record, &self.records[..index]);
            let of_name = || self.records.iter().filter(|(other, _)| other.name == *name);
            if *rtype == Rtype::CNAME {
                if names.zone_of(name).is_some_and(|zone| names.apexes[zone] == *name) {
                    report.error(span, format!("a CNAME for the zone {name} itself"), "write A and AAAA records");
                } else if let Some((other, place)) = of_name().find(|(other, at)| at != span || !is_same(other, record))
                {
                    let message = format!("{name} has a CNAME, beside which nothing stands, and a {}", other.rtype);
                    report.error(span, message, format!("remove it here or at {place}"));
                }
            }
            let size = |records: &[(StaticRecord, Span)]| {
                let same = records.iter().filter(|(other, _)| other.name == *name && other.rtype == *rtype);
                same.map(|(other, _)| other.rdata.len() + 12).sum::<usize>()
            };
            if size(before) <= MOST && size(&self.records[..=index]) > MOST {
                let message = format!("the {rtype} records of {name} have more than {MOST} octets");
                report.error(span, message, "give them several names");
            }
        }
        self.records.into_iter().map(|(record, _)| record).collect()
    }
}

fn is_same(one: &StaticRecord, other: &StaticRecord) -> bool {
    one.name == other.name && one.rtype == other.rtype && one.rdata == other.rdata
}

/// The type and the data of a record, as they stand in a message.
fn data(kind: &Word, data: &[Word], origin: &Name, names: &Names, report: &mut Report<'_>) -> Option<(Rtype, Vec<u8>)> {
    let known = TYPES.iter().find(|(rtype, ..)| kind.text.eq_ignore_ascii_case(&rtype.to_string()));
    let Some((rtype, least, most, name_at)) = known else {
        let types = TYPES.map(|(rtype, ..)| rtype.to_string()).join(", ");
        let help = match kind.text.to_ascii_uppercase().as_str() {
            "NS" => "name servers are said by `ns NAME`".to_owned(),
            "SOA" => "the SOA is said by `soa MNAME RNAME`".to_owned(),
            _ => format!("there are {types}"),
        };
        report.error(&kind.span, format!("`{}` is no type of a `record`", kind.text), help);
        return None;
    };
    if data.len() < *least || data.len() > *most {
        let span = if data.len() > *most { &data[*most].span } else { &kind.span };
        let words = if least == most { least.to_string() } else { format!("{least} or more") };
        let message = format!("the data of {rtype} is {words} words, not {}", data.len());
        report.error(span, message, "put a text with blanks into quotes");
        return None;
    }
    let mut words = Vec::new();
    for (index, word) in data.iter().enumerate() {
        words.push(match name_at {
            // the root: no service (SRV), the owner itself (SVCB)
            Some(at) if *at == index && word.text != "." => names.resolve(word, origin, report)?.to_string(),
            _ => quoted(word, *rtype),
        });
    }
    match encoded(*rtype, &words.join(" ")) {
        Ok(rdata) if rdata.len() <= MOST => Some((Rtype(u16::from(*rtype)), rdata)),
        Ok(_) => {
            report.error(&kind.span, format!("the data of {rtype} is longer than {MOST} octets"), "make it shorter");
            None
        }
        Err(error) => {
            let span = data.first().map_or(&kind.span, |word| &word.span);
            report.error(span, format!("not the data of {rtype}: {error}"), help_with(*rtype));
            None
        }
    }
}

/// A word as zone files have it: texts in quotes, whatever they hold.
fn quoted(word: &Word, rtype: RecordType) -> String {
    if word.quoted || matches!(rtype, RecordType::TXT | RecordType::HINFO) {
        format!("\"{}\"", word.text.replace('\\', "\\\\").replace('"', "\\\""))
    } else {
        word.text.clone()
    }
}

fn encoded(rtype: RecordType, text: &str) -> Result<Vec<u8>, String> {
    let rdata = RData::try_from_str(rtype, text).map_err(|error| error.to_string())?;
    let mut octets = Vec::new();
    let mut encoder = BinEncoder::new(&mut octets);
    encoder.set_name_encoding(NameEncoding::Uncompressed);
    rdata.emit(&mut encoder).map_err(|error| error.to_string())?;
    Ok(octets)
}

fn help_with(rtype: RecordType) -> String {
    let data = match rtype {
        RecordType::A => "10.0.0.80",
        RecordType::AAAA => "fd00::80",
        RecordType::MX => "10 mail",
        RecordType::SRV => "10 0 6817 login (priority, weight, port, name)",
        RecordType::CAA => "0 issue \"ca.example\"",
        RecordType::SSHFP => "4 2 123456789abcdef…",
        RecordType::TLSA => "3 1 1 0123456789abcdef…",
        _ => "as a zone file has it",
    };
    format!("write `record NAME {rtype} {data}`")
}
