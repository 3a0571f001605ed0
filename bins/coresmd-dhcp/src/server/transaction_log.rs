//! \[IO\] One log line for each transaction.

use dhcp_wire::MessageType;
use naming::{RuleSet, Step};
use smd_cache::Host;

use super::metrics::Way;
use crate::v4::{Asked, DropReason, Transaction};

/// Logs who asked, what was answered and why, in one line at info; what is no message of a client at debug, for anyone
/// can send as much of that as they like.
pub(super) fn write(transaction: &Transaction<'_>, way: Option<Way>) {
    let host = transaction.host.map(|host| host.id().as_str());
    let Some(asked) = transaction.asked else {
        if let Err(reason) = transaction.outcome {
            tracing::debug!(verdict = reason.label(), reason = %reason, "dhcp4");
        }
        return;
    };
    let (xid, chaddr, giaddr) = (format_args!("{:08x}", asked.xid), client(&asked), asked.giaddr);
    let kind = asked.message_type.map_or("none", type_name);
    match &transaction.outcome {
        Ok(transmit) => {
            let (verdict, address) = (type_name(transmit.message_type), transmit.reply.yiaddr);
            let via = way.map_or("later", Way::label);
            tracing::info!(%xid, %chaddr, %giaddr, "type" = kind, verdict, %address, host, via, "dhcp4");
        }
        // Somebody else uses the address: that is for an operator to look into.
        Err(reason @ DropReason::Declined) => {
            let verdict = reason.label();
            tracing::warn!(%xid, %chaddr, %giaddr, "type" = kind, verdict, host, %reason, "dhcp4");
        }
        // Who floods us shall not flood the log.
        Err(reason @ (DropReason::MacRate | DropReason::InterfaceRate | DropReason::HeldTooMany)) => {
            let verdict = reason.label();
            tracing::debug!(%xid, %chaddr, %giaddr, "type" = kind, verdict, host, %reason, "dhcp4");
        }
        Err(reason) => {
            let verdict = reason.label();
            tracing::info!(%xid, %chaddr, %giaddr, "type" = kind, verdict, host, %reason, "dhcp4");
        }
    }
}

/// Logs a rule's turn, if `rule_log` or the rule itself asks for it: that it applied at info, that it did not at debug.
pub(super) fn rule(host: Host<'_>, rules: &RuleSet, step: Step<'_>) {
    if !rules.log_of(step.rule).shows(step.outcome.matched()) {
        return;
    }
    let (comp_id, comp_type, mac, ips) = (host.id(), host.component_type(), host.mac(), host.addresses());
    let (rule, comp_nid) = (step.rule.name.as_str(), host.pattern_nid().map(|nid| nid.0));
    if step.outcome.matched() {
        tracing::info!(rule, %comp_id, comp_nid, %comp_type, %mac, ?ips, "rule applies");
    } else {
        let why = step.outcome;
        tracing::debug!(rule, %comp_id, comp_nid, %comp_type, %mac, ?ips, ?why, "rule does not apply");
    }
}

/// The RFC's word for a type, in lower case.
pub(super) fn type_name(kind: MessageType) -> &'static str {
    match kind {
        MessageType::Discover => "discover",
        MessageType::Offer => "offer",
        MessageType::Request => "request",
        MessageType::Decline => "decline",
        MessageType::Ack => "ack",
        MessageType::Nak => "nak",
        MessageType::Release => "release",
        MessageType::Inform => "inform",
        _ => "other",
    }
}

/// The client as text: its MAC address, or as many octets of another hardware address as there are.
fn client(asked: &Asked) -> String {
    match asked.mac {
        Some(mac) => mac.to_string(),
        None => asked.chaddr[..usize::from(asked.hlen)].iter().map(u8::to_string).collect::<Vec<_>>().join("."),
    }
}
