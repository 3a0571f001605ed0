//! The configuration files of both servers, as an operator would write them: the YAML of `CoreDHCP` with the `key=value`
//! words of `CoreSMD` v0.6, and a Corefile.

use std::fmt::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use crate::plan::{DOMAIN, Subnet};

/// Where both servers listen, and what DHCP says of itself (options 54 and 6).
pub(crate) const SERVER: Ipv4Addr = Ipv4Addr::LOCALHOST;

/// Names of the two files.
pub(crate) const DHCP_FILE: &str = "coredhcp.yaml";
/// See [`DHCP_FILE`].
pub(crate) const DNS_FILE: &str = "Corefile";

/// The directory of the boot files, beside the two files.
pub(crate) const TFTP_DIRECTORY: &str = "tftp";

/// Option 51: `lease_time=1h`.
pub(crate) const LEASE_SECONDS: u32 = 3600;

/// How often both servers look at the inventory.
const POLL: &str = "5s";

/// Where the inventory and the scripts come from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sources<'a> {
    /// SMD's base URL.
    pub(crate) smd: &'a str,
    /// BSS's base URL.
    pub(crate) bss: &'a str,
    /// CAs of SMD, where the system's are not the right ones.
    pub(crate) ca: Option<&'a Path>,
    /// A bearer token for SMD, where it wants one.
    pub(crate) token: Option<&'a Path>,
}

/// The UDP and TCP ports that the servers take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ports {
    pub(crate) dhcp: u16,
    pub(crate) dhcp_admin: u16,
    pub(crate) tftp: u16,
    pub(crate) dns: u16,
    pub(crate) dns_health: u16,
    pub(crate) dns_ready: u16,
    pub(crate) dns_metrics: u16,
}

/// `port` where the servers listen.
pub(crate) fn at(port: u16) -> SocketAddr {
    (SERVER, port).into()
}

/// For `coresmd-dhcp --config`.
pub(crate) fn dhcp_yaml(sources: Sources<'_>, subnets: &[Subnet], ports: Ports, boot_files: &Path) -> String {
    let Sources { smd, bss, ca, token } = sources;
    let mut coresmd = format!("svc_base_uri={smd}\nipxe_base_uri={bss}\n");
    if let Some(ca) = ca {
        let _ = writeln!(coresmd, "ca_cert={}", ca.display());
    }
    let _ = write!(coresmd, "cache_valid={POLL}\nlease_time=1h\ndomain={DOMAIN}\n");
    let _ = write!(coresmd, "tftp_dir={}\ntftp_port={}\n", boot_files.display(), ports.tftp);
    for subnet in subnets {
        let (network, router, prefix) = (subnet.network(), subnet.router(), subnet.network().prefix_len());
        let _ = writeln!(coresmd, "rule=type:Node,subnet:{network},hostname:nid{{04d}},routers:{router},cidr:{prefix}");
    }
    coresmd.push_str("rule=type:NodeBMC,hostname:{id}");
    let token =
        token.map_or_else(String::new, |token| format!("\nsmd:\n  token_file: {:?}\n", token.display().to_string()));
    let coresmd = coresmd.replace('\n', "\n        ");
    format!(
        "server4:
  listen: \"{listen}\"
  plugins:
    - server_id: {SERVER}
    - dns: {SERVER}
    - coresmd: |
        {coresmd}

admin:
  listen: \"{admin}\"
{token}",
        listen = at(ports.dhcp),
        admin = at(ports.dhcp_admin),
    )
}

/// For `coresmd-dns --corefile`.
pub(crate) fn corefile(sources: Sources<'_>, ports: Ports) -> String {
    let line = |word: &str, file: Option<&Path>| {
        file.map_or_else(String::new, |file| format!("        {word} {:?}\n", file.display().to_string()))
    };
    let (ca, token) = (line("ca_cert", sources.ca), line("token_file", sources.token));
    format!(
        ".:{dns} {{
    bind {SERVER}
    errors
    health {health}
    ready {ready}
    prometheus {metrics}
    coresmd {{
        smd_url {smd}
{ca}{token}        cache_duration {POLL}
        zone {DOMAIN} {{
            nodes nid{{04d}}
        }}
    }}
}}
",
        dns = ports.dns,
        health = at(ports.dns_health),
        ready = at(ports.dns_ready),
        metrics = at(ports.dns_metrics),
        smd = sources.smd,
    )
}

/// What stands in the boot file of a name: nothing that boots, but no two are alike.
pub(crate) fn boot_file(name: &str) -> Vec<u8> {
    const OCTETS: usize = 8000;
    name.bytes().cycle().zip(0u8..=250).cycle().take(OCTETS).map(|(letter, count)| letter ^ count).collect()
}

/// Answers 200 when the DHCP server has an inventory.
pub(crate) fn dhcp_ready_url(ports: Ports) -> String {
    format!("http://{}/readyz", at(ports.dhcp_admin))
}

/// Its metrics.
pub(crate) fn dhcp_metrics_url(ports: Ports) -> String {
    format!("http://{}/metrics", at(ports.dhcp_admin))
}

/// Answers 200 when the DNS server has an inventory.
pub(crate) fn dns_ready_url(ports: Ports) -> String {
    format!("http://{}/ready", at(ports.dns_ready))
}

/// Its metrics.
pub(crate) fn dns_metrics_url(ports: Ports) -> String {
    format!("http://{}/metrics", at(ports.dns_metrics))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PORTS: Ports = Ports {
        dhcp: 1067,
        dhcp_admin: 2001,
        tftp: 1069,
        dns: 1053,
        dns_health: 2002,
        dns_ready: 2003,
        dns_metrics: 2004,
    };

    #[test]
    fn the_yaml_is_what_operators_write() {
        let sources = Sources { smd: "http://127.0.0.1:9", bss: "http://127.0.0.1:8", ca: None, token: None };
        let subnets = [Subnet::of([10, 1, 0, 7].into()), Subnet::of([10, 3, 0, 7].into())];
        assert_eq!(
            dhcp_yaml(sources, &subnets, PORTS, Path::new("/srv/tftp")),
            r#"server4:
  listen: "127.0.0.1:1067"
  plugins:
    - server_id: 127.0.0.1
    - dns: 127.0.0.1
    - coresmd: |
        svc_base_uri=http://127.0.0.1:9
        ipxe_base_uri=http://127.0.0.1:8
        cache_valid=5s
        lease_time=1h
        domain=openchami.cluster
        tftp_dir=/srv/tftp
        tftp_port=1069
        rule=type:Node,subnet:10.1.0.0/16,hostname:nid{04d},routers:10.1.255.254,cidr:16
        rule=type:Node,subnet:10.3.0.0/16,hostname:nid{04d},routers:10.3.255.254,cidr:16
        rule=type:NodeBMC,hostname:{id}

admin:
  listen: "127.0.0.1:2001"
"#
        );
    }

    #[test]
    fn files_go_into_both_configurations() {
        let sources = Sources {
            smd: "https://smd",
            bss: "https://bss",
            ca: Some(Path::new("/etc/ca.pem")),
            token: Some(Path::new("/etc/a token")),
        };
        let yaml = dhcp_yaml(sources, &[], PORTS, Path::new("/srv/tftp"));
        assert!(yaml.contains("\n        ca_cert=/etc/ca.pem\n        cache_valid=5s\n"), "{yaml}");
        assert!(yaml.ends_with("\nsmd:\n  token_file: \"/etc/a token\"\n"), "{yaml}");
        let corefile = corefile(sources, PORTS);
        assert!(corefile.starts_with(".:1053 {\n    bind 127.0.0.1\n"), "{corefile}");
        let files = "        ca_cert \"/etc/ca.pem\"\n        token_file \"/etc/a token\"\n";
        assert!(corefile.contains(&format!("smd_url https://smd\n{files}        cache_duration 5s\n")), "{corefile}");
    }
}
