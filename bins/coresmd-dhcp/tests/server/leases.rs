//! The pool and its lease file, from outside.

use std::net::{Ipv4Addr, UdpSocket};

use dhcp_wire::v4::Received;
use dhcp_wire::{MessageType, OptionCode};
use rusqlite::Connection;

use crate::harness::{Server, bound, get, run, write};
use crate::{offered, relayed, relayed_discover};

const PLUGINS: &str = "[{range: leases.db 10.78.0.1 10.78.0.9 1h}]";
const FIRST: Ipv4Addr = Ipv4Addr::new(10, 78, 0, 1);

#[test]
fn an_acknowledged_lease_survives_kill_9() {
    let relay = bound();
    let server = Server::of_files(PLUGINS, &[], "");
    assert_eq!(lease(&relay, &server, 1), FIRST);
    let server = server.kill_and_restart();
    // The client that had it may go on, and nobody else gets it.
    assert_eq!(request(&relay, &server, 1, FIRST), (MessageType::Ack, FIRST));
    assert_eq!(lease(&relay, &server, 2), Ipv4Addr::new(10, 78, 0, 2));
    server.wait_for_metrics(&[
        r#"coresmd_dhcp4_pool_addresses{range="10.78.0.1-10.78.0.9",state="bound"} 2"#,
        r#"coresmd_dhcp4_pool_addresses{range="10.78.0.1-10.78.0.9",state="free"} 7"#,
        "coresmd_dhcp4_lease_commit_failures_total 0",
        "coresmd_dhcp4_lease_file_set_aside 0",
        r#"coresmd_dhcp4_replies_total{type="ack"} 2"#,
        r#"coresmd_dhcp4_sends_total{way="relay"} 3"#,
    ]);
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn the_original_reads_the_file_while_it_is_served() {
    let relay = bound();
    let server = Server::of_files(PLUGINS, &[], "");
    lease(&relay, &server, 1);
    let connection = Connection::open(server.directory().join("leases.db")).unwrap();
    let row = connection.query_row("select mac, ip, expiry > unixepoch() from leases4", [], |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, bool>(2)?))
    });
    assert_eq!(row.unwrap(), ("02:00:00:00:00:01".to_owned(), FIRST.to_string(), true));
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn a_stopping_server_leaves_nothing_beside_the_lease_file() {
    let relay = bound();
    let state = tempfile::tempdir().unwrap();
    let file = state.path().join("leases.db");
    let server = Server::of_files(&PLUGINS.replace("leases.db", &file.display().to_string()), &[], "");
    for node in 1..=3 {
        lease(&relay, &server, node);
    }
    let log = state.path().join("leases.db-wal");
    assert!(log.exists());
    assert_eq!(server.stop(), Some(0));
    assert!(!log.exists(), "everything is in the file itself");
    let rows =
        Connection::open(&file).unwrap().query_row("select count(*) from leases4", [], |row| row.get::<_, u32>(0));
    assert_eq!(rows.unwrap(), 3);
}

#[test]
fn a_corrupt_lease_file_is_set_aside_and_readiness_says_so() {
    let relay = bound();
    let mut server = Server::of_files(PLUGINS, &[("leases.db", "this is no SQLite file at all\n")], "");
    let ready = get(server.admin, "/readyz");
    assert!(ready.starts_with("HTTP/1.1 200") && ready.contains("leases.db is corrupt"), "{ready}");
    assert!(get(server.admin, "/metrics").contains("coresmd_dhcp4_lease_file_set_aside 1\n"));
    assert_eq!(lease(&relay, &server, 1), FIRST);
    let aside = server.directory().read_dir().unwrap().map(|entry| entry.unwrap().file_name());
    assert_eq!(aside.filter(|name| name.to_string_lossy().starts_with("leases.db.corrupt-")).count(), 1);
    server.wait_for("verdict=ack");
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn a_second_server_on_one_lease_file_does_not_start() {
    let server = Server::of_files(PLUGINS, &[], "");
    let plugins = PLUGINS.replace("leases.db", &server.directory().join("leases.db").display().to_string());
    let directory = tempfile::tempdir().unwrap();
    let text =
        format!("server4: {{listen: \"127.0.0.1:0\", plugins: {plugins}}}\nadmin: {{listen: \"127.0.0.1:0\"}}\n");
    let output = run(&["--config"], &write(directory.path(), "config.yaml", &text));
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("leases.db: another server uses it"), "{said}");
    assert_eq!(server.stop(), Some(0));
}

/// A client's way to its lease.
fn lease(relay: &UdpSocket, server: &Server, node: u8) -> Ipv4Addr {
    relay.send_to(&relayed_discover(node), server.dhcp).unwrap();
    let address = offered(relay);
    assert_eq!(request(relay, server, node, address), (MessageType::Ack, address));
    address
}

/// What a client that remembers an address is told about it.
fn request(relay: &UdpSocket, server: &Server, node: u8, address: Ipv4Addr) -> (MessageType, Ipv4Addr) {
    let wanted = [(OptionCode::RequestedIpAddress, &address.octets()[..])];
    relay.send_to(&relayed(node, MessageType::Request, &wanted), server.dhcp).unwrap();
    let mut buffer = [0; 1500];
    let (length, _) = relay.recv_from(&mut buffer).unwrap();
    let reply = Received::decode(&buffer[..length]).unwrap();
    (reply.message_type().unwrap(), reply.yiaddr())
}
