//! \[IO\] UDP: one thread for each endpoint. Nothing here waits, locks or allocates for a query.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use arc_swap::Cache;
use serve::drain::Stop;
use serve::udp::{RecvMeta, UdpEndpoint};
use tokio::sync::mpsc::UnboundedSender;

use super::ServerError;
use super::service::{Exchange, Service};
use crate::metrics::Tally;
use crate::response::Transport;

/// Datagrams that are received and answered at a time.
const BATCH: usize = 64;

/// Answers on an endpoint until the stop, on a thread of its own.
pub(super) fn spawn(
    address: SocketAddr,
    endpoint: UdpEndpoint,
    service: Arc<Service>,
    tally: Arc<Tally>,
    stop: Stop,
    failed: UnboundedSender<ServerError>,
) -> std::io::Result<JoinHandle<()>> {
    thread::Builder::new().name(format!("udp {address}")).spawn(move || {
        if let Err(source) = answer(&endpoint, &service, &tally, &stop) {
            // nobody listens any more when the server is ending anyway
            let _ = failed.send(ServerError::Receive { address: address.to_string(), source });
        }
    })
}

fn answer(endpoint: &UdpEndpoint, service: &Service, tally: &Tally, stop: &Stop) -> std::io::Result<()> {
    let mut view = Cache::new(service.view());
    endpoint.run(BATCH, stop, |meta, datagram, replies| {
        let view = view.load();
        let exchange = Exchange { transport: Transport::Udp, client: meta.source, message: datagram };
        replies.push(meta.source, meta.local, interface(meta), |reply| {
            if let Some(sample) = service.answer(view, &exchange, reply) {
                tally.record(&sample);
            }
        });
    })
}

/// The interface that a reply must leave by: the one that a link-local address is of; routing decides about others.
fn interface(meta: &RecvMeta) -> u32 {
    match meta.source.ip() {
        IpAddr::V6(ip) if ip.is_unicast_link_local() => meta.interface,
        _ => 0,
    }
}
