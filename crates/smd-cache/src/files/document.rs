//! A YAML or JSON text read into a type, and what is wrong with it, in its place.

use std::fmt;

use serde::de::DeserializeOwned;
use serde_saphyr::{Location, Spanned};
use thiserror::Error;

/// One mistake in a file; displays as `nodes.yaml:3:12: what is wrong`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The file, as it was named.
    pub file: String,
    /// Line, from 1; 0: unknown.
    pub line: u64,
    /// Column, from 1.
    pub column: u64,
    /// What is wrong.
    pub message: String,
}

/// Everything that is wrong with a file, never nothing; its author is to blame. Displays one a line, the first few.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub struct Findings(pub Vec<Finding>);

/// A text that has a place.
pub(super) type Placed = Spanned<String>;

/// More findings than this are only counted when they are shown.
const SHOWN: usize = 20;

/// The text as `T`, or where it is not.
pub(super) fn parse<T: DeserializeOwned>(file: &str, text: &str) -> Result<T, Findings> {
    // Ten times a site of 10,000 nodes with 30,000 interfaces; aliases keep their own, lower limits.
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! { max_events: 10_000_000, max_nodes: 5_000_000 },
    };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| {
        let at = error.location().unwrap_or(Location::UNKNOWN);
        let message = error.without_snippet().to_string();
        let place = format!(" at line {}, column {}", at.line(), at.column());
        let message = message.strip_suffix(&place).unwrap_or(&message).to_owned();
        Findings(vec![finding(file, at, message)])
    })
}

/// A mistake in this place.
pub(super) fn finding(file: &str, at: Location, message: String) -> Finding {
    Finding { file: file.into(), line: at.line(), column: at.column(), message }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, column, message } = self;
        write!(f, "{file}:{line}:{column}: {message}")
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, finding) in self.0.iter().take(SHOWN).enumerate() {
            let separator = if number == 0 { "" } else { "\n" };
            write!(f, "{separator}{finding}")?;
        }
        match self.0.len().saturating_sub(SHOWN) {
            0 => Ok(()),
            more => write!(f, "\n… and {more} more"),
        }
    }
}
