//! \[IO\] DISCOVER → OFFER → REQUEST → ACK of one program of a boot (RFC 2131 §3.1), through the relay agent.

use std::net::Ipv4Addr;
use std::time::Duration;

use super::exchange::exchange;
use super::verify::{Lease, verify};
use super::{Failure, Journey, Timed, Uplink};
use crate::packet::{Ask, Client, MessageType, Program, Relay, Reply, message};
use crate::plan::NodePlan;
use crate::stage::Stage;

/// How long iPXE waits: one second at first, then twice as long each time.
pub(super) const PAUSES: [Duration; 4] =
    [Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(4), Duration::from_secs(8)];

impl Uplink {
    /// Both exchanges; the value is option 67.
    pub(super) async fn acquire(
        &self,
        journey: &mut Journey,
        node: &NodePlan,
        program: Program,
    ) -> Result<String, (Stage, Failure)> {
        let (offer_stage, ack_stage) = match program {
            Program::Firmware => (Stage::FirmwareOffer, Stage::FirmwareAck),
            Program::Ipxe => (Stage::IpxeOffer, Stage::IpxeAck),
        };
        let lease = Lease::of(node, program, &self.targets);
        let offer = self.ask(node, program, Ask::Discover, MessageType::Offer, &lease).await;
        let offered = journey.record(offer_stage, offer)?;
        let ask = Ask::Request { address: offered.address, server: offered.server };
        let ack = self.ask(node, program, ask, MessageType::Ack, &lease).await;
        Ok(journey.record(ack_stage, ack)?.boot_file)
    }

    async fn ask(
        &self,
        node: &NodePlan,
        program: Program,
        ask: Ask,
        answer: MessageType,
        lease: &Lease,
    ) -> Result<Timed<Answer>, Failure> {
        let client = Client { mac: node.mac, architecture: node.architecture, program };
        let relay = Relay { address: self.targets.relay, link: node.subnet.router() };
        let xid = rand::random();
        exchange(
            &self.relay,
            &PAUSES,
            |elapsed| message(client, relay, ask, xid, elapsed.as_secs().try_into().unwrap_or(u16::MAX)),
            |datagram| match Reply::read(datagram) {
                Ok(reply) if reply.xid != xid => None,
                Ok(reply) => Some(verify(&reply, answer, lease, client, relay).map_err(Failure::Wrong)),
                Err(malformed) => Some(Err(malformed.into())),
            },
        )
        .await
    }
}

/// What of a right answer the next message needs.
#[derive(Debug)]
pub(super) struct Answer {
    /// yiaddr.
    pub(super) address: Ipv4Addr,
    /// Option 54.
    pub(super) server: Ipv4Addr,
    /// Option 67.
    pub(super) boot_file: String,
}
