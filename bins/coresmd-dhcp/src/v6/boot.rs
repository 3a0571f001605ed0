//! What a client boots (RFC 5970): its firmware's boot loader, or the script of iPXE.
//!
//! The original sends a URL only to clients with a user class, and the printed DUID for a host (facts: coresmd-plugins
//! §5). Firmware has no user class: it asks for option 59 and says in options 61 and 16 what it is.

use std::net::{IpAddr, Ipv6Addr};

use dhcp_wire::ClientArch;
use dhcp_wire::v6::{OptionCode, Options, Received, VendorClass};
use smd_cache::MacAddr;

use super::Arrival;
use super::address;
use super::policy::Coresmd6;

/// The user class by which iPXE makes itself known.
const IPXE: &[u8] = b"iPXE";
/// The vendor class of firmware that boots from HTTP; it wants to see it again.
const HTTP_CLIENT: &[u8] = b"HTTPClient";
/// The enterprise number under which firmware sends its vendor class: Intel's.
const INTEL: u32 = 343;
/// The port of TFTP, which a URL need not name.
const TFTP_PORT: u16 = 69;

/// What option 59 says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Boot {
    /// The boot script, for iPXE.
    Script(String),
    /// A boot loader over TFTP.
    Tftp(String),
    /// A boot loader over HTTP.
    Http {
        /// Where it is.
        url: String,
        /// The enterprise number of the client's vendor class.
        enterprise: u32,
    },
}

/// The next stage of the client's boot; `None` for what does not boot from the network. `server`: our address.
pub(super) fn next(message: &Received<'_>, mac: MacAddr, coresmd: &Coresmd6, server: Option<Ipv6Addr>) -> Option<Boot> {
    let mut classes = message.user_classes().peekable();
    let has_class = classes.peek().is_some();
    if classes.any(|class| class == IPXE) {
        return Some(Boot::Script(coresmd.script.of(mac)));
    }
    if !has_class && !message.wants(OptionCode::OptBootfileUrl) {
        return None;
    }
    let vendor = message.vendor_class();
    let (transport, file) = firmware(message.client_arch().or_else(|| vendor.as_ref().and_then(arch))?)?;
    let over_http = vendor.as_ref().is_some_and(|class| class.items().any(|item| item.starts_with(HTTP_CLIENT)));
    if over_http || transport == Transport::Http {
        let url = format!("{}/{file}", coresmd.http.as_ref()?);
        return Some(Boot::Http { url, enterprise: vendor.map_or(INTEL, |class| class.enterprise) });
    }
    let server = server?;
    Some(Boot::Tftp(match coresmd.tftp_port {
        TFTP_PORT => format!("tftp://[{server}]/{file}"),
        port => format!("tftp://[{server}]:{port}/{file}"),
    }))
}

/// Our address in URLs: the one that was spoken to; else that of the receiving interface in the network of the client's
/// address, or its first that is more than link-local. Who is on the same link can do with a link-local one.
pub(super) fn server_address(arrival: Arrival<'_>, relayed: bool, client: Option<Ipv6Addr>) -> Option<Ipv6Addr> {
    let spoken_to = match arrival.meta.local {
        Some(IpAddr::V6(local)) if !local.is_unicast_link_local() => Some(local),
        _ => None,
    };
    let near = || client.and_then(|client| address::longest(arrival.networks, client));
    let first = || address::global(arrival.networks).next();
    let link_local = || arrival.networks.first().copied().filter(|_| !relayed);
    spoken_to.or_else(|| near().or_else(first).or_else(link_local).map(|network| network.addr()))
}

impl Boot {
    /// Adds option 59, and option 16 for firmware that boots from HTTP.
    pub(super) fn push(&self, options: &mut Options) {
        let (Self::Script(url) | Self::Tftp(url) | Self::Http { url, .. }) = self;
        options.push(OptionCode::OptBootfileUrl, url.as_bytes());
        if let Self::Http { enterprise, .. } = self {
            options.push_vendor_class(*enterprise, [HTTP_CLIENT]);
        }
    }
}

/// How firmware loads its first file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Transport {
    Tftp,
    Http,
}

/// The boot loader of an architecture, by the names that OpenCHAMI's images have (facts: coresmd-plugins §4.4).
fn firmware(arch: ClientArch) -> Option<(Transport, &'static str)> {
    match arch {
        ClientArch::X86_BIOS => Some((Transport::Tftp, "undionly.kpxe")),
        ClientArch::X86_UEFI => Some((Transport::Tftp, "ipxe-i386.efi")),
        ClientArch::X64_UEFI | ClientArch::EBC => Some((Transport::Tftp, "ipxe-x86_64.efi")),
        ClientArch::ARM32_UEFI => Some((Transport::Tftp, "ipxe-arm32.efi")),
        ClientArch::ARM64_UEFI => Some((Transport::Tftp, "ipxe-arm64.efi")),
        ClientArch(15) => Some((Transport::Http, "ipxe-i386.efi")),
        ClientArch(16 | 17) => Some((Transport::Http, "ipxe-x86_64.efi")),
        ClientArch(18) => Some((Transport::Http, "ipxe-arm32.efi")),
        ClientArch(19) => Some((Transport::Http, "ipxe-arm64.efi")),
        _ => None,
    }
}

/// The architecture in `PXEClient:Arch:00007:UNDI:003000`.
fn arch(class: &VendorClass<'_>) -> Option<ClientArch> {
    class.items().find_map(|item| {
        let mut words = std::str::from_utf8(item).ok()?.split(':');
        words.find(|word| *word == "Arch")?;
        words.next()?.parse().ok().map(ClientArch)
    })
}
