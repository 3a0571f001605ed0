//! Twenty thousand generated queries to us and to Knot with the same zones: response code, AA, TC and records are equal,
//! but for the differences that are written down in [`known_difference`]. The queries are the same in every run.

use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use coresmd_tests::dns::transfer;
use hickory_proto::op::{Message, ResponseCode};

use crate::secondary::{Kind, Secondary};
use crate::zones::{Site, ZONES};

/// How many queries there are.
const QUERIES: u32 = 20_000;

/// How long an answer may take that must come.
const PATIENCE: Duration = Duration::from_secs(20);

#[test]
#[ignore = "needs Knot: tests/run e2e"]
fn we_answer_as_knot_does() {
    let site = Site::new();
    let knot = Secondary::of(Kind::Knot, &site);
    let mut draw = Draw(0x5eed);
    let names = names(site.dns);
    let (ours, theirs) = (connected(site.dns), connected(knot.address));
    let (mut compared, mut known, mut unknown) = (0, 0, Vec::new());
    for number in 0..QUERIES {
        let query = Query::drawn(&mut draw, &names);
        let message = query.message(number as u16);
        let (our, their) = (asked(&ours, &message), asked(&theirs, &message));
        if our == their {
            compared += 1;
        } else if known_difference(&query, our.as_ref(), their.as_ref()) {
            known += 1;
        } else {
            unknown.push(format!("query {number} {query:?}\n ours {our:?}\n Knot {their:?}"));
        }
    }
    let shown = unknown.iter().take(60).map(String::as_str).collect::<Vec<_>>().join("\n");
    assert!(unknown.is_empty(), "{} unknown differences:\n{shown}", unknown.len());
    println!("{compared} equal, {known} known differences");
    assert!(compared > QUERIES * 9 / 10, "{compared} of {QUERIES} were equal");
}

/// What of the answers may differ, and why.
fn known_difference(query: &Query, ours: Option<&Said>, theirs: Option<&Said>) -> bool {
    let refused = |said: Option<&Said>| said.is_some_and(|said| said.rcode != "NOERROR" && said.records.is_empty());
    match query.shape {
        // Knot gives every record; we give the minimal answer of RFC 8482 §4.2
        Shape::Plain if query.rtype == ANY => true,
        // a zone does not go over UDP; RFC 5936 §4.2 leaves open how that is said
        Shape::Plain if query.rtype == AXFR => refused(ours) && (refused(theirs) || theirs.is_none()),
        // Knot fails or says FORMERR for an IXFR without a SOA; we give our SOA
        Shape::Plain if query.rtype == IXFR => true,
        // Knot looks for RRSIG and NSEC beside a CNAME, where they may stand; there are none, and we follow it
        Shape::Plain if [46, 47].contains(&query.rtype) => {
            [ours, theirs].iter().all(|said| said.is_some_and(|said| said.authoritative))
        }
        // questions of meta types are errors of one kind or another, or names without that type
        Shape::Plain if (128..=250).contains(&query.rtype) || [0, 41].contains(&query.rtype) => {
            ours.is_none() || theirs.is_none() || refused(ours) || refused(theirs)
        }
        Shape::Plain => false,
        // Knot takes class ANY for IN; to us it is one of the others, which are refused
        Shape::Class(255) => refused(ours),
        Shape::Class(_) => refused(ours) && (refused(theirs) || theirs.is_none()),
        // other opcodes and broken messages are errors of one kind or another, or met with silence
        Shape::Opcode(_) | Shape::Cut(_) => (ours.is_none() || refused(ours)) && (theirs.is_none() || refused(theirs)),
        // a flipped octet may make class ANY or a meta type of it, too
        Shape::Flipped(_) => ours.is_none() || refused(ours),
    }
}

const ANY: u16 = 255;
const AXFR: u16 = 252;
const IXFR: u16 = 251;

/// A query to be.
#[derive(Debug)]
struct Query {
    name: Vec<u8>,
    rtype: u16,
    flags: u16,
    edns: Option<Edns>,
    shape: Shape,
}

#[derive(Debug)]
struct Edns {
    size: u16,
    version: u8,
    dnssec_ok: bool,
    /// An option of this code, empty.
    option: Option<u16>,
}

/// What is odd about the message.
#[derive(Debug, Clone, Copy)]
enum Shape {
    Plain,
    Class(u16),
    Opcode(u8),
    /// So many octets are missing at its end.
    Cut(usize),
    /// The octet at this place behind the header, counted round, is another.
    Flipped(usize),
}

impl Query {
    fn drawn(draw: &mut Draw, names: &[Vec<u8>]) -> Self {
        let mut name = draw.of(names).clone();
        match draw.below(10) {
            // a name that is not there: below, beside, or out of any zone
            0 => name = [&b"\x04nope"[..], &name].concat(),
            1 => {
                let at = 1 + draw.below(usize::from(name[0]).max(1));
                if name[0] > 0 {
                    name[at] = b'q';
                }
            }
            2 => name = [&name[..name.len() - 1], b"\x03org\0"].concat(),
            // what lies above
            3 => name = name[1 + usize::from(name[0])..].to_vec(),
            _ => {}
        }
        if name.is_empty() || name.len() > 255 {
            name = vec![0];
        }
        let mut at = 0;
        while name[at] != 0 {
            let end = at + usize::from(name[at]);
            for octet in &mut name[at + 1..=end] {
                if draw.below(3) == 0 {
                    octet.make_ascii_uppercase();
                }
            }
            at = end + 1;
        }
        let rtype = match draw.below(8) {
            0 => draw.below(70) as u16,
            1 => *draw.of(&[ANY, AXFR, IXFR, 65_280, 256, 257, 250, 128]),
            _ => *draw.of(&[1, 1, 1, 28, 12, 12, 2, 5, 6, 15, 16, 33, 43, 44]),
        };
        let edns = (draw.below(2) == 0).then(|| Edns {
            size: *draw.of(&[0, 512, 600, 1232, 4096, 65_535]),
            version: u8::from(draw.below(20) == 0),
            dnssec_ok: draw.below(3) == 0,
            option: (draw.below(4) == 0).then(|| *draw.of(&[10, 12, 65_001])),
        });
        let shape = match draw.below(60) {
            0 => Shape::Class(*draw.of(&[0, 2, 3, 254, 255])),
            1 => Shape::Opcode(*draw.of(&[1, 2, 3, 6, 15])),
            2 => Shape::Cut(1 + draw.below(8)),
            3 => Shape::Flipped(draw.below(300)),
            _ => Shape::Plain,
        };
        // RD, CD, AD
        let flags = *draw.of(&[0, 0x0100, 0x0110, 0x0120]);
        Self { name, rtype, flags, edns, shape }
    }

    fn message(&self, id: u16) -> Vec<u8> {
        let (class, opcode) = match self.shape {
            Shape::Class(class) => (class, 0),
            Shape::Opcode(opcode) => (1, opcode),
            _ => (1, 0),
        };
        let flags = self.flags | u16::from(opcode) << 11;
        let counts = [1, 0, 0, u16::from(self.edns.is_some())];
        let mut message: Vec<u8> = [id, flags].iter().chain(&counts).flat_map(|field| field.to_be_bytes()).collect();
        message.extend_from_slice(&self.name);
        message.extend([self.rtype, class].iter().flat_map(|field| field.to_be_bytes()));
        if let Some(edns) = &self.edns {
            message.extend_from_slice(&[0, 0, 41]);
            message.extend_from_slice(&edns.size.to_be_bytes());
            message.extend_from_slice(&[0, edns.version, u8::from(edns.dnssec_ok) << 7, 0]);
            let options: Vec<u8> = edns.option.iter().flat_map(|code| [code.to_be_bytes(), [0, 8]].concat()).collect();
            let filled = [&options[..], &vec![7; 2 * options.len()]].concat();
            message.extend_from_slice(&(filled.len() as u16).to_be_bytes());
            message.extend_from_slice(&filled);
        }
        match self.shape {
            Shape::Cut(missing) => message.truncate(message.len() - missing),
            Shape::Flipped(at) => {
                let at = 12 + at % (message.len() - 12);
                message[at] ^= 0xff;
            }
            _ => {}
        }
        message
    }
}

/// What a server said, as far as it must be equal.
#[derive(Debug, PartialEq, Eq)]
struct Said {
    rcode: String,
    authoritative: bool,
    truncated: bool,
    /// The answers, and the SOA of a negative one; sorted. None where the answer is cut short: what is left of it then is
    /// not said to matter.
    records: Vec<String>,
    edns: bool,
}

/// What a server says to a message; `None` if it says nothing. A plain question goes behind it, whose answer comes last:
/// either server works off what comes from one socket in its order.
fn asked(server: &UdpSocket, message: &[u8]) -> Option<Said> {
    let plain = Query { name: b"\x04test\0".to_vec(), rtype: 6, flags: 0, edns: None, shape: Shape::Plain };
    let plain = plain.message(u16::from_be_bytes([message[0], message[1]]) | LAST);
    server.send(message).expect("loopback takes a datagram");
    server.send(&plain).expect("loopback takes a datagram");
    let mut said = None;
    loop {
        let mut reply = [0; 4096];
        let length = server.recv(&mut reply).expect("a plain question is answered");
        match &reply[..2] {
            id if *id == message[..2] => said = Some(Said::read(&reply[..length])),
            id if *id == plain[..2] => return said,
            _ => {}
        }
    }
}

/// In the id of what ends the wait for an answer.
const LAST: u16 = 0x8000;

impl Said {
    fn read(reply: &[u8]) -> Self {
        let read = Message::from_vec(reply).unwrap_or_else(|error| panic!("{error}: {reply:02x?}"));
        let mut records: Vec<String> = read.answers.iter().map(ToString::to_string).collect();
        if read.answers.is_empty() || read.metadata.response_code == ResponseCode::NXDomain {
            records.extend(read.authorities.iter().map(ToString::to_string));
        }
        for record in &mut records {
            record.make_ascii_lowercase();
        }
        records.sort();
        if read.metadata.truncation {
            records.clear();
        }
        Self {
            rcode: rcode_name(read.metadata.response_code),
            authoritative: read.metadata.authoritative,
            truncated: read.metadata.truncation,
            records,
            edns: read.edns.is_some(),
        }
    }
}

fn rcode_name(rcode: ResponseCode) -> String {
    match rcode {
        ResponseCode::NoError => "NOERROR".to_owned(),
        other => format!("{other:?}"),
    }
}

fn connected(server: SocketAddr) -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("loopback has a free port");
    socket.connect(server).expect("an address of loopback");
    socket.set_read_timeout(Some(PATIENCE)).expect("a socket has a timeout");
    socket
}

/// Every name of the zones, in wire form, in order.
fn names(server: SocketAddr) -> Vec<Vec<u8>> {
    let records = ZONES.iter().flat_map(|zone| transfer(server, zone).expect("we give our zones"));
    let wire = |name: &hickory_proto::rr::Name| {
        let labels = name.iter().flat_map(|label| [&[label.len() as u8][..], label].concat());
        labels.chain([0]).collect::<Vec<u8>>()
    };
    let mut names: Vec<_> = records.map(|record| wire(&record.name)).collect();
    names.sort();
    names.dedup();
    names
}

/// Numbers that look drawn and are the same in every run (`splitmix64`).
struct Draw(u64);

impl Draw {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ mixed >> 31) % limit as u64) as usize
    }

    fn of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}
