//! What SMD and BSS answer: any bytes in any of the four bodies make an inventory or an error; an inventory makes a
//! snapshot that finds each of its hosts again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use smd_cache::boot::Precedence;
use smd_cache::inventory::Bodies;
use smd_cache::{Inventory, Snapshot};

/// A good body of each kind, so that one bad body does not keep the others from being read.
const INTERFACES: &[u8] =
    br#"[{"MACAddress":"52:54:00:be:ef:01","ComponentID":"x1000c0s0b0n0","IPAddresses":[{"IPAddress":"172.16.0.1"}]}]"#;
const COMPONENTS: &[u8] = br#"{"Components":[{"ID":"x1000c0s0b0n0","Type":"Node","NID":1}]}"#;

fuzz_target!(|input: (u8, &[u8])| {
    let (which, body) = input;
    let mut bodies = Bodies { interfaces: INTERFACES, components: COMPONENTS, groups: None, boot: None };
    match which % 5 {
        0 => bodies.interfaces = body,
        1 => bodies.components = body,
        2 => bodies.groups = Some(body),
        3 => bodies.boot = Some((body, Precedence::Sql)),
        _ => bodies.boot = Some((body, Precedence::Kv)),
    }
    let Ok(inventory) = Inventory::read(&bodies) else { return };
    let (snapshot, _rejected) = Snapshot::build(inventory);
    for host in snapshot.hosts() {
        assert!(snapshot.host(host.mac()).is_some(), "a host is found by its MAC");
    }
});
