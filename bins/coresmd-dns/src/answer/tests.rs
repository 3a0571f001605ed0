//! What is said to a query, as a table.

use super::*;
use crate::catalog::tests::{catalog, zones};
use crate::name::{LowerName, Name};

/// The answer as `RCODE aa? COUNT soa-owner?`.
fn said(catalog: &Catalog, name: &str, qtype: Rtype) -> String {
    let name = Name::parse(name).unwrap();
    let wire = name.as_wire();
    let answer = answer(catalog, wire, qtype);
    let authoritative = if answer.authoritative { " aa" } else { "" };
    let soa = answer.soa.map_or_else(String::new, |soa| {
        format!(" soa {}", LowerName::from_checked_wire(&wire[wire.len() - soa.owner_length..]))
    });
    format!("{}{authoritative} {}{soa}", answer.rcode.name(), answer.records.count)
}

fn small() -> Catalog {
    catalog(
        &["alpha.example=nid{04d}", "sub.alpha.example", "9.10.in-addr.arpa"],
        &["x1c0s0b0n0 Node 1 10.9.0.1 10.9.0.2 192.0.2.1", "x1c0s0b0 NodeBMC - fd00::1"],
    )
}

#[test]
fn every_kind_of_answer() {
    let catalog = small();
    for (name, qtype, want) in [
        ("nid0001.alpha.example", Rtype::A, "NOERROR aa 3"),
        ("x1c0s0b0n0.sub.alpha.example", Rtype::A, "NOERROR aa 3"),
        ("x1c0s0b0.alpha.example", Rtype::AAAA, "NOERROR aa 1"),
        ("x1c0s0b0.alpha.example", Rtype::A, "NOERROR aa 0 soa alpha.example."),
        ("nid0001.alpha.example", Rtype(15), "NOERROR aa 0 soa alpha.example."),
        ("nid0001.alpha.example", Rtype::SOA, "NOERROR aa 0 soa alpha.example."),
        ("nid0001.sub.alpha.example", Rtype::A, "NXDOMAIN aa 0 soa sub.alpha.example."),
        ("nid0002.alpha.example", Rtype::A, "NXDOMAIN aa 0 soa alpha.example."),
        ("a.nid0001.alpha.example", Rtype::A, "NXDOMAIN aa 0 soa alpha.example."),
        ("*.alpha.example", Rtype::A, "NXDOMAIN aa 0 soa alpha.example."),
        ("alpha.example", Rtype::SOA, "NOERROR aa 1"),
        ("alpha.example", Rtype::NS, "NOERROR aa 1"),
        ("alpha.example", Rtype::A, "NOERROR aa 0 soa alpha.example."),
        ("sub.alpha.example", Rtype::SOA, "NOERROR aa 1"),
        ("nid0001.alpha.example", Rtype::ANY, "NOERROR aa 1"),
        ("alpha.example", Rtype::ANY, "NOERROR aa 1"),
        ("1.0.9.10.in-addr.arpa", Rtype::PTR, "NOERROR aa 1"),
        ("1.0.9.10.in-addr.arpa", Rtype::A, "NOERROR aa 0 soa 9.10.in-addr.arpa."),
        ("0.9.10.in-addr.arpa", Rtype::PTR, "NOERROR aa 0 soa 9.10.in-addr.arpa."),
        ("7.0.9.10.in-addr.arpa", Rtype::PTR, "NXDOMAIN aa 0 soa 9.10.in-addr.arpa."),
        ("1.2.0.192.in-addr.arpa", Rtype::PTR, "NOERROR aa 1"),
        ("1.2.0.192.in-addr.arpa", Rtype::SOA, "NOERROR aa 1"),
        ("1.2.0.192.in-addr.arpa", Rtype::A, "NOERROR aa 0 soa 1.2.0.192.in-addr.arpa."),
        ("2.2.0.192.in-addr.arpa", Rtype::PTR, "REFUSED 0"),
        ("nid0001.example.org", Rtype::A, "REFUSED 0"),
        ("fooalpha.example", Rtype::A, "REFUSED 0"),
        ("example", Rtype::SOA, "REFUSED 0"),
        (".", Rtype::NS, "REFUSED 0"),
        ("alpha.example", Rtype::AXFR, "REFUSED 0"),
        ("alpha.example", Rtype::IXFR, "NOERROR aa 1"),
        ("nid0001.alpha.example", Rtype::IXFR, "NOTAUTH 0"),
    ] {
        assert_eq!(said(&catalog, name, qtype), want, "{name} {qtype}");
    }
}

#[test]
fn the_key_of_a_zone_is_asked_of_its_parent() {
    assert_eq!(said(&small(), "sub.alpha.example", Rtype::DS), "NOERROR aa 0 soa alpha.example.");
    assert_eq!(said(&small(), "alpha.example", Rtype::DS), "NOERROR aa 0 soa alpha.example.");
}

#[test]
fn nobody_gets_an_answer_before_the_first_snapshot() {
    let catalog = Catalog::unloaded(&zones(&["alpha.example=nid{04d}"]));
    assert_eq!(said(&catalog, "nid0001.alpha.example", Rtype::A), "SERVFAIL 0");
    assert_eq!(said(&catalog, "alpha.example", Rtype::SOA), "SERVFAIL 0");
    assert_eq!(said(&catalog, "1.0.0.10.in-addr.arpa", Rtype::PTR), "SERVFAIL 0");
    assert_eq!(said(&catalog, "example.org", Rtype::A), "REFUSED 0");
}

#[test]
fn any_is_the_minimal_record() {
    assert_eq!(&ANY_RECORD, b"\xc0\x0c\0\x0d\0\x01\0\0\0\x3c\0\x09\x07RFC8482\0");
}
