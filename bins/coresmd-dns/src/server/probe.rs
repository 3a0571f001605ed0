//! `[IO]` `loop` at work: asks an upstream the question that nobody else can ask, and looks whether it came back.

use std::sync::Arc;

use tokio::sync::mpsc::UnboundedSender;

use super::ServerError;
use super::service::outgoing;
use crate::chain::Chain;
use crate::response::Transport;

/// Asks; if the question comes back, that is the end of the server, as it is of CoreDNS: each query that goes round
/// would cost all that both servers have.
pub(super) async fn detect(chain: Arc<Chain>, failed: UnboundedSender<ServerError>) {
    let (Some(probe), Some(resolver)) = (&chain.probe, &chain.resolver) else { return };
    let Some((key, question)) = outgoing(&probe.message(0)) else { return };
    // what it answers does not matter
    let _ = resolver.resolve(&key, &question, Transport::Udp).await;
    if probe.returned() {
        // nobody listens any more when the server is ending anyway
        let _ = failed.send(ServerError::Loop(probe.zone.to_string()));
    }
}
