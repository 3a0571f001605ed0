//! Aliases that lead to names which others know.

use std::net::{Ipv4Addr, UdpSocket};
use std::str::FromStr;

use hickory_proto::op::{Message, Query, ResponseCode};
use hickory_proto::rr::{Name, RecordType};

use super::{Place, free_port, get, smd};

/// The answers to a question for an address, as `OWNER DATA`.
#[expect(clippy::disallowed_methods, reason = "a test on loopback")]
fn asked(dns: u16, name: &str) -> Vec<String> {
    let mut query = Message::query();
    query.add_query(Query::query(Name::from_str(name).unwrap(), RecordType::A));
    query.metadata.recursion_desired = true;
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    socket.connect((Ipv4Addr::LOCALHOST, dns)).unwrap();
    socket.send(&query.to_vec().unwrap()).unwrap();
    let mut reply = [0; 4096];
    let length = socket.recv(&mut reply).unwrap();
    let reply = Message::from_vec(&reply[..length]).unwrap();
    assert_eq!(reply.metadata.response_code, ResponseCode::NoError, "{name}");
    reply.answers.iter().map(|record| format!("{} {}", record.name, record.data)).collect()
}

#[test]
fn the_end_of_an_alias_is_found_wherever_it_is_known() {
    let (dns, http, upstream) = (free_port(), free_port(), free_port());
    let place = Place::new(&format!(
        "up:{upstream} {{\n bind 127.0.0.1\n template IN A up {{\n answer \"{{{{ .Name }}}} 60 IN A 10.9.9.9\"\n }}\n}}\n\
         . {{\n bind 127.0.0.1\n health 127.0.0.1:{http}\n cache\n forward up 127.0.0.1:{upstream}\n \
         hosts {{\n 10.0.0.1 h.example\n fallthrough\n }}\n \
         coresmd {{\n smd_url http://127.0.0.1:{}\n record www CNAME a.up.\n record nowhere CNAME a.org.\n }}\n \
         template IN A t {{\n match ^(?P<to>.*)[.]t[.]$\n answer \"{{{{ .Name }}}} 60 IN CNAME {{{{ .Group.to }}}}.\"\n }}\n}}\n\
         other {{\n bind 127.0.0.1\n template IN A other {{\n answer \"{{{{ .Name }}}} 60 IN A 10.7.7.7\"\n }}\n}}\n",
        smd()
    ));
    let mut running = place.start(dns);
    running.wait_for(|| get(http, "/ready").is_some_and(|answer| answer.starts_with("HTTP/1.1 200")));
    for (name, answers) in [
        ("h.example.t.", &["h.example.t. h.example.", "h.example. 10.0.0.1"][..]),
        ("b.other.t.", &["b.other.t. b.other.", "b.other. 10.7.7.7"]),
        ("a.up.t.", &["a.up.t. a.up.", "a.up. 10.9.9.9"]),
        // now from the cache
        ("a.up.t.", &["a.up.t. a.up.", "a.up. 10.9.9.9"]),
        ("c.up.t.t.", &["c.up.t.t. c.up.t.", "c.up.t. c.up.", "c.up. 10.9.9.9"]),
        (
            "nid0001.cluster.local.t.",
            &["nid0001.cluster.local.t. nid0001.cluster.local.", "nid0001.cluster.local. 10.0.0.1"],
        ),
        ("www.cluster.local.", &["www.cluster.local. a.up.", "a.up. 10.9.9.9"]),
        ("nowhere.cluster.local.", &["nowhere.cluster.local. a.org."]),
        ("missing.t.t.", &["missing.t.t. missing.t.", "missing.t. missing."]),
    ] {
        assert_eq!(asked(dns, name), answers, "{name}");
    }
}
