//! What a server answers first when more comes than it can answer.
//!
//! A socket's buffer is first in, first out: when it is full the newest is lost, and a server that is behind answers only
//! those who have given up waiting. So while it is behind, what has arrived is read into a queue of its own, from which
//! the urgent is answered first, and out of which the oldest of the rest is dropped for want of room.

use std::collections::VecDeque;
use std::io;

use super::{RecvMeta, Replies, UdpEndpoint};
use crate::drain::Stop;
use crate::sys::receive::ReceiveBatch;
use crate::sys::transmit::TransmitBatch;

/// How many batches are read for each that is answered, while there is more: enough for bursts of several times what can
/// be answered, few enough that reading alone does not become the work.
const READ_AHEAD: usize = 8;

/// Datagrams that wait.
#[derive(Debug)]
struct Queue {
    capacity: usize,
    urgent: VecDeque<Waiting>,
    rest: VecDeque<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    meta: RecvMeta,
    payload: Box<[u8]>,
}

impl UdpEndpoint {
    /// As [`UdpEndpoint::run`]. While the handler is behind, up to `capacity` datagrams wait in a queue: those that
    /// `is_urgent` are answered first, the oldest of the others are dropped first, and each drop is counted.
    pub fn run_by_urgency(
        &self,
        batch: usize,
        capacity: usize,
        stop: &Stop,
        is_urgent: impl Fn(&[u8]) -> bool,
        mut handler: impl FnMut(&RecvMeta, &[u8], &mut Replies),
    ) -> io::Result<()> {
        let mut incoming = ReceiveBatch::new(batch);
        let (mut replies, mut outgoing) = (Replies::default(), TransmitBatch::default());
        let mut queue = Queue { capacity, urgent: VecDeque::new(), rest: VecDeque::new() };
        let mut more = false;
        while !stop.is_set() {
            if !more && queue.is_empty() && !self.wait_readable(stop)? {
                continue;
            }
            let mut received = self.receive(&mut incoming, stop)?;
            more = received == incoming.slots();
            if more || !queue.is_empty() {
                for ahead in 1..=READ_AHEAD {
                    self.enqueue(&incoming, received, &mut queue, &is_urgent);
                    if !more || ahead == READ_AHEAD {
                        break;
                    }
                    received = self.receive(&mut incoming, stop)?;
                    more = received == incoming.slots();
                }
                for Waiting { meta, payload } in std::iter::from_fn(|| queue.pop()).take(batch) {
                    self.call(&meta, &payload, &mut replies, &mut handler);
                }
            } else {
                for slot in 0..received {
                    self.handle(&incoming.datagram(slot), &mut replies, &mut handler);
                }
            }
            self.flush(&mut replies, &mut outgoing, stop);
        }
        Ok(())
    }

    /// Puts a batch into the queue.
    fn enqueue(&self, incoming: &ReceiveBatch, received: usize, queue: &mut Queue, is_urgent: impl Fn(&[u8]) -> bool) {
        for datagram in (0..received).map(|slot| incoming.datagram(slot)) {
            let Some(meta) = self.meta(&datagram) else { continue };
            let waiting = Waiting { meta, payload: datagram.payload.into() };
            if !queue.push(is_urgent(datagram.payload), waiting) {
                self.counters.overload();
            }
        }
    }
}

impl Queue {
    fn is_empty(&self) -> bool {
        self.urgent.is_empty() && self.rest.is_empty()
    }

    /// `false` if one had to be dropped for it: the oldest that is not urgent, at last the oldest of all.
    fn push(&mut self, urgent: bool, waiting: Waiting) -> bool {
        let full = self.urgent.len() + self.rest.len() >= self.capacity;
        if full && self.rest.pop_front().is_none() {
            if !urgent {
                return false;
            }
            self.urgent.pop_front();
        }
        let queue = if urgent { &mut self.urgent } else { &mut self.rest };
        queue.push_back(waiting);
        !full
    }

    fn pop(&mut self) -> Option<Waiting> {
        self.urgent.pop_front().or_else(|| self.rest.pop_front())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_that_is_not_urgent_is_dropped_first() {
        let meta = RecvMeta { source: ([127, 0, 0, 1], 68).into(), destination: None, local: None, interface: 1 };
        let mut queue = Queue { capacity: 3, urgent: VecDeque::new(), rest: VecDeque::new() };
        let mut push = |number: u8, urgent| queue.push(urgent, Waiting { meta, payload: [number].into() });
        assert_eq!([push(1, false), push(2, true), push(3, false)], [true; 3]);
        assert_eq!([push(4, false), push(5, true), push(6, true)], [false; 3], "1, 3 and 4 are dropped");
        assert_eq!([push(7, false), push(8, true)], [false; 2], "7 itself, and 2");
        let left: Vec<u8> = std::iter::from_fn(|| queue.pop()).map(|waiting| waiting.payload[0]).collect();
        assert_eq!(left, [5, 6, 8]);
    }
}
