//! DHCPv6 as its clients see it: addresses of the inventory, delegated prefixes, rapid commit, a relay, and load.

use coresmd_tests::process::Process;

use crate::clients6::{Granted6, counted, dhclient, dhcp6c, dhcpcd};
use crate::lab6::{FAR, LOAD_CLIENTS, LOAD_MAC, Lab6, NEAR, SERVER, SERVER4};

#[test]
#[ignore = "needs root and network namespaces: tests/run e2e"]
fn dhclient_gets_its_address_and_a_prefix_and_gives_both_back() {
    let lab = Lab6::new();
    let (granted, _) = dhclient(&lab.node, lab.directory.path(), "-N -P");
    let wanted = Granted6 {
        address: NEAR.1.into(),
        prefix: Some("fd99::/64".into()),
        name_server: SERVER.into(),
        search: "cluster.test.".into(),
    };
    assert_eq!(granted, Some(wanted));
    lab.wait_for_metric("coresmd_dhcp6_prefixes 1");
    let (_, said) = dhclient(&lab.node, lab.directory.path(), "-N -P -r");
    for given_back in [format!("Release Address {}", NEAR.1), "Release Prefix fd99::/64".into()] {
        assert!(said.contains(&given_back), "{said}");
    }
    lab.wait_for_metric("coresmd_dhcp6_prefixes 0");
    lab.wait_for_metric("coresmd_dhcp6_requests_total{type=\"release\"} 1");
}

#[test]
#[ignore = "needs root and network namespaces: tests/run e2e"]
fn dhcpcd_gets_its_address_and_a_prefix() {
    let lab = Lab6::new();
    let wanted = Granted6 {
        address: NEAR.1.into(),
        prefix: Some("fd99::/64".into()),
        name_server: SERVER.into(),
        search: "cluster.test".into(),
    };
    assert_eq!(dhcpcd(&lab.node, lab.directory.path()), wanted);
}

#[test]
#[ignore = "needs root and network namespaces: tests/run e2e"]
fn dhcp6c_gets_its_address_in_one_exchange_and_gives_it_back() {
    let lab = Lab6::new();
    let mut client = dhcp6c(&lab.node, lab.directory.path());
    client.wait_for_output(&format!("add an address {}/", NEAR.1));
    let said = client.output();
    assert!(said.contains("receive reply") && !said.contains("receive advertise"), "{said}");
    client.terminate();
    let said = client.output();
    assert!(said.contains("send release") && said.contains("status code: success"), "{said}");
}

#[test]
#[ignore = "needs root and network namespaces: tests/run e2e"]
fn a_relayed_client_gets_the_address_of_its_subnet() {
    let lab = Lab6::new();
    let (relay, far) = lab.behind_a_relay();
    let upper = format!("{SERVER}%upstream");
    let process_id = lab.directory.path().join("dhcrelay6.pid").display().to_string();
    let words = ["dhcrelay", "-6", "-d", "-pf", &process_id, "-l", "downstream", "-u", &upper];
    let mut agent = Process::start("dhcrelay", relay.command(&words));
    agent.wait_for_output("Sending on   Socket/downstream");
    let (granted, said) = dhclient(&far, lab.directory.path(), "");
    assert_eq!(granted.map(|granted| granted.address).as_deref(), Some(FAR.1), "{said}");
    for step in ["Relaying Solicit", "Relaying Advertise", "Relaying Request", "Relaying Reply"] {
        assert!(agent.output().contains(step), "the relay does not say {step:?}: {}", agent.output());
    }
}

#[test]
#[ignore = "needs root and network namespaces: tests/run e2e"]
fn perfdhcp_finds_nothing_missing_in_either_family() {
    let lab = Lab6::new();
    lab.node.ip("addr add 10.77.0.9/24 dev eth0");
    for (family, server, exchanges) in [
        ("-6", "ff02::1:2", ["SOLICIT-ADVERTISE", "REQUEST-REPLY"]),
        ("-4", SERVER4, ["DISCOVER-OFFER", "REQUEST-ACK"]),
    ] {
        let (mac, clients) = (format!("mac={LOAD_MAC}"), LOAD_CLIENTS.to_string());
        // Two seconds after the last packet are for its answer.
        let words =
            ["perfdhcp", family, "-l", "eth0", "-b", &mac, "-R", &clients, "-r", "25", "-p", "2", "-W", "2000000"];
        let (status, output) = Process::run("perfdhcp", lab.node.command(&[&words[..], &[server]].concat()));
        assert!(status.success(), "{output}");
        for exchange in exchanges {
            let counted = counted(&output, exchange);
            let count = |name: &str| counted.get(name).and_then(|count| count.parse::<u32>().ok());
            assert!(count("sent packets") > Some(10), "{exchange}: {output}");
            assert_eq!(count("received packets"), count("sent packets"), "{exchange}: {output}");
            assert_eq!((count("orphans"), count("rejected leases")), (Some(0), Some(0)), "{exchange}: {output}");
        }
    }
}
