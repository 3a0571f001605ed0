//! Machines that the inventory does not know: an address of the pool, as long as they are unknown.

use coresmd_tests::netns::Namespace;
use coresmd_tests::process::Process;
use coresmd_tests::wait;

use crate::clients::{Granted, dhclient, dhclient_release, dhcpcd_and_release, udhcpc, udhcpc_daemon};
use crate::lab::{Lab, NEAR, SERVER, STRANGER};

/// The pool on the servers' link.
const POOL: &str = "    - bootloop: |
        lease_file=bootloop.db
        lease_time=5m
        subnet_pool=10.77.0.0/24,10.77.0.200,10.77.0.209";
const FIRST: &str = "10.77.0.200";
const SECOND: &str = "10.77.0.201";

/// What a client that is no firmware is told with an address of the pool.
fn lease_of(address: &str) -> Granted {
    Granted {
        address: address.to_owned(),
        netmask: "255.255.255.0".to_owned(),
        router: NEAR.router.to_owned(),
        name_server: SERVER.to_owned(),
        host_name: String::new(),
        boot_file: None,
    }
}

fn addresses(state: &str, count: usize) -> String {
    format!(r#"coresmd_dhcp4_pool_addresses{{range="10.77.0.200-10.77.0.209",state="{state}"}} {count}"#)
}

/// The client has released its lease: it was there, and is there no more.
fn is_released(lab: &Lab) {
    lab.wait_for_metric(r#"coresmd_dhcp4_requests_total{type="release"} 1"#);
    lab.wait_for_metric(r#"coresmd_dhcp4_drops_total{reason="released"} 1"#);
    lab.wait_for_metric(&addresses("bound", 0));
}

#[test]
#[ignore = "needs root and network namespaces: tests/run e2e"]
fn udhcpc_gets_a_lease_and_releases_it() {
    let lab = Lab::with_steps(STRANGER, POOL);
    assert_eq!(udhcpc(&lab.node, lab.directory.path(), &[]), Ok(lease_of(FIRST)));
    let mut client = udhcpc_daemon(&lab.node, lab.directory.path());
    client.wait_for_output(&format!("lease of {FIRST} obtained"));
    client.signal("USR2");
    is_released(&lab);
}

#[test]
#[ignore = "needs root and network namespaces: tests/run e2e"]
fn dhclient_gets_a_lease_and_releases_it() {
    let lab = Lab::with_steps(STRANGER, POOL);
    assert_eq!(dhclient(&lab.node, lab.directory.path()), Ok(lease_of(FIRST)));
    lab.wait_for_metric(&addresses("bound", 1));
    dhclient_release(&lab.node, lab.directory.path());
    is_released(&lab);
}

#[test]
#[ignore = "needs root and network namespaces: tests/run e2e"]
fn dhcpcd_gets_a_lease_and_releases_it() {
    let lab = Lab::with_steps(STRANGER, POOL);
    assert_eq!(dhcpcd_and_release(&lab.node, lab.directory.path()), Ok(lease_of(FIRST)));
    is_released(&lab);
}

#[test]
#[ignore = "needs root and network namespaces: tests/run e2e"]
fn a_lease_outlives_the_server() {
    let mut lab = Lab::with_steps(STRANGER, POOL);
    let mut client = udhcpc_daemon(&lab.node, lab.directory.path());
    client.wait_for_output(&format!("lease of {FIRST} obtained"));
    lab.power_cut();
    lab.wait_for_metric(&addresses("bound", 1));
    client.signal("USR1");
    lab.wait_for_metric(r#"coresmd_dhcp4_replies_total{type="ack"} 1"#);
    lab.wait_for_metric(r#"coresmd_dhcp4_sends_total{way="unicast"} 1"#);
    client.kill();
    lab.node.ip("link set eth0 address 52:54:00:66:66:67");
    assert_eq!(udhcpc(&lab.node, lab.directory.path(), &[]), Ok(lease_of(SECOND)));
}

#[test]
#[ignore = "needs root and network namespaces: tests/run e2e"]
fn whoever_becomes_known_moves_to_its_reservation() {
    let lab = Lab::with_steps(STRANGER, POOL);
    let mut client = udhcpc_daemon(&lab.node, lab.directory.path());
    client.wait_for_output(&format!("lease of {FIRST} obtained"));
    let before = hosts(&lab);
    post(
        &lab.server,
        "State/Components",
        r#"{"Components":[{"ID":"x1000c0s7b0n0","Type":"Node","State":"On","NID":7}]}"#,
    );
    let interface = format!(
        r#"{{"MACAddress":"{STRANGER}","ComponentID":"x1000c0s7b0n0","IPAddresses":[{{"IPAddress":"10.77.0.17"}}]}}"#
    );
    post(&lab.server, "Inventory/EthernetInterfaces", &interface);
    lab.wait_for_metric(&format!("coresmd_snapshot_hosts {}", before + 1));
    client.signal("USR1");
    client.wait_for_output("lease of 10.77.0.17 obtained");
    lab.wait_for_metric(r#"coresmd_dhcp4_replies_total{type="nak"} 1"#);
    lab.wait_for_metric(&addresses("bound", 0));
}

/// How many hosts the server knows.
fn hosts(lab: &Lab) -> usize {
    wait::until("the number of hosts", || {
        let metrics = lab.admin("metrics")?;
        let line = metrics.lines().find_map(|line| line.strip_prefix("coresmd_snapshot_hosts "));
        line.and_then(|count| count.parse().ok()).ok_or(metrics)
    })
}

/// Tells SMD something new.
fn post(server: &Namespace, collection: &str, body: &str) {
    let url = format!("http://127.0.0.1:27779/hsm/v2/{collection}");
    let kind = "Content-Type: application/json";
    let words = ["busybox", "wget", "-q", "-O", "-", "--header", kind, "--post-data", body, &url];
    let (status, output) = Process::run("wget", server.command(&words));
    assert!(status.success(), "{url}: {output}");
}
