//! Whole zones, and their serials from one configuration and one life of the server to the next.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};

use super::{Place, Running, free_port, get, read, smd, write};

/// AXFR of `cluster.local`.
const AXFR: &[u8] = b"\x10\x92\0\0\0\x01\0\0\0\0\0\0\x07cluster\x05local\0\0\xfc\0\x01";

/// The first message that answers an AXFR.
fn transferred(dns: u16) -> Vec<u8> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, dns)).unwrap();
    let length = AXFR.len() as u16;
    stream.write_all(&[&length.to_be_bytes(), AXFR].concat()).unwrap();
    let mut length = [0; 2];
    stream.read_exact(&mut length).unwrap();
    let mut reply = vec![0; usize::from(u16::from_be_bytes(length))];
    stream.read_exact(&mut reply).unwrap();
    reply
}

/// The serial of the SOA that ends a message: the first of the five numbers that end the record.
fn serial(reply: &[u8]) -> u32 {
    let numbers = &reply[reply.len() - 20..];
    u32::from_be_bytes(*numbers.first_chunk().unwrap())
}

fn ready(running: &mut Running, http: u16) {
    running.wait_for(|| get(http, "/ready").is_some_and(|answer| answer.starts_with("HTTP/1.1 200")));
}

#[test]
fn a_serial_grows_over_reloads_and_restarts() {
    let (dns, http, smd) = (free_port(), free_port(), smd());
    let corefile = |more: &str| {
        format!(
            ". {{\n bind 127.0.0.1\n health 127.0.0.1:{http}\n prometheus 127.0.0.1:{http}\n coresmd {{\n smd_url http://127.0.0.1:{smd}\n \
             snapshot_file snapshot\n {more}\n }}\n}}\n"
        )
    };
    let place = Place::new(&corefile("transfer to 127.0.0.1"));
    let mut running = place.start(dns);
    ready(&mut running, http);
    let reply = transferred(dns);
    // SOA, NS, two names of one node, SOA
    assert_eq!((&reply[2..4], &reply[6..8]), (&[0x84, 0][..], &[0, 5][..]));
    assert_eq!(serial(&reply), 1);

    let metrics = get(http, "/metrics").unwrap();
    let counted = |line: &&str| line.starts_with("coredns_dns_requests_total{") && line.contains("type=\"AXFR\"");
    assert!(metrics.lines().find(counted).unwrap().ends_with(" 1"), "{metrics}");

    // the same inventory, read in another way, and another content
    write(&place.path("Corefile"), &corefile("transfer to 127.0.0.1\n cache_duration 29s\n ttl 61s"));
    running.signal("-USR1");
    running.wait_for(|| serial(&transferred(dns)) == 2);
    assert!(read(&place.path("snapshot.serials")).ends_with(" 2\n"));
    running.signal("-TERM");
    assert_eq!(running.0.wait().unwrap().code(), Some(0));

    let mut running = place.start(dns);
    ready(&mut running, http);
    assert_eq!(serial(&transferred(dns)), 2);
}
