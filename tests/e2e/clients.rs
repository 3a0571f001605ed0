//! Real DHCP clients, each with a script of ours that notes what the client was told and puts the address on the
//! interface; none of them comes near the machine's own configuration.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use coresmd_tests::netns::Namespace;
use coresmd_tests::process::Process;

/// What a client says that it was told, whichever client it was.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Granted {
    pub(crate) address: String,
    pub(crate) netmask: String,
    pub(crate) router: String,
    pub(crate) name_server: String,
    pub(crate) host_name: String,
    pub(crate) boot_file: Option<String>,
}

/// busybox's client, which many initial RAM disks run; `more` are further options, e.g. those of a firmware. The error
/// is what it said when it got nothing.
pub(crate) fn udhcpc(namespace: &Namespace, directory: &Path, more: &[&str]) -> Result<Granted, String> {
    let script = script(directory, "udhcpc", "$1", "bound", "ip", "mask");
    let script = script.display().to_string();
    let mut words = vec!["udhcpc", "-i", "eth0", "-f", "-n", "-q", "-s", &script, "-t", "3", "-T", "1"];
    words.extend(["-O", "bootfile"]);
    words.extend(more);
    let (status, output) = Process::run("udhcpc", namespace.command(&words));
    if !status.success() {
        return Err(output);
    }
    let told = told(directory, "udhcpc");
    let value = |name: &str| told.get(name).cloned().unwrap_or_default();
    Ok(Granted {
        address: value("ip"),
        netmask: value("subnet"),
        router: value("router"),
        name_server: value("dns"),
        host_name: value("hostname"),
        boot_file: told.get("bootfile").cloned(),
    })
}

/// The same as a daemon, which SIGUSR1 has renew its lease, and SIGUSR2 release it.
pub(crate) fn udhcpc_daemon(namespace: &Namespace, directory: &Path) -> Process {
    let script = script(directory, "udhcpc", "$1", "bound", "ip", "mask").display().to_string();
    Process::start("udhcpc", namespace.command(&["udhcpc", "-i", "eth0", "-f", "-s", &script, "-t", "9", "-T", "1"]))
}

/// ISC's client, the one of Debian and of older Red Hat systems. A copy of it runs: where `AppArmor` is in force, the
/// installed one may not start a script of ours.
pub(crate) fn dhclient(namespace: &Namespace, directory: &Path) -> Result<Granted, String> {
    let script = script(directory, "dhclient", "$reason", "BOUND", "new_ip_address", "new_subnet_mask");
    let (leases, config) = (directory.join("leases"), directory.join("dhclient.conf"));
    fs::write(&leases, "").expect("writable");
    fs::write(&config, "request subnet-mask, routers, domain-name-servers, host-name, bootfile-name;\n")
        .expect("writable");
    let command = format!(
        "cp \"$(command -v dhclient)\" {copy} && exec {copy} -4 -1 -v -sf {} -lf {} -pf {} -cf {} eth0",
        script.display(),
        leases.display(),
        directory.join("dhclient.pid").display(),
        config.display(),
        copy = directory.join("dhclient").display(),
    );
    isc_style(namespace, directory, "dhclient", &command)
}

/// Has dhclient, which has just got its lease, release it.
pub(crate) fn dhclient_release(namespace: &Namespace, directory: &Path) {
    let file = |name: &str| directory.join(name).display().to_string();
    let (program, leases, pid, config) =
        (file("dhclient"), file("leases"), file("dhclient.pid"), file("dhclient.conf"));
    let words = [&program, "-4", "-r", "-v", "-sf", "/bin/true", "-lf", &leases, "-pf", &pid, "-cf", &config, "eth0"];
    let (status, output) = Process::run("dhclient", namespace.command(&words));
    assert!(status.success(), "{output}");
}

/// dhcpcd. It keeps its state in fixed places: they are its own in this namespace.
pub(crate) fn dhcpcd(namespace: &Namespace, directory: &Path) -> Result<Granted, String> {
    run_dhcpcd(namespace, directory, |run| format!("exec {run} -1 eth0"))
}

/// dhcpcd, which releases its lease once it has told its script of it.
pub(crate) fn dhcpcd_and_release(namespace: &Namespace, directory: &Path) -> Result<Granted, String> {
    let told = directory.join("dhcpcd.env");
    run_dhcpcd(namespace, directory, |run| {
        format!("{run} eth0 & until [ -s {} ]; do sleep 0.1; done; {run} -k eth0; wait", told.display())
    })
}

/// Runs dhcpcd by a shell command that is made of the words that run it.
fn run_dhcpcd(
    namespace: &Namespace,
    directory: &Path,
    command: impl FnOnce(&str) -> String,
) -> Result<Granted, String> {
    let script = script(directory, "dhcpcd", "$reason", "BOUND", "new_ip_address", "new_subnet_cidr");
    let config = directory.join("dhcpcd.conf");
    fs::write(&config, "option subnet_mask, routers, domain_name_servers, host_name, bootfile_name\n")
        .expect("writable");
    let command = format!(
        "mkdir -p /var/lib/dhcpcd /run/dhcpcd && mount -t tmpfs none /var/lib/dhcpcd && mount -t tmpfs none /run/dhcpcd \
         && {}",
        command(&format!("dhcpcd -4 -d -B -A --nodelay -f {} -c {}", config.display(), script.display()))
    );
    isc_style(namespace, directory, "dhcpcd", &command)
}

/// A client that names what it was told as ISC's does.
fn isc_style(namespace: &Namespace, directory: &Path, name: &str, command: &str) -> Result<Granted, String> {
    let (status, output) = Process::run(name, namespace.command(&["sh", "-c", command]));
    if !status.success() {
        return Err(output);
    }
    let told = told(directory, name);
    let value = |name: &str| told.get(name).cloned().unwrap_or_default();
    Ok(Granted {
        address: value("new_ip_address"),
        netmask: value("new_subnet_mask"),
        router: value("new_routers"),
        name_server: value("new_domain_name_servers"),
        host_name: value("new_host_name"),
        boot_file: told.get("new_bootfile_name").cloned(),
    })
}

/// Writes the script that a client calls with each event: in the event `bound` it keeps its environment and configures
/// the interface. `event`, `address` and `mask` are the client's names for these.
fn script(directory: &Path, client: &str, event: &str, bound: &str, address: &str, mask: &str) -> PathBuf {
    let path = directory.join(format!("{client}.sh"));
    let text = format!(
        "#!/bin/sh\n[ \"{event}\" = {bound} ] || exit 0\nip addr add \"${address}/${mask}\" dev \"$interface\"\n\
         env >{directory}/{client}.env\n",
        directory = directory.display()
    );
    fs::write(&path, text).expect("writable");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("the script is ours");
    path
}

/// The environment that `client`'s script kept.
pub(crate) fn told(directory: &Path, client: &str) -> BTreeMap<String, String> {
    let text = fs::read_to_string(directory.join(format!("{client}.env"))).expect("the client called its script");
    text.lines()
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}
