//! The section `server6`: the ordered list of steps of DHCPv6 (facts: coredhcp-coredns §A2, §A5).

use std::net::Ipv6Addr;
use std::ops::Range;

use dhcp_wire::v6::Duid;
use serve::findings::did_you_mean;

use super::coresmd::{self, Settings};
use super::listen6::{self, Listen6};
use super::report::{Fault, Report};
use super::server4;
use super::steps6::{self, Read};
use super::tree::{Entry, Value};
use crate::address_file::AddressFile;
use crate::v6::policy::{Coresmd6, Step6};
use crate::v6::prefix::PrefixPool;

/// The steps of DHCPv6.
pub(super) const STEPS: [&str; 8] = ["coresmd", "dns", "file", "nbp", "prefix", "searchdomains", "server_id", "sleep"];
/// The steps of `CoreDHCP` that have no DHCPv6 side: it warns and skips them.
const V4_ONLY: [&str; 8] =
    ["autoconfigure", "ipv6only", "lease_time", "mtu", "netmask", "range", "router", "staticroute"];
/// The steps that `nbp` keeps from being reached.
const ENDED_BY_NBP: [&str; 3] = ["coresmd", "file", "prefix"];

/// What the section says.
#[derive(Debug, Clone)]
pub struct Server6 {
    /// The sockets of DHCPv6.
    pub listen: Vec<Listen6>,
    /// `server_id`; without it the server has a name of its own making.
    pub server_id: Option<Duid>,
    /// The steps, in the order of the file.
    pub steps: Vec<Step6>,
    /// The pools that the steps `prefix` number.
    pub pools: Vec<PrefixPool>,
}

impl Server6 {
    /// The files of `file`, in the order of the steps.
    pub fn address_files(&self) -> impl Iterator<Item = &AddressFile<Ipv6Addr>> {
        self.steps.iter().filter_map(|step| match step {
            Step6::File(file) => Some(file),
            _ => None,
        })
    }
}

/// Reads the section, and what its `coresmd` says of the inventory if that is a step; `None` when something is fatal.
pub(super) fn read(section: &Entry, report: &mut Report<'_>) -> Option<(Server6, Option<Settings>)> {
    if !matches!(section.node.value, Value::Map(_)) {
        let fault = Fault::new(section.node.span.clone(), "`server6` is a section: a map of keys and values");
        report.error(fault);
        return None;
    }
    server4::unknown_keys(section, report);
    let listen = listen6::read(&section.node, report);
    let mut chain = Chain::default();
    for item in server4::items(section, report) {
        if let Some(entry) = server4::single_entry(item, report) {
            chain.add(entry, report);
        }
    }
    if chain.coresmd_seen && chain.coresmd.is_none() {
        return None;
    }
    let Chain { mut steps, server_id, pools, coresmd, .. } = chain;
    steps6::unify(&mut steps);
    Some((Server6 { listen, server_id, steps, pools }, coresmd))
}

/// The steps as they are read.
#[derive(Default)]
struct Chain {
    steps: Vec<Step6>,
    /// The last `server_id`.
    server_id: Option<Duid>,
    pools: Vec<PrefixPool>,
    coresmd: Option<Settings>,
    coresmd_seen: bool,
    /// The first `nbp`, until a step behind it was met.
    nbp: Option<Range<usize>>,
}

impl Chain {
    fn add(&mut self, entry: &Entry, report: &mut Report<'_>) {
        let fault = |message: String| Fault::new(entry.span.clone(), message);
        self.check_order(entry, report);
        match entry.key.as_str() {
            "coresmd" if self.coresmd_seen => {
                let fault = fault("`coresmd` stands in `plugins` twice: keep one".into());
                report.error(fault.help("one server asks one SMD"));
            }
            "coresmd" => {
                self.coresmd_seen = true;
                if let Some(settings) = coresmd::read(entry, report) {
                    self.steps.push(Step6::Coresmd(Box::new(reservations(&settings))));
                    self.coresmd = Some(settings);
                }
            }
            name if STEPS.contains(&name) => match steps6::read(entry, report) {
                Some(Read::Step(step)) => self.steps.push(step),
                Some(Read::ServerId(duid)) => self.server_id = Some(duid),
                Some(Read::Pool(pool)) => {
                    self.steps.push(Step6::Prefix(self.pools.len()));
                    self.pools.push(pool);
                }
                None => {}
            },
            name if V4_ONLY.contains(&name) => {
                report.warn(fault(format!("`{name}` has no DHCPv6 side: it is skipped")));
            }
            "bootloop" => {
                let fault = fault("`bootloop` has no DHCPv6 side: it gives IPv4 addresses only".into());
                report.error(fault.help("move it to `server4`"));
            }
            name => {
                let fault = fault(format!("there is no step `{name}`"));
                report.error(fault.help(did_you_mean(name, &[&STEPS[..], &V4_ONLY].concat())));
            }
        }
    }

    /// `nbp` ends the list.
    fn check_order(&mut self, entry: &Entry, report: &mut Report<'_>) {
        let name = entry.key.as_str();
        if name == "nbp" {
            self.nbp.get_or_insert_with(|| entry.span.clone());
        } else if ENDED_BY_NBP.contains(&name)
            && let Some(place) = self.nbp.take()
        {
            let fault = Fault::new(place, format!("`nbp` ends the list: `{name}` behind it is never reached"));
            report.warn(fault.help("put `nbp` last"));
        }
    }
}

/// What `coresmd` means for DHCPv6.
fn reservations(settings: &Settings) -> Coresmd6 {
    Coresmd6 {
        script: settings.step.script.clone(),
        lease_time: settings.step.lease_time,
        rules: settings.step.rules.clone(),
        tftp_port: settings.tftp.port,
        http: None,
    }
}
