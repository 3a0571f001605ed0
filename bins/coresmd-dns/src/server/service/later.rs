//! `[IO]` Queries that only an upstream can answer: they leave the thread that received them and are answered by a task.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::OwnedSemaphorePermit;

use super::Service;
use crate::cache::Key;
use crate::forward::{ForwardError, Outgoing};
use crate::handle::{Exchange, Pending};
use crate::metrics::Sample;
use crate::query::{Header, Query};
use crate::relayed::Relayed;
use crate::response::Transport;

/// A query with its own copy of the message.
pub(in crate::server) struct Question {
    transport: Transport,
    client: SocketAddr,
    message: Vec<u8>,
    now: Instant,
    pending: Pending,
}

/// A query that has its place among those that wait.
pub(in crate::server) struct Asked {
    service: Arc<Service>,
    question: Question,
    _seat: OwnedSemaphorePermit,
}

impl Question {
    /// A query that is to be asked upstream, as the `header` of its block wants it.
    pub(in crate::server) fn new(service: &Service, exchange: &Exchange<'_>, pending: Pending) -> Self {
        let Exchange { transport, client, now, .. } = *exchange;
        let mut message = exchange.message.to_vec();
        let mut pending = pending;
        let asked = pending.unfinished.as_mut().map_or(&mut message, |unfinished| &mut unfinished.message);
        service.view.block(pending.key).chain.header.query.apply(asked);
        Self { transport, client, message, now, pending }
    }

    /// Writes the reply that comes of an outcome; what is to be counted.
    fn conclude(
        &self,
        service: &Service,
        outcome: Result<&Relayed, ForwardError>,
        out: &mut Vec<u8>,
    ) -> Option<Sample> {
        let Self { transport, client, message, now, pending } = self;
        let exchange = Exchange { transport: *transport, client: *client, message, now: *now };
        service.conclude(&exchange, pending.unfinished.as_deref(), outcome, out)
    }

    /// The message that an upstream is to answer.
    fn asked(&self) -> &[u8] {
        self.pending.unfinished.as_ref().map_or(&self.message, |unfinished| &unfinished.message)
    }
}

impl Asked {
    /// Takes a place for a query; without one, writes the reply that says so, and returns what is to be counted.
    pub(in crate::server) fn seat(
        service: &Arc<Service>,
        question: Question,
        out: &mut Vec<u8>,
    ) -> Result<Self, Option<Sample>> {
        match service.edge().seat() {
            Some(seat) => Ok(Self { service: Arc::clone(service), question, _seat: seat }),
            None => Err(question.conclude(service, Err(ForwardError::Busy), out)),
        }
    }

    /// Asks, and makes the reply: empty where there must be none. With what is to be counted.
    pub(in crate::server) async fn answer(self) -> (Vec<u8>, Option<Sample>) {
        let mut reply = Vec::new();
        let outcome = self.ask().await;
        let sample = self.question.conclude(&self.service, outcome.as_ref().map_err(Clone::clone), &mut reply);
        (reply, sample)
    }

    /// Asks, for the cache's sake alone.
    pub(in crate::server) async fn refresh(self) {
        if let Err(error) = self.ask().await {
            tracing::debug!(%error, "a cached answer could not be fetched anew");
        }
    }

    /// What the upstream says.
    async fn ask(&self) -> Result<Relayed, ForwardError> {
        let Question { pending, transport, .. } = &self.question;
        let Some((key, outgoing)) = outgoing(self.question.asked()) else { return Err(ForwardError::Nobody) };
        match &self.service.view.block(pending.key).chain.resolver {
            Some(resolver) => resolver.resolve(&key, &outgoing, *transport).await,
            None => Err(ForwardError::Nobody),
        }
    }
}

/// The question of a message, as the cache and as an upstream knows it; `None` if it is no query.
pub(in crate::server) fn outgoing(message: &[u8]) -> Option<(Key, Outgoing)> {
    let header = Header::decode(message).ok()?;
    let query = Query::decode(&header, message).ok()?;
    let name = query.lower_name();
    let key = Key::new(&header, &query, name.as_wire());
    Some((key, Outgoing::new(message, &query, name.as_wire())))
}
