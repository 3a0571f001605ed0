//! `[IO]` `loop` at work: asks an upstream the question that nobody else can ask, and looks whether it came back.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use tokio::sync::mpsc::UnboundedSender;

use super::ServerError;
use crate::chain::Chain;
use crate::plugins::Question;
use crate::query::{Header, Query};
use crate::response::Transport;

/// Asks; if the question comes back, that is the end of the server, as it is of CoreDNS: each query that goes round
/// would cost all that both servers have.
pub(super) async fn detect(chain: Arc<Chain>, failed: UnboundedSender<ServerError>) {
    let Some(probe) = &chain.probe else { return };
    let message = probe.message(std::process::id() as u16);
    let Ok(header) = Header::decode(&message) else { return };
    let Ok(query) = Query::decode(&header, &message) else { return };
    let name = query.lower_name();
    let client = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let question = Question { name: name.as_wire(), query: &query, client, transport: Transport::Udp };
    // what it answers does not matter
    let _ = chain.upstream.ask(&question, &message).await;
    if probe.returned() {
        // nobody listens any more when the server is ending anyway
        let _ = failed.send(ServerError::Loop(probe.zone.to_string()));
    }
}
