//! Corefiles and what is made of them. The helpers at the top serve the tests of the other rooms too.

mod tokens;

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::*;
use crate::name::Name;

/// The configuration that a Corefile without imports says.
pub(crate) fn config(text: &str) -> Config {
    let (config, findings) = understand(&parsed(text), 53);
    config.unwrap_or_else(|| panic!("{}", findings.report(false)))
}

fn parsed(text: &str) -> Corefile {
    Corefile::parse(Path::new("Corefile"), text.to_owned(), &mut |_| Ok(Vec::new()), &|_| None)
}

/// The findings as `LINE:COLUMN MESSAGE`.
fn found(text: &str) -> Vec<String> {
    let (config, findings) = understand(&parsed(text), 53);
    assert_eq!(config.is_none(), findings.has_errors());
    let sorted = findings.sorted();
    sorted.iter().map(|finding| format!("{}:{} {}", finding.line, finding.column, finding.message)).collect()
}

#[test]
fn the_shipped_corefile() {
    let config = config(
        ".:1053 {
    errors
    health {
        lameduck 5s
    }
    ready
    prometheus 0.0.0.0:9153
    bind 127.0.0.1 eth0
    coresmd {
        smd_url https://smd.example:8443
        ca_cert /root_ca/root_ca.crt
        cache_duration 1m30s
        zone Cluster.Local. {
            nodes nid{04d}
        }
        zone mgmt.local { nodes mgmt{04d} }
        snapshot_file \"/var/lib/coresmd/dns\"
        token_file /run/token
    }
}",
    );
    let block = &config.blocks[0];
    assert_eq!(block.keys, [Key { zone: Name::root(), port: 1053 }]);
    assert_eq!(block.bind, [BindTarget::Address("127.0.0.1".parse().unwrap()), BindTarget::Interface("eth0".into())]);
    assert!(block.errors.is_some() && block.log.is_empty());
    let health = block.health.unwrap();
    assert_eq!((health.address, health.lameduck), (HttpAddress { ip: None, port: 8080 }, Duration::from_secs(5)));
    assert_eq!(block.ready, Some(HttpAddress { ip: None, port: 8181 }));
    assert_eq!(block.prometheus.unwrap().socket().to_string(), "0.0.0.0:9153");
    let source = &config.sources[0];
    assert_eq!(source.smd_url, "https://smd.example:8443");
    assert_eq!(source.ca_cert, Some(PathBuf::from("/root_ca/root_ca.crt")));
    assert_eq!(source.cache_duration, Duration::from_secs(90));
    assert_eq!(source.snapshot_file, Some(PathBuf::from("/var/lib/coresmd/dns")));
    assert_eq!(source.token_file, Some(PathBuf::from("/run/token")));
    let coresmd = block.coresmd.as_ref().unwrap();
    let zones: Vec<String> = coresmd.plan.zones.iter().map(|zone| zone.apex.to_string()).collect();
    assert_eq!(zones, ["cluster.local.", "mgmt.local."]);
    assert_eq!(coresmd.plan.zones[1].patterns[0].pattern.to_string(), "mgmt{04d}");
}

#[test]
fn what_is_not_said_is_as_the_original_has_it() {
    let config = config(". {\n    prometheus\n    coresmd {\n        smd_url http://s\n    }\n    coresmd {\n    }\n}");
    let coresmd = config.blocks[0].coresmd.as_ref().unwrap();
    let [zone] = &coresmd.plan.zones[..] else { panic!("{:?}", coresmd.plan.zones) };
    assert_eq!(zone.apex.to_string(), "cluster.local.");
    assert_eq!(zone.patterns[0].pattern.to_string(), "nid{04d}");
    assert_eq!(config.sources[0].cache_duration, Duration::from_secs(30));
    assert_eq!(config.sources[0].ca_cert, None);
    assert_eq!(config.blocks[0].prometheus.unwrap().socket().to_string(), "127.0.0.1:9153");
    assert_eq!(config.blocks[0].keys[0].port, 53);
}

#[test]
fn blocks_with_equal_inventories_share_one() {
    let coresmd = |url: &str, zone: &str| format!("coresmd {{\n smd_url {url}\n zone {zone} {{\n }}\n}}\n");
    let text = format!(
        "a {{\n{}}}\nb {{\n{}}}\nc {{\n{}}}\n",
        coresmd("http://s", "a"),
        coresmd("http://s", "b"),
        coresmd("http://t", "c")
    );
    let config = config(&text);
    let sources: Vec<usize> = config.blocks.iter().map(|block| block.coresmd.as_ref().unwrap().source).collect();
    assert_eq!(sources, [0, 0, 1]);
}

#[test]
fn an_empty_ca_cert_means_the_systems() {
    assert_eq!(config(". {\n coresmd {\n smd_url https://s\n ca_cert \"\"\n }\n}").sources[0].ca_cert, None);
    let file = &config(". {\n coresmd {\n inventory nodes.yaml\n }\n}").sources[0];
    assert_eq!((file.inventory.as_deref(), file.name().as_str()), (Some("nodes.yaml".as_ref()), "nodes.yaml"));
}

#[test]
fn every_fault_is_found_in_one_go() {
    assert_eq!(
        found(
            ". {
    bind 127.0.0.1.1
    errors
    autopath .
    prometeus :9153
    health :notaport
    ready {
        monitor sometimes
    }
    coresmd {
        cache_duration soon
        smdurl http://x
        zone a..b {
            nodes nid{04d}
            bmcs b{04d}
        }
        zone a.example
    }
    k8s_gateway example.org
}
tls://x {
    errors
    errors
}
"
        ),
        [
            "2:10 `127.0.0.1.1` is neither an IP address nor an interface's name",
            "4:5 `autopath` is not supported yet by this version",
            "5:5 unknown directive `prometeus`",
            "6:12 `:notaport` is not an address to listen on",
            "8:17 `monitor sometimes` is no way of monitoring",
            "10:5 `coresmd` without `smd_url`",
            "11:24 `soon` is not a duration, for `cache_duration`",
            "12:9 unknown word `smdurl` in coresmd",
            "13:14 `zone a..b` has an empty label",
            "15:13 unknown word `bmcs` in zone",
            "17:9 `zone` without a block",
            "19:5 `k8s_gateway` is not supported yet by this version",
            "21:1 `tls://` is not supported yet by this version",
            "23:5 `errors` is given twice in one server block",
        ]
    );
}

#[test]
fn each_word_of_coresmd_is_checked() {
    for (line, want) in [
        ("smd_url", "`smd_url` without a value"),
        ("smd_url a b", "`smd_url` takes one value; `b` is one too many"),
        ("smd_url not-a-url", "`not-a-url` is not an http or https URL"),
        ("smd_url http://", "`http://` is not an http or https URL"),
        ("smd_url http://a\n smd_url http://b", "`smd_url` is given twice"),
        ("smd_url http://a\n inventory nodes.yaml", "`smd_url` and `inventory`: the inventory has one source"),
        ("inventory", "`inventory` without a value"),
        ("smd_url http://a\n cache_duration 0s", "`cache_duration 0s` is less than 100ms"),
        ("smd_url http://a\n cache_duration -5s", "`-5s` is not a duration, for `cache_duration`"),
        ("smd_url http://a\n ca_cert a b", "`ca_cert` takes one value; `b` is one too many"),
        ("smd_url http://a {\n x\n }", "`smd_url` has no block"),
        ("smd_url http://a\n zone a {\n }\n zone A. {\n }", "`zone a.` is given twice"),
        ("smd_url http://a\n zone a {\n nodes a\n nodes b\n }", "`nodes` is given twice in one zone"),
        ("smd_url http://a\n zone 10.in-addr.arpa {\n }", "reverse zones only: there is no name for a PTR to give"),
        (
            "smd_url http://a\n zone a {\n }\n zone 10.in-addr.arpa {\n nodes n\n }",
            "`nodes` in a reverse zone, which holds no names of nodes",
        ),
    ] {
        let found = found(&format!(". {{\n coresmd {{\n {line}\n }}\n}}\n"));
        assert_eq!(found.len(), 1, "{line}: {found:?}");
        assert!(found[0].ends_with(want), "{line}: {found:?}");
    }
}

#[test]
fn each_word_about_names_is_checked() {
    for (line, want) in [
        ("tl 60", "3:2 unknown word `tl` in coresmd"),
        ("nodes nid{04d}", "3:2 unknown word `nodes` in coresmd"),
        ("ttl", "3:2 `ttl` without a value"),
        ("ttl soon", "3:6 `soon` is not a time that DNS can say"),
        ("ttl 3000000000", "3:6 `3000000000` is not a time that DNS can say"),
        ("ttl 1\n ttl 2", "4:2 `ttl` is given twice"),
        ("ttl 1 {\n x\n }", "4:2 `ttl` has no block"),
        ("soa ns1", "3:6 `soa` takes two names, or these and four times"),
        ("soa ns1 hostmaster 1s 2s", "3:24 `soa` takes two names, or these and four times"),
        ("soa ns..1 hostmaster", "3:6 `ns..1` has an empty label"),
        ("soa ns1 hostmaster 1s 2s 3s x", "3:30 `x` is not a time that DNS can say"),
        ("ns", "3:2 `ns` without a name"),
        ("ns ns1 ns2", "3:9 `ns2` is not an IP address, for `ns ns1`"),
        (
            "ns ns1.example. 10.0.0.1",
            "3:5 `ns1.example.` lies in no zone of this block, so that its address is not ours to give",
        ),
        ("reverse", "3:2 `reverse` without a network"),
        ("reverse 10.0.0.0/33", "3:10 `10.0.0.0/33` is not a network"),
        ("reverse 10.0.0.0/8 10.0.0.0/8", "3:21 `10.0.0.0/8` is the zone 10.in-addr.arpa., which is ours already"),
        ("types NodeBMC", "3:8 `types` wants types and, last, a pattern"),
        ("types", "3:2 `types` without a type and a pattern"),
        ("types NodeBMC bmc..x", "3:16 `bmc..x`: a label of the name is empty"),
        ("only", "3:2 `only` without a type"),
        ("interfaces", "3:2 `interfaces` without a pattern"),
        ("interfaces a b c", "3:17 `interfaces` takes a pattern and a description; `c` is one too many"),
        ("alias login", "3:2 `alias` wants a name and a node set"),
        ("alias login x[", "3:14 `x[`: `[` is never closed"),
        ("alias login a\n alias login b", "4:8 `alias login.cluster.local.` is given twice"),
        ("alias login.example. a", "3:8 `alias login.example.` lies outside of the zone cluster.local."),
        ("rule", "3:2 `rule` without a value"),
        ("rule typ:Node,hostname:x", "3:7 `rule`: "),
        ("domain a..b", "3:9 `domain a..b` has an empty label"),
        ("fallthrough a..b", "3:14 `fallthrough a..b` has an empty label"),
        ("fallthrough\n fallthrough", "4:2 `fallthrough` is given twice"),
        ("transfer", "3:2 `transfer` does not say to whom"),
        ("transfer 10.0.0.1", "3:11 `transfer 10.0.0.1` is not known"),
        ("transfer to", "3:2 `transfer` does not say to whom"),
        ("transfer to 10.0.0", "3:14 `10.0.0` is neither a network nor an address"),
        ("record www", "3:2 `record` wants a name, a type and data"),
        ("record www A 10.0.0.256", "3:15 not the data of A: "),
        ("record www A 10.0.0.1 10.0.0.2", "3:24 the data of A is 1 words, not 2"),
        ("record www NS ns1", "3:13 `NS` is no type of a `record`"),
        ("record www FOO x", "3:13 `FOO` is no type of a `record`"),
        ("record www.example. A 10.0.0.1", "3:9 `www.example.` lies in no zone of this block"),
        ("record a..b A 10.0.0.1", "3:9 `a..b` has an empty label"),
        ("record x MX ten mail", "3:14 not the data of MX: "),
        ("record x CNAME a..b", "3:17 `a..b` has an empty label"),
        ("record @ CNAME x", "3:9 a CNAME for the zone cluster.local. itself"),
        (
            "record x CNAME y\n record x TXT z",
            "3:9 x.cluster.local. has a CNAME, beside which nothing stands, and a TXT",
        ),
        (
            "record x CNAME y\n record x CNAME z",
            "3:9 x.cluster.local. has a CNAME, beside which nothing stands, and a CNAME",
        ),
        (
            "record x A 10.0.0.1\n record X.cluster.local A 10.0.0.1",
            "4:9 this A record of x.cluster.local. is given twice",
        ),
    ] {
        let found = found(&format!(". {{\n coresmd {{\n {line}\n smd_url http://s\n }}\n}}\n"));
        assert!(!found.is_empty() && found[0].starts_with(want), "{line}: {found:?}");
        assert!(found.len() == 1 || line.contains("CNAME z"), "{line}: {found:?}");
    }
}

#[test]
fn the_other_directives_are_checked() {
    for (line, want) in [
        ("bind", "`bind` without an address"),
        ("bind ::1 {\n only lo\n }", "unknown option `only` of bind"),
        ("errors {\n consolidate 5m ([\n }", "`([` is no regular expression: error: unclosed character class"),
        ("errors {\n consolidate soon x\n }", "`soon` is not a duration"),
        ("errors {\n consolidate 5m x loud\n }", "`loud` is no option of consolidate"),
        ("errors {\n frob\n }", "unknown option `frob` of errors"),
        ("acl", "`acl` without rules"),
        ("acl {\n deny net *\n }", "unknown action `deny` of acl"),
        ("acl {\n block net 10.0.0.0/33\n }", "`10.0.0.0/33` is no network"),
        ("acl {\n block type NOTYPE\n }", "`NOTYPE` is no record type"),
        ("acl {\n block 10.0.0.0/8\n }", "`10.0.0.0/8` is neither `type` nor `net`"),
        ("header", "`header` changes nothing"),
        ("header {\n frob set aa\n }", "`frob` is neither query nor response"),
        ("header {\n response put aa\n }", "neither `set` nor `clear`"),
        ("header {\n response set zz\n }", "`zz` is no flag to change"),
        ("loadbalance best", "`best` is no policy of loadbalance"),
        ("loadbalance weighted w.txt", "`loadbalance weighted` is not supported by this version"),
        ("loadbalance {\n prefer 10\n }", "`10` is no network"),
        ("reload 1s", "`1s` is no interval for reload"),
        ("reload 10s 0s", "`0s` is no jitter for reload"),
        ("rrl {\n window soon\n }", "`soon` is no number for window"),
        ("rrl {\n slip-ratio 11\n }", "`11` is no number for slip-ratio"),
        ("rrl", "`rrl` limits nothing"),
        ("rrl {\n frob 1\n }", "unknown option `frob` of rrl"),
        ("rrl example.org", "`rrl` for some zones of a block is not supported"),
        ("bufsize 100", "`100` is no size of a reply over UDP"),
        ("whoami me", "`whoami` takes no value"),
        ("loop\n loop", "`loop` is given twice in one server block"),
        ("root", "`root` without a value"),
        ("errors stderr", "`errors stderr` is no output"),
        ("health a:1", "`a:1` is not an address to listen on"),
        ("health {\n lameduck long\n }", "`long` is not a duration"),
        ("health {\n fast\n }", "unknown option `fast` of health"),
        ("ready {\n quickly\n }", "unknown option `quickly` of ready"),
        ("prometheus :1 {\n x\n }", "`prometheus` has no block"),
        ("prometheus :1 :2", "`prometheus` takes one value; `:2` is one too many"),
        ("log a..b", "`a..b` has an empty label"),
        ("log . {\n class some\n }", "`some` is no class of answers"),
        ("log . {\n format x\n }", "unknown option `format` of log"),
        ("log \"{type\"", "`{type` is nothing that a log line can show"),
        ("frobnicate", "unknown directive `frobnicate`"),
        ("startup true", "`startup` is not supported yet by this version"),
    ] {
        let found = found(&format!(". {{\n {line}\n}}\n"));
        assert_eq!(found.len(), 1, "{line}: {found:?}");
        assert!(found[0].ends_with(want), "{line}: {found:?}");
    }
}

#[test]
fn a_file_without_blocks_or_with_two_alike_is_refused() {
    assert_eq!(found("# nothing\n"), ["0:0 there is no server block"]);
    let twice = found("a {\n errors\n}\na:53 {\n errors\n}\n");
    assert!(twice[0].starts_with("4:1 cannot serve dns://a.:53"), "{twice:?}");
}

#[test]
fn a_log_rule_has_zones_a_format_and_classes() {
    let config = config(". {\n log\n log a.example b \"{name} took {duration}\" {\n class denial error\n }\n}\n");
    let [all, some] = &config.blocks[0].log[..] else { panic!("{:?}", config.blocks[0].log) };
    assert_eq!(all.zones, [Name::root()]);
    assert_eq!(all.classes, Classes { success: true, denial: true, error: true });
    assert_eq!(some.zones.len(), 2);
    assert_eq!(some.classes, Classes { success: false, denial: true, error: true });
    let part = |text: &str| Part::Text(text.to_owned());
    assert_eq!(some.format, [Part::Field(Field::Name), part(" took "), Part::Field(Field::Duration)]);
}

#[test]
fn imports_are_read_and_faults_in_them_have_their_own_file() {
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = directory.path().join(name);
        #[expect(clippy::disallowed_methods, reason = "a test writes what it reads")]
        std::fs::write(&path, text).unwrap();
        path
    };
    let main = write("Corefile", "import parts/*.conf\n{$ZONE} {\n import one.inc\n}\n");
    std::fs::DirBuilder::new().create(directory.path().join("parts")).unwrap();
    write("parts/a.conf", "a.example {\n errors\n}\n");
    write("parts/b.conf", "b.example {\n errors\n}\n");
    write("one.inc", "errors\nnosuch\n");
    let file = read(&main, &|name| (name == "ZONE").then(|| "c.example".to_owned())).unwrap();
    let (config, findings) = understand(&file, 53);
    assert!(config.is_none());
    let report = findings.report(false);
    assert!(report.contains("unknown directive `nosuch`") && report.contains("one.inc:2:1"), "{report}");
    write("one.inc", "errors\n");
    let file = read(&main, &|name| (name == "ZONE").then(|| "c.example".to_owned())).unwrap();
    let config = understand(&file, 1053).0.unwrap();
    let keys: Vec<String> =
        config.blocks.iter().map(|block| format!("{}:{}", block.keys[0].zone, block.keys[0].port)).collect();
    assert_eq!(keys, ["a.example.:1053", "b.example.:1053", "c.example.:1053"]);
}

#[test]
fn every_example_is_in_order() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let mut seen = 0;
    for entry in examples.read_dir().unwrap() {
        let path = entry.unwrap().path();
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("Corefile")) {
            let (config, findings) = understand(&read(&path, &|_| None).unwrap(), 53);
            assert!(config.is_some() && findings.is_empty(), "{}", findings.report(false));
            seen += 1;
        }
    }
    assert!(seen >= 2, "{seen}");
}
