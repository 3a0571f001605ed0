//! The tools that people ask name servers with understand ours. What the C library's resolver makes of it is seen where
//! nodes resolve what they got by DHCP (`reserved`).

use std::process::Command;

use coresmd_tests::process::Process;

use crate::zones::Site;

#[test]
#[ignore = "needs dig, kdig and drill: tests/run e2e"]
fn dig_kdig_and_drill_understand_our_answers() {
    let site = Site::new();
    let (port, at) = (site.dns.port().to_string(), "@127.0.0.1");
    let said = |words: &[&str]| {
        let mut command = Command::new(words[0]);
        command.args(&words[1..]);
        let (status, output) = Process::run(words[0], command);
        assert!(status.success(), "{words:?}: {output}");
        output
    };
    for tool in ["dig", "kdig"] {
        let ask = |more: &[&str]| said(&[&[tool, at, "-p", &port][..], more].concat());
        let first = ask(&["nid0001-if0.cluster.test", "A", "+short"]);
        let reverse = ask(&["-x", first.trim(), "+short"]);
        assert!(reverse.ends_with(".cluster.test.\n"), "{tool} {first} {reverse}");
        let forward = ask(&[reverse.trim(), "A", "+short", "+tcp"]);
        assert!(forward.lines().any(|line| line == first.trim()), "{tool} {first} {forward}");
        let missing = ask(&["nobody.cluster.test", "AAAA"]);
        assert!(missing.contains("NXDOMAIN") && missing.contains("SOA"), "{tool} {missing}");
        let srv = ask(&["_slurmctld._tcp.cluster.test", "SRV", "+short"]);
        assert_eq!(srv, "10 0 6817 scheduler.cluster.test.\n", "{tool}");
        let zone = ask(&["mgmt.cluster.test", "AXFR", "+noall", "+answer"]);
        assert!(zone.lines().filter(|line| line.contains("\tSOA\t")).count() == 2, "{tool} {zone}");
    }
    let drill = said(&["drill", "-p", &port, at, "twice.cluster.test", "A"]);
    assert!(drill.contains("rcode: NOERROR") && drill.contains("CNAME\tlogin.cluster.test."), "{drill}");
    let drill = said(&["drill", "-p", &port, "-t", at, "everyone.cluster.test", "A"]);
    assert!(drill.matches("\tIN\tA\t").count() > 60, "{drill}");
}
