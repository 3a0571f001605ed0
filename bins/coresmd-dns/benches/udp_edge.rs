//! Our UDP edge beside hickory-server's, with the same catalog, in one run: one thread each, asked over loopback by a
//! closed loop that keeps a window of queries outstanding and, thanks to batches, costs about what our edge costs.
//!
//! hickory-server asks the same [`answer`] and hands its records over as hickory's. Prints, for each round and as
//! medians, queries per second and what a query costs the thread that answers it.

mod inventory;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use coresmd_dns::answer::answer;
use coresmd_dns::catalog::Catalog;
use coresmd_dns::handle::{Exchange, handle};
use coresmd_dns::name::Name;
use coresmd_dns::query::{Header, Query};
use coresmd_dns::response::Transport;
use coresmd_dns::view::View;
use hickory_proto::op::Metadata;
use hickory_proto::rr::{RData, Record};
use hickory_server::Server;
use hickory_server::net::runtime::Time;
use hickory_server::server::{Request, RequestHandler, RequestInfo, ResponseHandler, ResponseInfo};
use hickory_server::zone_handler::MessageResponseBuilder;
use inventory::{NODES, view};
use serve::drain::Stop;
use serve::udp::{BindSpec, RecvMeta, Replies, UdpEndpoint};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Queries that are outstanding at any time.
const WINDOW: usize = 256;
/// Datagrams in one batch.
const BATCH: usize = 64;

/// What was measured of a server.
#[derive(Clone, Copy)]
struct Figures {
    /// Queries answered in a second.
    rate: f64,
    /// Microseconds of processor time for each, of the thread that answers.
    cost: f64,
}

/// A server on a thread of its own, which tells in the end for how many nanoseconds it ran.
type Started = (SocketAddr, JoinHandle<u64>);

fn main() {
    // `cargo bench` says so; `cargo test` runs this once, to see that it works
    let measuring = std::env::args().any(|argument| argument == "--bench");
    let (rounds, length) = if measuring { (7, Duration::from_secs(2)) } else { (1, Duration::from_millis(100)) };
    let view = Arc::new(view());
    let catalog = view.blocks[0].catalog.clone().unwrap_or_else(|| panic!("the block has a catalog"));
    let queries: Arc<[Vec<u8>]> = (0..NODES).map(|n| query(n * 7919 % NODES)).collect();
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in 1..=rounds {
        ours.push(measure(&queries, length, |stop| batched(Arc::clone(&view), stop)));
        theirs.push(measure(&queries, length, |stop| hickory(Arc::clone(&catalog), stop)));
        show(&format!("round {round}"), ours[round - 1], theirs[round - 1]);
    }
    show("median", median(&ours), median(&theirs));
}

fn show(what: &str, ours: Figures, theirs: Figures) {
    println!(
        "{what}: batched edge {:.0} q/s, {:.2} µs/q; hickory-server {:.0} q/s, {:.2} µs/q; ratio {:.2} in q/s, {:.2} in cost",
        ours.rate,
        ours.cost,
        theirs.rate,
        theirs.cost,
        ours.rate / theirs.rate,
        theirs.cost / ours.cost
    );
}

#[expect(clippy::disallowed_methods, reason = "a bench reads the clock")]
fn measure(queries: &Arc<[Vec<u8>]>, length: Duration, start: impl Fn(Stop) -> Started) -> Figures {
    let stop = ok(Stop::new());
    let (server, thread) = start(stop.clone());
    let answered = Arc::new(AtomicU64::new(0));
    let client = client(Arc::clone(queries), server, Arc::clone(&answered), stop.clone());
    // the first tenth warms up
    thread::sleep(length / 10);
    let (before, since) = (answered.load(Ordering::Relaxed), Instant::now());
    thread::sleep(length);
    let rate = (answered.load(Ordering::Relaxed) - before) as f64 / since.elapsed().as_secs_f64();
    stop.set();
    let nanoseconds = thread.join().unwrap_or_else(|_| panic!("the server panicked"));
    client.join().unwrap_or_else(|_| panic!("the client panicked"));
    assert!(rate > 0.0, "no query was answered");
    Figures { rate, cost: nanoseconds as f64 / 1000.0 / answered.load(Ordering::Relaxed) as f64 }
}

/// Asks: a window of queries to begin with, then one more for each reply.
fn client(queries: Arc<[Vec<u8>]>, server: SocketAddr, answered: Arc<AtomicU64>, stop: Stop) -> JoinHandle<()> {
    let endpoint = endpoint();
    thread::spawn(move || {
        for query in queries.iter().take(WINDOW) {
            ok(endpoint.send(server, None, 0, query));
        }
        let mut next = queries.iter().cycle();
        let count = |_: &RecvMeta, _: &[u8], replies: &mut Replies| {
            answered.fetch_add(1, Ordering::Relaxed);
            let query = next.next().map_or(&[][..], Vec::as_slice);
            replies.push(server, None, 0, |payload| payload.extend_from_slice(query));
        };
        ok(endpoint.run(BATCH, &stop, count));
    })
}

#[expect(clippy::disallowed_methods, reason = "nothing here looks at the time")]
fn now() -> Instant {
    Instant::now()
}

/// Our edge on one thread.
fn batched(view: Arc<View>, stop: Stop) -> Started {
    let endpoint = endpoint();
    let address = ok(endpoint.local_addr());
    let now = now();
    let thread = thread::spawn(move || {
        ok(endpoint.run(BATCH, &stop, |meta, datagram, replies| {
            replies.push(meta.source, meta.local, 0, |reply| {
                let exchange = Exchange { transport: Transport::Udp, client: meta.source, message: datagram, now };
                handle(&view, &exchange, reply);
            });
        }));
        thread_time()
    });
    (address, thread)
}

/// hickory-server on one thread.
fn hickory(catalog: Arc<Catalog>, stop: Stop) -> Started {
    let socket = ok(socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::DGRAM, None));
    ok(socket.set_recv_buffer_size(BindSpec::RECEIVE_BUFFER));
    ok(socket.set_nonblocking(true));
    ok(socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()));
    let socket = std::net::UdpSocket::from(socket);
    let address = ok(socket.local_addr());
    let thread = thread::spawn(move || {
        let runtime = ok(tokio::runtime::Builder::new_current_thread().enable_all().build());
        runtime.block_on(async move {
            let mut server = Server::new(Handler(catalog));
            server.register_socket(ok(tokio::net::UdpSocket::from_std(socket)));
            stop.wait().await;
            let _ = server.shutdown_gracefully().await;
        });
        thread_time()
    });
    (address, thread)
}

/// Our answers as hickory's records.
struct Handler(Arc<Catalog>);

#[async_trait]
impl RequestHandler for Handler {
    async fn handle_request<R: ResponseHandler, T: Time>(&self, request: &Request, mut handle: R) -> ResponseInfo {
        let message = request.as_slice();
        let header = Header::decode(message).unwrap_or_else(|error| panic!("{error}"));
        let query = Query::decode(&header, message).unwrap_or_else(|error| panic!("{error}"));
        let answer = answer(&self.0, query.lower_name().as_wire(), query.qtype);
        let info = request.request_info().unwrap_or_else(|error| panic!("{error}"));
        let records: Vec<Record> = answer.records.octets.chunks_exact(16).map(|octets| a(octets, &info)).collect();
        let mut metadata = Metadata::response_from_request(&request.metadata);
        metadata.authoritative = answer.authoritative;
        let none = || std::iter::empty::<&Record>();
        let response =
            MessageResponseBuilder::from_message_request(request).build(metadata, &records, none(), none(), none());
        handle.send_response(response).await.unwrap_or_else(|error| panic!("{error}"))
    }
}

/// An encoded A record as hickory's: its owner is the question, its data the last four octets.
fn a(octets: &[u8], info: &RequestInfo<'_>) -> Record {
    let address: [u8; 4] = *octets.last_chunk().unwrap_or(&[0; 4]);
    Record::from_rdata(info.query.original().name().clone(), 60, RData::A(Ipv4Addr::from(address).into()))
}

/// Nanoseconds for which this thread has run.
#[expect(clippy::disallowed_methods, reason = "a bench asks the kernel what it cost")]
fn thread_time() -> u64 {
    let text = ok(std::fs::read_to_string("/proc/thread-self/schedstat"));
    text.split(' ').next().and_then(|number| number.parse().ok()).unwrap_or_else(|| panic!("schedstat: {text}"))
}

fn query(node: usize) -> Vec<u8> {
    let name = Name::parse(&format!("nid{node:06}.cluster.local")).unwrap_or_else(|error| panic!("{error}"));
    let mut message = vec![(node >> 8) as u8, node as u8, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    message.extend_from_slice(name.as_wire());
    message.extend_from_slice(&[0, 1, 0, 1]);
    message
}

fn endpoint() -> UdpEndpoint {
    ok(UdpEndpoint::bind(&BindSpec::new((Ipv4Addr::LOCALHOST, 0).into())))
}

fn ok<T>(result: std::io::Result<T>) -> T {
    result.unwrap_or_else(|error| panic!("{error}"))
}

fn median(figures: &[Figures]) -> Figures {
    let middle = |value: fn(&Figures) -> f64| {
        let mut values: Vec<f64> = figures.iter().map(value).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    Figures { rate: middle(|figures| figures.rate), cost: middle(|figures| figures.cost) }
}
