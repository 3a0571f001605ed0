//! Connections over loopback: framing, pipelining, limits, the stop.

use std::net::Ipv4Addr;

use super::*;
use crate::config::tests::config;
use crate::query::tests::bytes;
use crate::server::chains::{Files, Meters, blocks};
use crate::server::edge::Edge;
use crate::server::journal::Journal;
use crate::server::listen::Listener;
use crate::server::local_files::LocalFiles;
use crate::server::service::Service;
use crate::view::Key;

/// `a.z. A`, which nothing here knows: SERVFAIL.
const QUERY: &str = "0001010000010000000000000161017a0000010001";
const REPLY: &str = "0001810200010000000000000161017a0000010001";

struct Running {
    address: SocketAddr,
    stop: CancellationToken,
    tasks: TaskTracker,
    shared: Arc<Shared>,
}

async fn running() -> Running {
    let config = config(". {\n prometheus\n}\n");
    let edge = Edge::new(Journal::to_stdout(), tokio::runtime::Handle::current());
    let keys = vec![Key { zone: crate::name::Name::root(), block: 0 }];
    let listener = Listener { ip: Some(Ipv4Addr::LOCALHOST.into()), port: 0, keys };
    let files = LocalFiles::default();
    let blocks = blocks(&config, &Meters::default(), &Files { new: &files, previous: &files }).unwrap();
    let service = Service::new(&listener, &config, &blocks, &edge, None);
    let shared = Shared::new(Arc::new(Post::from_pointee(service)));
    #[expect(clippy::disallowed_methods, reason = "a test on loopback")]
    let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let (address, stop, tasks) = (socket.local_addr().unwrap(), CancellationToken::new(), TaskTracker::new());
    tasks.spawn(serve(socket, Arc::clone(&shared), tasks.clone(), stop.clone()));
    Running { address, stop, tasks, shared }
}

fn framed_hex(hex: &str) -> Vec<u8> {
    let message = bytes(hex);
    [&(message.len() as u16).to_be_bytes()[..], &message].concat()
}

async fn read(stream: &mut TcpStream, length: usize) -> Vec<u8> {
    let mut octets = vec![0; length];
    stream.read_exact(&mut octets).await.unwrap();
    octets
}

/// Whether the server has closed the connection.
async fn closed(stream: &mut TcpStream) -> bool {
    matches!(stream.read(&mut [0]).await, Ok(0) | Err(_))
}

#[tokio::test]
async fn queries_are_answered_in_order_however_they_are_cut() {
    let running = running().await;
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    let three = framed_hex(QUERY).repeat(3);
    let (first, rest) = three.split_at(5);
    stream.write_all(first).await.unwrap();
    stream.write_all(rest).await.unwrap();
    assert_eq!(read(&mut stream, 3 * framed_hex(REPLY).len()).await, framed_hex(REPLY).repeat(3));
    // more replies than are gathered at a time
    let many = 2000;
    let writing = framed_hex(QUERY).repeat(many);
    let (mut reader, mut writer) = stream.split();
    let write = async { writer.write_all(&writing).await.unwrap() };
    let mut got = vec![0; many * framed_hex(REPLY).len()];
    let ((), read) = tokio::join!(write, reader.read_exact(&mut got));
    read.unwrap();
    assert_eq!(got, framed_hex(REPLY).repeat(many));
}

#[tokio::test]
async fn broken_framing_ends_the_connection() {
    let running = running().await;
    for junk in ["0000", "000568656c6c6f"] {
        let mut stream = TcpStream::connect(running.address).await.unwrap();
        stream.write_all(&bytes(junk)).await.unwrap();
        assert!(closed(&mut stream).await, "{junk}");
    }
}

#[tokio::test]
async fn one_client_gets_so_many_connections_and_no_more() {
    let running = running().await;
    let mut open = Vec::new();
    for _ in 0..CONNECTIONS_OF_ONE {
        let mut stream = TcpStream::connect(running.address).await.unwrap();
        stream.write_all(&framed_hex(QUERY)).await.unwrap();
        read(&mut stream, framed_hex(REPLY).len()).await;
        open.push(stream);
    }
    let mut surplus = TcpStream::connect(running.address).await.unwrap();
    assert!(closed(&mut surplus).await);
    drop(open);
    while !lock(&running.shared.clients).is_empty() {
        tokio::task::yield_now().await;
    }
    let mut again = TcpStream::connect(running.address).await.unwrap();
    again.write_all(&framed_hex(QUERY)).await.unwrap();
    read(&mut again, framed_hex(REPLY).len()).await;
}

#[tokio::test]
async fn the_stop_ends_idle_connections() {
    let running = running().await;
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    stream.write_all(&framed_hex(QUERY)).await.unwrap();
    read(&mut stream, framed_hex(REPLY).len()).await;
    running.stop.cancel();
    assert!(closed(&mut stream).await);
    running.tasks.close();
    running.tasks.wait().await;
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_ends_and_so_does_one_that_drips() {
    let running = running().await;
    for begun in ["", "00", "001d0001"] {
        let mut stream = TcpStream::connect(running.address).await.unwrap();
        stream.write_all(&bytes(begun)).await.unwrap();
        assert!(closed(&mut stream).await, "{begun}");
    }
}

#[tokio::test]
async fn idle_connections_make_room_for_those_that_ask() {
    let running = running().await;
    let connect = async |host: u16| {
        let [high, low] = host.to_be_bytes();
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind(([127, 1, high, low], 0).into()).unwrap();
        socket.connect(running.address).await.unwrap()
    };
    let mut idle = Vec::new();
    for n in 0..CONNECTIONS {
        let mut stream = connect((n / CONNECTIONS_OF_ONE) as u16).await;
        stream.write_all(&framed_hex(QUERY)).await.unwrap();
        read(&mut stream, framed_hex(REPLY).len()).await;
        idle.push(stream);
    }
    // each of them finds a seat though all are taken
    let mut busy = Vec::new();
    for n in 0..100 {
        let mut stream = connect(1000 + n).await;
        stream.write_all(&framed_hex(QUERY)).await.unwrap();
        assert_eq!(read(&mut stream, framed_hex(REPLY).len()).await, framed_hex(REPLY));
        busy.push(stream);
    }
    // those that had been idle the longest are gone
    assert!(closed(&mut idle[0]).await);
    assert!(lock(&running.shared.clients).values().sum::<usize>() <= CONNECTIONS);
}
