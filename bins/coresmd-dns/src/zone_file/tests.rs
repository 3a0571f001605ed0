//! What the directive adds to its zones: which of them is asked, and what is for the next directive to say.

use std::net::SocketAddr;

use super::*;
use crate::query::{Header, Query};
use crate::response::Transport;

fn names(names: &[&str]) -> Vec<Name> {
    names.iter().map(|name| Name::parse(name).unwrap()).collect()
}

fn publish(zones: &ZoneFile, origin: &str, text: &str) {
    let mut none = |_: &str, _: &str| Err("nothing to include".to_owned());
    let text = format!("$TTL 5\n@ SOA ns h 1 2 3 4 5\n@ NS ns\n{text}");
    let (zone, _) = Zone::parse("db", &text, &Name::parse(origin).unwrap(), &mut none);
    zones.publish(Arc::new(zone.unwrap()));
}

/// `next`, or the rcode and the owner and type of what is answered and of what stands below.
fn ask(zones: &ZoneFile, name: &str, qtype: Rtype) -> String {
    let name = Name::parse(name).unwrap();
    let message = [&[0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0], name.as_wire(), &qtype.0.to_be_bytes(), &[0, 1]].concat();
    let query = Query::decode(&Header::decode(&message).unwrap(), &message).unwrap();
    let client: SocketAddr = ([127, 0, 0, 1], 5300).into();
    let question = Question { name: name.as_wire(), query: &query, client, transport: Transport::Tcp };
    let Found::Answer(composed) = zones.find(&question) else { return "next".to_owned() };
    let records = composed.answers.iter().chain(&composed.authorities);
    let shown = records.map(|record| format!(" {} {}", record.name, record.record_type()));
    format!("{}{}", composed.rcode, shown.collect::<String>())
}

#[test]
fn the_zone_of_the_question_and_the_next_directive() {
    let zones = ZoneFile::new(names(&["z", "kid.z", "late"]), names(&["passed.z"]));
    publish(&zones, "z", "a A 10.0.0.1\nkid NS ns\nkid DS 1 8 2 ab\npassed A 10.0.0.2");
    publish(&zones, "kid.z", "a A 10.0.0.3");
    // one that is not the directive's changes nothing
    publish(&zones, "other", "a A 10.0.0.4");
    for (name, qtype, said) in [
        ("a.z", Rtype::A, "0 a.z. A z. NS"),
        ("a.kid.z", Rtype::A, "0 a.kid.z. A kid.z. NS"),
        ("kid.z", Rtype::DS, "0 kid.z. DS z. NS"),
        ("z", Rtype::DS, "0 z. SOA"),
        ("none.z", Rtype::A, "3 z. SOA"),
        ("none.passed.z", Rtype::A, "next"),
        ("passed.z", Rtype::AAAA, "0 z. SOA"),
        ("a.other", Rtype::A, "next"),
        ("a.late", Rtype::A, "2"),
    ] {
        assert_eq!(ask(&zones, name, qtype), said, "{name} {qtype}");
    }
    for transfer in [Rtype::AXFR, Rtype::IXFR] {
        assert_eq!(ask(&zones, "z", transfer), "5");
    }
    assert!(!zones.is_loaded());
    assert_eq!(zones.zone(b"\x01z\0").unwrap().serial(), 1);
    assert!(zones.zone(b"\x04late\0").is_none() && zones.zone(b"\x01a\x01z\0").is_none());
}
