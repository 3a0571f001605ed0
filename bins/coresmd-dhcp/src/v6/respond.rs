//! What is said to each message of a client (RFC 8415 §18.3): a pure function of the snapshot, but for the prefixes.

use std::time::{Duration, SystemTime};

use dhcp_wire::v6::{IdentityAssociation, MessageType, OptionCode, Outgoing, Status};
use smd_cache::Host;

use super::address::Link;
use super::policy::Policy6;
use super::prefix::PrefixPool;
use super::reply::{self, Draft};
use super::request::{Kind, Request};
use super::reservation::Standing;
use super::{Arrival, DropReason, Observe, Transmit, Unserved, destination, lease};

/// Option 82 (RFC 8415 §21.24): the most seconds between the SOLICITs of a client that was given nothing, and asks for the
/// option. By default it is an hour, which is long for a machine that is in the inventory by then.
const ASK_AGAIN: u32 = 300;

/// Answers a valid message.
pub(super) fn respond(
    host: Result<Host<'_>, Unserved>,
    policy: &Policy6,
    pools: &mut [PrefixPool],
    request: &Request<'_>,
    arrival: Arrival<'_>,
    now: SystemTime,
    observe: Observe<'_>,
) -> Result<Transmit, DropReason> {
    let link = Link::of(&request.message, arrival.networks, policy.coresmd().map(|coresmd| &coresmd.rules));
    let standing = Standing::of(host, request.mac, policy, link, observe)?;
    if request.must_multicast {
        return transmit(request, &reply::status(request, policy, Status::UseMulticast), arrival);
    }
    match request.kind {
        Kind::Confirm => {
            let status = confirm(request, &standing, link)?;
            transmit(request, &reply::status(request, policy, status), arrival)
        }
        Kind::Release | Kind::Decline => {
            let mut outgoing = reply::status(request, policy, Status::Success);
            let ends = |ia: &IdentityAssociation<'_>| request.kind == Kind::Release && release(pools, request, ia);
            lease::push_unbound(&request.message, standing.reserved.as_ref().ok(), ends, &mut outgoing.options);
            transmit(request, &outgoing, arrival)
        }
        Kind::Solicit | Kind::Request | Kind::Renew | Kind::Rebind | Kind::InformationRequest => {
            let draft = reply::configure(request, policy, &standing, link, pools, arrival, now);
            finish(request, policy, &standing, &draft, arrival)
        }
    }
}

/// CONFIRM (RFC 8415 §18.3.3): are the client's addresses appropriate for its link? That is a question about the link: who
/// the client is matters only where a reservation says more than the interface's networks do.
fn confirm(request: &Request<'_>, standing: &Standing<'_>, link: Link<'_>) -> Result<Status, DropReason> {
    let reserved = standing.reserved.as_ref().map_or(&[][..], |reserved| &reserved.addresses);
    let associations = request.message.ia_nas().chain(request.message.ia_tas());
    let verdicts: Vec<_> = associations
        .flat_map(|ia| lease::named(&ia).collect::<Vec<_>>())
        .map(|address| if reserved.contains(&address) { Some(true) } else { link.contains(address) })
        .collect();
    if verdicts.is_empty() {
        Err(DropReason::NothingToConfirm)
    } else if verdicts.contains(&Some(false)) {
        Ok(Status::NotOnLink)
    } else if verdicts.contains(&None) {
        Err(DropReason::LinkUnknown)
    } else {
        Ok(Status::Success)
    }
}

/// Ends the lease of an `IA_PD` that names its prefix, in whatever pool it is; says whether there is such a lease. Other
/// prefixes that it names are none of ours (RFC 8415 §18.3.7).
fn release(pools: &mut [PrefixPool], request: &Request<'_>, ia: &IdentityAssociation<'_>) -> bool {
    let Some(client) = &request.client else { return false };
    pools.iter_mut().any(|pool| {
        let Some(leased) = pool.of(client, ia.iaid) else { return false };
        if ia.prefixes().any(|named| (named.prefix, named.length) == (leased.addr(), leased.prefix_len())) {
            pool.release(client, ia.iaid);
        }
        true
    })
}

/// Puts the identifiers before what the steps have built.
///
/// Where nothing of what was asked for can be given, a SOLICIT gets an ADVERTISE even with rapid commit, so that another
/// server may still be heard, and a REBIND, which is for all servers, no answer.
fn finish(
    request: &Request<'_>,
    policy: &Policy6,
    standing: &Standing<'_>,
    draft: &Draft,
    arrival: Arrival<'_>,
) -> Result<Transmit, DropReason> {
    let message = &request.message;
    let asks_address = message.ia_nas().next().is_some();
    let asks = asks_address || message.ia_tas().chain(message.ia_pds()).next().is_some();
    let has_nothing = asks && draft.address.is_none() && draft.prefix.is_none();
    let unserved = standing.reserved.as_ref().err().copied().filter(|_| asks_address);
    if request.kind == Kind::Rebind && has_nothing {
        return Err(DropReason::Unserved(unserved.unwrap_or(Unserved::NoStep)));
    }
    let commits = request.kind != Kind::Solicit || (message.rapid_commit() && !has_nothing);
    let message_type = if commits { MessageType::Reply } else { MessageType::Advertise };
    let mut outgoing = reply::new(request, policy, message_type);
    outgoing.options.append(&draft.options);
    if has_nothing && message.wants(OptionCode::SolMaxRt) {
        outgoing.options.push(OptionCode::SolMaxRt, &ASK_AGAIN.to_be_bytes());
    }
    let &Draft { address, prefix, delay, .. } = draft;
    Ok(Transmit { address, prefix, unserved, delay, ..transmit(request, &outgoing, arrival)? })
}

fn transmit(request: &Request<'_>, outgoing: &Outgoing, arrival: Arrival<'_>) -> Result<Transmit, DropReason> {
    Ok(Transmit {
        message_type: outgoing.message_type,
        datagram: outgoing.encode(request.message.relays()).map_err(DropReason::TooLong)?,
        destination: destination::choose(arrival.meta),
        address: None,
        prefix: None,
        unserved: None,
        delay: Duration::ZERO,
    })
}
