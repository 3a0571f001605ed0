//! What makes a zone of records, and what does not.

use super::*;

const HEAD: &str = "$TTL 9\n@ SOA ns h 7 2 3 4 5\n@ NS ns\n";

fn parse(text: &str) -> (Option<Zone>, Vec<String>) {
    let mut none = |_: &str, _: &str| Err("nothing to include".to_owned());
    let (zone, findings) = Zone::parse("db", text, &Name::parse("Z.Example").unwrap(), &mut none);
    let shown = |finding: &Finding| format!("{}:{} {}", finding.line, finding.column, finding.message);
    (zone, findings.iter().map(shown).collect())
}

#[test]
fn a_zone_needs_its_soa() {
    for (text, finding) in [
        ("", "0:0 the zone z.example. has no SOA record at its apex"),
        ("a 1 A 10.0.0.1", "0:0 the zone z.example. has no SOA record at its apex"),
        ("a 1 SOA ns h 1 2 3 4 5", "1:1 the SOA of a.z.example. is not that of the zone z.example."),
        ("@ 1 NS a\n@ 1 SOA ns h 1 2 3 4 5\n@ 1 SOA ns h 2 2 3 4 5\n", "3:1 a second SOA of z.example."),
        ("$TTL 1\n@ SOA ns h 1 2 3 4 5\n@ NS a\nx NSEC3 \\# 0\n", "4:1 NSEC3 is not served: sign the zone with NSEC"),
        ("$TTL 1\n@ SOA ns h 1 2 3 4 5\n@ NS a\nx CNAME a\nx CNAME b\n", "5:1 a second CNAME of x.z.example."),
    ] {
        let (zone, findings) = parse(text);
        assert!(zone.is_none(), "{text}");
        assert!(findings.contains(&finding.to_owned()), "{text}: {findings:?}");
    }
}

#[test]
fn what_is_odd_is_told_and_served() {
    for (line, finding) in [
        ("x.other. A 10.0.0.1", Some("4:1 x.other. is not in the zone z.example.: left out")),
        ("x CNAME y\nx A 10.0.0.1", Some("5:1 x.z.example. has a CNAME, which hides its other records")),
        ("x CNAME y\nx CNAME y", None),
        ("x CNAME y\nx NSEC z CNAME\nx RRSIG CNAME 1 1 1 1 1 1 . AAAA", None),
    ] {
        let (zone, findings) = parse(&format!("{HEAD}{line}"));
        assert_eq!(zone.unwrap().serial(), 7);
        assert_eq!(findings, Vec::from_iter(finding), "{line}");
    }
    let (zone, findings) = parse("@ 1 SOA ns h 7 2 3 4 5");
    assert!(zone.is_some());
    assert_eq!(findings, ["0:0 the zone z.example. has no NS record at its apex"]);
}

#[test]
fn a_set_has_one_of_each_record_and_the_shortest_time() {
    let (zone, _) = parse(&format!("{HEAD}x 30 A 10.0.0.1\nX 20 A 10.0.0.2\nx 10 A 10.0.0.1\nx 40 A 10.0.0.3"));
    let zone = zone.unwrap();
    let set = zone.node(&key(b"\x01x\x01z\x07example\0")).unwrap().set(Rtype::A).unwrap();
    let shown: Vec<_> = set.records.iter().map(|record| format!("{} {}", record.ttl, record.data)).collect();
    assert_eq!(shown, ["20 10.0.0.1", "20 10.0.0.2", "20 10.0.0.3"]);
}

#[test]
fn keys_are_in_canonical_order() {
    // the example of RFC 4034 §6.1
    let names: [&[u8]; 9] = [
        b"\x07example\0",
        b"\x01a\x07example\0",
        b"\x08yljkjljk\x01a\x07example\0",
        b"\x01Z\x01a\x07example\0",
        b"\x04zABC\x01a\x07EXAMPLE\0",
        b"\x01z\x07example\0",
        b"\x01\x01\x01z\x07example\0",
        b"\x01*\x01z\x07example\0",
        b"\x01\xc8\x01z\x07example\0",
    ];
    let keys: Vec<_> = names.into_iter().map(key).collect();
    assert!(keys.is_sorted());
    assert!(keys.windows(2).all(|pair| pair[0] != pair[1]));
    assert_ne!(key(b"\x02\x00a\x00"), key(b"\x01\x00\x01a\x00"));
}
