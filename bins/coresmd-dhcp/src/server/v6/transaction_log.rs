//! \[IO\] One log line for each transaction of DHCPv6.

use dhcp_wire::v6::MessageType;

use crate::hex;
use crate::v6::{DropReason, Transaction, Unserved};

/// Logs who asked, what was answered and why, in one line at info; what is no message of a client at debug, for anyone
/// can send as much of that as they like.
pub(super) fn write(transaction: &Transaction<'_>) {
    let host = transaction.host.map(|host| host.id().as_str());
    let Some(asked) = &transaction.asked else {
        if let Err(reason) = transaction.outcome {
            tracing::debug!(verdict = reason.label(), reason = %reason, "dhcp6");
        }
        return;
    };
    let (xid, kind) = (hex::encode(&asked.transaction_id), type_name(asked.message_type));
    let (duid, mac) = (asked.client.as_ref().map(tracing::field::display), asked.mac.map(tracing::field::display));
    let (link, relays) = (asked.link.map(tracing::field::display), asked.relays);
    match &transaction.outcome {
        Ok(transmit) => {
            let verdict = type_name(transmit.message_type);
            let (address, prefix) =
                (transmit.address.map(tracing::field::display), transmit.prefix.map(tracing::field::display));
            let refused = transmit.unserved.map(Unserved::label);
            // Somebody else uses the address: that is for an operator to look into.
            if asked.message_type == MessageType::Decline {
                tracing::warn!(xid, duid, mac, link, relays, "type" = kind, verdict, host, "dhcp6: declined");
            } else {
                tracing::info!(
                    xid,
                    duid,
                    mac,
                    link,
                    relays,
                    "type" = kind,
                    verdict,
                    address,
                    prefix,
                    refused,
                    host,
                    "dhcp6"
                );
            }
        }
        // Who floods us shall not flood the log.
        Err(reason @ (DropReason::MacRate | DropReason::InterfaceRate | DropReason::HeldTooMany)) => {
            let verdict = reason.label();
            tracing::debug!(xid, duid, mac, link, relays, "type" = kind, verdict, host, %reason, "dhcp6");
        }
        Err(reason) => {
            let verdict = reason.label();
            tracing::info!(xid, duid, mac, link, relays, "type" = kind, verdict, host, %reason, "dhcp6");
        }
    }
}

/// The RFC's word for a type, in lower case.
pub(super) fn type_name(kind: MessageType) -> &'static str {
    match kind {
        MessageType::Solicit => "solicit",
        MessageType::Advertise => "advertise",
        MessageType::Request => "request",
        MessageType::Confirm => "confirm",
        MessageType::Renew => "renew",
        MessageType::Rebind => "rebind",
        MessageType::Reply => "reply",
        MessageType::Release => "release",
        MessageType::Decline => "decline",
        MessageType::InformationRequest => "information-request",
        _ => "other",
    }
}
