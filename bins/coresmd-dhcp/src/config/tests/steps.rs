//! The plain steps: what each takes, and every fault at its place.

use std::time::Duration;

use super::{LEAST, faults, good, with_coresmd};
use crate::admission::Limits;
use crate::policy::{AutoConfigure, Nbp, Step};

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
