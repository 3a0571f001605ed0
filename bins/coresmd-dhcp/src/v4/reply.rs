//! Header and options of a reply (RFC 2131 table 3).

use std::net::Ipv4Addr;

use dhcp_wire::v4::{BOOTREPLY, BROADCAST, Options, Outgoing, Received};
use dhcp_wire::{MessageType, OptionCode};
use naming::Evaluation;

use super::boot::Boot;
use crate::policy::{Coresmd, Nbp, Step};

/// Option 108 (RFC 8925 §3.1).
pub(super) const IPV6_ONLY: OptionCode = OptionCode::Unknown(108);

/// What every reply has: the client's header fields, options 53 and 54, options 61 (RFC 6842) and 82 (RFC 3046) echoed.
pub(super) fn new(message: &Received<'_>, kind: MessageType, server: Ipv4Addr) -> Outgoing {
    let mut reply = Outgoing::new(BOOTREPLY);
    reply.htype = message.htype();
    reply.hlen = message.hlen();
    reply.xid = message.xid();
    reply.flags = message.flags();
    reply.giaddr = message.giaddr();
    reply.chaddr = chaddr(message);
    let options = &mut reply.options;
    options.set(OptionCode::MessageType, &[kind.into()]);
    options.set(OptionCode::ServerIdentifier, &server.octets());
    if let Some(id) = message.client_identifier() {
        options.set(OptionCode::ClientIdentifier, &id);
    }
    if let Some(info) = message.relay_agent() {
        options.set(OptionCode::RelayAgentInformation, info.as_bytes());
    }
    reply
}

/// A NAK: nothing but the identifiers; a relayed one tells the relay to broadcast it (RFC 2131 §4.3.2).
pub(super) fn nak(message: &Received<'_>, server: Ipv4Addr) -> Outgoing {
    let mut reply = new(message, MessageType::Nak, server);
    if !reply.giaddr.is_unspecified() {
        reply.flags |= BROADCAST;
    }
    reply
}

/// An OFFER or ACK before its steps: what every reply has, the next server, and the subnet that was chosen by option 118.
pub(super) fn configured(message: &Received<'_>, kind: MessageType, server: Ipv4Addr) -> Outgoing {
    let mut reply = new(message, kind, server);
    reply.siaddr = server;
    if let Some(subnet) = message.subnet_selection() {
        reply.options.set(OptionCode::SubnetSelection, &subnet.octets()); // RFC 3011 §4: whoever obeys it echoes it
    }
    reply
}

/// The option of a step that does nothing else.
pub(super) fn set(step: &Step, message: &Received<'_>, options: &mut Options) {
    match step {
        Step::Dns(addresses) if message.wants(OptionCode::DomainNameServer) => {
            options.set_addresses(OptionCode::DomainNameServer, addresses);
        }
        Step::Router(addresses) => options.set_addresses(OptionCode::Router, addresses),
        Step::Netmask(mask) => options.set(OptionCode::SubnetMask, &mask.octets()),
        Step::Mtu(mtu) if message.wants(OptionCode::InterfaceMtu) => {
            options.set(OptionCode::InterfaceMtu, &mtu.to_be_bytes());
        }
        Step::SearchDomains(domains) if !domains.is_empty() => options.set(OptionCode::DomainSearch, domains),
        Step::StaticRoute(routes) => options.set(OptionCode::ClasslessStaticRoute, routes),
        Step::LeaseTime(seconds) => {
            if options.get(OptionCode::AddressLeaseTime).is_none() {
                options.set(OptionCode::AddressLeaseTime, &seconds.to_be_bytes());
            }
        }
        // Not asked for, or nothing to say, or in every reply already.
        Step::Dns(_)
        | Step::Mtu(_)
        | Step::SearchDomains(_)
        | Step::ServerId(_)
        // What `respond` itself looks at.
        | Step::Nbp(_)
        | Step::AutoConfigure(_)
        | Step::Ipv6Only(_)
        | Step::Sleep(_)
        | Step::File(_)
        | Step::Range
        | Step::Bootloop(_)
        | Step::Coresmd(_) => {}
    }
}

/// `ipv6only`: how long the client does without IPv4, in seconds (RFC 8925 §3.3).
pub(super) fn ipv6_only(wait: u32, reply: &mut Outgoing) {
    reply.options.set(IPV6_ONLY, &wait.to_be_bytes());
}

/// `nbp`: server and file, each if the client asks for it.
pub(super) fn network_boot(nbp: &Nbp, message: &Received<'_>, reply: &mut Outgoing) {
    if let Some(server) = nbp.server.as_ref().filter(|_| message.wants(OptionCode::TFTPServerName)) {
        reply.options.set(OptionCode::TFTPServerName, server.as_bytes());
    }
    if message.wants(OptionCode::BootfileName) {
        reply.options.set(OptionCode::BootfileName, nbp.file.as_bytes());
        reply.file = nbp.file.as_bytes().to_vec();
    }
}

/// `coresmd`: what SMD and the rules say of the host, and what it boots.
pub(super) fn coresmd(
    coresmd: &Coresmd,
    message: &Received<'_>,
    host: &Evaluation<'_>,
    boot: Option<&Boot>,
    reply: &mut Outgoing,
) {
    let options = &mut reply.options;
    options.set(OptionCode::AddressLeaseTime, &coresmd.lease_time.to_be_bytes());
    options.set(OptionCode::Hostname, host.hostname.as_bytes());
    if let Some(name) = message.client_fqdn().and_then(|fqdn| fqdn.answer(&host.hostname)) {
        options.set(OptionCode::ClientFQDN, &name);
    }
    if let Some(routers) = host.routers {
        options.set_addresses(OptionCode::Router, routers);
    }
    if let Some(mask) = host.netmask {
        options.set(OptionCode::SubnetMask, &mask.octets());
    }
    boots(message, boot, reply);
}

/// Where the client finds its root (option 17), and what it boots, if it boots from the network.
pub(super) fn boots(message: &Received<'_>, boot: Option<&Boot>, reply: &mut Outgoing) {
    let server = reply.siaddr.to_string();
    let options = &mut reply.options;
    options.set(OptionCode::RootPath, server.as_bytes());
    if let Some(boot) = boot {
        options.set(OptionCode::BootfileName, boot.name().as_bytes());
        if matches!(boot, Boot::Firmware(_)) && message.wants(OptionCode::TFTPServerName) {
            options.set(OptionCode::TFTPServerName, server.as_bytes());
        }
        reply.file = boot.name().as_bytes().to_vec();
    }
}

/// The client's hardware address, zero behind `hlen`.
pub(super) fn chaddr(message: &Received<'_>) -> [u8; 16] {
    let mut field = [0; 16];
    let address = message.chaddr();
    field[..address.len()].copy_from_slice(address);
    field
}
