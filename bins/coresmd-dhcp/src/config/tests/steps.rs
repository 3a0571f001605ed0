//! The plain steps: what each takes, and every fault at its place.

use std::time::Duration;

use super::{LEAST, faults, good, with_coresmd};
use crate::admission::Limits;
use crate::policy::{AutoConfigure, Bootloop, Nbp, PoolSettings, Step};
use crate::pool::{Range, Times};

/// A configuration with these steps, from line 3 on.
fn steps(lines: &[&str]) -> String {
    let items: Vec<_> = lines.iter().map(|line| format!("    - {line}\n")).collect();
    format!("server4:\n  plugins:\n{}", items.concat())
}

#[test]
fn every_other_step_is_read() {
    let text = steps(&[
        "staticroute: 10.1.2.3/12,172.16.0.254 0.0.0.0/0,172.16.0.1",
        "autoconfigure: 1",
        "autoconfigure:",
        "ipv6only: 30m",
        "sleep: 300ms",
        "sleep: 1s",
        "file: hosts autorefresh",
        "file: /etc/more",
        "nbp: tftp://h:6969/x",
    ]);
    assert_eq!(faults(&text), [""; 0]);
    let config = good(&text);
    assert!(config.source.is_none() && config.tftp.is_none());
    let steps = &config.policy.steps;
    assert!(matches!(&steps[0], Step::StaticRoute(wire) if wire[..7] == [12, 10, 0, 172, 16, 0, 254]));
    assert!(matches!(steps[1], Step::AutoConfigure(AutoConfigure::Forbidden)), "the last one wins");
    assert!(matches!(steps[3], Step::Ipv6Only(1800)));
    let delays = [Duration::from_millis(300), Duration::from_secs(1)];
    assert!(matches!(steps[4..6], [Step::Sleep(first), Step::Sleep(second)] if [first, second] == delays));
    let files: Vec<_> = config.policy.address_files().map(|file| (file.path.clone(), file.autorefresh)).collect();
    assert_eq!(files, [("hosts".into(), true), ("/etc/more".into(), false)]);
    let nbp = Nbp { server: Some("h:6969".into()), file: "/x".into() };
    assert!(matches!(&steps[8], Step::Nbp(found) if *found == nbp));
}

#[test]
fn every_fault_of_the_other_steps_is_named() {
    let text = steps(&[
        "staticroute:",
        "staticroute: 10.0.0.0/8 fd00::/8,10.0.0.1",
        "autoconfigure: 2",
        "autoconfigure: 0 1",
        "ipv6only: 1800",
        "sleep:",
        "sleep: soon",
        "file:",
        "file: hosts refresh",
        "nbp: tftp://h",
        "nbp: a b",
        "coresmd: {svc_base_uri: http://smd, ipxe_uri: http://h/s}",
    ]);
    assert_eq!(
        faults(&text),
        [
            "3:7 error `staticroute` takes at least one word",
            "4:20 error `staticroute`: \"10.0.0.0/8\" is no CIDR,GATEWAY",
            "4:31 error `staticroute`: \"fd00::/8\" is no IPv4 network",
            "5:22 error `autoconfigure`: \"2\" is none of 0, 1, DoNotAutoConfigure, AutoConfigure",
            "6:7 error `autoconfigure` takes at most one word, not 2",
            "7:17 error `ipv6only`: the duration \"1800\" has no unit",
            "8:7 error `sleep` takes exactly one word, not 0",
            "9:14 error `sleep`: \"soon\" is no duration",
            "10:7 error `file` needs the name of a file",
            "11:19 warning `file` has no option `refresh`: it is ignored",
            "12:7 warning `nbp` ends the list: `coresmd` behind it is never reached",
            "12:12 error `nbp`: \"tftp://h\" names no file",
            "13:7 error `nbp` takes exactly one word, not 2",
        ]
    );
}

#[test]
fn somebody_must_give_addresses() {
    let without =
        "1:1 error no step gives an address: without `coresmd`, `file`, `range` or `bootloop` nobody is answered";
    assert_eq!(faults(&steps(&["dns: 1.1.1.1", "nbp: x"])), [without]);
    assert_eq!(faults(&steps(&["dns: 1.1.1.1", "file: hosts"])), [""; 0]);
}

#[test]
fn limits_are_numbers_or_off() {
    let limits = |section: &str| good(&format!("{}policy: {section}\n", with_coresmd(LEAST))).limits;
    assert_eq!(limits("{}"), Limits::default());
    assert_eq!(
        limits("{max_rate_per_mac: 50, max_rate_per_interface: off}"),
        Limits { per_mac: Some(50), per_interface: None }
    );
    let text =
        format!("{}policy: {{max_rate_per_mac: 0, max_rate: 1, max_rate_per_interface: 5/s}}\n", with_coresmd(LEAST));
    let wrong = "is neither a number of messages a second nor off";
    assert_eq!(
        faults(&text),
        [
            &format!("6:28 error `policy.max_rate_per_mac`: \"0\" {wrong}"),
            "6:31 error `policy` has no key `max_rate`",
            &format!("6:68 error `policy.max_rate_per_interface`: \"5/s\" {wrong}"),
        ]
    );
}

/// The pool of a configuration with this step, and the script of `bootloop`.
fn pool(lines: &[&str]) -> (PoolSettings, Option<String>) {
    let text = steps(lines);
    assert_eq!(faults(&text), [""; 0]);
    let policy = good(&text).policy;
    let script = policy.steps.iter().find_map(|step| match step {
        Step::Bootloop(Bootloop { script }) => Some(script.clone()),
        _ => None,
    });
    (policy.pool.unwrap(), script)
}

/// A range of 172.16.0.0/24, which the configuration may name.
fn range(named: bool, first: u8, last: u8) -> Range {
    let network = named.then(|| "172.16.0.0/24".parse().unwrap());
    Range::new(network, [172, 16, 0, first].into(), [172, 16, 0, last].into()).unwrap()
}

#[test]
fn every_dialect_of_bootloop_is_read() {
    let settings = |ranges: &[Range], lease_time| PoolSettings {
        file: "/tmp/b.db".into(),
        ranges: ranges.to_vec(),
        times: Times::new(lease_time),
    };
    let script = |name: &str| Some(name.to_owned());
    for (line, wanted, name) in [
        ("bootloop: /tmp/b.db x.ipxe 90s 172.16.0.9 172.16.0.10", settings(&[range(false, 9, 10)], 90), "x.ipxe"),
        ("bootloop: /tmp/b.db 1m 172.16.0.9 172.16.0.9", settings(&[range(false, 9, 9)], 60), "default"),
        (
            "bootloop: lease_file=/tmp/b.db ipv4_start=172.16.0.9 ipv4_end=172.16.0.10",
            settings(&[range(false, 9, 10)], 300),
            "default",
        ),
        (
            "bootloop: lease_file='/tmp/b.db' script_path=\"http://h/s\" lease_time=1h subnet_pool=172.16.0.77/24,172.16.0.9,172.16.0.10",
            settings(&[range(true, 9, 10)], 3600),
            "http://h/s",
        ),
        (
            // The same network again takes the place of the first one.
            "bootloop: {lease_file: /tmp/b.db, subnet_pool: [\"172.16.0.0/24,172.16.0.1,172.16.0.2\", \"172.16.0.0/24, 172.16.0.3, 172.16.0.4\"]}",
            settings(&[range(true, 3, 4)], 300),
            "default",
        ),
    ] {
        assert_eq!(pool(&[line]), (wanted, script(name)), "{line}");
    }
}

#[test]
fn range_and_the_section_pool_are_read() {
    let line = "range: leases.db 172.16.0.9 172.16.0.10 1.5s";
    let times = Times::new(2);
    assert_eq!(
        pool(&[line]),
        (PoolSettings { file: "leases.db".into(), ranges: vec![range(false, 9, 10)], times }, None)
    );
    let text = format!("{}pool: {{offer_hold: 1500ms, quarantine: 2m}}\n", steps(&[line]));
    let settings = good(&text).policy.pool.unwrap();
    assert_eq!(settings.times, Times { lease_time: 2, offer_hold: 2, quarantine: 120 });
}
