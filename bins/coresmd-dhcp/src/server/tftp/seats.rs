//! How many transfers there may be: in all, and of one client.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use rustc_hash::FxHashMap;

/// Transfers at a time.
const ALL: usize = 16_384;
/// Of these, of one address. Behind address translation there may be a rack of nodes.
const OF_ONE: usize = 128;

/// The transfers that there are.
#[derive(Debug, Default)]
pub(super) struct Seats(Mutex<Taken>);

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    clients: FxHashMap<IpAddr, usize>,
}

/// The right to one transfer; given back when it is dropped.
#[derive(Debug)]
pub(super) struct Seat {
    seats: Arc<Seats>,
    client: IpAddr,
}

impl Seats {
    /// A seat, if there is one left.
    pub(super) fn take(self: &Arc<Self>, client: IpAddr) -> Option<Seat> {
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let own = taken.clients.get(&client).copied().unwrap_or(0);
        if taken.all >= ALL || own >= OF_ONE {
            return None;
        }
        taken.all += 1;
        taken.clients.insert(client, own + 1);
        Some(Seat { seats: Arc::clone(self), client })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.seats.0.lock().unwrap_or_else(PoisonError::into_inner);
        taken.all -= 1;
        if let Some(own) = taken.clients.get_mut(&self.client) {
            *own -= 1;
            if *own == 0 {
                taken.clients.remove(&self.client);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_client_does_not_take_the_seats_of_others() {
        let seats = Arc::new(Seats::default());
        let (greedy, other) = ("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
        let mut taken: Vec<_> = (0..OF_ONE).map(|_| seats.take(greedy).unwrap()).collect();
        assert!(seats.take(greedy).is_none());
        assert!(seats.take(other).is_some());
        taken.pop();
        assert!(seats.take(greedy).is_some());
    }

    #[test]
    fn there_is_an_end_to_all_seats() {
        let seats = Arc::new(Seats::default());
        let client = |number: usize| IpAddr::from((number as u32).to_be_bytes());
        let taken: Vec<_> = (0..ALL).map(|number| seats.take(client(number)).unwrap()).collect();
        assert!(seats.take(client(ALL)).is_none());
        drop(taken);
        assert!(seats.0.lock().unwrap().clients.is_empty());
        assert!(seats.take(client(ALL)).is_some());
    }
}
