//! `cache` around `forward`: what others know, asked once.

use std::time::Instant;

use thiserror::Error;

use crate::plugins::Question;
use crate::wire::Rcode;

/// The `cache` and the `forward` directives of a block.
#[derive(Debug, Default)]
pub struct Upstream {}

/// What can be said at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Consulted {
    /// The cache holds the answer.
    Hit {
        /// The reply.
        reply: Vec<u8>,
        /// Whether it should be fetched anew, since it will end soon or has ended.
        refresh: bool,
    },
    /// An upstream has to be asked.
    Ask {
        /// What was true lately, for when no upstream answers.
        stale: Option<Vec<u8>>,
    },
    /// No `forward` of the block is for this name.
    Nobody,
}

/// Why there is no answer from an upstream.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("plugin/forward: {text}")]
pub struct UpstreamError {
    /// What the client is told.
    pub rcode: Rcode,
    /// What the operator is told.
    pub text: String,
}

impl Upstream {
    /// What is known at once about a question.
    pub fn consult(&self, _question: &Question<'_>, _now: Instant) -> Consulted {
        Consulted::Nobody
    }

    /// Asks the upstreams; what they say is remembered.
    pub async fn ask(&self, _question: &Question<'_>, _message: &[u8]) -> Result<Vec<u8>, UpstreamError> {
        Err(UpstreamError { rcode: Rcode::ServFail, text: "no upstream".to_owned() })
    }

    /// Whether the time matters here.
    pub fn needs_clock(&self) -> bool {
        false
    }
}
