//! The section `server6`: what its steps become.

use super::{Environment, faults, good, read};
use crate::v6::policy::Step6;

const WORDS: &str = "svc_base_uri=http://smd:27779 ipxe_base_uri=http://bss:8081 lease_time=2h tftp_port=6969";

#[test]
fn every_step_is_read_and_instances_are_united() {
    let text = format!(
        "SERVER6:\n  plugins:\n    - Dns: fd00::1 fd00::2\n    - searchdomains: one.example\n    - sleep: 300ms\n    \
         - file: hosts6 autorefresh\n    - prefix: 2001:db8::1/56 64\n    - dns: fd00::3\n    - searchdomains: two.example.\n    \
         - coresmd: {WORDS}\n    - prefix: 2001:db8:1::/48 56\n    - server_id: LL 02:00:00:00:00:01\n    \
         - server_id: duid-llt 02:00:00:00:00:02\n    - nbp: http://[fd00::1]/boot.efi?x=1&params=a%20b+c#end\n"
    );
    assert_eq!(faults(&text), [""; 0]);
    let config = good(&text);
    assert!(config.listen.is_empty() && config.policy.steps.is_empty(), "no DHCPv4");
    assert_eq!(config.source.unwrap().smd_url, "http://smd:27779");
    let server6 = config.server6.unwrap();
    assert_eq!(server6.listen.iter().map(ToString::to_string).collect::<Vec<_>>(), ["[::]:547"]);
    assert_eq!(server6.server_id.unwrap().to_string(), "LLT:02:00:00:00:00:02", "the last one counts");
    assert_eq!(server6.pools.len(), 2);
    let said: Vec<String> = server6
        .steps
        .iter()
        .map(|step| match step {
            Step6::Dns(addresses) => format!("dns {addresses:?}"),
            Step6::SearchDomains(wire) => format!("search {}", String::from_utf8_lossy(wire).escape_debug()),
            Step6::Sleep(delay) => format!("sleep {delay:?}"),
            Step6::File(file) => format!("file {} {}", file.path.display(), file.autorefresh),
            Step6::Prefix(pool) => format!("prefix {pool}"),
            Step6::Coresmd(coresmd) => format!("coresmd {} {}", coresmd.lease_time, coresmd.tftp_port),
            Step6::Nbp { url, parameters } => format!("nbp {url} {parameters:?}"),
        })
        .collect();
    let dns = "dns [fd00::1, fd00::2, fd00::3]";
    assert_eq!(
        said,
        [
            dns,
            "search \\u{3}two\\u{7}example\\0",
            "sleep 300ms",
            "file hosts6 true",
            "prefix 0",
            dns,
            "search \\u{3}two\\u{7}example\\0",
            "coresmd 7200 6969",
            "prefix 1",
            "nbp http://[fd00::1]/boot.efi?x=1&params=a%20b+c#end Some(\"a b c\")",
        ]
    );
}

#[test]
fn the_steps_of_both_families_are_listed_once() {
    let names: Vec<_> = crate::config::step_names().into_iter().collect();
    for name in ["mtu", "prefix", "coresmd"] {
        assert_eq!(names.iter().filter(|listed| **listed == name).count(), 1, "{name}");
    }
}

#[test]
fn both_families_share_one_inventory() {
    let text = format!("server4: {{plugins: [{{coresmd: {WORDS}}}]}}\nserver6: {{plugins: [{{coresmd: {WORDS}}}]}}\n");
    assert_eq!(faults(&text), [""; 0]);
    let config = good(&text);
    assert!(config.policy.coresmd().is_some());
    assert_eq!(config.source.unwrap().smd_url, "http://smd:27779");
}

#[test]
fn prefixes_that_a_restart_forgets_are_worth_a_note() {
    let text = "server6: {plugins: [{prefix: \"2001:db8::/56 64\"}]}\n";
    let kept = Environment { state_directory: Some("/var/lib/coresmd".into()), variables: Vec::new() };
    for (environment, notes) in [(Environment::default(), 1), (kept, 0)] {
        let (config, findings) = read("c.yaml", text, Some(&environment));
        assert_eq!((config.is_some(), findings.sorted().len()), (true, notes));
    }
}
