//! Real DHCPv6 clients, each with a script of ours that notes what the client was told.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use coresmd_tests::netns::Namespace;
use coresmd_tests::process::Process;

use crate::clients::told;

/// What a client says that it was told, whichever client it was.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Granted6 {
    pub(crate) address: String,
    pub(crate) prefix: Option<String>,
    pub(crate) name_server: String,
    pub(crate) search: String,
}

/// ISC's client. `more` are further options: `-P` for a prefix as well, `-r` for giving all back. The result is what it
/// was told (nothing by `-r`), and what it said. A copy of it runs, for the same reason as by IPv4.
pub(crate) fn dhclient(namespace: &Namespace, directory: &Path, more: &str) -> (Option<Granted6>, String) {
    let script = script(directory, "dhclient6", "$reason", "BOUND6");
    let leases = directory.join("leases6");
    if !leases.exists() {
        fs::write(&leases, "").expect("writable");
    }
    let command = format!(
        "[ -e {copy} ] || cp \"$(command -v dhclient)\" {copy}; exec {copy} -6 -1 -v {more} -sf {} -lf {} -pf {} -cf /dev/null eth0",
        script.display(),
        leases.display(),
        directory.join("dhclient6.pid").display(),
        copy = directory.join("dhclient6").display(),
    );
    let (status, output) = Process::run("dhclient", namespace.command(&["sh", "-c", &command]));
    assert!(status.success(), "{output}");
    let told = told(directory, "dhclient6");
    let value = |name: &str| told.get(name).cloned();
    let granted = value("new_ip6_address").map(|address| Granted6 {
        address,
        prefix: value("new_ip6_prefix"),
        name_server: value("new_dhcp6_name_servers").unwrap_or_default(),
        search: value("new_dhcp6_domain_search").unwrap_or_default(),
    });
    (granted, output)
}

/// dhcpcd, asking for an address and a prefix. It keeps its state in fixed places: they are its own in this namespace.
pub(crate) fn dhcpcd(namespace: &Namespace, directory: &Path) -> Granted6 {
    let script = script(directory, "dhcpcd6", "$reason", "BOUND6");
    let config = directory.join("dhcpcd6.conf");
    fs::write(&config, "duid ll\noption domain_name_servers, domain_search\nia_na 1\nia_pd 2\n").expect("writable");
    let command = format!(
        "mkdir -p /var/lib/dhcpcd /run/dhcpcd && mount -t tmpfs none /var/lib/dhcpcd && mount -t tmpfs none /run/dhcpcd \
         && exec dhcpcd -6 -1 -d -B -A --nodelay --noipv6rs -f {} -c {} eth0",
        config.display(),
        script.display()
    );
    let (status, output) = Process::run("dhcpcd", namespace.command(&["sh", "-c", &command]));
    assert!(status.success(), "{output}");
    let told = told(directory, "dhcpcd6");
    let value = |name: &str| told.get(name).cloned();
    let prefix = value("new_dhcp6_ia_pd1_prefix1").zip(value("new_dhcp6_ia_pd1_prefix1_length"));
    Granted6 {
        address: value("new_dhcp6_ia_na1_ia_addr1").unwrap_or_default(),
        prefix: prefix.map(|(prefix, length)| format!("{prefix}/{length}")),
        name_server: value("new_dhcp6_name_servers").unwrap_or_default(),
        search: value("new_dhcp6_domain_search").unwrap_or_default(),
    }
}

/// WIDE's client with rapid commit, left running; it keeps its DUID in a fixed place, which is its own here.
pub(crate) fn dhcp6c(namespace: &Namespace, directory: &Path) -> Process {
    let config = directory.join("dhcp6c.conf");
    let text =
        "interface eth0 { send ia-na 0; send rapid-commit; request domain-name-servers; };\nid-assoc na 0 { };\n";
    fs::write(&config, text).expect("writable");
    let command = format!(
        "mkdir -p /var/lib/dhcpv6 && mount -t tmpfs none /var/lib/dhcpv6 && exec dhcp6c -f -D -c {} -p {} eth0",
        config.display(),
        directory.join("dhcp6c.pid").display()
    );
    Process::start("dhcp6c", namespace.command(&["sh", "-c", &command]))
}

/// What a load generator counted of one exchange (`SOLICIT-ADVERTISE` and the like), by its own names.
pub(crate) fn counted(output: &str, exchange: &str) -> BTreeMap<String, String> {
    let lines = output.lines().skip_while(|line| !line.contains(&format!("***Statistics for: {exchange}***"))).skip(1);
    let lines = lines.take_while(|line| !line.starts_with("***"));
    lines.filter_map(|line| line.split_once(": ")).map(|(name, value)| (name.into(), value.trim().into())).collect()
}

/// Writes the script that a client calls with each event: in each event `bound` it notes its environment.
fn script(directory: &Path, client: &str, event: &str, bound: &str) -> PathBuf {
    let (path, noted) = (directory.join(format!("{client}.sh")), directory.join(format!("{client}.env")));
    fs::write(&noted, "").expect("writable");
    let text = format!("#!/bin/sh\n[ \"{event}\" = {bound} ] || exit 0\nenv >>{}\n", noted.display());
    fs::write(&path, text).expect("writable");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("the script is ours");
    path
}
