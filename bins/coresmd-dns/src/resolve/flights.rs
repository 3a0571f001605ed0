//! Questions that are under way: the first who asks is the pilot, whoever asks the same in the meantime a passenger.
//! There are never more flights than tasks that ask.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::forward::{ForwardError, Outgoing};
use crate::relayed::Relayed;
use crate::response::Transport;

/// What a question came to.
type Answer = Result<Relayed, ForwardError>;

/// A question and how it came: over UDP an upstream may cut its reply short.
type Route = (Outgoing, bool);

/// The questions that are under way. Hashed with a secret: clients choose the names.
#[derive(Debug, Default)]
pub(super) struct Flights(Mutex<HashMap<Route, watch::Receiver<Option<Answer>>>>);

/// The part of one who asks.
pub(super) enum Seat<'f> {
    /// Asks the upstream.
    Pilot(Pilot<'f>),
    /// Waits for the pilot.
    Passenger(Passenger),
}

/// The one who asks; without it the flight is off.
pub(super) struct Pilot<'f> {
    flights: &'f Flights,
    route: Route,
    answer: watch::Sender<Option<Answer>>,
}

/// One who waits.
pub(super) struct Passenger(watch::Receiver<Option<Answer>>);

impl Flights {
    /// Takes part in the flight of a question.
    pub(super) fn board(&self, outgoing: &Outgoing, transport: Transport) -> Seat<'_> {
        let route = (outgoing.clone(), transport == Transport::Tcp);
        let mut flights = self.lock();
        if let Some(flight) = flights.get(&route) {
            return Seat::Passenger(Passenger(flight.clone()));
        }
        let (answer, flight) = watch::channel(None);
        flights.insert(route.clone(), flight);
        Seat::Pilot(Pilot { flights: self, route, answer })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Route, watch::Receiver<Option<Answer>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pilot<'_> {
    /// Tells the passengers.
    pub(super) fn land(self, answer: Answer) {
        self.answer.send_replace(Some(answer));
    }
}

impl Drop for Pilot<'_> {
    fn drop(&mut self) {
        self.flights.lock().remove(&self.route);
    }
}

impl Passenger {
    /// The answer; `None`: the pilot was dropped before there was one, and somebody else has to ask.
    pub(super) async fn landed(mut self) -> Option<Answer> {
        self.0.wait_for(Option::is_some).await.ok().and_then(|answer| answer.clone())
    }
}

#[cfg(test)]
impl Flights {
    /// Whether nothing is under way.
    pub(super) fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }
}
