//! What the configuration says about answers, resolved: the ordered steps and what they set.
//!
//! The ordered list of `CoreDHCP`'s YAML is `Vec<Step>`, evaluated in order; there is no plugin machine. Lists that the
//! original joins over all instances of a step (`dns`, `router`), and values of which its last instance wins, are
//! resolved when the configuration is read: every instance here carries the value that counts.

use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::time::Duration;

use naming::RuleSet;
use smd_cache::MacAddr;

use crate::address_file::AddressFile;
use crate::pool;

/// How DHCPv4 requests are answered.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    /// The steps, in the order of the file.
    pub steps: Vec<Step>,
    /// The address of `server_id`; without it, that of the interface that the request came in by.
    pub server_id: Option<Ipv4Addr>,
    /// The pool of `range` or `bootloop`, for whom no step has a reservation.
    pub pool: Option<PoolSettings>,
}

/// A pool, and where its leases are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PoolSettings {
    /// The lease file.
    pub file: PathBuf,
    /// Its ranges, which have no address in common.
    pub ranges: Vec<pool::Range>,
    /// How long leases, offers and declined addresses last.
    pub times: pool::Times,
}

impl PoolSettings {
    /// The pool without leases.
    pub fn empty(&self) -> pool::Pool {
        pool::Pool::new(&self.ranges, self.times).expect("the ranges have no address in common")
    }
}

impl Policy {
    /// The files of `file`, in the order of the steps.
    pub fn address_files(&self) -> impl Iterator<Item = &AddressFile<Ipv4Addr>> {
        self.steps.iter().filter_map(|step| match step {
            Step::File(file) => Some(file),
            _ => None,
        })
    }

    /// Whether clients may be told to do without an address.
    pub fn offers_ipv6_only(&self) -> bool {
        self.steps.iter().any(|step| matches!(step, Step::Ipv6Only(_)))
    }

    /// Whether any reply is held back.
    pub fn holds_replies(&self) -> bool {
        self.steps.iter().any(|step| matches!(step, Step::Sleep(_)))
    }

    /// The step that answers whom SMD knows.
    pub fn coresmd(&self) -> Option<&Coresmd> {
        self.steps.iter().find_map(|step| match step {
            Step::Coresmd(coresmd) => Some(&**coresmd),
            _ => None,
        })
    }
}

/// One step of the list.
#[derive(Debug, Clone)]
pub enum Step {
    /// `server_id`: siaddr and option 54.
    ServerId(Ipv4Addr),
    /// `dns`: option 6, if the client asks for it.
    Dns(Vec<Ipv4Addr>),
    /// `router`: option 3.
    Router(Vec<Ipv4Addr>),
    /// `netmask`: option 1.
    Netmask(Ipv4Addr),
    /// `lease_time`: option 51 in seconds, unless an earlier step has set it.
    LeaseTime(u32),
    /// `mtu`: option 26, if the client asks for it.
    Mtu(u16),
    /// `searchdomains`: option 119 in wire form, whether the client asks for it or not.
    SearchDomains(Vec<u8>),
    /// `staticroute`: option 121 in wire form, whether the client asks for it or not.
    StaticRoute(Vec<u8>),
    /// `nbp`: what to boot, if the client asks for it. No later step applies.
    Nbp(Nbp),
    /// `autoconfigure`: who has no address yet is told by option 116 whether to choose one itself (RFC 2563), and not
    /// answered if it does not ask.
    AutoConfigure(AutoConfigure),
    /// `ipv6only`: option 108 in seconds. Who asks for it gets no address (RFC 8925), and no later step applies.
    Ipv6Only(u32),
    /// `sleep`: the reply is held back this long.
    Sleep(Duration),
    /// `file`: the reservation of whom the file lists. No later step applies to them.
    File(AddressFile<Ipv4Addr>),
    /// `range`: an address of the pool for whom no step has a reservation.
    Range,
    /// `bootloop`: the same, with what makes the client boot again and again until SMD knows it.
    Bootloop(Bootloop),
    /// `coresmd`: the reservation. Whom SMD knows is answered here, and no later step applies.
    Coresmd(Box<Coresmd>),
}

/// The step `nbp`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nbp {
    /// Option 66; `None` if the URL is for HTTP or FTP, or names no server.
    pub server: Option<String>,
    /// Option 67: the whole URL for HTTP and FTP, else its path.
    pub file: String,
}

/// The step `bootloop`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bootloop {
    /// Option 67 for iPXE: a file, or a whole URL.
    pub script: String,
}

/// What a client without an address may do (RFC 2563 §2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AutoConfigure {
    /// 0: not choose an address itself.
    Forbidden,
    /// 1: choose one.
    Allowed,
}

/// The step `coresmd`.
#[derive(Debug, Clone)]
pub struct Coresmd {
    /// Where iPXE finds its script.
    pub script: ScriptUrl,
    /// Option 51, in seconds.
    pub lease_time: u32,
    /// Hostnames, routers and netmasks by rule.
    pub rules: RuleSet,
}

/// The URL of a boot script, but for the client's MAC address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScriptUrl {
    /// Everything up to and with `mac=`.
    prefix: String,
}

impl ScriptUrl {
    /// The path of BSS behind a base URL (`ipxe_base_uri`).
    pub fn on_base(base: &str) -> Self {
        Self { prefix: format!("{}/boot/v1/bootscript?mac=", base.trim_end_matches('/')) }
    }

    /// A whole URL (`ipxe_uri`).
    pub fn whole(url: &str) -> Self {
        let joint = if url.contains('?') { '&' } else { '?' };
        Self { prefix: format!("{url}{joint}mac=") }
    }

    /// The URL for one client.
    pub fn of(&self, mac: MacAddr) -> String {
        format!("{}{mac}", self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn script_urls_name_the_client() {
        let mac = MacAddr([0x52, 0x54, 0, 0xBE, 0xEF, 1]);
        for (url, full) in [
            (ScriptUrl::on_base("http://h:8081"), "http://h:8081/boot/v1/bootscript?mac=52:54:00:be:ef:01"),
            (ScriptUrl::on_base("http://h/x/"), "http://h/x/boot/v1/bootscript?mac=52:54:00:be:ef:01"),
            (
                ScriptUrl::whole("http://h/boot-service/bootscript"),
                "http://h/boot-service/bootscript?mac=52:54:00:be:ef:01",
            ),
            (ScriptUrl::whole("http://h/s?profile=a"), "http://h/s?profile=a&mac=52:54:00:be:ef:01"),
        ] {
            assert_eq!(url.of(mac), full);
        }
    }
}
