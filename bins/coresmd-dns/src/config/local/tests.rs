//! The directives `hosts`, `file` and `template` in Corefiles.

use std::path::Path;

use serve::findings::Finding;

use super::*;
use crate::config::Corefile;

/// What the first block of a Corefile says, and the findings as `LINE:COLUMN MESSAGE`.
fn read(text: &str) -> (Local, Vec<String>) {
    let none = &|_: &str| None;
    let file = Corefile::parse(Path::new("Corefile"), text.to_owned(), &mut |_| Ok(Vec::new()), none);
    let mut report = Report::new(&file);
    let local = understand(&file.parsed.as_ref().unwrap().blocks[0], &mut report);
    let shown = |finding: &Finding| format!("{}:{} {}", finding.line, finding.column, finding.message);
    (local, report.finish().sorted().into_iter().map(shown).collect())
}

/// What the first block of a right Corefile says.
pub(crate) fn local(text: &str) -> Local {
    let (local, findings) = read(text);
    assert_eq!(findings, [""; 0]);
    local
}

#[test]
fn what_the_directives_say() {
    let local = local(
        "example:53 {
            root /zones
            hosts nofile.txt example 10.0.0.0/9 {
                10.2.0.1 a.example b.example outside.test
                fd00:2::1 a.example
                ttl 77
                no_reverse
                reload 0
                fallthrough sub.example
            }
            file db.any sub.example Outside.Test. {
                reload 1m30s
            }
            file /abs/db {
                fallthrough
            }
            template ANY any
            template CH TYPE65280 {
                rcode nxdomain
            }
        }",
    );
    let hosts = local.hosts.unwrap();
    assert_eq!((hosts.path, hosts.named), (PathBuf::from("/zones/nofile.txt"), true));
    assert_eq!((hosts.ttl, hosts.reverse, hosts.reload), (77, false, Duration::ZERO));
    // 10.0.0.0/9 is 128 zones
    assert_eq!((hosts.zones.len(), hosts.inline.entries()), (129, 6));
    assert_eq!(hosts.fallthrough, [Name::parse("sub.example").unwrap()]);
    let [any, abs] = &local.files[..] else { panic!("{:?}", local.files) };
    assert_eq!(any.path, Path::new("/zones/db.any"));
    assert_eq!(any.zones, ["sub.example", "outside.test"].map(|zone| Name::parse(zone).unwrap()));
    assert_eq!((any.reload, any.fallthrough.len()), (Duration::from_secs(90), 0));
    assert_eq!((abs.path.as_path(), abs.reload), (Path::new("/abs/db"), Duration::from_mins(1)));
    assert_eq!((&abs.zones[0].to_string()[..], abs.fallthrough[0].is_root()), ("example.", true));
    let [any, unknown] = &local.templates[..] else { panic!("{:?}", local.templates) };
    assert_eq!((any.class, any.qtype), (None, None));
    assert_eq!((unknown.class, unknown.qtype.map(|qtype| qtype.0), unknown.rcode), (Some(3), Some(65_280), 3));
}

#[test]
fn what_is_written_wrong() {
    for (text, finding) in [
        ("hosts {\n 10.0.0.1\n}", "3:2 the address 10.0.0.1 has no name"),
        ("hosts {\n 10.0.0.1 a..b\n}", "3:11 `a..b` has an empty label"),
        ("hosts {\n 10.0.0.300 a\n}", "3:2 unknown word `10.0.0.300` in hosts, which is no IP address either"),
        ("hosts {\n ttl 0\n}", "3:6 `0` is no TTL of hosts"),
        ("hosts {\n ttl 65536\n}", "3:6 `65536` is no TTL of hosts"),
        ("hosts {\n reload 5\n}", "3:9 `5` is not a duration, for `reload`"),
        ("hosts {\n no_reverse x\n}", "3:13 `x` is one word too many for `no_reverse`"),
        ("hosts\nhosts", "3:1 `hosts` is given twice in one server block"),
        ("file", "2:1 `file` without a file"),
        ("file db a..b", "2:9 `a..b` is no zone: "),
        ("file db {\n relaod 5s\n}", "3:2 unknown word `relaod` in file"),
        ("file db {\n upstream\n}", "3:2 `upstream` of file has no effect"),
        ("template IN", "2:1 `template` without class and type"),
        ("template XX A", "2:10 `XX` is no class"),
        ("template IN FOO", "2:13 `FOO` is no type of record"),
        ("template IN A {\n match (\n}", "3:8 the expression `(` of template cannot be used: unclosed group"),
        ("template IN A {\n match\n}", "3:2 `match` without a value"),
        ("template IN A {\n answer \"{{ .Foo }}\"\n}", "3:9 template: the field `.Foo` is not supported"),
        (
            "template IN A {\n match (?P<a>x)\n answer \"{{ .Group.b }}\"\n}",
            "2:1 no `match` of this template has a group `b`",
        ),
        ("template IN A {\n rcode NOPE\n}", "3:8 `NOPE` is no response code"),
        ("template IN A {\n ederror 65536\n}", "3:10 `65536` is no code of an extended error"),
        ("template IN A {\n answr x\n}", "3:2 unknown word `answr` in template"),
    ] {
        let (_, findings) = read(&format!(". {{\n{text}\n}}\n"));
        assert!(findings.len() == 1 && findings[0].starts_with(finding), "{text}: {findings:?}");
    }
}
