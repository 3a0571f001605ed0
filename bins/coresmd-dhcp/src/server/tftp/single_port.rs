//! Every transfer on the listening port, told apart by the client's address and port.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustc_hash::FxHashMap;
use serve::drain::Stop;
use serve::udp::{RecvMeta, Replies, UdpEndpoint};

use super::seats::Seat;
use super::{Desk, End, Peer, now};
use crate::tftp::ErrorCode;
use crate::tftp::conversation::Conversation;
use crate::tftp::message;
use crate::tftp::request::{Malformed, Message, ReadRequest};
use crate::tftp::transfer::Step;

/// How late a silence may be noticed.
const TICK: Duration = Duration::from_millis(50);

/// The transfers of one socket.
pub(super) struct SinglePort {
    desk: Arc<Desk>,
    transfers: Mutex<FxHashMap<SocketAddr, Held>>,
}

struct Held {
    peer: Peer,
    conversation: Conversation,
    _seat: Seat,
}

impl SinglePort {
    pub(super) fn new(desk: Arc<Desk>) -> Self {
        Self { desk, transfers: Mutex::default() }
    }

    /// Deals with one datagram.
    pub(super) fn handle(&self, meta: &RecvMeta, datagram: &[u8], replies: &mut Replies) {
        let peer = Peer::of(meta);
        let mut send = |octets: &[u8]| peer.push(replies, octets);
        match Message::decode(datagram) {
            Ok(Message::Read(request)) => self.begin(peer, request, &mut send),
            Ok(Message::Write { file }) => {
                self.desk.refuse(peer, &file, "write", &"nothing can be written here");
                send(&message::error(ErrorCode::AccessViolation, "nothing can be written here"));
            }
            Ok(Message::Acknowledge(block)) => self.acknowledge(peer, block, &mut send),
            Ok(Message::Error { code, text }) => self.end(peer, &End::Stopped(code, text)),
            Err(malformed) => {
                self.desk.tally.refused("malformed");
                tracing::debug!(client = %peer.address, reason = %malformed, "tftp");
                if malformed != Malformed::Message {
                    send(&message::error(ErrorCode::IllegalOperation, &malformed.to_string()));
                }
            }
        }
    }

    /// Sends again what is not acknowledged in time, until the stop.
    pub(super) fn keep_time(&self, endpoint: &UdpEndpoint, stop: &Stop) {
        while !stop.is_set() {
            std::thread::sleep(TICK);
            self.tick(now(), |peer, octets| {
                // what cannot be sent is counted by the endpoint, and lost as if it were lost on the way
                let _ = endpoint.send(peer.address, peer.local, peer.interface, octets);
            });
        }
        let mut transfers = self.transfers.lock().unwrap_or_else(PoisonError::into_inner);
        for (_, Held { peer, conversation, .. }) in transfers.drain() {
            self.desk.end(peer, &conversation, &End::Shutdown, now());
        }
    }

    /// A request; one from a client that is being served begins anew.
    fn begin(&self, peer: Peer, request: ReadRequest, send: &mut impl FnMut(&[u8])) {
        let mut transfers = self.transfers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(Held { peer, conversation, .. }) = transfers.remove(&peer.address) {
            self.desk.end(peer, &conversation, &End::Restarted, now());
        }
        match self.desk.begin(peer, request, now()) {
            Err(error) => send(&error),
            Ok(begun) => {
                let held = Held { peer, conversation: begun.conversation, _seat: begun.seat };
                match take(&held, begun.first, send) {
                    Some(end) => self.desk.end(peer, &held.conversation, &end, now()),
                    None => _ = transfers.insert(peer.address, held),
                }
            }
        }
    }

    fn acknowledge(&self, peer: Peer, block: u16, send: &mut impl FnMut(&[u8])) {
        let mut transfers = self.transfers.lock().unwrap_or_else(PoisonError::into_inner);
        // an ACK of a transfer that is over: the last one was repeated, or the client outlived a restart of ours
        let Some(held) = transfers.get_mut(&peer.address) else { return };
        let step = held.conversation.acknowledge(block, now());
        if let Some(end) = take(held, step, send)
            && let Some(Held { conversation, .. }) = transfers.remove(&peer.address)
        {
            self.desk.end(peer, &conversation, &end, now());
        }
    }

    fn end(&self, peer: Peer, end: &End) {
        let mut transfers = self.transfers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(Held { conversation, .. }) = transfers.remove(&peer.address) {
            self.desk.end(peer, &conversation, end, now());
        }
    }

    /// Deals with every transfer whose deadline has passed.
    fn tick(&self, now: Instant, mut send: impl FnMut(Peer, &[u8])) {
        let mut transfers = self.transfers.lock().unwrap_or_else(PoisonError::into_inner);
        transfers.retain(|_, held| {
            if held.conversation.deadline() > now {
                return true;
            }
            let (step, peer) = (held.conversation.silence(now), held.peer);
            let ended = take(held, step, &mut |octets| send(peer, octets));
            if let Some(end) = &ended {
                self.desk.end(peer, &held.conversation, end, now);
            }
            ended.is_none()
        });
    }
}

/// Does what a step says; the end, if that is one.
fn take(held: &Held, step: Step, send: &mut impl FnMut(&[u8])) -> Option<End> {
    match step {
        Step::Wait => None,
        Step::Complete => Some(End::Complete),
        Step::GiveUp => Some(End::Silent),
        Step::Send(blocks) => {
            let mut octets = Vec::new();
            for block in blocks {
                octets.clear();
                if let Err(error) = held.conversation.write(block, &mut octets) {
                    send(&message::error(ErrorCode::NotDefined, "the file cannot be read any more"));
                    return Some(End::Unreadable(error.to_string()));
                }
                send(&octets);
            }
            None
        }
    }
}
