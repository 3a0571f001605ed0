//! The answers to the `IA_NA`s, `IA_TA`s and `IA_PD`s of one message (RFC 8415 §18.3): every one of them gets one.

use std::net::Ipv6Addr;
use std::time::SystemTime;

use dhcp_wire::v6::{Duid, IdentityAssociation, OptionCode, Options, Received, Status};
use ipnet::Ipv6Net;

use super::address::Link;
use super::prefix::{self, Hint, PrefixPool};
use super::request::Kind;
use super::reservation::Reserved;

/// Answers every `IA_NA` from a reservation; returns the first address that was given.
///
/// An IA that names one of the reserved addresses keeps it; the others take what is left, in their order. In a REQUEST, an
/// IA with an address that is not appropriate for the link is told so; in a RENEW or REBIND the client's other addresses
/// come back with no lifetime.
pub(super) fn push_ia_nas(
    message: &Received<'_>,
    kind: Kind,
    reserved: &Reserved,
    link: Link<'_>,
    options: &mut Options,
) -> Option<Ipv6Addr> {
    let associations: Vec<_> = message.ia_nas().collect();
    let mut given = None;
    for (ia, address) in associations.iter().zip(assign(&associations, &reserved.addresses)) {
        let off_link = |named: Ipv6Addr| !reserved.addresses.contains(&named) && link.contains(named) == Some(false);
        if kind == Kind::Request && named(ia).any(off_link) {
            refuse(ia, Status::NotOnLink, "", options);
            continue;
        }
        let Some(address) = address else {
            refuse(ia, no_lease(kind, Status::NoAddrsAvail), "", options);
            continue;
        };
        options.push_ia(OptionCode::IANA, ia.iaid, reserved.t1, reserved.t2, |inner| {
            inner.push_ia_address(address, reserved.lifetime, reserved.lifetime);
            for other in named(ia).filter(|other| kind.extends() && *other != address) {
                inner.push_ia_address(other, 0, 0);
            }
        });
        given = given.or(Some(address));
    }
    given
}

/// Tells every `IA_NA` that there is no address, and why.
pub(super) fn refuse_ia_nas(message: &Received<'_>, kind: Kind, why: &str, options: &mut Options) {
    for ia in message.ia_nas() {
        refuse(&ia, no_lease(kind, Status::NoAddrsAvail), why, options);
    }
}

/// Tells every `IA_TA` that there is no temporary address: nobody keeps any.
pub(super) fn refuse_ia_tas(message: &Received<'_>, kind: Kind, options: &mut Options) {
    for ia in message.ia_tas() {
        options.push_ia_ta(ia.iaid, |inner| inner.push_status(no_lease(kind, Status::NoAddrsAvail), ""));
    }
}

/// Answers every `IA_PD` from a pool; returns the first prefix that was given. `commits`: not only an offer.
pub(super) fn push_ia_pds(
    message: &Received<'_>,
    kind: Kind,
    client: &Duid,
    commits: bool,
    pool: &mut PrefixPool,
    now: SystemTime,
    options: &mut Options,
) -> Option<Ipv6Net> {
    let lifetime = prefix::LIFETIME.as_secs() as u32;
    let mut given = None;
    for ia in message.ia_pds() {
        let hint = Hint::of(ia.prefixes().next());
        let prefix = if kind.extends() {
            pool.extend(client, ia.iaid, hint, now)
        } else if commits {
            pool.bind(client, ia.iaid, hint, now)
        } else {
            pool.offer(client, ia.iaid, hint, now)
        };
        let Some(prefix) = prefix else {
            push_pd_status(&ia, no_lease(kind, Status::NoPrefixAvail), options);
            continue;
        };
        options.push_ia(OptionCode::IAPD, ia.iaid, 0, 0, |inner| {
            inner.push_ia_prefix(prefix.addr(), prefix.prefix_len(), lifetime, lifetime);
            let others =
                ia.prefixes().filter(|other| (other.prefix, other.length) != (prefix.addr(), prefix.prefix_len()));
            for other in others.filter(|other| kind.extends() && !other.prefix.is_unspecified()) {
                inner.push_ia_prefix(other.prefix, other.length, 0, 0);
            }
        });
        given = given.or(Some(prefix));
    }
    given
}

/// Tells every `IA_PD` that there is no prefix.
pub(super) fn refuse_ia_pds(message: &Received<'_>, kind: Kind, options: &mut Options) {
    for ia in message.ia_pds() {
        push_pd_status(&ia, no_lease(kind, Status::NoPrefixAvail), options);
    }
}

/// The IAs of a RELEASE or DECLINE of which nothing is known here (RFC 8415 §18.3.7, §18.3.8). `ends`: ends the lease of an
/// `IA_PD`, and says whether there was one.
pub(super) fn push_unbound(
    message: &Received<'_>,
    reserved: Option<&Reserved>,
    mut ends: impl FnMut(&IdentityAssociation<'_>) -> bool,
    options: &mut Options,
) {
    if reserved.is_none() {
        for ia in message.ia_nas() {
            refuse(&ia, Status::NoBinding, "", options);
        }
    }
    for ia in message.ia_tas() {
        options.push_ia_ta(ia.iaid, |inner| inner.push_status(Status::NoBinding, ""));
    }
    for ia in message.ia_pds() {
        if !ends(&ia) {
            push_pd_status(&ia, Status::NoBinding, options);
        }
    }
}

/// The addresses that an IA names.
pub(super) fn named(ia: &IdentityAssociation<'_>) -> impl Iterator<Item = Ipv6Addr> {
    ia.addresses().map(|named| named.address).filter(|address| !address.is_unspecified())
}

/// The address of each IA: the one that it names, if it is one of these; else the next that none names.
fn assign(associations: &[IdentityAssociation<'_>], addresses: &[Ipv6Addr]) -> Vec<Option<Ipv6Addr>> {
    let mut left = addresses.to_vec();
    let mut take = |wanted: &dyn Fn(&Ipv6Addr) -> bool| left.iter().position(wanted).map(|at| left.remove(at));
    let kept: Vec<_> =
        associations.iter().map(|ia| take(&|address| named(ia).any(|named| named == *address))).collect();
    kept.into_iter().map(|kept| kept.or_else(|| take(&|_| true))).collect()
}

/// Nothing to give is "no binding" to a client that holds a lease (RFC 8415 §18.3.4).
fn no_lease(kind: Kind, none_available: Status) -> Status {
    if kind.extends() { Status::NoBinding } else { none_available }
}

fn refuse(ia: &IdentityAssociation<'_>, status: Status, why: &str, options: &mut Options) {
    options.push_ia(OptionCode::IANA, ia.iaid, 0, 0, |inner| inner.push_status(status, why));
}

fn push_pd_status(ia: &IdentityAssociation<'_>, status: Status, options: &mut Options) {
    options.push_ia(OptionCode::IAPD, ia.iaid, 0, 0, |inner| inner.push_status(status, ""));
}
