//! Why the demo could not show anything, in the words that the user gets to read.

use std::io;

use thiserror::Error;

/// What ended the demo early. That a node does not come through is no trouble of the demo's.
#[derive(Debug, Error)]
pub(crate) enum Trouble {
    /// The operating system refused something.
    #[error("{0}: {1}")]
    Io(String, #[source] io::Error),
    /// The inventory could not be read.
    #[error("cannot read the inventory: {0}")]
    Inventory(String),
    /// There is no node that could boot.
    #[error("the inventory lists no node with a NID and an IPv4 address (and {left_out} without)")]
    NothingToBoot {
        /// How many nodes it lists at all.
        left_out: usize,
    },
    /// A server is not there when it should be.
    #[error("{server} {what}; the end of its log:\n{tail}")]
    Server {
        /// Its name.
        server: &'static str,
        /// What it does instead of serving.
        what: String,
        /// The end of its log, indented.
        tail: String,
    },
    /// Ctrl-C or SIGTERM.
    #[error("interrupted")]
    Interrupted,
}
