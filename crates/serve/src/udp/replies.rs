//! Replies that wait for the end of their batch.

use std::net::{IpAddr, SocketAddr};

use crate::sys::transmit::Route;

/// The replies to a batch of datagrams, in the order in which they were pushed.
#[derive(Default)]
pub struct Replies {
    /// The first `length` wait to be sent; the others are kept for their buffers.
    list: Vec<Reply>,
    length: usize,
}

/// One reply: where it goes and what it says.
struct Reply {
    route: Route,
    payload: Vec<u8>,
}

impl Replies {
    /// Adds a datagram to `to`, whose payload `write` puts into the empty vector that it is given. A reply without
    /// octets is not sent.
    ///
    /// `from` is its source address (an address of this machine, or `None`: routing decides); `interface` the index of
    /// the interface that it leaves by (0: routing decides).
    pub fn push(&mut self, to: SocketAddr, from: Option<IpAddr>, interface: u32, write: impl FnOnce(&mut Vec<u8>)) {
        let route = Route { to, from, interface };
        if self.length == self.list.len() {
            self.list.push(Reply { route, payload: Vec::new() });
        }
        let reply = &mut self.list[self.length];
        reply.route = route;
        reply.payload.clear();
        write(&mut reply.payload);
        self.length += usize::from(!reply.payload.is_empty());
    }

    /// How many replies there are.
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// The replies in order: receiver and payload. For tests of handlers, which push and do not send.
    pub fn iter(&self) -> impl Iterator<Item = (SocketAddr, &[u8])> {
        self.iter_from(0).map(|(route, payload)| (route.to, payload))
    }

    /// The replies from number `first` on.
    pub(super) fn iter_from(&self, first: usize) -> impl Iterator<Item = (Route, &[u8])> {
        self.list[first..self.length].iter().map(|reply| (reply.route, reply.payload.as_slice()))
    }

    /// Forgets all replies but the first `length`, and keeps the buffers.
    pub(super) fn truncate(&mut self, length: usize) {
        self.length = self.length.min(length);
    }
}
