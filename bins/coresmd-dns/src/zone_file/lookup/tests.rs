//! What a zone answers: the recorded answers of the original, and what the RFCs ask for beyond them.

use proptest::prelude::*;

use super::*;
use crate::name::Name;
use crate::zone_file::{records, rtype};

/// The zone of the recording `file`.
const ZONE: &str = r#"
$ORIGIN zone.example.
$TTL 3600
@       IN SOA  ns1.zone.example. hostmaster.zone.example. 2026080501 7200 900 1209600 300
        IN NS   ns1
        IN NS   ns2.other.example.
        IN MX   10 mail
        IN MX   20 mail.other.example.
        IN TXT  "v=spf1 mx -all"
        IN A    10.20.0.1
ns1     IN A    10.20.0.53
        IN AAAA fd00:20::53
mail    IN A    10.20.0.25
www     300 IN A 10.20.0.80
        300 IN A 10.20.0.81
ftp     IN CNAME www
loop1   IN CNAME loop2
loop2   IN CNAME loop1
ext     IN CNAME www.other.example.
dangling IN CNAME nothing
*.wild  IN A    10.20.1.1
        IN TXT  "wild card"
exact.wild IN A 10.20.1.2
deep.ent.ent2 IN A 10.20.1.3
child   IN NS   ns.child
ns.child IN A   10.20.2.53
child2  IN NS   ns.elsewhere.example.
old     IN DNAME new.zone.example.
host.new IN A   10.20.3.1
_slurm._tcp IN SRV 0 5 6817 www
txt     IN TXT  "one" "two; with semicolon" "quote \" inside"
caa     IN CAA  0 issue "ca.example.net"
MiXeD   IN A    10.20.4.1
"#;

const NOERROR: u16 = 0;
const NXDOMAIN: u16 = 3;
const NONE: &[&str] = &[];
const SOA: &[&str] =
    &["zone.example. 3600 IN SOA ns1.zone.example. hostmaster.zone.example. 2026080501 7200 900 1209600 300"];
const NS: &[&str] = &["zone.example. 3600 IN NS ns1.zone.example.", "zone.example. 3600 IN NS ns2.other.example."];

/// A question and its recorded answer: name, type, rcode, AA, and the three sections.
type Row =
    (&'static str, &'static str, u16, bool, &'static [&'static str], &'static [&'static str], &'static [&'static str]);

#[rustfmt::skip]
const RECORDED: &[Row] = &[
    ("zone.example.", "SOA", NOERROR, true, &["zone.example. 3600 IN SOA ns1.zone.example. hostmaster.zone.example. 2026080501 7200 900 1209600 300"], NS, &[]),
    ("zone.example.", "NS", NOERROR, true, &["zone.example. 3600 IN NS ns1.zone.example.", "zone.example. 3600 IN NS ns2.other.example."], NONE, &["ns1.zone.example. 3600 IN A 10.20.0.53", "ns1.zone.example. 3600 IN AAAA fd00:20::53"]),
    ("zone.example.", "MX", NOERROR, true, &["zone.example. 3600 IN MX 10 mail.zone.example.", "zone.example. 3600 IN MX 20 mail.other.example."], NS, &["mail.zone.example. 3600 IN A 10.20.0.25"]),
    ("zone.example.", "TXT", NOERROR, true, &[r#"zone.example. 3600 IN TXT "v=spf1 mx -all""#], NS, &[]),
    ("zone.example.", "A", NOERROR, true, &["zone.example. 3600 IN A 10.20.0.1"], NS, &[]),
    ("zone.example.", "AAAA", NOERROR, true, &[], SOA, &[]),
    ("www.zone.example.", "A", NOERROR, true, &["www.zone.example. 300 IN A 10.20.0.80", "www.zone.example. 300 IN A 10.20.0.81"], NS, &[]),
    ("WWW.Zone.Example.", "A", NOERROR, true, &["www.zone.example. 300 IN A 10.20.0.80", "www.zone.example. 300 IN A 10.20.0.81"], NS, &[]),
    ("www.zone.example.", "AAAA", NOERROR, true, &[], SOA, &[]),
    ("ftp.zone.example.", "A", NOERROR, true, &["ftp.zone.example. 3600 IN CNAME www.zone.example.", "www.zone.example. 300 IN A 10.20.0.80", "www.zone.example. 300 IN A 10.20.0.81"], NS, &[]),
    ("ftp.zone.example.", "CNAME", NOERROR, true, &["ftp.zone.example. 3600 IN CNAME www.zone.example."], NS, &[]),
    ("ftp.zone.example.", "AAAA", NOERROR, true, &["ftp.zone.example. 3600 IN CNAME www.zone.example."], NS, &[]),
    ("ext.zone.example.", "A", NOERROR, true, &["ext.zone.example. 3600 IN CNAME www.other.example."], NS, &[]),
    ("a.wild.zone.example.", "A", NOERROR, true, &["a.wild.zone.example. 3600 IN A 10.20.1.1"], NS, &[]),
    ("b.a.wild.zone.example.", "A", NOERROR, true, &["b.a.wild.zone.example. 3600 IN A 10.20.1.1"], NS, &[]),
    ("a.wild.zone.example.", "TXT", NOERROR, true, &[r#"a.wild.zone.example. 3600 IN TXT "wild card""#], NS, &[]),
    ("a.wild.zone.example.", "AAAA", NOERROR, true, &[], SOA, &[]),
    ("exact.wild.zone.example.", "A", NOERROR, true, &["exact.wild.zone.example. 3600 IN A 10.20.1.2"], NS, &[]),
    ("exact.wild.zone.example.", "TXT", NOERROR, true, &[], SOA, &[]),
    ("wild.zone.example.", "A", NOERROR, true, &[], SOA, &[]),
    ("*.wild.zone.example.", "A", NOERROR, true, &["*.wild.zone.example. 3600 IN A 10.20.1.1"], NS, &[]),
    ("ent2.zone.example.", "A", NOERROR, true, &[], SOA, &[]),
    ("ent.ent2.zone.example.", "TXT", NOERROR, true, &[], SOA, &[]),
    ("x.ent2.zone.example.", "A", NXDOMAIN, true, &[], SOA, &[]),
    ("nope.zone.example.", "A", NXDOMAIN, true, &[], SOA, &[]),
    ("a.b.c.zone.example.", "TXT", NXDOMAIN, true, &[], SOA, &[]),
    ("child.zone.example.", "A", NOERROR, false, &[], &["child.zone.example. 3600 IN NS ns.child.zone.example."], &["ns.child.zone.example. 3600 IN A 10.20.2.53"]),
    ("www.child.zone.example.", "A", NOERROR, false, &[], &["child.zone.example. 3600 IN NS ns.child.zone.example."], &["ns.child.zone.example. 3600 IN A 10.20.2.53"]),
    ("ns.child.zone.example.", "A", NOERROR, false, &[], &["child.zone.example. 3600 IN NS ns.child.zone.example."], &["ns.child.zone.example. 3600 IN A 10.20.2.53"]),
    ("child.zone.example.", "NS", NOERROR, false, &[], &["child.zone.example. 3600 IN NS ns.child.zone.example."], &["ns.child.zone.example. 3600 IN A 10.20.2.53"]),
    ("x.child2.zone.example.", "AAAA", NOERROR, false, &[], &["child2.zone.example. 3600 IN NS ns.elsewhere.example."], &[]),
    ("host.old.zone.example.", "A", NOERROR, true, &["old.zone.example. 3600 IN DNAME new.zone.example.", "host.old.zone.example. 3600 IN CNAME host.new.zone.example.", "host.new.zone.example. 3600 IN A 10.20.3.1"], NS, &[]),
    ("old.zone.example.", "DNAME", NOERROR, true, &["old.zone.example. 3600 IN DNAME new.zone.example."], NS, &[]),
    ("_slurm._tcp.zone.example.", "SRV", NOERROR, true, &["_slurm._tcp.zone.example. 3600 IN SRV 0 5 6817 www.zone.example."], NS, &["www.zone.example. 300 IN A 10.20.0.80", "www.zone.example. 300 IN A 10.20.0.81"]),
    ("txt.zone.example.", "TXT", NOERROR, true, &[r#"txt.zone.example. 3600 IN TXT "one" "two; with semicolon" "quote \" inside""#], NS, &[]),
    ("caa.zone.example.", "CAA", NOERROR, true, &[r"caa.zone.example. 3600 IN CAA \# 21 0005697373756563612e6578616d706c652e6e6574"], NS, &[]),
    ("mixed.zone.example.", "A", NOERROR, true, &["mixed.zone.example. 3600 IN A 10.20.4.1"], NS, &[]),
];

pub(super) fn zone(origin: &str, text: &str) -> Zone {
    let mut none = |_: &str, _: &str| Err("nothing to include".to_owned());
    let (zone, findings) = Zone::parse("db", text, &Name::parse(origin).unwrap(), &mut none);
    zone.unwrap_or_else(|| panic!("{findings:?}"))
}

fn ask(zone: &Zone, name: &str, qtype: &str, dnssec_ok: bool) -> Composed {
    let qtype = if qtype == "ANY" { Rtype::ANY } else { rtype(qtype).unwrap() };
    zone.lookup(Name::parse(name).unwrap().as_wire(), qtype, dnssec_ok)
}

/// Records in an order of their own, names in lower case.
fn sorted(records: &[Record]) -> Vec<String> {
    let mut lines: Vec<_> = records.iter().map(|record| record.to_string().to_ascii_lowercase()).collect();
    lines.sort();
    lines
}

/// Lines of a master file in the form of [`sorted`].
fn lines(lines: &[&str]) -> Vec<String> {
    sorted(&records(&lines.join("\n"), 0).unwrap())
}

#[test]
fn the_recorded_answers() {
    let zone = zone("zone.example", ZONE);
    for (name, qtype, rcode, authoritative, answers, authorities, additionals) in RECORDED {
        let reply = ask(&zone, name, qtype, false);
        assert_eq!((reply.rcode, reply.authoritative), (*rcode, *authoritative), "{name} {qtype}");
        assert_eq!(sorted(&reply.answers), lines(answers), "{name} {qtype}");
        // the end of a chain of aliases without data has the SOA (RFC 2308 §2.2); the original puts the NS there
        let authorities = if (*name, *qtype) == ("ftp.zone.example.", "AAAA") { SOA } else { authorities };
        assert_eq!(sorted(&reply.authorities), lines(authorities), "{name} {qtype}");
        assert_eq!(sorted(&reply.additionals), lines(additionals), "{name} {qtype}");
    }
}

#[test]
fn where_the_original_is_left() {
    let zone = zone("zone.example", ZONE);
    // RFC 2308 §2.1: the rcode is that of the end of the chain
    let dangling = ask(&zone, "dangling.zone.example", "A", false);
    assert_eq!((dangling.rcode, dangling.answers.len()), (NXDOMAIN, 1));
    assert_eq!(sorted(&dangling.authorities), lines(SOA));
    // a loop of aliases is told once
    let circle = ask(&zone, "loop1.zone.example", "A", false);
    assert_eq!((circle.rcode, circle.answers.len()), (NOERROR, 2));
    // DS at a cut is for the parent to say (RFC 4035 §3.1.4.1)
    let digest = ask(&zone, "child.zone.example", "DS", false);
    assert_eq!((digest.rcode, digest.authoritative, digest.answers.len()), (NOERROR, true, 0));
    assert_eq!(sorted(&digest.authorities), lines(SOA));
    // RFC 8482
    let any = ask(&zone, "www.zone.example", "ANY", false);
    assert_eq!(sorted(&any.answers), lines(&["www.zone.example. 3600 IN HINFO RFC8482 \"\""]));
    assert_eq!(ask(&zone, "ent2.zone.example", "ANY", false).answers, []);
}

#[test]
fn aliases_within_and_out_of_the_zone() {
    let long = format!("{0}.{0}.{0}.example.", "a".repeat(63));
    let text = "$TTL 5
        @ SOA ns h 1 2 3 4 5
        a CNAME B
        b CNAME x.child
        child NS ns.child
        ns.child A 10.0.0.1
        * CNAME www.elsewhere.
        d DNAME e
        x.e A 10.0.0.2
        long DNAME LONG";
    let zone = zone("z", &text.replace("LONG", &long).replace("\n        ", "\n"));
    // a chain that ends at a cut: the referral stands below what we say ourselves
    let reply = ask(&zone, "a.z", "A", false);
    assert!(reply.authoritative);
    assert_eq!(sorted(&reply.answers), lines(&["a.z. 5 CNAME b.z.", "b.z. 5 CNAME x.child.z."]));
    assert_eq!(sorted(&reply.authorities), lines(&["child.z. 5 NS ns.child.z."]));
    let reply = ask(&zone, "any.thing.z", "A", false);
    assert_eq!(sorted(&reply.answers), lines(&["any.thing.z. 5 CNAME www.elsewhere."]));
    // the wildcard does not reach below names that exist (RFC 4592 §3.3.1)
    assert_eq!(ask(&zone, "y.e.z", "A", false).rcode, NXDOMAIN);
    let reply = ask(&zone, "x.d.z", "A", false);
    assert_eq!(sorted(&reply.answers), lines(&["d.z. 5 DNAME e.z.", "x.d.z. 5 CNAME x.e.z.", "x.e.z. 5 A 10.0.0.2"]));
    // RFC 6672 §2.2
    let name = format!("{}.long.z", "b".repeat(60));
    assert_eq!(ask(&zone, &name, "A", false).rcode, YXDOMAIN);
}

/// A zone signed by hand: what the signatures say does not matter here.
const SIGNED: &str = "$TTL 5
@ SOA ns h 1 2 3 4 5
@ RRSIG SOA 8 1 5 20300101000000 20200101000000 1 z. AAAA
@ NS ns
@ RRSIG NS 8 1 5 20300101000000 20200101000000 1 z. AAAA
@ NSEC kid NS SOA RRSIG NSEC
@ RRSIG NSEC 8 1 5 20300101000000 20200101000000 1 z. AAAA
*.w A 10.0.0.1
*.w RRSIG A 8 2 5 20300101000000 20200101000000 1 z. AAAA
*.w NSEC x.y A RRSIG NSEC
kid NS ns.kid
kid NSEC safe NS RRSIG NSEC
safe NS ns.kid
safe DS 1 8 2 ab
safe RRSIG DS 8 2 5 20300101000000 20200101000000 1 z. AAAA
safe NSEC *.w NS DS RRSIG NSEC
x.y A 10.0.0.2
x.y NSEC @ A RRSIG NSEC";

/// Owner and type of each record of a section.
fn owners(records: &[Record]) -> Vec<String> {
    records.iter().map(|record| format!("{} {}", record.name, record::rtype(record))).collect()
}

#[test]
fn a_signed_zone_proves_what_it_says() {
    let zone = zone("z", SIGNED);
    let authorities = |name, qtype| owners(&ask(&zone, name, qtype, true).authorities);
    // RFC 4035 §3.1.1: signatures beside the records; §3.1.3: proofs
    assert_eq!(owners(&ask(&zone, "z", "SOA", true).answers), ["z. SOA", "z. RRSIG"]);
    assert_eq!(owners(&ask(&zone, "z", "SOA", false).answers), ["z. SOA"]);
    assert_eq!(authorities("z", "A"), ["z. SOA", "z. RRSIG", "z. NSEC", "z. RRSIG"]);
    // neither the name nor the wildcard above it exists (§3.1.3.2)
    assert_eq!(authorities("q.z", "A"), ["z. SOA", "z. RRSIG", "kid.z. NSEC", "z. NSEC", "z. RRSIG"]);
    // an answer of the wildcard: the name itself does not exist (§3.1.3.3)
    assert_eq!(owners(&ask(&zone, "q.w.z", "A", true).answers), ["q.w.z. A", "q.w.z. RRSIG"]);
    assert_eq!(authorities("q.w.z", "A"), ["*.w.z. NSEC", "z. NS", "z. RRSIG"]);
    // an empty non-terminal has no NSEC of its own
    assert_eq!(authorities("y.z", "A"), ["z. SOA", "z. RRSIG", "*.w.z. NSEC"]);
    // referrals: the digest of a signed child, the proof that there is none of another (§3.1.4)
    assert_eq!(authorities("a.safe.z", "A"), ["safe.z. NS", "safe.z. DS", "safe.z. RRSIG"]);
    assert_eq!(authorities("a.kid.z", "A"), ["kid.z. NS", "kid.z. NSEC"]);
    assert_eq!(owners(&ask(&zone, "a.kid.z", "A", false).authorities), ["kid.z. NS"]);
    assert_eq!(owners(&ask(&zone, "*.w.z", "RRSIG", false).answers), ["*.w.z. RRSIG"]);
}

#[test]
fn a_transfer_has_every_record_once_the_soa_first() {
    let zone = zone("z", SIGNED);
    assert_eq!(zone.serial(), 1);
    let records: Vec<_> = zone.records().collect();
    assert_eq!(record::rtype(records[0]), Rtype::SOA);
    assert_eq!(records.len(), SIGNED.lines().count() - 1);
    let soas = records.iter().filter(|record| record::rtype(record) == Rtype::SOA).count();
    assert_eq!(soas, 1);
}

proptest! {
    /// A zone of any names answers each of its records, and says of every other name that there is none.
    #[test]
    fn a_zone_answers_each_of_its_records(
        names in prop::collection::btree_map("([a-c]{1,2}[.]){0,3}[a-c]{1,2}", 1u8..=255, 1..12),
        other in "([a-c]{1,2}[.]){0,3}[a-c]{1,2}",
    ) {
        let entries: Vec<_> = names.iter().map(|(name, octet)| format!("{name} A 10.0.0.{octet}\n")).collect();
        let zone = zone("z", &format!("$TTL 5\n@ SOA ns h 1 2 3 4 5\n{}", entries.concat()));
        for (name, octet) in &names {
            let reply = ask(&zone, &format!("{name}.z"), "A", false);
            prop_assert_eq!(sorted(&reply.answers), lines(&[&format!("{name}.z. 5 A 10.0.0.{octet}")]));
        }
        let exists = names.keys().any(|name| *name == other || name.ends_with(&format!(".{other}")));
        let reply = ask(&zone, &format!("{other}.z"), "TXT", false);
        prop_assert_eq!(reply.rcode, if exists { NOERROR } else { NXDOMAIN });
        prop_assert_eq!(reply.authorities.len(), 1);
    }
}
