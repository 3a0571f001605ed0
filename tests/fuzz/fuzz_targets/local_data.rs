//! What the DNS server reads beside its Corefile: any text is a hosts file, a zone file or a template, or has faults
//! with places; a zone answers each of its own records and ends every chain; what a template writes is bounded.
#![no_main]

use std::sync::LazyLock;

use coresmd_dns::hosts::{Hosts, Table};
use coresmd_dns::name::Name;
use coresmd_dns::plugins::{Found, Question};
use coresmd_dns::query::{Header, Query};
use coresmd_dns::response::Transport;
use coresmd_dns::template::{Definition, Section, Template, Text};
use coresmd_dns::wire::Rtype;
use coresmd_dns::zone_file::{Zone, records};
use libfuzzer_sys::fuzz_target;

static ZONE: LazyLock<Name> = LazyLock::new(|| Name::parse("zone.example").expect("a name"));

/// A question for the addresses of `n1.zone.example`.
const QUERY: &[u8] = b"\x00\x01\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x02n1\x04zone\x07example\x00\x00\x01\x00\x01";

fuzz_target!(|text: &str| {
    let hosts = Hosts::new(vec![Name::root()], Vec::new(), 60, true, Table::default());
    let (table, findings) = hosts.parse("hosts", text);
    assert!(findings.iter().all(|finding| finding.line > 0 && finding.column > 0));
    hosts.publish(table);
    zone(text);
    let _ = records(text, 60);

    let header = Header::decode(QUERY).expect("a header");
    let query = Query::decode(&header, QUERY).expect("a query");
    let client = ([127, 0, 0, 1], 53).into();
    let question = Question { name: query.name(), query: &query, client, transport: Transport::Tcp };
    assert!(matches!(hosts.find(&question), Found::Answer(_)));
    let Ok(text) = Text::compile(text) else { return };
    let template = Template::new(Definition {
        class: None,
        qtype: None,
        zones: vec![Name::root()],
        fallthrough: Vec::new(),
        expressions: Vec::new(),
        texts: vec![(Section::Answer, text)],
        rcode: 0,
        extended_error: None,
    });
    let Found::Answer(composed) = template.find(&question) else { panic!("a template without expressions answers") };
    assert!(composed.answers.len() < 8_192);
});

fn zone(text: &str) {
    // a few lines may make 65,536 records each: that takes long, and says little
    if text.to_ascii_uppercase().matches("$GENERATE").count() > 1 {
        return;
    }
    // every file includes the text itself, so that the bounds on including are tried
    let mut include = |_: &str, path: &str| match text.to_ascii_uppercase().contains("$GENERATE") {
        true => Err("not again".to_owned()),
        false => Ok((path.to_owned(), text.to_owned())),
    };
    let (zone, findings) = Zone::parse("db", text, &ZONE, &mut include);
    let Some(zone) = zone else {
        assert!(!findings.is_empty(), "a refusal has a reason");
        return;
    };
    for record in zone.records().take(100) {
        let name = Name::parse(&record.name.to_ascii());
        let Ok(name) = name.map_err(drop) else { continue };
        for dnssec_ok in [false, true] {
            let reply = zone.lookup(name.as_wire(), Rtype(record.record_type().into()), dnssec_ok);
            let said = [&reply.answers, &reply.authorities].iter().any(|section| !section.is_empty());
            assert!(said, "{} is there", record.name);
        }
    }
}
