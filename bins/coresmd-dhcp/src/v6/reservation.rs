//! Whose the client is and which addresses are reserved for it: SMD's (`coresmd`) or a file's (`file`), whichever step
//! comes first.

use std::net::Ipv6Addr;

use naming::{Evaluation, Subject};
use smd_cache::{Host, Known, MacAddr, Snapshot, Unservable};

use super::address::Link;
use super::policy::{Coresmd6, Policy6, Step6};
use super::{DropReason, Observe, Unserved};

/// Seconds for which addresses of a file are leased (facts: coredhcp-coredns §A5, `file`).
const FILE_LIFETIME: u32 = 3600;

/// What `coresmd` says of a host with an address on the client's link.
#[derive(Debug)]
pub(super) struct Known6<'p> {
    /// The step.
    pub(super) coresmd: &'p Coresmd6,
    /// The hostname.
    pub(super) evaluation: Evaluation<'p>,
}

/// The client as the steps see it.
#[derive(Debug)]
pub(super) struct Standing<'p> {
    /// The host, if `coresmd` serves it.
    pub(super) known: Option<Known6<'p>>,
    /// The addresses that it may have, or why it has none.
    pub(super) reserved: Result<Reserved, Unserved>,
}

/// Addresses with their lifetimes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reserved {
    /// The index of the step that they come from.
    pub(super) step: usize,
    /// The best first.
    pub(super) addresses: Vec<Ipv6Addr>,
    /// When to renew, in seconds.
    pub(super) t1: u32,
    /// When to rebind, in seconds.
    pub(super) t2: u32,
    /// Both lifetimes, in seconds.
    pub(super) lifetime: u32,
}

/// The host behind a MAC address, or why there is none.
pub(super) fn find<'s>(
    snapshot: Option<&'s Snapshot>,
    policy: &Policy6,
    mac: Option<MacAddr>,
) -> Result<Result<Host<'s>, Unserved>, DropReason> {
    if policy.coresmd().is_none() {
        return Ok(Err(if mac.is_some() { Unserved::NoStep } else { Unserved::NoMac }));
    }
    let snapshot = snapshot.ok_or(DropReason::NoSnapshot)?;
    Ok(mac.ok_or(Unserved::NoMac).and_then(|mac| match snapshot.lookup(mac) {
        Known::Host(host) => Ok(host),
        Known::Unservable(Unservable::Orphan) => Err(Unserved::Orphan),
        Known::Unservable(Unservable::NoAddress(_)) => Err(Unserved::NoAddress),
        Known::Unservable(Unservable::Conflict) => Err(Unserved::Conflict),
        Known::Unknown => Err(Unserved::Unknown),
    }))
}

impl<'p> Standing<'p> {
    /// Asks the steps in their order. The only error is a rule that says `ignore:true`.
    pub(super) fn of(
        host: Result<Host<'_>, Unserved>,
        mac: Option<MacAddr>,
        policy: &'p Policy6,
        link: Link<'_>,
        observe: Observe<'_>,
    ) -> Result<Self, DropReason> {
        let mut served = policy.coresmd().map(|coresmd| ask(host, coresmd, link, observe)).transpose()?;
        let mut standing = Self { known: None, reserved: Err(host.err().unwrap_or(Unserved::NoStep)) };
        for (index, step) in policy.steps.iter().enumerate() {
            match step {
                Step6::File(file) => {
                    let address = mac.and_then(|mac| file.get(mac));
                    if let Some(address) = address.filter(|_| standing.reserved.is_err()) {
                        standing.reserved = Ok(Reserved::of_file(index, address));
                    }
                }
                Step6::Coresmd(coresmd) => match served.take() {
                    Some(Ok((evaluation, addresses))) => {
                        standing.known = Some(Known6 { coresmd, evaluation });
                        if standing.reserved.is_err() {
                            standing.reserved = Ok(Reserved::of_host(index, addresses, coresmd.lease_time));
                        }
                        break;
                    }
                    Some(Err(reason)) if standing.reserved.is_err() => standing.reserved = Err(reason),
                    _ => {}
                },
                Step6::Nbp { .. } => break,
                Step6::Dns(_) | Step6::SearchDomains(_) | Step6::Sleep(_) | Step6::Prefix(_) => {}
            }
        }
        Ok(standing)
    }
}

/// Name and addresses of a host on this link. The rules see the address that it gets as its first one.
fn ask<'p>(
    host: Result<Host<'_>, Unserved>,
    coresmd: &'p Coresmd6,
    link: Link<'_>,
    observe: Observe<'_>,
) -> Result<Result<(Evaluation<'p>, Vec<Ipv6Addr>), Unserved>, DropReason> {
    let host = match host {
        Ok(host) => host,
        Err(reason) => return Ok(Err(reason)),
    };
    let addresses = link.select(host.addresses());
    let best = addresses.as_ref().ok().and_then(|addresses| addresses.first());
    let subject = Subject {
        id: host.id(),
        component_type: host.component_type(),
        nid: host.pattern_nid(),
        first: best.map(|best| (*best).into()).or_else(|| host.addresses().first().copied()),
    };
    let evaluation = coresmd.rules.evaluate_with(&subject, |step| observe(host, &coresmd.rules, step));
    if evaluation.ignore {
        return Err(DropReason::Ignored);
    }
    Ok(addresses.map(|addresses| (evaluation, addresses)))
}

impl Reserved {
    fn of_host(step: usize, addresses: Vec<Ipv6Addr>, lifetime: u32) -> Self {
        let (t1, t2) = match lifetime {
            u32::MAX => (u32::MAX, u32::MAX),
            seconds => (seconds / 2, (u64::from(seconds) * 3 / 4) as u32),
        };
        Self { step, addresses, t1, t2, lifetime }
    }

    /// T1 and T2 are 0: the client's own choice (RFC 8415 §14.2).
    fn of_file(step: usize, address: Ipv6Addr) -> Self {
        Self { step, addresses: vec![address], t1: 0, t2: 0, lifetime: FILE_LIFETIME }
    }
}
