//! What a reservation answers to each message of a client (RFC 2131 §4.3), a pure function of the snapshot.

use std::net::{IpAddr, Ipv4Addr};

use dhcp_wire::v4::{Outgoing, datagram_limit};
use dhcp_wire::{MessageType, OptionCode};
use naming::{Evaluation, Subject};
use smd_cache::{Host, Known, MacAddr, Snapshot, Unservable};

use super::address::{self, Candidates};
use super::request::{Kind, Request};
use super::{Arrival, DropReason, Observe, Transmit, boot, destination, reply};
use crate::policy::{Coresmd, Policy};

/// The host behind a MAC address. A known one that cannot be served has its own reason, and never gets anything else.
pub(super) fn find(snapshot: Option<&Snapshot>, mac: MacAddr) -> Result<Host<'_>, DropReason> {
    match snapshot.ok_or(DropReason::NoSnapshot)?.lookup(mac) {
        Known::Host(host) => Ok(host),
        Known::Unservable(Unservable::Orphan) => Err(DropReason::Orphan),
        Known::Unservable(Unservable::NoAddress(_)) => Err(DropReason::NoAddress),
        Known::Unservable(Unservable::Conflict) => Err(DropReason::Conflict),
        Known::Unknown => Err(DropReason::Unknown),
    }
}

/// Answers a known host.
pub(super) fn respond(
    host: Host<'_>,
    policy: &Policy,
    request: &Request<'_>,
    arrival: Arrival<'_>,
    observe: Observe<'_>,
) -> Result<Transmit, DropReason> {
    let coresmd = policy.coresmd().ok_or(DropReason::Unknown)?;
    let server = server_address(policy, arrival)?;
    let decision = decide(host, coresmd, request, arrival, server)?;
    let message = &request.message;
    let evaluation = evaluate(host, coresmd, decision.address(), observe);
    if evaluation.ignore {
        return Err(DropReason::Ignored);
    }
    let (message_type, outgoing) = match decision {
        Decision::Nak(_) => (MessageType::Nak, reply::nak(message, server)),
        Decision::Lease(message_type, address) => {
            let mut outgoing = configured(policy, request, server, &evaluation, coresmd, message_type);
            outgoing.yiaddr = address;
            (message_type, outgoing)
        }
        Decision::Information(_) => {
            let mut outgoing = configured(policy, request, server, &evaluation, coresmd, MessageType::Ack);
            outgoing.ciaddr = message.ciaddr();
            outgoing.options.remove(OptionCode::AddressLeaseTime);
            (MessageType::Ack, outgoing)
        }
    };
    Ok(Transmit {
        message_type,
        limit: datagram_limit(message.max_message_size()),
        destination: destination::choose(message, message_type, &outgoing, arrival.meta.source),
        reply: outgoing,
        server,
    })
}

/// What a message is answered with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Decision {
    /// OFFER or ACK of an address.
    Lease(MessageType, Ipv4Addr),
    /// ACK without an address: the client has one. The address that the rules see.
    Information(Ipv4Addr),
    /// The client must begin anew. The address that it would get.
    Nak(Ipv4Addr),
}

impl Decision {
    fn address(self) -> Ipv4Addr {
        match self {
            Self::Lease(_, address) | Self::Information(address) | Self::Nak(address) => address,
        }
    }
}

/// The state machine of RFC 2131 §4.3.
fn decide(
    host: Host<'_>,
    coresmd: &Coresmd,
    request: &Request<'_>,
    arrival: Arrival<'_>,
    server: Ipv4Addr,
) -> Result<Decision, DropReason> {
    let message = &request.message;
    let for_another = message.server_identifier().is_some_and(|id| !is_ours(id, server, arrival));
    match request.kind {
        Kind::Request | Kind::Release | Kind::Decline if for_another => return Err(DropReason::OtherServer),
        Kind::Release => return Err(DropReason::Released),
        Kind::Decline => return Err(DropReason::Declined),
        Kind::Discover | Kind::Request | Kind::Inform => {}
    }
    let candidates = address::select(host.addresses(), address::link(message, arrival.networks), &coresmd.rules)?;
    match request.kind {
        Kind::Discover => Ok(Decision::Lease(MessageType::Offer, candidates.best)),
        Kind::Inform => Ok(Decision::Information(held(request, host, &candidates).unwrap_or(candidates.best))),
        _ => acknowledge(host, request, &candidates),
    }
}

/// REQUEST (RFC 2131 §4.3.2): SELECTING and INIT-REBOOT name the address in option 50, RENEWING and REBINDING in ciaddr.
fn acknowledge(host: Host<'_>, request: &Request<'_>, candidates: &Candidates) -> Result<Decision, DropReason> {
    let message = &request.message;
    let right = if message.ciaddr().is_unspecified() {
        let wanted = message.requested_address().ok_or(DropReason::NothingRequested)?;
        Some(candidates.best).filter(|best| *best == wanted)
    } else {
        held(request, host, candidates)
    };
    Ok(right.map_or(Decision::Nak(candidates.best), |address| Decision::Lease(MessageType::Ack, address)))
}

/// The address that the client has, if it is the host's to have.
fn held(request: &Request<'_>, host: Host<'_>, candidates: &Candidates) -> Option<Ipv4Addr> {
    Some(request.message.ciaddr()).filter(|held| candidates.include(*held, host.addresses()))
}

/// Our identity in option 54: `server_id`, else our address on the receiving interface.
fn server_address(policy: &Policy, arrival: Arrival<'_>) -> Result<Ipv4Addr, DropReason> {
    let received_on = match arrival.meta.local {
        Some(IpAddr::V4(address)) => Some(address),
        _ => arrival.networks.first().map(ipnet::Ipv4Net::addr),
    };
    policy.server_id.or(received_on).ok_or(DropReason::NoServerAddress)
}

/// Whether option 54 means us. Without a `server_id`, every address of the receiving interface does.
fn is_ours(id: Ipv4Addr, server: Ipv4Addr, arrival: Arrival<'_>) -> bool {
    id == server || arrival.networks.iter().any(|network| network.addr() == id)
}

/// Hostname, routers and netmask by rule. The rules see the address that the client gets as the host's first one.
fn evaluate<'r>(host: Host<'_>, coresmd: &'r Coresmd, address: Ipv4Addr, observe: Observe<'_>) -> Evaluation<'r> {
    let subject = Subject {
        id: host.id(),
        component_type: host.component_type(),
        nid: host.pattern_nid(),
        first: Some(address.into()),
    };
    coresmd.rules.evaluate_with(&subject, |step| observe(host, &coresmd.rules, step))
}

fn configured(
    policy: &Policy,
    request: &Request<'_>,
    server: Ipv4Addr,
    evaluation: &Evaluation<'_>,
    coresmd: &Coresmd,
    message_type: MessageType,
) -> Outgoing {
    let message = &request.message;
    let mut outgoing = reply::new(message, message_type, server);
    let boot = boot::next(message, request.mac, &coresmd.script);
    reply::apply(policy, message, server, evaluation, boot.as_ref(), &mut outgoing);
    outgoing
}
