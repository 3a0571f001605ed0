//! Two sockets on the loopback interface: the endpoint under test, and a client.

#![expect(clippy::disallowed_methods, reason = "the clients of these tests bind loopback sockets of their own")]

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddrV4, UdpSocket};
use std::sync::mpsc;
use std::thread;

use super::*;
use crate::interfaces::Interfaces;

/// What the handlers under test saw.
type Seen = mpsc::Receiver<(RecvMeta, Vec<u8>)>;

/// Answers every datagram by the same octets, from the address it was sent to.
fn echo(meta: &RecvMeta, payload: &[u8], replies: &mut Replies) {
    replies.push(meta.source, meta.local, 0, |reply| reply.extend_from_slice(payload));
}

fn endpoint(address: impl Into<IpAddr>) -> UdpEndpoint {
    UdpEndpoint::bind(&BindSpec::new(SocketAddr::new(address.into(), 0))).unwrap()
}

/// Runs `endpoint` with `handler` while `client` does its work, then stops it.
fn serving(
    endpoint: &UdpEndpoint,
    mut handler: impl FnMut(&RecvMeta, &[u8], &mut Replies) + Send,
    client: impl FnOnce(SocketAddr, &Seen),
) {
    let stop = Stop::new().unwrap();
    let (sender, seen) = mpsc::channel();
    thread::scope(|scope| {
        let running = scope.spawn(|| {
            endpoint.run(8, &stop, move |meta, payload, replies| {
                sender.send((*meta, payload.to_vec())).unwrap();
                handler(meta, payload, replies);
            })
        });
        client(endpoint.local_addr().unwrap(), &seen);
        stop.set();
        running.join().unwrap().unwrap();
    });
}

/// A socket that sends to `server` and hears nothing but answers from exactly there.
fn client(server: SocketAddr) -> UdpSocket {
    let own: IpAddr = if server.is_ipv4() { Ipv4Addr::LOCALHOST.into() } else { Ipv6Addr::LOCALHOST.into() };
    let client = UdpSocket::bind((own, 0)).unwrap();
    client.connect(server).unwrap();
    client
}

fn receive(client: &UdpSocket) -> Vec<u8> {
    let mut buffer = [0; 8192];
    let length = client.recv(&mut buffer).unwrap();
    buffer[..length].to_vec()
}

#[test]
fn reply_comes_from_the_address_that_was_asked() {
    let endpoint = endpoint(Ipv4Addr::UNSPECIFIED);
    let loopback = Interfaces::list().unwrap().iter().find(|interface| interface.flags.loopback()).unwrap().index;
    serving(&endpoint, echo, |bound, seen| {
        for last in [1, 5, 77] {
            let asked = Ipv4Addr::new(127, 0, 0, last);
            let client = client(SocketAddr::new(asked.into(), bound.port()));
            client.send(b"hello").unwrap();
            assert_eq!(receive(&client), b"hello");
            let (meta, payload) = seen.recv().unwrap();
            let source = client.local_addr().unwrap();
            let address = Some(IpAddr::V4(asked));
            assert_eq!(meta, RecvMeta { source, destination: address, local: address, interface: loopback });
            assert_eq!(payload, b"hello");
        }
    });
}

#[test]
fn source_address_and_interface_can_be_chosen() {
    let endpoint = endpoint(Ipv4Addr::UNSPECIFIED);
    let other = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 9));
    let answer_from_other = |meta: &RecvMeta, _: &[u8], replies: &mut Replies| {
        replies.push(meta.source, Some(other), meta.interface, |reply| reply.push(1));
    };
    serving(&endpoint, answer_from_other, |bound, _| {
        let client = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        client.send_to(b"?", (Ipv4Addr::LOCALHOST, bound.port())).unwrap();
        let (_, from) = client.recv_from(&mut [0; 16]).unwrap();
        assert_eq!(from, SocketAddr::new(other, bound.port()));
    });
}

#[test]
fn ipv6_is_answered_from_the_address_that_was_asked() {
    let bound = UdpEndpoint::bind(&BindSpec::new(SocketAddr::new(Ipv6Addr::UNSPECIFIED.into(), 0)));
    let endpoint = match bound {
        Ok(endpoint) => endpoint,
        // A kernel without IPv6 says so; there is nothing else that it could get right.
        Err(error) => return assert_eq!(error.raw_os_error(), Some(libc::EAFNOSUPPORT)),
    };
    let Some(loopback) = Interfaces::list().unwrap().by_address(Ipv6Addr::LOCALHOST.into()).cloned() else {
        return assert!(UdpSocket::bind((Ipv6Addr::LOCALHOST, 0)).is_err(), "::1 is there or it is not");
    };
    serving(&endpoint, echo, |bound, seen| {
        let client = client(SocketAddr::new(Ipv6Addr::LOCALHOST.into(), bound.port()));
        client.send(b"six").unwrap();
        assert_eq!(receive(&client), b"six");
        let (meta, _) = seen.recv().unwrap();
        assert_eq!(meta.destination, Some(Ipv6Addr::LOCALHOST.into()));
        assert_eq!((meta.local, meta.interface), (meta.destination, loopback.index));
    });
}

#[test]
fn more_than_a_batch_is_answered_in_order() {
    let endpoint = endpoint(Ipv4Addr::LOCALHOST);
    let client = client(endpoint.local_addr().unwrap());
    for number in 0..100_u8 {
        client.send(&[number]).unwrap();
    }
    serving(&endpoint, echo, |_, _| {
        for number in 0..100_u8 {
            assert_eq!(receive(&client), [number]);
        }
    });
    assert_eq!((endpoint.counters().get_received(), endpoint.counters().get_sent()), (100, 100));
}

#[test]
fn several_replies_to_one_datagram_and_none_to_another() {
    let endpoint = endpoint(Ipv4Addr::LOCALHOST);
    let as_often_as_it_says = |meta: &RecvMeta, payload: &[u8], replies: &mut Replies| {
        for number in 0..payload[0] {
            replies.push(meta.source, None, 0, |reply| reply.extend([number, 9]));
        }
        replies.push(meta.source, None, 0, |_| ());
    };
    serving(&endpoint, as_often_as_it_says, |bound, _| {
        let client = client(bound);
        client.send(&[0]).unwrap();
        client.send(&[2]).unwrap();
        assert_eq!([receive(&client), receive(&client)], [[0, 9], [1, 9]]);
    });
    assert_eq!((endpoint.counters().get_received(), endpoint.counters().get_sent()), (2, 2));
}

#[test]
fn a_datagram_of_4096_octets_is_whole_and_a_longer_one_is_dropped() {
    let endpoint = endpoint(Ipv4Addr::LOCALHOST);
    serving(&endpoint, echo, |bound, seen| {
        let client = client(bound);
        client.send(&[1; 4097]).unwrap();
        client.send(&[2; 4096]).unwrap();
        assert_eq!(receive(&client), [2; 4096]);
        assert_eq!(seen.recv().unwrap().1.len(), 4096);
    });
    assert_eq!((endpoint.counters().get_received(), endpoint.counters().get_truncated()), (2, 1));
}

#[test]
fn a_panic_costs_its_own_datagram_only() {
    let endpoint = endpoint(Ipv4Addr::LOCALHOST);
    let client = client(endpoint.local_addr().unwrap());
    for payload in [b"one", b"bad", b"two"] {
        client.send(payload).unwrap();
    }
    let fragile = |meta: &RecvMeta, payload: &[u8], replies: &mut Replies| {
        echo(meta, payload, replies);
        if payload == b"bad" {
            // Not `panic!`, which would write to the log of the tests.
            replies.push(meta.source, None, 0, |_| std::panic::resume_unwind(Box::new("on purpose")));
        }
    };
    serving(&endpoint, fragile, |_, _| assert_eq!([receive(&client), receive(&client)], [b"one", b"two"]));
    assert_eq!((endpoint.counters().get_panics(), endpoint.counters().get_sent()), (1, 2));
}

#[test]
fn a_reply_that_cannot_be_sent_is_counted_and_the_others_go_out() {
    let endpoint = endpoint(Ipv4Addr::LOCALHOST);
    let unlucky_first = |meta: &RecvMeta, payload: &[u8], replies: &mut Replies| {
        let broadcast = SocketAddrV4::new(Ipv4Addr::BROADCAST, 68).into();
        replies.push(broadcast, None, 0, |reply| reply.push(0));
        replies.push(meta.source, None, 0, |reply| reply.resize(70_000, 0));
        replies.push((meta.source.ip(), 0).into(), None, 0, |reply| reply.push(0));
        echo(meta, payload, replies);
    };
    serving(&endpoint, unlucky_first, |bound, _| {
        let client = client(bound);
        client.send(b"me").unwrap();
        assert_eq!(receive(&client), b"me");
    });
    let errors = SendErrorKind::ALL.map(|kind| (kind.label(), endpoint.counters().get_send_errors(kind)));
    let errors: Vec<_> = errors.into_iter().filter(|(_, count)| *count > 0).collect();
    assert_eq!(errors, [("not_permitted", 1), ("too_large", 1), ("bad_address", 1)]);
    assert_eq!(endpoint.counters().get_sent(), 1);
}

#[test]
fn one_datagram_outside_of_the_loop() {
    let endpoint = endpoint(Ipv4Addr::UNSPECIFIED);
    let asked = SocketAddr::new(Ipv4Addr::new(127, 0, 0, 3).into(), endpoint.local_addr().unwrap().port());
    let client = client(asked);
    endpoint.send(client.local_addr().unwrap(), Some(asked.ip()), 0, b"late").unwrap();
    assert_eq!(receive(&client), b"late");
    let error = endpoint.send(SocketAddr::new(Ipv4Addr::BROADCAST.into(), 9), None, 0, b"no").unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
    assert_eq!(
        (endpoint.counters().get_sent(), endpoint.counters().get_send_errors(SendErrorKind::NotPermitted)),
        (1, 1)
    );
}

#[test]
fn one_stop_ends_every_thread_of_an_endpoint_that_hears_nothing() {
    let endpoint = endpoint(Ipv4Addr::LOCALHOST);
    let stop = Stop::new().unwrap();
    thread::scope(|scope| {
        let threads: Vec<_> = (0..3).map(|_| scope.spawn(|| endpoint.run(8, &stop, echo))).collect();
        stop.set();
        assert!(threads.into_iter().all(|thread| thread.join().unwrap().is_ok()));
    });
    endpoint.run(8, &stop, echo).unwrap();
}

#[test]
fn a_port_is_shared_only_when_both_say_so() {
    let shared = BindSpec { reuse_port: true, ..BindSpec::new(SocketAddr::new(Ipv4Addr::LOCALHOST.into(), 0)) };
    let first = UdpEndpoint::bind(&shared).unwrap();
    let address = first.local_addr().unwrap();
    assert!(UdpEndpoint::bind(&BindSpec { address, ..shared.clone() }).is_ok());
    assert_eq!(UdpEndpoint::bind(&BindSpec::new(address)).unwrap_err().kind(), io::ErrorKind::AddrInUse);
}

#[test]
fn a_device_that_is_not_there_is_an_error() {
    let spec = BindSpec {
        device: Some("no-such-device".to_owned()),
        ..BindSpec::new(SocketAddr::new(Ipv4Addr::LOCALHOST.into(), 0))
    };
    assert!(UdpEndpoint::bind(&spec).is_err());
}

#[test]
fn sources_that_nobody_should_answer() {
    for source in ["192.0.2.1:53", "0.0.0.0:68", "[fe80::1]:546", "[::1]:1"] {
        assert!(answerable(&source.parse().unwrap()), "{source}");
    }
    for source in ["192.0.2.1:0", "255.255.255.255:68", "224.0.0.1:53", "[ff02::1]:547", "[::1]:0"] {
        assert!(!answerable(&source.parse().unwrap()), "{source}");
    }
}

#[test]
fn counters_as_metrics() {
    let counters = Arc::new(UdpCounters::default());
    counters.received(3);
    counters.panicked();
    counters.send_error(&io::Error::from_raw_os_error(libc::EPERM), 2);
    let mut registry = prometheus_client::registry::Registry::default();
    registry.register_collector(Box::new(UdpCollector::new("dns", vec![("127.0.0.1:53".to_owned(), counters)])));
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
    for line in [
        "# TYPE dns_udp_received counter",
        "dns_udp_received_total{endpoint=\"127.0.0.1:53\"} 3",
        "dns_udp_dropped_total{endpoint=\"127.0.0.1:53\",reason=\"panic\"} 1",
        "dns_udp_send_errors_total{endpoint=\"127.0.0.1:53\",kind=\"not_permitted\"} 2",
    ] {
        assert!(text.lines().any(|have| have == line), "{line} is not in\n{text}");
    }
}

#[test]
fn a_group_is_joined_once_and_only_on_an_interface_that_is_there() {
    let endpoint = endpoint(Ipv6Addr::UNSPECIFIED);
    let loopback = Interfaces::list().unwrap();
    let loopback = loopback.by_address(Ipv4Addr::LOCALHOST.into()).expect("there is a loopback interface").index;
    let group = "ff02::1:2".parse().unwrap();
    assert!(endpoint.join(group, loopback).is_ok());
    assert!(endpoint.join(group, loopback).is_ok(), "again");
    assert!(endpoint.join(group, u32::MAX >> 1).is_err(), "no such interface");
    assert!(endpoint.join(Ipv6Addr::LOCALHOST, loopback).is_err(), "no group");
}

#[test]
fn a_server_that_is_behind_answers_the_urgent_first_and_drops_the_oldest_of_the_rest() {
    let endpoint = endpoint(Ipv4Addr::LOCALHOST);
    let client = client(endpoint.local_addr().unwrap());
    // All of it is in the socket's buffer before the server looks: 60 of the others, and every sixth an urgent one.
    for number in 0..60_u8 {
        client.send(&[b'-', number]).unwrap();
        if number % 6 == 0 {
            client.send(&[b'!', number]).unwrap();
        }
    }
    let stop = Stop::new().unwrap();
    let mut seen = Vec::new();
    let handler = |_: &RecvMeta, payload: &[u8], _: &mut Replies| {
        seen.push((payload[0] == b'!', payload[1]));
        if payload == [b'-', 59] {
            stop.set();
        }
    };
    endpoint.run_by_urgency(4, 16, &stop, |payload| payload[0] == b'!', handler).unwrap();
    let of = |urgent| seen.iter().filter(move |(is, _)| *is == urgent).map(|(_, number)| *number).collect::<Vec<_>>();
    assert_eq!(of(true), [0, 6, 12, 18, 24, 30, 36, 42, 48, 54], "none of them is dropped");
    let rest = of(false);
    assert!(rest.is_sorted() && rest.ends_with(&[58, 59]) && rest.len() < 60, "{rest:?}");
    assert_eq!(endpoint.counters().get_overload(), 60 - rest.len() as u64);
}

#[test]
fn what_the_sockets_buffer_has_no_room_for_is_counted() {
    let address = SocketAddr::new(Ipv4Addr::LOCALHOST.into(), 0);
    let endpoint = UdpEndpoint::bind(&BindSpec { receive_buffer: 4096, ..BindSpec::new(address) }).unwrap();
    let flood = client(endpoint.local_addr().unwrap());
    for _ in 0..200 {
        flood.send(&[0; 1000]).unwrap();
    }
    serving(&endpoint, echo, |_, seen| {
        seen.recv().unwrap();
        // The kernel says it with a datagram that arrives after the loss.
        while endpoint.counters().get_lost() == 0 {
            flood.send(b"?").unwrap();
            seen.recv().unwrap();
        }
    });
    assert!(endpoint.counters().get_lost() + endpoint.counters().get_received() >= 200);
}
