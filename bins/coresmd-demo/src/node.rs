//! \[IO\] One virtual node, from power-on to its first look-ups.
//!
//! ```text
//! boot
//!  ├ dhcp::acquire     DISCOVER → OFFER → REQUEST → ACK as firmware: address, boot file
//!  ├ boot_file::fetch  that file over TFTP
//!  ├ dhcp::acquire     the same as iPXE: script URL
//!  ├ script::fetch     the script: kernel
//!  └ resolve::…        its own name, a neighbour's, its address; a few over TCP
//! ```
//! Each answer is checked against the [`NodePlan`]; the first wrong or missing one ends the boot.

mod boot_file;
mod dhcp;
mod exchange;
mod resolve;
mod script;
mod verify;

use std::net::SocketAddr;
use std::time::{Duration, Instant};
use std::{io, net::Ipv4Addr};

use thiserror::Error;
use tokio::net::UdpSocket;

use crate::packet::{Malformed, Program};
use crate::plan::NodePlan;
use crate::stage::Stage;

/// Every node whose place in the list is a multiple of this asks over TCP too.
const TCP_EVERY: usize = 8;

/// Whom the nodes talk to.
#[derive(Debug, Clone)]
pub(crate) struct Targets {
    pub(crate) dhcp: SocketAddr,
    pub(crate) dns: SocketAddr,
    pub(crate) tftp: SocketAddr,
    /// The address of the relay agent that all nodes are behind.
    pub(crate) relay: Ipv4Addr,
    /// What option 67 has to be for iPXE, up to `?mac=`.
    pub(crate) script: String,
    /// For boot scripts.
    pub(crate) http: reqwest::Client,
}

/// The sockets that nodes use while they boot, one node after another.
#[derive(Debug)]
pub(crate) struct Uplink {
    targets: Targets,
    /// The relay agent's socket towards the DHCP server.
    relay: UdpSocket,
    /// The node's resolver socket.
    resolver: UdpSocket,
}

/// How a boot went.
#[derive(Debug, Default)]
pub(crate) struct Journey {
    /// What each finished stage took, and how often it had to ask again.
    pub(crate) steps: Vec<Step>,
    /// What ended the boot early.
    pub(crate) failure: Option<(Stage, Failure)>,
}

/// A finished stage.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Step {
    pub(crate) stage: Stage,
    pub(crate) took: Duration,
    pub(crate) retries: u32,
}

/// Why a stage was not finished.
#[derive(Debug, Error)]
pub(crate) enum Failure {
    /// Nobody answered, or not in a way that could be meant for us.
    #[error("no answer to {sent} messages in {:.1} s", waited.as_secs_f64())]
    Silence { sent: u32, waited: Duration },
    /// An answer came that is no DHCP message.
    #[error("malformed answer: {0}")]
    Malformed(#[from] Malformed),
    /// An answer came that is no DNS message.
    #[error("malformed answer: {0}")]
    Dns(String),
    /// An answer came that is not right for this node: every deviation.
    #[error("{}", .0.join("; "))]
    Wrong(Vec<String>),
    /// A script could not be fetched.
    #[error("{0}")]
    Http(String),
    /// The operating system refused.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl Uplink {
    /// Opens the sockets, on ports that the operating system chooses.
    #[expect(clippy::disallowed_methods, reason = "[IO] the sockets of the virtual nodes")]
    pub(crate) async fn open(targets: Targets) -> io::Result<Self> {
        let relay = UdpSocket::bind((targets.relay, 0)).await?;
        let resolver = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        relay.connect(targets.dhcp).await?;
        resolver.connect(targets.dns).await?;
        Ok(Self { targets, relay, resolver })
    }

    /// Boots the node that is `index`th in the list.
    pub(crate) async fn boot(&self, index: usize, node: &NodePlan, neighbour: &NodePlan) -> Journey {
        let mut journey = Journey::default();
        let outcome = self.stages(&mut journey, index, node, neighbour).await;
        journey.failure = outcome.err();
        journey
    }

    async fn stages(
        &self,
        journey: &mut Journey,
        index: usize,
        node: &NodePlan,
        neighbour: &NodePlan,
    ) -> Result<(), (Stage, Failure)> {
        let name = self.acquire(journey, node, Program::Firmware).await?;
        journey.record(Stage::BootFile, boot_file::fetch(self.targets.tftp, &name).await)?;
        let url = self.acquire(journey, node, Program::Ipxe).await?;
        let fetched = script::fetch(&self.targets.http, &url, node).await;
        journey.record(Stage::Script, fetched)?;

        let own = resolve::Question::addresses(node);
        journey.record(Stage::OwnName, resolve::over_udp(&self.resolver, &own).await)?;
        let theirs = resolve::Question::addresses(neighbour);
        journey.record(Stage::NeighbourName, resolve::over_udp(&self.resolver, &theirs).await)?;
        let reverse = resolve::Question::reverse(node);
        journey.record(Stage::Reverse, resolve::over_udp(&self.resolver, &reverse).await)?;
        if index.is_multiple_of(TCP_EVERY) {
            journey.record(Stage::OverTcp, resolve::over_tcp(self.targets.dns, &own).await)?;
        }
        Ok(())
    }
}

impl Journey {
    /// Notes a stage's outcome and hands its value on.
    fn record<T>(&mut self, stage: Stage, outcome: Result<Timed<T>, Failure>) -> Result<T, (Stage, Failure)> {
        let timed = outcome.map_err(|failure| (stage, failure))?;
        self.steps.push(Step { stage, took: timed.took, retries: timed.retries });
        Ok(timed.value)
    }
}

/// A value and what it took to get it.
#[derive(Debug)]
struct Timed<T> {
    value: T,
    took: Duration,
    retries: u32,
}

/// The clock of every stage.
#[expect(clippy::disallowed_methods, reason = "[IO] stages are timed")]
fn clock() -> Instant {
    Instant::now()
}
