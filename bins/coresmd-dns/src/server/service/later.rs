//! `[IO]` Queries that only an upstream can answer: they leave the thread that received them and are answered by a task.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::OwnedSemaphorePermit;

use super::Service;
use crate::handle::{Exchange, Pending};
use crate::metrics::Sample;
use crate::plugins;
use crate::query::{Header, Query};
use crate::response::Transport;
use crate::upstream::UpstreamError;
use crate::wire::Rcode;

/// A query with its own copy of the message.
pub(in crate::server) struct Question {
    transport: Transport,
    client: SocketAddr,
    message: Vec<u8>,
    now: Instant,
    /// What was true lately.
    stale: Option<Vec<u8>>,
    /// The key of the view that the name belongs to.
    key: usize,
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
        service.view.block(pending.key).chain.header.query.apply(&mut message);
        Self { transport, client, message, now, stale: pending.stale, key: pending.key }
    }

    fn exchange(&self) -> Exchange<'_> {
        Exchange { transport: self.transport, client: self.client, message: &self.message, now: self.now }
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
            None => {
                let text = "too many queries wait for upstreams".to_owned();
                let outcome = question.stale.as_deref().ok_or(UpstreamError { rcode: Rcode::ServFail, text });
                Err(service.conclude(&question.exchange(), outcome, out))
            }
        }
    }

    /// Asks, and makes the reply: empty where there must be none. With what is to be counted.
    pub(in crate::server) async fn answer(self) -> (Vec<u8>, Option<Sample>) {
        let (exchange, mut reply) = (self.question.exchange(), Vec::new());
        let outcome = self.ask(&exchange).await;
        let outcome = match (&outcome, &self.question.stale) {
            (Ok(fresh), _) => Ok(fresh.as_slice()),
            (Err(_), Some(stale)) => Ok(stale.as_slice()),
            (Err(error), None) => Err(error.clone()),
        };
        let sample = self.service.conclude(&exchange, outcome, &mut reply);
        (reply, sample)
    }

    /// Asks, for the cache's sake alone.
    pub(in crate::server) async fn refresh(self) {
        if let Err(error) = self.ask(&self.question.exchange()).await {
            tracing::debug!(%error, "a cached answer could not be fetched anew");
        }
    }

    /// The upstream's reply.
    async fn ask(&self, exchange: &Exchange<'_>) -> Result<Vec<u8>, UpstreamError> {
        let broken = || UpstreamError { rcode: Rcode::FormErr, text: "not a query".to_owned() };
        let header = Header::decode(exchange.message).map_err(|_| broken())?;
        let query = Query::decode(&header, exchange.message).map_err(|_| broken())?;
        let name = query.lower_name();
        let question = plugins::Question {
            name: name.as_wire(),
            query: &query,
            client: exchange.client,
            transport: exchange.transport,
        };
        self.service.view.block(self.question.key).chain.upstream.ask(&question, exchange.message).await
    }
}
