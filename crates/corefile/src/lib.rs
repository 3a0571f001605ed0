//! The Corefile: text in, typed server blocks out, every piece with its place in the text.
//!
//! The grammar is `CoreDNS`'s (Caddyfile v1; facts: coredhcp-coredns §B1–B3). This crate knows the shape of the file and
//! the keys of its blocks; what a directive means is for its reader to say. It does no IO: imported files and the
//! environment come through the caller.
//!
//! ```text
//! text ─ lexer ─▶ tokens ─ stream (snippets, imports, environment) ─▶ parser ─▶ Corefile { blocks, warnings }
//!                                                                      └ key     zone, scheme, port of a block
//!                                             Corefile::conflicts(port) ◀── conflict: two blocks for one zone
//! ```

mod conflict;
mod environment;
mod error;
mod key;
mod lexer;
mod parser;
mod span;
mod stream;

use std::io;
use std::path::{Path, PathBuf};

pub use error::{Error, ErrorKind};
pub use key::{Key, Scheme, parse as keys};
pub use span::Span;
pub use stream::wildcard_matches;

/// What a Corefile says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Corefile {
    /// The server blocks, in the order of the text.
    pub blocks: Vec<ServerBlock>,
    /// What the original lets pass, though it is hardly meant: an import pattern without files, a brace too many.
    pub warnings: Vec<Error>,
}

/// One server block: `KEY, KEY … { directives }`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerBlock {
    /// What the block serves; never empty. A CIDR key off a label boundary stands here as several.
    pub keys: Vec<Key>,
    /// The directives in the order of the text. One that is repeated appears repeatedly.
    pub directives: Vec<Directive>,
}

impl ServerBlock {
    /// The directives called `name`, in the order of the text.
    pub fn named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Directive> {
        self.directives.iter().filter(move |directive| directive.name == name)
    }
}

/// A directive, or a line inside a directive's block: `name args… { block }`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directive {
    /// The first word of the line.
    pub name: String,
    /// The other words of the line, up to the brace.
    pub args: Vec<Word>,
    /// The lines between the braces, where there are braces.
    pub block: Option<Vec<Directive>>,
    /// Where the name stands.
    pub span: Span,
}

/// A word, its quotes removed and its variables replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// The text.
    pub text: String,
    /// Whether it stood in quotes.
    pub quoted: bool,
    /// Where it stands, quotes included.
    pub span: Span,
}

/// Fetches the files that an `import` names: the path (relative ones are already joined to the importing file's
/// directory; it may hold one `*` or `?`, see [`wildcard_matches`]) → path and content of each match, in order.
/// No match: an empty list. An error: a match could not be read.
pub type Loader<'a> = dyn FnMut(&Path) -> io::Result<Vec<(PathBuf, String)>> + 'a;

/// Reads a Corefile. `file` is its path as messages shall show it and as relative imports are resolved against;
/// `variable` looks up the environment.
///
/// # Errors
/// All faults that were found, and the warnings beside them ([`Error::is_warning`]). An imported piece that is at fault
/// shows up once for each import.
pub fn parse(
    file: &Path,
    text: &str,
    load: &mut Loader<'_>,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Corefile, Vec<Error>> {
    parser::Parser::new(stream::Stream::new(file, text, load, variable)).parse()
}
