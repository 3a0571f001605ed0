//! What is wrong with a file, and where.

use std::fmt;

use serde::de::DeserializeOwned;
use serde_saphyr::Location;

use super::LoadError;

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

/// The text as `T`, or where it is not.
pub(super) fn parse<T: DeserializeOwned>(file: &str, text: &str) -> Result<T, LoadError> {
    serde_saphyr::from_str(text).map_err(|error| {
        let at = error.location().unwrap_or(Location::UNKNOWN);
        let message = error.without_snippet().to_string();
        let place = format!(" at line {}, column {}", at.line(), at.column());
        let message = message.strip_suffix(&place).unwrap_or(&message).to_owned();
        LoadError::Findings(vec![finding(file, at, message)])
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
