//! Hosts files: the recorded answers of the original, and what is found wrong with a file.

use std::net::SocketAddr;

use proptest::prelude::*;

use super::*;
use crate::query::{Header, Query};
use crate::response::Transport;

/// The file of the recording `hosts-file`.
const FILE: &str = "# comment
10.1.1.1 one.example ONE-alias.example # trailing
10.1.1.2 two.example
10.1.1.3 two.example
fd00::1 one.example
127.0.0.1 localhost
::1 localhost
bad-ip broken.example
10.1.1.9
10.1.1.1 extra.example
10.1.1.77   spaced.example\tspaced
";

fn names(names: &[&str]) -> Vec<Name> {
    names.iter().map(|name| Name::parse(name).unwrap()).collect()
}

fn hosts(file: &str) -> Hosts {
    let hosts = Hosts::new(names(&["."]), Vec::new(), 3_600, true, Table::default());
    let (table, _) = hosts.parse("hosts", file);
    hosts.publish(table);
    hosts
}

/// What is answered: `next`, or the rcode and the records; AA goes with the records.
fn ask(hosts: &Hosts, name: &str, qtype: Rtype) -> String {
    let name = Name::parse(name).unwrap();
    let message = [&[0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0], name.as_wire(), &qtype.0.to_be_bytes(), &[0, 1]].concat();
    let query = Query::decode(&Header::decode(&message).unwrap(), &message).unwrap();
    let client: SocketAddr = ([127, 0, 0, 1], 5300).into();
    let question = Question { name: name.as_wire(), query: &query, client, transport: Transport::Tcp };
    match hosts.find(&question) {
        Found::Next => "next".to_owned(),
        Found::Answer(composed) => {
            assert_eq!(composed.authoritative, composed.rcode == 0);
            let answers: Vec<_> = composed.answers.iter().map(ToString::to_string).collect();
            format!("{} {}", composed.rcode, answers.join(", "))
        }
    }
}

#[test]
fn the_recorded_answers() {
    let hosts = hosts(FILE);
    for (name, qtype, answer) in [
        ("one.example", Rtype::A, "0 one.example. 3600 IN A 10.1.1.1"),
        ("one.example", Rtype::AAAA, "0 one.example. 3600 IN AAAA fd00::1"),
        ("ONE-ALIAS.EXAMPLE", Rtype::A, "0 one-alias.example. 3600 IN A 10.1.1.1"),
        ("two.example", Rtype::A, "0 two.example. 3600 IN A 10.1.1.2, two.example. 3600 IN A 10.1.1.3"),
        ("extra.example", Rtype::A, "0 extra.example. 3600 IN A 10.1.1.1"),
        ("spaced.example", Rtype::A, "0 spaced.example. 3600 IN A 10.1.1.77"),
        ("spaced", Rtype::A, "0 spaced. 3600 IN A 10.1.1.77"),
        ("localhost", Rtype::AAAA, "0 localhost. 3600 IN AAAA ::1"),
        ("broken.example", Rtype::A, "2 "),
        ("nothere.example", Rtype::A, "2 "),
        ("two.example", Rtype::AAAA, "0 "),
        ("two.example", Rtype(16), "0 "),
        ("one.example", Rtype::SOA, "0 "),
        (
            "1.1.1.10.in-addr.arpa",
            Rtype::PTR,
            "0 1.1.1.10.in-addr.arpa. 3600 IN PTR one.example., 1.1.1.10.in-addr.arpa. 3600 IN PTR \
             one-alias.example., 1.1.1.10.in-addr.arpa. 3600 IN PTR extra.example.",
        ),
        ("9.1.1.10.in-addr.arpa", Rtype::PTR, "next"),
        (
            "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa",
            Rtype::PTR,
            "0 1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa. 3600 IN PTR one.example.",
        ),
        ("nothere.example", Rtype::PTR, "next"),
    ] {
        assert_eq!(ask(&hosts, name, qtype), answer, "{name} {qtype}");
    }
    assert_eq!(hosts.entries(), 20);
}

#[test]
fn zones_fallthrough_and_reverse() {
    let mut inline = Table::default();
    inline.insert("10.2.0.1".parse().unwrap(), &Name::parse("a.example").unwrap());
    let hosts = Hosts::new(names(&["example"]), names(&["sub.example"]), 77, false, inline);
    let (table, findings) = hosts.parse("hosts", "10.2.0.2 outside.test b.example\n");
    hosts.publish(table);
    assert_eq!(findings, []);
    for (name, qtype, answer) in [
        ("a.example", Rtype::A, "0 a.example. 77 IN A 10.2.0.1"),
        ("b.example", Rtype::A, "0 b.example. 77 IN A 10.2.0.2"),
        ("outside.test", Rtype::A, "next"),
        ("c.example", Rtype::A, "2 "),
        ("x.sub.example", Rtype::A, "next"),
        ("1.0.2.10.in-addr.arpa", Rtype::PTR, "next"),
    ] {
        assert_eq!(ask(&hosts, name, qtype), answer, "{name} {qtype}");
    }
}

#[test]
fn each_bad_line_has_its_place() {
    let mut table = Table::default();
    let text = format!("{FILE}10.0.0.300 a\n10.0.0.1 a..b ok {}\n", "c".repeat(64));
    let findings = table.read("hosts", &text, &names(&["."]));
    let shown: Vec<_> = findings.iter().map(|f| format!("{}:{}:{} {}", f.file, f.line, f.column, f.message)).collect();
    assert_eq!(
        shown,
        [
            "hosts:8:1 `bad-ip` is not an IP address".to_owned(),
            "hosts:9:1 the address 10.1.1.9 has no name".to_owned(),
            "hosts:12:1 `10.0.0.300` is not an IP address".to_owned(),
            "hosts:13:10 the name `a..b` has an empty label".to_owned(),
            format!("hosts:13:18 the name `{}` has a label of more than 63 octets", "c".repeat(64)),
        ]
    );
    assert!(table.addresses(b"\x02ok\0").is_some());
    assert_eq!(Table::default().read("hosts", &"x\n".repeat(1_000), &names(&["."])).len(), 20);
}

#[test]
fn one_address_of_many_names_makes_no_endless_answer() {
    let lines: Vec<String> = (0..5_000).map(|number| format!("0.0.0.0 ad{number}.example\n")).collect();
    let hosts = hosts(&lines.concat());
    assert_eq!(ask(&hosts, "0.0.0.0.in-addr.arpa", Rtype::PTR).matches("PTR").count(), MAX_ANSWERS);
}

proptest! {
    #[test]
    fn no_text_upsets_the_reader(text in "[0-9a-f.:%#é\\\\ \t\n]{0,60}") {
        let mut table = Table::default();
        table.read("hosts", &text, &names(&["."]));
        prop_assert_eq!(table.entries() % 2, 0);
    }
}
