//! A DHCPv4 message to send, and its bytes (RFC 2131 §2, §4.1).

use std::net::Ipv4Addr;

use super::options::Options;
use super::overload::{self, Fitted};
use super::{FILE, MAGIC_COOKIE, OPTIONS, SNAME};

/// BOOTP's least size, below which old relays and firmware drop a message (RFC 1542 §2.1).
const MIN_SIZE: usize = 300;
/// IP and UDP headers, which option 57 counts in.
const HEADERS: u16 = 28;
/// The IP datagram that every client must accept (RFC 2131 §2).
const MIN_DATAGRAM: u16 = 576;
/// Above this a datagram is cut into fragments on Ethernet, which firmware does not put together.
const MAX_DATAGRAM: u16 = 1500;

/// Header fields and options of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// BOOTREQUEST or BOOTREPLY.
    pub op: u8,
    /// Hardware type.
    pub htype: u8,
    /// Length of the hardware address.
    pub hlen: u8,
    /// Relays passed.
    pub hops: u8,
    /// Transaction ID.
    pub xid: u32,
    /// Seconds since the client began.
    pub secs: u16,
    /// Flags.
    pub flags: u16,
    /// The address that the client has.
    pub ciaddr: Ipv4Addr,
    /// The address that the server gives.
    pub yiaddr: Ipv4Addr,
    /// The next server of the boot.
    pub siaddr: Ipv4Addr,
    /// The relay.
    pub giaddr: Ipv4Addr,
    /// The hardware address, zero behind `hlen`.
    pub chaddr: [u8; 16],
    /// Name of the boot file for the `file` field; at most 127 bytes fit, longer ones are left out of the header.
    pub file: Vec<u8>,
    /// The options.
    pub options: Options,
}

/// The largest message that a client with this option 57 may be sent, in bytes of UDP payload.
pub fn datagram_limit(max_message_size: Option<u16>) -> usize {
    usize::from(max_message_size.unwrap_or(MIN_DATAGRAM).clamp(MIN_DATAGRAM, MAX_DATAGRAM) - HEADERS)
}

impl Outgoing {
    /// A message with nothing set.
    pub fn new(op: u8) -> Self {
        let none = Ipv4Addr::UNSPECIFIED;
        Self {
            op,
            htype: 1,
            hlen: 6,
            hops: 0,
            xid: 0,
            secs: 0,
            flags: 0,
            ciaddr: none,
            yiaddr: none,
            siaddr: none,
            giaddr: none,
            chaddr: [0; 16],
            file: Vec::new(),
            options: Options::new(),
        }
    }

    /// Appends the message to `out`: options ascending, 82 last, then 255, padded to 300 bytes.
    ///
    /// What does not fit into `limit` bytes goes into `file` and `sname` (option 52); what does not fit there either is
    /// left out, and its codes are returned: the least important options first, never 82.
    pub fn encode(&self, limit: usize, out: &mut Vec<u8>) -> Vec<u8> {
        let start = out.len();
        out.extend_from_slice(&[self.op, self.htype, self.hlen, self.hops]);
        out.extend_from_slice(&self.xid.to_be_bytes());
        out.extend_from_slice(&self.secs.to_be_bytes());
        out.extend_from_slice(&self.flags.to_be_bytes());
        for address in [self.ciaddr, self.yiaddr, self.siaddr, self.giaddr] {
            out.extend_from_slice(&address.octets());
        }
        out.extend_from_slice(&self.chaddr);
        out.resize(start + 236, 0);
        out.extend_from_slice(&MAGIC_COOKIE);

        let mut omitted = Vec::new();
        if self.options_length() <= limit.saturating_sub(OPTIONS) {
            if self.file.len() < FILE.len() {
                out[start + FILE.start..][..self.file.len()].copy_from_slice(&self.file);
            }
            for (code, value) in self.options.iter() {
                overload::write(out, code, value);
            }
        } else {
            let fitted = overload::fit(&self.options, limit.saturating_sub(OPTIONS), FILE.len(), SNAME.len());
            let Fitted { options, file, sname, omitted: left_out } = fitted;
            out.extend_from_slice(&options);
            out[start + FILE.start..][..file.len()].copy_from_slice(&file);
            out[start + SNAME.start..][..sname.len()].copy_from_slice(&sname);
            omitted = left_out;
        }
        out.push(255);
        let length = out.len() - start;
        out.resize(start + length.max(MIN_SIZE), 0);
        omitted
    }

    /// Bytes of the options field with its option 255.
    fn options_length(&self) -> usize {
        1 + self.options.iter().map(|(_, value)| overload::written(value)).sum::<usize>()
    }
}
