//! Virtual `DHCPv4` clients behind a relay on loopback: no root, no interface of their own (RFC 2131, RFC 3046).
//!
//! The relay asks for replies to its own port (RFC 8357), since 67 needs root.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::Duration;

use dhcproto::v4::relay::{RelayAgentInformation, RelayCode, RelayInfo, UnknownInfo};
use dhcproto::v4::{DhcpOption, HType, Message, MessageType, Opcode, OptionCode};
use dhcproto::{Decodable, Decoder, Encodable};

/// Relay Source Port (RFC 8357 §4.1), a sub-option of option 82 without content: answer the port that asked.
const RELAY_SOURCE_PORT: RelayCode = RelayCode::Unknown(19);

/// How often a client sends before it gives up.
const ATTEMPTS: usize = 5;

/// What a client was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The client's address (yiaddr).
    pub address: Ipv4Addr,
    /// Host name (option 12).
    pub host_name: Option<String>,
    /// Boot file or script URL (option 67).
    pub boot_file: Option<String>,
    /// The server that answered (option 54).
    pub server: Ipv4Addr,
}

/// A relay agent on loopback for any number of clients.
#[derive(Debug)]
pub struct Relay {
    socket: UdpSocket,
    server: SocketAddr,
    transaction: u32,
}

impl Relay {
    /// A relay at 127.0.0.1 in front of `server`.
    pub fn new(server: SocketAddr) -> Self {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback has a free port");
        socket.set_read_timeout(Some(Duration::from_secs(1))).expect("a socket takes a timeout");
        Self { socket, server, transaction: 0x5eed_0000 }
    }

    /// The whole exchange DISCOVER, OFFER, REQUEST, ACK for the client with this Ethernet address; `ipxe` says that iPXE
    /// asks (option 77). The error says which step went wrong.
    pub fn lease(&mut self, mac: [u8; 6], ipxe: bool) -> Result<Lease, String> {
        let offer = self.exchange(&self.request(mac, ipxe, MessageType::Discover, None))?;
        let offered = expect_type(&offer, MessageType::Offer)?;
        let ack = self.exchange(&self.request(mac, ipxe, MessageType::Request, Some(&offered)))?;
        let lease = expect_type(&ack, MessageType::Ack)?;
        if lease == offered { Ok(lease) } else { Err(format!("offered {offered:?} but acknowledged {lease:?}")) }
    }

    /// One DISCOVER, for which no answer is wanted: whatever comes is an error.
    pub fn silence(&mut self, mac: [u8; 6]) -> Result<(), String> {
        let discover = self.request(mac, false, MessageType::Discover, None);
        self.transaction += 1;
        self.send(&discover)?;
        match self.receive(discover.xid()) {
            Some(reply) => Err(format!("{} for an unknown client", describe(&reply))),
            None => Ok(()),
        }
    }

    fn request(&self, mac: [u8; 6], ipxe: bool, kind: MessageType, offered: Option<&Lease>) -> Message {
        let mut message = Message::default();
        let Ok(SocketAddr::V4(relay)) = self.socket.local_addr() else { panic!("the relay's socket is IPv4") };
        message.set_opcode(Opcode::BootRequest).set_htype(HType::Eth).set_xid(self.transaction).set_chaddr(&mac);
        message.set_giaddr(*relay.ip()).set_hops(1);
        let mut agent = RelayAgentInformation::default();
        agent.insert(RelayInfo::Unknown(UnknownInfo::new(RELAY_SOURCE_PORT, Vec::new())));
        let options = message.opts_mut();
        options.insert(DhcpOption::MessageType(kind));
        options.insert(DhcpOption::ParameterRequestList(vec![
            OptionCode::SubnetMask,
            OptionCode::Router,
            OptionCode::Hostname,
            OptionCode::BootfileName,
        ]));
        options.insert(DhcpOption::ClientSystemArchitecture(7.into()));
        options.insert(DhcpOption::RelayAgentInformation(agent));
        if ipxe {
            options.insert(DhcpOption::UserClass(b"iPXE".to_vec()));
        }
        if let Some(lease) = offered {
            options.insert(DhcpOption::RequestedIpAddress(lease.address));
            options.insert(DhcpOption::ServerIdentifier(lease.server));
        }
        message
    }

    /// Sends until an answer comes, as a client does.
    fn exchange(&mut self, message: &Message) -> Result<Message, String> {
        self.transaction += 1;
        for _ in 0..ATTEMPTS {
            self.send(message)?;
            if let Some(reply) = self.receive(message.xid()) {
                return Ok(reply);
            }
        }
        Err(format!("no answer to {}", describe(message)))
    }

    fn send(&self, message: &Message) -> Result<(), String> {
        let bytes = message.to_vec().map_err(|error| error.to_string())?;
        self.socket.send_to(&bytes, self.server).map_err(|error| format!("cannot send: {error}"))?;
        Ok(())
    }

    /// The reply to transaction `xid`; replies to earlier ones (sent twice, answered twice) are passed over.
    fn receive(&self, xid: u32) -> Option<Message> {
        let mut bytes = [0; 4096];
        loop {
            match self.socket.recv(&mut bytes) {
                Ok(length) => {
                    let reply = Message::decode(&mut Decoder::new(&bytes[..length])).expect("the server sends DHCP");
                    if reply.xid() == xid {
                        return Some(reply);
                    }
                }
                // On loopback a server that is down shows as "connection refused" at the next receive.
                Err(_) => return None,
            }
        }
    }
}

/// What `reply` grants, if it is of the type `wanted`.
fn expect_type(reply: &Message, wanted: MessageType) -> Result<Lease, String> {
    if reply.opts().msg_type() != Some(wanted) {
        return Err(format!("{} instead of {wanted:?}", describe(reply)));
    }
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok(Lease {
        address: reply.yiaddr(),
        host_name: match reply.opts().get(OptionCode::Hostname) {
            Some(DhcpOption::Hostname(name)) => Some(name.clone()),
            _ => None,
        },
        boot_file: match reply.opts().get(OptionCode::BootfileName) {
            Some(DhcpOption::BootfileName(name)) => Some(text(name)),
            _ => None,
        },
        server: match reply.opts().get(OptionCode::ServerIdentifier) {
            Some(DhcpOption::ServerIdentifier(server)) => *server,
            _ => return Err("a reply without a server identifier".to_owned()),
        },
    })
}

fn describe(message: &Message) -> String {
    let kind = message.opts().msg_type();
    format!("{kind:?} of {:02x?} with address {}", message.chaddr(), message.yiaddr())
}
