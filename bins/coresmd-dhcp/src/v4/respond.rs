//! What the steps of the configuration, in their order, come to for one message of a client.
//!
//! The first step that has a reservation for the client answers it, with what the steps before it have set; no later
//! one applies. A pure function of the message, the snapshot and the files in force.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use dhcp_wire::v4::{Outgoing, datagram_limit};
use dhcp_wire::{MessageType, OptionCode};
use naming::{Evaluation, Subject};
use smd_cache::{Host, Known, Unservable};

use super::address::{self, Candidates};
use super::decide::{Decision, decide};
use super::request::{Kind, Request};
use super::{Arrival, DropReason, Observe, Transmit, boot, destination, reply};
use crate::policy::{Bootloop, Coresmd, Policy, Step};

/// What the steps come to.
#[derive(Debug)]
pub(super) enum Verdict<'a> {
    /// A step answers for another reason than a reservation.
    Reply(Transmit),
    /// A step has a reservation for the client.
    Reserved(Transmit),
    /// No step has a reservation for the client: the draft has what all of them have set. It is the pool's turn.
    NoReservation(Draft<'a>),
}

/// Answers a message; `known` is what SMD says of the client, `None` before the first good inventory.
pub(super) fn respond<'a>(
    known: Option<Known<'_>>,
    policy: &'a Policy,
    request: &'a Request<'a>,
    arrival: Arrival<'a>,
    observe: Observe<'_>,
) -> Result<Verdict<'a>, DropReason> {
    let mut draft = Draft::begin(policy, request, arrival)?;
    // A client that SMD knows but cannot serve may have a reservation in a file. It never gets anything else.
    let mut unservable = None;
    for step in &policy.steps {
        match step {
            Step::Sleep(time) => draft.delay = draft.delay.saturating_add(*time),
            // Behind the pool's step everybody has an address.
            Step::AutoConfigure(answer) if request.kind == Kind::Discover && draft.pool.is_none() => {
                if request.message.auto_configure().is_some() {
                    draft.reply.options.set(OptionCode::DisableSLAAC, &[*answer as u8]);
                } else if !(draft.prefers_ipv6() && policy.offers_ipv6_only()) {
                    // RFC 8925 §3.3.1: who lists option 108 is not left without an answer for want of option 116.
                    return Err(unservable.unwrap_or(DropReason::NoAutoConfigure));
                }
            }
            Step::Ipv6Only(wait) if draft.prefers_ipv6() => {
                reply::ipv6_only(*wait, &mut draft.reply);
                return Ok(Verdict::Reply(draft.transmit()));
            }
            Step::File(file) => {
                if let Some(address) = file.get(request.mac) {
                    return draft.listed(address).map(Verdict::Reserved);
                }
            }
            Step::Coresmd(coresmd) => match reservation(known, coresmd, request, arrival) {
                Ok(Some((host, candidates))) => {
                    return draft.reserved(host, &candidates, coresmd, observe).map(Verdict::Reserved);
                }
                Ok(None) => {}
                Err(DropReason::NoSnapshot) => return Err(DropReason::NoSnapshot),
                Err(reason) => unservable = Some(reason),
            },
            // Only for whom no other step has a reservation: what stands behind it counts too.
            Step::Range => draft.pool = Some(PoolStep::Range),
            Step::Bootloop(bootloop) => draft.pool = Some(PoolStep::Bootloop(bootloop)),
            Step::Nbp(nbp) => {
                reply::network_boot(nbp, &request.message, &mut draft.reply);
                break;
            }
            option => reply::set(option, &request.message, &mut draft.reply.options),
        }
    }
    match unservable {
        Some(reason) => Err(reason),
        None => Ok(Verdict::NoReservation(draft)),
    }
}

/// The client's reservation in SMD; `None` if SMD does not know it. The reasons: there is no inventory yet, or SMD knows
/// the client but has no address for it on its link.
fn reservation<'s>(
    known: Option<Known<'s>>,
    coresmd: &Coresmd,
    request: &Request<'_>,
    arrival: Arrival<'_>,
) -> Result<Option<(Host<'s>, Candidates)>, DropReason> {
    match known.ok_or(DropReason::NoSnapshot)? {
        Known::Host(host) => {
            let link = address::link(&request.message, arrival.networks);
            Ok(Some((host, address::select(host.addresses(), link, &coresmd.rules)?)))
        }
        Known::Unservable(Unservable::Orphan) => Err(DropReason::Orphan),
        Known::Unservable(Unservable::NoAddress(_)) => Err(DropReason::NoAddress),
        Known::Unservable(Unservable::Conflict) => Err(DropReason::Conflict),
        Known::Unknown => Ok(None),
    }
}

/// The step whose pool has an address for everybody else.
#[derive(Debug, Clone, Copy)]
pub(super) enum PoolStep<'a> {
    /// An address and nothing more.
    Range,
    /// An address, and what makes the client boot again.
    Bootloop(&'a Bootloop),
}

/// A reply on its way through the steps.
#[derive(Debug)]
pub(super) struct Draft<'a> {
    pub(super) request: &'a Request<'a>,
    pub(super) arrival: Arrival<'a>,
    pub(super) server: Ipv4Addr,
    message_type: MessageType,
    pub(super) reply: Outgoing,
    delay: Duration,
    /// The step with the pool, if there was one.
    pub(super) pool: Option<PoolStep<'a>>,
}

impl<'a> Draft<'a> {
    /// A reply with what every one has. Fails if the message is for another server, or we have no address.
    fn begin(policy: &Policy, request: &'a Request<'a>, arrival: Arrival<'a>) -> Result<Self, DropReason> {
        let message = &request.message;
        let server = server_address(policy, arrival)?;
        let for_another = message.server_identifier().is_some_and(|id| !is_ours(id, server, arrival));
        if for_another && matches!(request.kind, Kind::Request | Kind::Release | Kind::Decline) {
            return Err(DropReason::OtherServer);
        }
        let message_type = if request.kind == Kind::Discover { MessageType::Offer } else { MessageType::Ack };
        let reply = reply::configured(message, message_type, server);
        Ok(Self { request, arrival, server, message_type, reply, delay: Duration::ZERO, pool: None })
    }

    /// Answers a client that a file lists.
    fn listed(self, address: Ipv4Addr) -> Result<Transmit, DropReason> {
        let decision = decide(&[IpAddr::V4(address)], &Candidates::only(address), self.request)?;
        Ok(self.conclude(decision))
    }

    /// Answers a client that SMD knows.
    fn reserved(
        mut self,
        host: Host<'_>,
        candidates: &Candidates,
        coresmd: &Coresmd,
        observe: Observe<'_>,
    ) -> Result<Transmit, DropReason> {
        let decision = decide(host.addresses(), candidates, self.request)?;
        let evaluation = evaluate(host, coresmd, decision.address(), observe);
        if evaluation.ignore {
            return Err(DropReason::Ignored);
        }
        let boot = boot::next(&self.request.message, || coresmd.script.of(self.request.mac));
        reply::coresmd(coresmd, &self.request.message, &evaluation, boot.as_ref(), &mut self.reply);
        Ok(self.conclude(decision))
    }

    fn conclude(mut self, decision: Decision) -> Transmit {
        match decision {
            Decision::Lease(_, address) => self.leased(address),
            Decision::Information(_) => {
                self.inform();
                self.transmit()
            }
            Decision::Nak(_) => self.refused(),
        }
    }

    /// OFFER or ACK of an address.
    pub(super) fn leased(mut self, address: Ipv4Addr) -> Transmit {
        self.reply.yiaddr = address;
        self.transmit()
    }

    /// NAK.
    pub(super) fn refused(mut self) -> Transmit {
        self.message_type = MessageType::Nak;
        self.reply = reply::nak(&self.request.message, self.server);
        self.transmit()
    }

    /// What is right for a client that nobody has an address for: an ACK for INFORM, an OFFER of nothing for who asks
    /// whether to choose an address itself, nothing for anybody else.
    pub(super) fn without_reservation(mut self) -> Option<Transmit> {
        let told = match self.request.kind {
            Kind::Inform => !self.request.message.ciaddr().is_unspecified(),
            Kind::Discover => self.reply.options.get(OptionCode::DisableSLAAC).is_some(),
            Kind::Request | Kind::Release | Kind::Decline => false,
        };
        if self.request.kind == Kind::Inform {
            self.inform();
        }
        told.then(|| self.transmit())
    }

    /// RFC 2131 §4.3.5: the client's own address, and no lease.
    fn inform(&mut self) {
        self.reply.ciaddr = self.request.message.ciaddr();
        self.reply.options.remove(OptionCode::AddressLeaseTime);
    }

    /// Whether the client would rather do without an address (RFC 8925 §3.2): only who lists option 108, and only where
    /// an address would be given.
    fn prefers_ipv6(&self) -> bool {
        matches!(self.request.kind, Kind::Discover | Kind::Request) && self.request.message.lists(reply::IPV6_ONLY)
    }

    /// The reply as it stands.
    fn transmit(self) -> Transmit {
        let message = &self.request.message;
        Transmit {
            message_type: self.message_type,
            limit: datagram_limit(message.max_message_size()),
            destination: destination::choose(message, self.message_type, &self.reply, self.arrival.meta.source),
            reply: self.reply,
            server: self.server,
            delay: self.delay,
        }
    }
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
