//! Transfers over loopback: sent whole to who reads, cut off for who does not, and no more than so many at one time.

use std::net::Ipv4Addr;

use socket2::SockRef;
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpSocket};

use super::*;
use crate::transfer::tests::{CLIENT, from, plan, question, view};
use crate::wire::Rtype;

/// A zone that is larger than what the buffers of [`connected`] hold.
fn large() -> View {
    let lines: Vec<String> =
        (0..3000).map(|n| format!("x{n}c0s0b0n0 Node {n} 10.1.{}.{}", n / 250, n % 250 + 1)).collect();
    view(&plan(&["cluster.test=nid{04d}"]), &lines.iter().map(String::as_str).collect::<Vec<_>>())
}

/// Both ends of a connection with small buffers: ours, the client's.
async fn connected() -> (TcpStream, TcpStream) {
    #[expect(clippy::disallowed_methods, reason = "a test on loopback")]
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let client = socket.connect(listener.local_addr().unwrap()).await.unwrap();
    let (ours, _) = listener.accept().await.unwrap();
    SockRef::from(&ours).set_send_buffer_size(4096).unwrap();
    (ours, client)
}

/// One test, since all transfers of the process share their seats.
#[tokio::test(start_paused = true)]
async fn what_a_transfer_may_cost_is_bounded() {
    let view = large();
    let question = question("cluster.test", Rtype::AXFR, None);
    let begin = || Transfer::begin(&view, &from(CLIENT, &question));

    let seated: Vec<Transfer> = (0..TRANSFERS).map(|_| begin().unwrap()).collect();
    assert!(begin().is_none(), "one more than there may be");
    drop(seated);

    // time stands still while anything moves and runs on when nothing does
    let (mut ours, client) = connected().await;
    let error = begin().unwrap().send(&mut ours).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::TimedOut, "who does not read is cut off");
    drop(client);

    tokio::time::resume();
    let (mut ours, mut client) = connected().await;
    let transfer = begin().unwrap();
    let length = {
        let (mut messages, mut all, mut one) = (transfer.wanted.messages(), 0, Vec::new());
        while messages.next(&mut one) {
            all += one.len() + 2;
            one.clear();
        }
        all
    };
    let reading = tokio::spawn(async move {
        let mut got = Vec::new();
        client.read_to_end(&mut got).await.unwrap();
        got.len()
    });
    transfer.send(&mut ours).await.unwrap();
    drop(ours);
    assert_eq!(reading.await.unwrap(), length, "who reads gets all");
}
