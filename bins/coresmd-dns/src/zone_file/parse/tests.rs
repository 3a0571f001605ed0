//! Master files: what is read, and what is found wrong with them.

use proptest::prelude::*;

use super::*;
use crate::zone_file::Zone;

const FILES: [(&str, &str); 3] = [
    ("hosts.inc", "a A 10.0.0.1\n$ORIGIN deep\nb A 10.0.0.2\n"),
    ("self.inc", "$INCLUDE self.inc\n$INCLUDE self.inc\n"),
    ("bad.inc", "x A 10.0.0.1\ny A 10.0.0\n"),
];

fn load(_: &str, path: &str) -> Result<(String, String), String> {
    let found = FILES.iter().find(|(name, _)| *name == path);
    found.map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).ok_or_else(|| "no such file".to_owned())
}

/// Records as `OWNER TTL TYPE`, findings as `FILE:LINE:COLUMN MESSAGE`.
fn read(text: &str) -> (Vec<String>, Vec<String>) {
    let (lines, findings) = file("db", text, &Name::parse("z").unwrap(), &mut load);
    let shown = |line: &Line| format!("{} {} {}", crate::record::name(&line.owner), line.ttl, line.rtype);
    (lines.iter().map(shown).collect(), findings.iter().map(place).collect())
}

fn place(finding: &Finding) -> String {
    format!("{}:{}:{} {}", finding.file, finding.line, finding.column, finding.message)
}

#[test]
fn owners_times_and_classes() {
    let (lines, findings) = read(
        "@ IN SOA ns h 1 2 3 4 9
  NS ns
a 5 IN A 10.0.0.1
  IN 6 A 10.0.0.2
\tA 10.0.0.3
$TTL 1h ; RFC 2308
b.z. A 10.0.0.4
$ORIGIN sub
c CLASS1 A 10.0.0.5
@ A 10.0.0.6
$origin top.
d a 10.0.0.7
ns A 10.0.0.8 ; a name that is a type
",
    );
    assert_eq!(findings, [""; 0]);
    let expected = "z. 9 SOA,z. 9 NS,a.z. 5 A,a.z. 6 A,a.z. 6 A,b.z. 3600 A,c.sub.z. 3600 A,sub.z. 3600 A,\
                    d.top. 3600 A,ns.top. 3600 A";
    assert_eq!(lines.join(","), expected);
}

#[test]
fn included_files_leave_origin_and_owner_as_they_are() {
    let (lines, findings) = read("$TTL 1\nq A 10.0.0.9\n$INCLUDE hosts.inc\n A 10.0.0.8\n$INCLUDE hosts.inc sub\n");
    assert_eq!(findings, [""; 0]);
    assert_eq!(lines.join(","), "q.z. 1 A,a.z. 1 A,b.deep.z. 1 A,q.z. 1 A,a.sub.z. 1 A,b.deep.sub.z. 1 A");
}

#[test]
fn patterns_make_records() {
    let (lines, findings) = read("$TTL 1\n$GENERATE 1-3/2 nid${0,4} A 10.0.0.$\n");
    assert_eq!(findings, [""; 0]);
    assert_eq!(lines.join(","), "nid0001.z. 1 A,nid0003.z. 1 A");
}

#[test]
fn each_fault_has_its_place() {
    for (text, finding) in [
        ("a A 10.0.0.1", "db:1:3 no TTL has been said: write `$TTL 3600` above"),
        ("$TTL 1\n A 10.0.0.1", "db:2:2 the first record has no owner"),
        ("$TTL 1\na\n", "db:2:1 a record without a type"),
        ("$TTL 1\na IN 5\n", "db:2:6 a record without a type"),
        ("$TTL 1\na FOO x\n", "db:2:3 `FOO` is no type of record"),
        ("$TTL 1\na \"A\" 10.0.0.1\n", "db:2:3 `A` is no type of record"),
        ("$TTL 1\na CH A 10.0.0.1\n", "db:2:3 class CH is not served, only IN"),
        ("$TTL 4294967295\n", "db:1:6 `4294967295` is not a TTL: at most 2147483647 seconds"),
        ("a 1x A 10.0.0.1\n", "db:1:3 `1x` is not a TTL: at most 2147483647 seconds"),
        ("a..b 1 A 10.0.0.1\n", "db:1:1 `a..b` has an empty label"),
        ("$TTL\n", "db:1:1 `$TTL` without a TTL"),
        ("$ORIGIN a b\n", "db:1:11 `b` is too much for `$ORIGIN`"),
        ("$FOO a\n", "db:1:1 `$FOO` is no directive of a zone file"),
        ("$INCLUDE\n", "db:1:1 write `$INCLUDE FILE` or `$INCLUDE FILE ORIGIN`"),
        ("$INCLUDE none\n", "db:1:10 `none` cannot be included: no such file"),
        ("$TTL 1\n$INCLUDE bad.inc\n", "bad.inc:2:5 `10.0.0` is not an IPv4 address"),
        ("$GENERATE 1-2 n$ 1 A 10.0.0.300\n", "db:1:22 `10.0.0.300` is not an IPv4 address"),
        ("a 1 A 10.0.0.1 (\n", "db:1:16 `(` is never closed"),
    ] {
        assert_eq!(read(text).1, [finding], "{text}");
    }
    let (_, findings) = read("$INCLUDE self.inc\n");
    assert_eq!(findings[0], "self.inc:1:1 files include each other too deep or too often");
    assert!(findings.len() <= 2 * MAX_FINDINGS, "{}", findings.len());
    assert_eq!(read(&"a\n".repeat(100)).1.len(), MAX_FINDINGS);
}

#[test]
fn records_alone_know_no_directives() {
    assert_eq!(records("$TTL 1", 5).unwrap_err().message, "a record without a type");
    assert_eq!(
        records("$GENERATE 1-9 a$ A 10.0.0.$", 5).unwrap_err().message,
        "`1-9` is not a TTL: at most 2147483647 seconds"
    );
    let lines = records("a. A 10.0.0.1\nb 7 A 10.0.0.2", 5).unwrap();
    assert_eq!(lines.iter().map(|line| line.ttl).collect::<Vec<_>>(), [5, 7]);
}

proptest! {
    #[test]
    fn no_text_upsets_the_reader(text in r#"([a-z@$*.0-9"();\\ \t\n]{0,12}| A | IN | TXT | SOA |\$GENERATE 1-9 |\$TTL 5
|\$INCLUDE self.inc
){0,12}"#) {
        let (zone, findings) = Zone::parse("db", &text, &Name::parse("z").unwrap(), &mut load);
        prop_assert!(zone.is_some() || !findings.is_empty());
    }
}
