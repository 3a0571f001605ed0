//! What the section `server6` says about answers, resolved: the ordered steps and what they set (facts: coredhcp-coredns
//! §A5).
//!
//! As in v4, lists that the original joins over all instances of a step (`dns`) and values of which its last instance
//! wins are resolved when the configuration is read.

use std::net::Ipv6Addr;
use std::time::Duration;

use dhcp_wire::v6::Duid;
use naming::RuleSet;

use crate::address_file::AddressFile;
use crate::policy::ScriptUrl;

/// How DHCPv6 requests are answered.
#[derive(Debug, Clone)]
pub struct Policy6 {
    /// Option 2 of every reply: `server_id`, or what is kept for a server without one. The same after every start.
    pub server_id: Duid,
    /// The steps, in the order of the file.
    pub steps: Vec<Step6>,
}

/// One step of the list.
#[derive(Debug, Clone)]
pub enum Step6 {
    /// `dns`: option 23, if the client asks for it.
    Dns(Vec<Ipv6Addr>),
    /// `searchdomains`: option 24 in wire form, whether the client asks for it or not.
    SearchDomains(Vec<u8>),
    /// `sleep`: the reply is held back this long.
    Sleep(Duration),
    /// `file`: the addresses of a file of MAC addresses, which may be read anew at any time.
    File(AddressFile<Ipv6Addr>),
    /// `prefix`: prefixes are delegated out of the pool with this index.
    Prefix(usize),
    /// `coresmd`: the reservation. Whoever has an IPv6 address in SMD is answered here, and no later step applies.
    Coresmd(Box<Coresmd6>),
    /// `nbp`: options 59 and 60, if the client asks for them. No later step applies.
    Nbp {
        /// Option 59.
        url: String,
        /// The only item of option 60: what `params=` in the query of `url` says.
        parameters: Option<String>,
    },
}

/// The step `coresmd`.
#[derive(Debug, Clone)]
pub struct Coresmd6 {
    /// Where iPXE finds its script.
    pub script: ScriptUrl,
    /// Both lifetimes of an address, in seconds; 4,294,967,295 is forever.
    pub lease_time: u32,
    /// Hostnames by rule.
    pub rules: RuleSet,
    /// The port of the TFTP server.
    pub tftp_port: u16,
    /// The directory in which firmware that boots from HTTP finds its files: a URL without a slash at its end. Without
    /// it such firmware gets no boot URL.
    pub http: Option<String>,
}

impl Policy6 {
    /// The step that answers whom SMD knows.
    pub fn coresmd(&self) -> Option<&Coresmd6> {
        self.steps.iter().find_map(|step| match step {
            Step6::Coresmd(coresmd) => Some(&**coresmd),
            _ => None,
        })
    }
}
