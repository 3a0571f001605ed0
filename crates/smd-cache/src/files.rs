//! A site in files: `nodes.yaml` as `ochami discover static` reads it, and boot configurations as `ochami bss boot
//! params` and `ochami boot config` take them, in YAML or JSON.
//!
//! ```text
//! text ──document──▶ entries with places ──nodes · boot──▶ Site, BootEntry ──render──▶ the bodies that services answer
//! ```
//! What is wrong comes back all at once, each [`Finding`] with its line and column; a text with one is not used at all.
//! What is right is rendered as SMD and boot-service would list it after they had been told the same, so that behind this
//! room a file is one more service. This is the pure half; who reads the files, and when, is `refresh`'s business.

mod boot;
mod document;
mod nodes;
mod render;

pub use boot::{BootEntry, read_boot_file};
pub use document::{Finding, Findings};
pub use nodes::{Address, Bmc, Group, Nic, Node, Site};
pub use render::{Listing, render_boot, render_site};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::boot::Precedence;
    use crate::inventory::{Bodies, Inventory};
    use crate::snapshot::Snapshot;

    #[expect(clippy::disallowed_methods, reason = "a test reads the examples")]
    fn example(name: &str) -> String {
        let examples = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
        std::fs::read_to_string(examples.join(name)).unwrap()
    }

    /// The snapshot of a site in files.
    fn snapshot(nodes: &str, boot: &str) -> Snapshot {
        let Listing { interfaces, components, groups } = render_site(&Site::parse("nodes.yaml", nodes).unwrap(), None);
        let boot = render_boot(&read_boot_file("boot.yaml", boot).unwrap());
        let inventory = Inventory::read(&Bodies {
            interfaces: &interfaces,
            components: &components,
            groups: Some(&groups),
            boot: Some((&boot, Precedence::Sql)),
        });
        let (snapshot, rejected) = Snapshot::build(inventory.unwrap());
        assert_eq!(rejected, []);
        snapshot
    }

    /// Component, aliases and kernel of each host.
    fn told<'a>(snapshot: &'a Snapshot) -> Vec<(String, Vec<&'a str>, Option<&'a str>)> {
        let kernel = |host: crate::Host<'a>| host.boot().map(|boot| boot.kernel.as_str());
        snapshot.hosts().map(|host| (host.id().to_string(), host.aliases().collect(), kernel(host))).collect()
    }

    #[test]
    fn the_examples_are_a_site() {
        let snapshot = snapshot(&example("nodes.yaml"), &example("boot.yaml"));
        assert_eq!(
            told(&snapshot),
            [
                ("x1000c0s0b0".to_owned(), vec!["bmc01"], Some("http://172.16.0.254:8081/boot/vmlinuz")),
                ("x1000c0s0b0n0".to_owned(), vec!["compute1"], Some("http://172.16.0.254:8081/test/vmlinuz")),
                ("x1000c0s1b0n0".to_owned(), vec!["compute2"], Some("http://172.16.0.254:8081/gpu/vmlinuz")),
            ]
        );
    }

    #[test]
    fn what_bss_files_say_of_hosts_is_understood() {
        let nodes = "nodes:
- {name: a, xname: x1c0s0b0n0, interfaces: [{mac_addr: '020000000001', ip_addrs: [{ip_addr: 10.0.0.1}]}]}
- {name: b, nid: 7, xname: x1c0s1b0n0, interfaces: [{mac_addr: '020000000002', ip_addrs: [{ip_addr: 10.0.0.2}]}]}
- {name: c, xname: x1c0s2b0n0, interfaces: [{mac_addr: '020000000003', ip_addrs: [{ip_addr: 10.0.0.3}]}]}
- {name: d, xname: x1c0s3b0n0, interfaces: [{mac_addr: '020000000004', ip_addrs: [{ip_addr: 10.0.0.4}]}]}
";
        let boot = "- {hosts: [Default, '02:00:00:00:00:01'], kernel: mac or default}
- {hosts: [nid7], kernel: nid}
- {hosts: [Compute], kernel: role}
- {hosts: [X1C0S03B0N0], kernel: xname}
";
        let snapshot = snapshot(nodes, boot);
        let kernels: Vec<Option<&str>> = told(&snapshot).into_iter().map(|(_, _, kernel)| kernel).collect();
        assert_eq!(kernels, [Some("mac or default"), Some("nid"), Some("role"), Some("xname")]);
    }
}
