//! A site in files: any text is a site or findings that say why not, and what is a site makes a snapshot in which each
//! of its hosts is found again. Boot configurations likewise, from a file and as boot-service sends them.
#![no_main]

use libfuzzer_sys::fuzz_target;
use smd_cache::boot::Precedence;
use smd_cache::files::{Findings, Listing, Site, read_boot_file, render_boot, render_site};
use smd_cache::inventory::Bodies;
use smd_cache::{Inventory, Snapshot};

const NODES: &str = "nodes: [{xname: x1c0s0b0n0, nid: 7, groups: [g], interfaces: [{mac_addr: '52:54:00:be:ef:01', \
    ip_addrs: [{ip_addr: 10.0.0.1}]}]}]";

fuzz_target!(|input: (u8, &str)| {
    let (which, text) = input;
    let nodes = if which % 3 == 0 { text } else { NODES };
    let Some(site) = told(Site::parse("nodes.yaml", nodes)) else { return };
    let boot = match which % 3 {
        1 => match told(read_boot_file("boot.yaml", text)) {
            Some(entries) => render_boot(&entries),
            None => return,
        },
        2 => text.as_bytes().to_vec(),
        _ => b"[]".to_vec(),
    };
    let Listing { interfaces, components, groups } = render_site(&site, None);
    let bodies = Bodies {
        interfaces: &interfaces,
        components: &components,
        groups: Some(&groups),
        boot: Some((&boot, Precedence::Sql)),
    };
    match Inventory::read(&bodies) {
        Ok(inventory) => {
            let (snapshot, _rejected) = Snapshot::build(inventory);
            assert!(snapshot.hosts().all(|host| snapshot.host(host.mac()).is_some()), "a host is found by its MAC");
        }
        Err(error) => assert_eq!(which % 3, 2, "what was rendered is read: {error}"),
    }
});

/// What was read; a refusal has a reason, in a place.
fn told<T>(read: Result<T, Findings>) -> Option<T> {
    read.inspect_err(|findings| assert!(!findings.0.is_empty() && !findings.to_string().is_empty())).ok()
}
