//! What the pool says to a message.

use std::net::Ipv4Addr;

use thiserror::Error;

use super::Change;

/// A verdict, and what changes in the store with it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "the changes belong to the writer, in the order in which the pool made them"]
pub struct Answer {
    /// What the client is told.
    pub verdict: Verdict,
    /// For the writer, in this order. An ACK waits until they are durable; nothing else does. They may concern leases of
    /// other clients too, which have run out.
    pub changes: Vec<Change>,
}

/// What the client is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// OFFER of this address.
    Offer(Ipv4Addr),
    /// ACK of this address.
    Ack(Ipv4Addr),
    /// NAK: the client must begin anew.
    Nak,
    /// Nothing.
    Silence(Silence),
}

/// Why a client is told nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Silence {
    /// The configuration: no pool serves the client's link.
    #[error("no pool for this link")]
    NoPool,
    /// The configuration, or the crowd: every address of the pool is offered or bound.
    #[error("the pool is exhausted")]
    Exhausted,
    /// Nobody: the client has its address from somewhere else (RFC 2131 §4.3.2: MUST remain silent).
    #[error("no record of this client")]
    NoRecord,
    /// The client: it gives back what it does not have.
    #[error("the client does not hold this address")]
    NotHeld,
    /// Nobody: a RELEASE wants no answer.
    #[error("released")]
    Released,
    /// The link: the client found its address in use by another machine.
    #[error("declined: another machine uses the address")]
    Declined,
}
