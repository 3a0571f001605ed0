//! \[IO\] `cache` and `forward` of a server block together: what the corridor asks when no local data has the answer.
//!
//! ```text
//! the thread that reads queries ─▶ lookup ─▶ Hit   written at once; `refresh`: resolve as well, behind the client's back
//!                                         └▶ Miss  resolve in a task, and write what it says
//! ```
//! Equal questions that come while one is under way share its reply: a flood of one name costs one query to the
//! upstream.

mod flights;

use std::sync::Arc;
use std::time::Instant;

use crate::cache::{Cache, Key, Lookup};
use crate::forward::{Forward, ForwardError, Outgoing};
use crate::relayed::{Kind, Relayed, Reply};
use crate::response::Transport;
use flights::Flights;

/// The upstreams of a server block, and the cache before them.
#[derive(Debug)]
pub struct Resolver {
    cache: Option<Cache>,
    forwards: Vec<Forward>,
    flights: Flights,
}

impl Resolver {
    /// The `cache` and the `forward`s of a block. The one with the longest zone takes a name; among equals, the first.
    pub fn new(cache: Option<Cache>, mut forwards: Vec<Forward>) -> Self {
        forwards.sort_by_key(|forward| std::cmp::Reverse(forward.from().as_wire().len()));
        Self { cache, forwards, flights: Flights::default() }
    }

    /// Whether any `forward` takes a name: wire form, lower case.
    pub fn admits(&self, name: &[u8]) -> bool {
        self.forwards.iter().any(|forward| forward.admits(name))
    }

    /// What can be said at once; never waits.
    pub fn lookup(&self, key: &Key, now: Instant) -> Lookup {
        self.cache.as_ref().map_or(Lookup::Miss, |cache| cache.get(key, now))
    }

    /// Asks the upstreams and keeps what they say. Where they fail, what is no longer true may be better than nothing.
    pub async fn resolve(&self, key: &Key, outgoing: &Outgoing, transport: Transport) -> Result<Relayed, ForwardError> {
        loop {
            match self.flights.board(outgoing, transport) {
                flights::Seat::Pilot(flight) => {
                    let answer = self.ask_and_keep(key, outgoing, transport).await;
                    flight.land(answer.clone());
                    return answer;
                }
                flights::Seat::Passenger(flight) => {
                    if let Some(answer) = flight.landed().await {
                        return answer;
                    }
                }
            }
        }
    }

    async fn ask_and_keep(
        &self,
        key: &Key,
        outgoing: &Outgoing,
        transport: Transport,
    ) -> Result<Relayed, ForwardError> {
        let answer = self.ask(outgoing, transport).await;
        // without recursion a server says what it happens to know
        let Some(cache) = self.cache.as_ref().filter(|_| outgoing.recursion_desired()) else {
            return answer.map(Relayed::fresh);
        };
        let failed = match &answer {
            Ok(reply) => reply.kind() == Kind::Failure,
            Err(error) => error.is_failure(),
        };
        let now = now();
        if failed && let Some(stale) = cache.stale(key, now) {
            return Ok(stale);
        }
        match answer {
            Ok(reply) => Ok(cache.insert(key, reply, now)),
            Err(error) => {
                if failed {
                    cache.insert_failure(key, now);
                }
                Err(error)
            }
        }
    }

    /// Asks the `forward`s that take the name, until one is content with its reply.
    async fn ask(&self, outgoing: &Outgoing, transport: Transport) -> Result<Reply, ForwardError> {
        let name = outgoing.name();
        let responsible: Vec<&Forward> = self.forwards.iter().filter(|forward| forward.admits(name)).collect();
        for (place, forward) in responsible.iter().enumerate() {
            let answer = forward.forward(outgoing, transport).await;
            let passed_on = answer.as_ref().is_ok_and(|reply| forward.passes_on(reply));
            if !passed_on || place + 1 == responsible.len() {
                return answer;
            }
        }
        Err(ForwardError::Nobody)
    }
}

/// Resolves behind the client's back: for [`Lookup::Hit`] with `refresh`. Needs a runtime of tokio around it.
pub fn refresh(resolver: &Arc<Resolver>, key: Key, outgoing: Outgoing, transport: Transport) {
    let resolver = Arc::clone(resolver);
    // a failure is remembered in the cache; nobody waits for the answer
    tokio::spawn(async move { resolver.resolve(&key, &outgoing, transport).await.ok() });
}

#[expect(clippy::disallowed_methods, reason = "an answer is kept from the moment when it came")]
fn now() -> Instant {
    // tokio's clock, which its tests can stop
    tokio::time::Instant::now().into_std()
}

#[cfg(test)]
mod tests;
