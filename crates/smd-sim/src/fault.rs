//! Faults: what can go wrong between a client and SMD or BSS, switched on and off while the simulator runs.
//!
//! A fault has a path prefix and a kind. Some kinds answer instead of the service, some answer from spoilt rows, some
//! spoil the delivery of the right answer, and one closes the listener (facts: smd-bss §10, §11).

use std::time::Duration;

use serde::{Deserialize, Serialize};
use thiserror::Error;

pub(crate) mod delivery;
pub(crate) mod rows;
pub(crate) mod table;

/// One fault, as `/sim/faults` spells it: `{"path":"/hsm/v2","seconds":5,"kind":{"status":{"code":500}}}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Path prefix, whole segments; `/` is every path. The longest matching prefix wins. `/sim` is never spoilt.
    #[serde(default = "every_path")]
    pub path: String,
    /// Ends by itself after so many seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<f64>,
    /// What goes wrong.
    pub kind: FaultKind,
}

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum FaultKind {
    /// problem+json with this status, which may be any, even 200.
    Status {
        /// 200 to 599.
        code: u16,
        /// Text of the problem.
        #[serde(default)]
        detail: String,
    },
    /// 503 with HTML, as haproxy answers when no server is up.
    Html503,
    /// 401 in plain text, as both services answer without a token.
    Unauthorized,
    /// 200 with the right content type and no body.
    Empty,
    /// 200 with `null`, as BSS answers when it has nothing and when its database is broken.
    Null,
    /// 200 with JSON that stops in the middle.
    GarbageJson,
    /// The connection is reset without an answer.
    Reset,
    /// The right answer, late.
    SlowHeader {
        /// Before the header is sent.
        milliseconds: u64,
    },
    /// The right answer in drips.
    SlowBody {
        /// Bytes in a drip, 1 or more.
        bytes: usize,
        /// Pause between two drips.
        milliseconds: u64,
    },
    /// The right header and the first part of a chunked body; then the connection ends.
    Truncated {
        /// Bytes that arrive; half of the body if not given.
        #[serde(default)]
        bytes: Option<usize>,
    },
    /// Bad rows among the good ones: every node keeps its addresses and MACs, some spelt otherwise.
    GarbageRows,
    /// Only this part of the rows is left.
    MassDeletion {
        /// 0 (nothing) to 1 (everything).
        keep: f64,
    },
    /// Nobody listens: connections are refused. On every path, of course.
    Refused,
}

/// Why a fault makes no sense: whoever set it made this mistake.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum FaultError {
    /// A prefix must look like a path.
    #[error("path {0:?} does not begin with \"/\"")]
    Path(String),
    /// Faults are set through `/sim`.
    #[error("/sim is never spoilt")]
    OwnPath,
    /// One path can go wrong in one way only.
    #[error("path {0:?} has two faults")]
    Twice(String),
    /// Not a status of an answer.
    #[error("status code {0} is not between 200 and 599")]
    Code(u16),
    /// A drip needs something in it.
    #[error("a drip has at least one byte")]
    NoBytes,
    /// Not a part of the rows.
    #[error("keep {0} is not between 0 and 1")]
    Keep(f64),
    /// Not a duration.
    #[error("seconds {0} is not a duration")]
    Seconds(f64),
    /// There is only one listener.
    #[error("connections are refused on every path, not on {0:?} alone")]
    RefusedPath(String),
}

impl Fault {
    /// A fault on every path.
    pub fn everywhere(kind: FaultKind) -> Self {
        Self::on("/", kind)
    }

    /// A fault on this path and all below it.
    pub fn on(path: &str, kind: FaultKind) -> Self {
        Self { path: path.into(), seconds: None, kind }
    }

    /// The same, ending by itself.
    pub fn lasting(self, duration: Duration) -> Self {
        Self { seconds: Some(duration.as_secs_f64()), ..self }
    }

    fn check(&self) -> Result<(), FaultError> {
        if !self.path.starts_with('/') {
            return Err(FaultError::Path(self.path.clone()));
        }
        if self.path == "/sim" || self.path.starts_with("/sim/") {
            return Err(FaultError::OwnPath);
        }
        if let Some(seconds) = self.seconds.filter(|seconds| Duration::try_from_secs_f64(*seconds).is_err()) {
            return Err(FaultError::Seconds(seconds));
        }
        match self.kind {
            FaultKind::Status { code, .. } if !(200..600).contains(&code) => Err(FaultError::Code(code)),
            FaultKind::SlowBody { bytes: 0, .. } => Err(FaultError::NoBytes),
            FaultKind::MassDeletion { keep } if !(0.0..=1.0).contains(&keep) => Err(FaultError::Keep(keep)),
            FaultKind::Refused if self.path != "/" => Err(FaultError::RefusedPath(self.path.clone())),
            _ => Ok(()),
        }
    }
}

fn every_path() -> String {
    "/".into()
}
