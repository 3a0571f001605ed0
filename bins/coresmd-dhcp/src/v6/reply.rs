//! What every reply has (RFC 8415 §18.3), and what the steps add to it.

use std::net::Ipv6Addr;
use std::time::{Duration, SystemTime};

use dhcp_wire::v6::{MessageType, OptionCode, Options, Outgoing, Status};
use ipnet::Ipv6Net;

use super::address::Link;
use super::policy::{Policy6, Step6};
use super::prefix::PrefixPool;
use super::request::{Kind, Request};
use super::reservation::{Known6, Standing};
use super::{Arrival, boot, lease};

/// A reply as the steps have built it.
#[derive(Debug, Default)]
pub(super) struct Draft {
    /// The options behind the identifiers.
    pub(super) options: Options,
    /// The first address that was given.
    pub(super) address: Option<Ipv6Addr>,
    /// The first prefix that was given.
    pub(super) prefix: Option<Ipv6Net>,
    /// How long to hold it back.
    pub(super) delay: Duration,
}

/// A message with the identifiers: option 1, option 14 if it answers a rapid commit, option 2.
pub(super) fn new(request: &Request<'_>, policy: &Policy6, message_type: MessageType) -> Outgoing {
    let mut reply = Outgoing::new(message_type, request.message.transaction_id());
    if let Some(client) = &request.client {
        reply.options.push_duid(OptionCode::ClientId, client);
    }
    if request.kind == Kind::Solicit && message_type == MessageType::Reply {
        reply.options.push(OptionCode::RapidCommit, &[]);
    }
    reply.options.push_duid(OptionCode::ServerId, &policy.server_id);
    reply
}

/// A REPLY with nothing but a status.
pub(super) fn status(request: &Request<'_>, policy: &Policy6, status: Status) -> Outgoing {
    let mut reply = new(request, policy, MessageType::Reply);
    reply.options.push_status(status, "");
    reply
}

/// Runs the steps for a message that asks for configuration: leases and options, in the order of the file.
pub(super) fn configure(
    request: &Request<'_>,
    policy: &Policy6,
    standing: &Standing<'_>,
    link: Link<'_>,
    pools: &mut [PrefixPool],
    arrival: Arrival<'_>,
    now: SystemTime,
) -> Draft {
    let message = &request.message;
    let commits = request.kind != Kind::Solicit || message.rapid_commit();
    let mut draft = Draft::default();
    let (mut answered_addresses, mut answered_prefixes) = (false, false);
    for (index, step) in policy.steps.iter().enumerate() {
        let reserved = standing.reserved.as_ref().ok().filter(|reserved| reserved.step == index);
        let known = standing.known.as_ref().filter(|_| matches!(step, Step6::Coresmd(_)));
        if let Some(known) = known {
            // Naming sees to it that names are names; one that is none after all is better left out than sent.
            let _ = draft.options.push_client_fqdn(0, &known.evaluation.hostname);
        }
        if let Some(reserved) = reserved {
            answered_addresses = true;
            draft.address = lease::push_ia_nas(message, request.kind, reserved, link, &mut draft.options);
        }
        match step {
            Step6::Dns(addresses) if message.wants(OptionCode::DomainNameServers) => {
                draft.options.push_addresses(OptionCode::DomainNameServers, addresses);
            }
            Step6::Dns(_) | Step6::File(_) => {}
            Step6::SearchDomains(domains) => draft.options.push(OptionCode::DomainSearchList, domains),
            Step6::Sleep(delay) => draft.delay += *delay,
            Step6::Prefix(pool) => {
                if let (Some(pool), Some(client), false) = (pools.get_mut(*pool), &request.client, answered_prefixes) {
                    answered_prefixes = true;
                    let (kind, options) = (request.kind, &mut draft.options);
                    draft.prefix = lease::push_ia_pds(message, kind, client, commits, pool, now, options);
                }
            }
            Step6::Coresmd(_) => {
                if let Some(known) = known {
                    boot(request, known, arrival, &mut draft);
                    break;
                }
            }
            Step6::Nbp { url, parameters } => {
                nbp(request, url, parameters.as_deref(), &mut draft.options);
                break;
            }
        }
    }
    if !answered_addresses {
        let why = standing.reserved.as_ref().err().map(ToString::to_string).unwrap_or_default();
        lease::refuse_ia_nas(message, request.kind, &why, &mut draft.options);
    }
    lease::refuse_ia_tas(message, request.kind, &mut draft.options);
    if !answered_prefixes {
        lease::refuse_ia_pds(message, request.kind, &mut draft.options);
    }
    draft
}

fn boot(request: &Request<'_>, known: &Known6<'_>, arrival: Arrival<'_>, draft: &mut Draft) {
    let Some(mac) = request.mac else { return };
    let message = &request.message;
    let server = boot::server_address(arrival, !message.relays().is_empty(), draft.address);
    if let Some(boot) = boot::next(message, mac, known.coresmd, server) {
        boot.push(&mut draft.options);
    }
}

fn nbp(request: &Request<'_>, url: &str, parameters: Option<&str>, options: &mut Options) {
    if request.message.wants(OptionCode::OptBootfileUrl) {
        options.push(OptionCode::OptBootfileUrl, url.as_bytes());
    }
    if let Some(parameters) = parameters.filter(|_| request.message.wants(OptionCode::OptBootfileParam)) {
        options.push_boot_file_parameters([parameters.as_bytes()]);
    }
}
