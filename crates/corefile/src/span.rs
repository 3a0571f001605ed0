//! Where something stands in the text.

use std::fmt;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

/// A stretch of one file. Displays as `Corefile:3:5`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Span {
    /// The file as it was given to [`parse`](crate::parse), or as the loader called it.
    pub file: Arc<Path>,
    /// Line of the first character, from 1.
    pub line: usize,
    /// Column of the first character, in characters from 1.
    pub column: usize,
    /// Byte range in the file's text.
    pub range: Range<usize>,
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file.display(), self.line, self.column)
    }
}
