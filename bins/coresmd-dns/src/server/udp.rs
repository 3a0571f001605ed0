//! \[IO\] UDP: one thread for each endpoint. Nothing here waits or locks, and nothing allocates for a query that can be
//! answered at once; the others leave the thread, and their replies go out by the socket that the query came in by.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use arc_swap::Cache;
use serve::drain::Stop;
use serve::udp::{RecvMeta, UdpEndpoint};
use tokio::sync::mpsc::UnboundedSender;

use super::ServerError;
use super::service::{Asked, Outcome, Post, Question, Service};
use crate::handle::Exchange;
use crate::metrics::Sample;
use crate::response::Transport;

/// Datagrams that are received and answered at a time.
const BATCH: usize = 64;

/// Answers on an endpoint until the stop, on a thread of its own: the `worker`th of the address.
pub(super) fn spawn(
    address: SocketAddr,
    endpoint: Arc<UdpEndpoint>,
    worker: usize,
    post: Arc<Post>,
    stop: Stop,
    failed: UnboundedSender<ServerError>,
) -> std::io::Result<JoinHandle<()>> {
    thread::Builder::new().name(format!("udp {address}")).spawn(move || {
        if let Err(source) = answer(&endpoint, worker, &post, &stop) {
            // nobody listens any more when the server is ending anyway
            let _ = failed.send(ServerError::Receive { address: address.to_string(), source });
        }
    })
}

fn answer(endpoint: &Arc<UdpEndpoint>, worker: usize, post: &Post, stop: &Stop) -> std::io::Result<()> {
    let mut post = Cache::new(post);
    endpoint.run(BATCH, stop, |meta, datagram, replies| {
        let service = post.load();
        let exchange =
            Exchange { transport: Transport::Udp, client: meta.source, message: datagram, now: service.now() };
        replies.push(meta.source, meta.local, interface(meta), |reply| {
            let sample = match service.answer(&exchange, reply) {
                Outcome::Done(sample) => sample,
                Outcome::Refresh(sample, pending) => {
                    refresh(service, Question::new(service, &exchange, pending));
                    sample
                }
                Outcome::Pending(pending) => {
                    let question = Question::new(service, &exchange, pending);
                    answer_later(service, question, Way { endpoint: Arc::clone(endpoint), meta: *meta }, reply)
                }
            };
            if let Some(sample) = sample {
                service.tallies().udp(worker, &sample);
            }
        });
    })
}

/// How a reply goes back.
struct Way {
    endpoint: Arc<UdpEndpoint>,
    meta: RecvMeta,
}

/// Lets a task answer a query; if there are too many of them, writes the reply that says so and returns what is to be
/// counted.
fn answer_later(service: &Arc<Service>, question: Question, way: Way, reply: &mut Vec<u8>) -> Option<Sample> {
    let asked = match Asked::seat(service, question, reply) {
        Ok(asked) => asked,
        Err(sample) => return sample,
    };
    let tallies = Arc::clone(service.tallies());
    let edge = service.edge();
    edge.tasks.spawn_on(
        async move {
            let (reply, sample) = asked.answer().await;
            let Way { endpoint, meta } = way;
            if !reply.is_empty() {
                // the endpoint counts what it cannot send
                let _ = endpoint.send(meta.source, meta.local, interface(&meta), &reply);
            }
            if let Some(sample) = sample {
                tallies.late(&sample);
            }
        },
        &edge.runtime,
    );
    None
}

/// Lets a task fetch a cached answer anew, if there is a place for it.
pub(super) fn refresh(service: &Arc<Service>, question: Question) {
    if let Ok(asked) = Asked::seat(service, question, &mut Vec::new()) {
        service.edge().tasks.spawn_on(asked.refresh(), &service.edge().runtime);
    }
}

/// The interface that a reply must leave by: the one that a link-local address is of; routing decides about others.
fn interface(meta: &RecvMeta) -> u32 {
    match meta.source.ip() {
        IpAddr::V6(ip) if ip.is_unicast_link_local() => meta.interface,
        _ => 0,
    }
}
