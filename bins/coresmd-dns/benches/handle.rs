//! What a message costs between its octets and those of its reply, and what a catalog costs to build: 10,000 nodes
//! with two interfaces each, and their BMCs.

mod inventory;

use std::hint::black_box;
use std::time::Instant;

use coresmd_dns::catalog::Catalog;
use coresmd_dns::handle::{Exchange, handle};
use coresmd_dns::name::Name;
use coresmd_dns::response::Transport;
use divan::Bencher;
use inventory::{NODES, snapshot, view, zones};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    divan::main();
}

/// Different names in turn, so that the caches of the processor do not hold the one that is asked for.
#[divan::bench(args = ["A", "AAAA", "PTR", "NXDOMAIN", "malformed"], sample_size = 1000)]
fn message(bencher: Bencher<'_, '_>, kind: &str) {
    let view = view();
    let messages: Vec<Vec<u8>> = (0..NODES).map(|n| query(kind, n * 7919 % NODES)).collect();
    let mut reply = Vec::with_capacity(512);
    let (client, now) = (([127, 0, 0, 1], 4242).into(), now());
    let mut turn = messages.iter().cycle();
    bencher.bench_local(|| {
        reply.clear();
        let message = turn.next().map_or(&[][..], Vec::as_slice);
        let exchange = Exchange { transport: Transport::Udp, client, message: black_box(message), now };
        black_box(handle(&view, &exchange, &mut reply));
    });
}

#[divan::bench(sample_count = 20)]
fn build_catalog(bencher: Bencher<'_, '_>) {
    let (snapshot, zones) = (snapshot(), zones());
    bencher.bench_local(|| Catalog::build(black_box(&snapshot), &zones));
}

#[expect(clippy::disallowed_methods, reason = "nothing here looks at the time")]
fn now() -> Instant {
    Instant::now()
}

fn query(kind: &str, node: usize) -> Vec<u8> {
    let (name, qtype) = match kind {
        "PTR" => (format!("{}.{}.0.10.in-addr.arpa", node % 250 + 1, node / 250), 12),
        "NXDOMAIN" => (format!("nope{node:05}.cluster.local"), 1),
        "AAAA" => (format!("nid{node:06}.cluster.local"), 28),
        _ => (format!("nid{node:06}.cluster.local"), 1),
    };
    let mut message = vec![0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    message.extend_from_slice(Name::parse(&name).map_or(Name::root(), |name| name).as_wire());
    message.extend_from_slice(&[0, qtype, 0]);
    if kind != "malformed" {
        message.push(1);
    }
    message
}
