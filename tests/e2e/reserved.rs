//! Clients on the servers' link get what the inventory says, and what they got resolves.

use coresmd_tests::netns::Namespace;
use coresmd_tests::process::Process;

use crate::clients::{Granted, dhclient, dhcpcd, udhcpc};
use crate::lab::{Lab, NEAR, Node, SERVER, STRANGER};

/// What a plain client (no firmware) on `node` must be told.
pub(crate) fn reservation_of(node: Node) -> Granted {
    Granted {
        address: node.address.to_owned(),
        netmask: "255.255.255.0".to_owned(),
        router: node.router.to_owned(),
        name_server: SERVER.to_owned(),
        host_name: node.host_name.to_owned(),
        boot_file: None,
    }
}

#[test]
#[ignore = "needs root and network namespaces: tests/run e2e"]
fn udhcpc_gets_its_reservation_and_its_name_resolves() {
    let lab = Lab::new(NEAR.mac);
    assert_eq!(udhcpc(&lab.node, lab.directory.path(), &[]), Ok(reservation_of(NEAR)));
    resolves(&lab.node, NEAR);
}

#[test]
#[ignore = "needs root and network namespaces: tests/run e2e"]
fn dhclient_gets_its_reservation_and_its_name_resolves() {
    let lab = Lab::new(NEAR.mac);
    assert_eq!(dhclient(&lab.node, lab.directory.path()), Ok(reservation_of(NEAR)));
    resolves(&lab.node, NEAR);
}

#[test]
#[ignore = "needs root and network namespaces: tests/run e2e"]
fn dhcpcd_gets_its_reservation_and_its_name_resolves() {
    let lab = Lab::new(NEAR.mac);
    assert_eq!(dhcpcd(&lab.node, lab.directory.path()), Ok(reservation_of(NEAR)));
    resolves(&lab.node, NEAR);
}

#[test]
#[ignore = "needs root and network namespaces: tests/run e2e"]
fn a_machine_that_the_inventory_does_not_know_gets_no_answer() {
    let lab = Lab::new(STRANGER);
    let said = udhcpc(&lab.node, lab.directory.path(), &[]).expect_err("nobody answers");
    assert!(said.contains("no lease"), "{said}");
    // The server was there all the while: the same cable with a known address is served.
    lab.node.ip(&format!("link set eth0 address {}", NEAR.mac));
    assert_eq!(udhcpc(&lab.node, lab.directory.path(), &[]), Ok(reservation_of(NEAR)));
}

/// From inside the node: its name and its address resolve by the C library, by UDP and by TCP, to each other and to the
/// component.
pub(crate) fn resolves(namespace: &Namespace, node: Node) {
    namespace.resolver(SERVER);
    let run = |words: &[&str]| {
        let (status, output) = Process::run(words[0], namespace.command(words));
        assert!(status.success(), "{words:?}: {output}");
        output.trim().to_owned()
    };
    let hosts = run(&["getent", "ahostsv4", node.host_name]);
    assert!(hosts.starts_with(&format!("{} ", node.address)), "{hosts}");
    for transport in ["+notcp", "+tcp"] {
        let dig = |what: &[&str]| run(&[&["dig", "+short", "+time=2", "+tries=3", transport], what].concat());
        assert_eq!(dig(&[node.host_name, "A"]), node.address);
        assert_eq!(dig(&[&format!("{}.cluster.test", node.xname), "A"]), node.address);
        assert_eq!(dig(&["-x", node.address]), format!("{}.cluster.test.", node.xname));
    }
}
