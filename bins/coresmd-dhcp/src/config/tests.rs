//! Whole configurations: what is taken, and every fault at its place.

mod server6;
mod sources;
mod steps;

use std::path::PathBuf;
use std::time::Duration;

use naming::NidSource;
use proptest::prelude::*;
use serve::findings::Severity;
use smd_cache::client::{ClientCertificate, Proxy, Transport};
use smd_cache::token::{ClientAuth, GrantKind, Secret, TokenConfig};
use smd_cache::{ComponentId, ComponentType, MacAddr, Nid};

use super::*;
use crate::policy::{Coresmd, Step};

/// A configuration whose `coresmd` has this value, indented as a block.
fn with_coresmd(words: &str) -> String {
    let lines: Vec<_> = words.lines().map(|line| format!("        {}", line.trim())).collect();
    format!("server4:\n  plugins:\n    - coresmd: |\n{}\n", lines.join("\n"))
}

/// The least that the words of `coresmd` must say.
const LEAST: &str = "svc_base_uri=http://smd:27779\nipxe_base_uri=http://bss:8081\n";

fn good(text: &str) -> Config {
    let (config, findings) = read("c.yaml", text, None);
    config.unwrap_or_else(|| panic!("{}", findings.report(false)))
}

fn coresmd(text: &str) -> Coresmd {
    good(text).policy.coresmd().unwrap().clone()
}

/// The findings that are errors or warnings, as `line:column severity message`.
fn faults(text: &str) -> Vec<String> {
    let (_, findings) = read("c.yaml", text, None);
    let found = findings.sorted().into_iter().filter(|finding| finding.severity != Severity::Note);
    found.map(|f| format!("{}:{} {} {}", f.line, f.column, f.severity.word(), f.message)).collect()
}

fn hostname(coresmd: &Coresmd, id: &str, component_type: &str, nid: Option<u64>) -> String {
    let (id, component_type) = (ComponentId::new(id).unwrap(), ComponentType::new(component_type));
    let first = Some("172.16.0.1".parse().unwrap());
    let subject = naming::Subject { id: &id, component_type: &component_type, nid: nid.map(Nid), first };
    coresmd.rules.evaluate(&subject).hostname.clone()
}

#[test]
fn defaults_are_the_originals() {
    let config = good(&with_coresmd(LEAST));
    assert_eq!(config.listen.iter().map(Listen::to_string).collect::<Vec<_>>(), ["0.0.0.0:67"]);
    let source = config.source.unwrap();
    assert_eq!((source.smd_url.as_str(), source.smd_ca), ("http://smd:27779", None));
    assert_eq!(source.interval, Duration::from_secs(30));
    assert_eq!(config.tftp, Some(Tftp { root: "/tftpboot".into(), port: 69, single_port: false }));
    assert_eq!(config.limits, Limits { per_mac: Some(1_000), per_interface: Some(100_000) });
    assert_eq!(config.admin, Admin { listen: "127.0.0.1:8067".parse().unwrap(), required: false });
    let coresmd = config.policy.coresmd().unwrap();
    assert_eq!((coresmd.lease_time, coresmd.rules.nids), (3600, NidSource::NodesOnly));
    assert_eq!(config.policy.server_id, None);
}

#[test]
fn every_key_of_the_text_form_is_read() {
    let words = "svc_base_uri=http://smd:27779 ipxe_base_uri=http://bss:8081/x
        ca_cert=\"/etc/ca.pem\" cache_valid=1m30s lease_time=24h single_port=T
        tftp_dir='/srv/tftp' tftp_port=6969 domain=\".cluster.test\" rule_log=none
        rule=type:Node,hostname:nid{04d} auth_mode=disabled tokensmith_url=http://t:1 refresh_before=2m";
    let text = with_coresmd(words);
    assert_eq!(faults(&text), [""; 0]);
    let config = good(&text);
    assert_eq!(config.tftp, Some(Tftp { root: "/srv/tftp".into(), port: 6969, single_port: true }));
    let source = config.source.as_ref().unwrap();
    assert_eq!((&source.smd_ca, source.interval), (&Some("/etc/ca.pem".into()), Duration::from_secs(90)));
    let coresmd = config.policy.coresmd().unwrap();
    assert_eq!(coresmd.lease_time, 86_400);
    assert_eq!(coresmd.script.of(MacAddr([0; 6])), "http://bss:8081/x/boot/v1/bootscript?mac=00:00:00:00:00:00");
    assert_eq!(hostname(coresmd, "x1", "Node", Some(7)), "nid0007.cluster.test");
}

#[test]
fn the_older_dialects_name_hosts_as_they_did() {
    let positional = "server4:\n  plugins:\n    - coresmd: http://smd:27779 http://bss:8081 /dev/null 30s 1h false\n";
    let v05 =
        with_coresmd(&format!("{LEAST}hostname_by_type=NodeBMC:m{{02d}}\nhostname_default=dev-{{id}}\ndomain=d\n"));
    let v056 = with_coresmd(&format!("{LEAST}hostname_rule=type:Node,pattern:n{{03d}}\nhostname_log=debug\n"));
    let shorthand = with_coresmd(&format!("{LEAST}node_pattern=\"de{{02d}}\"\nbmc_pattern=b{{02d}}\n"));
    for (text, node, bmc, switch) in [
        (positional.to_owned(), "nid0007", "x1", "x1"),
        (v05, "nid0007.d", "m00.d", "dev-x1.d"),
        (v056, "n007", "unknown-0000", "unknown-0000"),
        (shorthand, "de07", "b00", "unknown-0000"),
    ] {
        assert_eq!(faults(&text), [""; 0], "{text}");
        let coresmd = coresmd(&text);
        assert_eq!(hostname(&coresmd, "x1", "Node", Some(7)), node);
        assert_eq!(hostname(&coresmd, "x1", "NodeBMC", Some(0)), bmc);
        assert_eq!(hostname(&coresmd, "x1", "MgmtSwitch", Some(0)), switch);
    }
}

#[test]
fn the_whole_script_url_wins_with_a_warning() {
    let text = with_coresmd(&format!("{LEAST}ipxe_uri=http://h/boot-service/bootscript\n"));
    assert_eq!(faults(&text), ["6:18 warning `ipxe_uri` wins over `ipxe_base_uri`: keep one of them"]);
    assert_eq!(coresmd(&text).script.of(MacAddr([0; 6])), "http://h/boot-service/bootscript?mac=00:00:00:00:00:00");
    let alone = with_coresmd("svc_base_uri=http://smd\nipxe_uri=http://h/s\n");
    assert_eq!(faults(&alone), [""; 0]);
}

#[test]
fn a_bad_word_of_the_text_form_is_skipped_with_its_place() {
    let text = with_coresmd(&format!(
        "{LEAST}rule=nonsense\nunknown_key=1\nlease_time=soon\nword\n/* rule=x\ny */ tftp_port=70000 */ rule_log=info\nrule_log=none"
    ));
    assert_eq!(
        faults(&text),
        [
            "6:14 warning `nonsense` is not KEY:VALUE",
            "7:9 warning `coresmd` has no key `unknown_key`",
            "8:20 warning `lease_time`: \"soon\" is no duration",
            "9:9 warning `word` is no `key=value`",
            "11:24 warning `tftp_port`: \"70000\" is no port: 0 to 65535",
            "11:30 warning `*/` closes no comment",
            "12:18 warning `rule_log`: it is given twice; the last one counts",
        ]
    );
    assert_eq!(coresmd(&text).lease_time, 3600);
}

#[test]
fn an_unclosed_comment_swallows_the_rest() {
    let text = with_coresmd(&format!("{LEAST}/* never closed\nlease_time=5m\n"));
    assert_eq!(faults(&text), ["6:9 warning this comment is not closed: everything behind it is ignored"]);
    assert_eq!(coresmd(&text).lease_time, 3600);
}

#[test]
fn in_the_strict_form_everything_is_fatal() {
    let text = "server4:
  plugins:
    - coresmd:
        svc_base_uri: smd:27779
        ipxe_base_uri: http://bss:8081
        rule: [\"type:Node,hostname:nid{04d}\", nonsense]
        lease_tme: 1h
        cache_valid: {a: 1}
";
    let faults = faults(text);
    assert_eq!(
        faults[..2],
        [
            "3:7 error `coresmd` needs `svc_base_uri`",
            "4:23 error `svc_base_uri`: \"smd:27779\" is no URL: it has no scheme",
        ]
    );
    assert_eq!(faults[2], "6:47 error `nonsense` is not KEY:VALUE");
    assert_eq!(faults[3..], ["7:9 error `coresmd` has no key `lease_tme`", "8:22 error `cache_valid` takes one value"]);
}

#[test]
fn what_is_missing_is_fatal_in_every_form() {
    for (value, wanted) in [
        (
            "|\n        domain=x\n",
            vec!["3:7 error `coresmd` needs `svc_base_uri`", "3:7 error `coresmd` needs `ipxe_base_uri`"],
        ),
        (
            "{domain: x}\n",
            vec!["3:7 error `coresmd` needs `svc_base_uri`", "3:7 error `coresmd` needs `ipxe_base_uri`"],
        ),
        ("~\n", vec!["3:7 error `coresmd` needs `svc_base_uri`", "3:7 error `coresmd` needs `ipxe_base_uri`"]),
        ("http://smd http://bss\n", vec!["3:7 error `coresmd` takes 5 or 6 words here, not 2"]),
        ("[a=b]\n", vec!["3:16 error `coresmd` takes words `key=value`, or a map"]),
    ] {
        assert_eq!(faults(&format!("server4:\n  plugins:\n    - coresmd: {value}")), wanted, "{value}");
    }
}

#[test]
fn all_faults_are_in_one_report() {
    let text = "server4:
  listen: [eth0, \"%eth1\"]
  plugin: x
  plugins:
    - server_id: 1.2.3.4 5.6.7.8
    - dns: [1.1.1.1]
    - dns:
    - router: 10.0.0.1 10.0.0
    - netmask: 255.0.255.0
    - lease_time: 3600
    - mtu: 20
    - searchdomains: a..b ok
    - sleep 300ms
    - {dns: 1.1.1.1, router: 2.2.2.2}
    - bootloop: a b
    - ruoter: 1.1.1.1
    - prefix: x
server6:
  plugins: []
admni: x
admin:
  listen: here
smd: {shrink: maybe, timeouts: {conect: 1s}}
bss: {precedence: x}
pool: {hold: 1s}
";
    assert_eq!(
        faults(text),
        [
            "2:12 error \"eth0\" is no IPv4 address; an interface is written `%name`",
            "3:3 warning `server4` has no key `plugin`: it is ignored",
            "5:7 error `server_id` takes exactly one word, not 2",
            "6:12 error `dns` takes words, not a list or a map",
            "7:7 error `dns` takes at least one word",
            "8:24 error `router`: \"10.0.0\" is no IPv4 address",
            "9:16 error `netmask`: 255.0.255.0 is no netmask: its ones must stand together, in front",
            "10:19 error `lease_time`: the duration \"3600\" has no unit",
            "11:12 error `mtu`: 20 is no MTU: at least 68",
            "12:22 error `searchdomains`: \"a..b\" is no domain name: a label has 1 to 63 octets",
            "13:7 error exactly one step per item of `plugins`",
            "14:7 error exactly one step per item of `plugins`",
            "15:7 error `bootloop` takes 4 or 5 words here, not 2",
            "16:7 error there is no step `ruoter`",
            "17:7 warning `prefix` has no DHCPv4 side: it is skipped",
            "19:3 error `server6` needs `plugins`, a list of steps",
            "20:1 warning there is no section `admni`: it is ignored",
            "22:11 error `admin.listen`: \"here\" is no address: write it as 127.0.0.1:8067",
            "23:1 warning `smd` is not used: no step is `coresmd`",
            "23:15 error `smd.shrink`: \"maybe\" is neither hold nor accept",
            "23:33 error `smd.timeouts` has no key `conect`",
            "24:1 warning `bss` is not used: no step is `coresmd`",
            "24:6 error `bss` needs `url`",
            "24:19 error `bss.precedence`: \"x\" is neither sql nor kv",
            "25:8 error `pool` has no key `hold`",
        ]
    );
    let (_, findings) = read("c.yaml", text, None);
    assert!(findings.report(false).contains("did you mean `router`?"));
    assert!(findings.report(false).contains("did you mean `admin`?"));
}

#[test]
fn what_is_no_configuration_says_so() {
    for (text, wanted) in [
        ("", "0:0 error this is no configuration: a map with `server4` is wanted"),
        ("[]", "0:0 error this is no configuration: a map with `server4` is wanted"),
        ("{}", "0:0 error neither `server4` nor `server6`: there is nothing to serve"),
        ("server4: ~", "0:0 error neither `server4` nor `server6`: there is nothing to serve"),
        ("server4: x", "1:10 error `server4` is a section: a map of keys and values"),
        ("a: 1\na: 2", "2:1 error duplicate mapping key: a"),
        ("server4: {}\nSERVER4: {}", "2:1 error `server4` is there twice (keys are read in lower case)"),
    ] {
        assert!(faults(text).contains(&wanted.to_owned()), "{text}: {:?}", faults(text));
    }
}

#[test]
fn lists_join_over_all_instances_and_of_the_rest_the_last_wins() {
    let text = "server4:
  plugins:
    - dns: 1.1.1.1
    - netmask: 255.255.0.0
    - router: 2.2.2.2 3.3.3.3
    - server_id: 9.9.9.9
    - coresmd: {svc_base_uri: http://smd, ipxe_uri: http://h/s}
    - dns: 4.4.4.4
    - netmask: 255.255.255.0
    - router: 5.5.5.5
    - server_id: 8.8.8.8
";
    let policy = good(text).policy;
    let ip = |text: &str| text.parse::<std::net::Ipv4Addr>().unwrap();
    assert!(matches!(&policy.steps[0], Step::Dns(list) if *list == [ip("1.1.1.1"), ip("4.4.4.4")]));
    assert!(matches!(policy.steps[1], Step::Netmask(mask) if mask == ip("255.255.255.0")));
    assert!(matches!(&policy.steps[2], Step::Router(list) if *list == [ip("2.2.2.2"), ip("3.3.3.3"), ip("5.5.5.5")]));
    assert_eq!(policy.server_id, Some(ip("8.8.8.8")));
    assert_eq!(policy.coresmd().unwrap().rules.nids, NidSource::Related);
}

#[test]
fn every_example_is_without_a_fault() {
    let coredhcps = ["coredhcp.yaml", "coredhcp-subnets.yaml", "coredhcp-dual-stack.yaml", "coredhcp-positional.yaml"];
    let ours = ["coresmd-dhcp.yaml", "coresmd-dhcp-files.yaml", "coresmd-dhcp-tokensmith.yaml"];
    for name in coredhcps.into_iter().chain(ours) {
        #[expect(clippy::disallowed_methods, reason = "a test reads the examples")]
        let text = std::fs::read_to_string(format!("{}/../../examples/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap();
        assert_eq!(faults(&text), [""; 0], "{name}");
        good(&text);
    }
}

proptest! {
    #[test]
    fn any_text_is_a_configuration_or_has_errors(text in "\\PC{0,200}") {
        let (config, findings) = read("c.yaml", &text, None);
        prop_assert_eq!(config.is_none(), findings.has_errors());
    }

    #[test]
    fn any_words_of_coresmd_are_read(words in "[a-z_=/*:,{}\"' \n%0-9.]{0,200}") {
        let (config, findings) = read("c.yaml", &with_coresmd(&words), None);
        prop_assert_eq!(config.is_none(), findings.has_errors());
        for finding in findings.sorted() {
            prop_assert!(finding.line <= 3 + words.lines().count() + 1);
        }
    }
}
