//! What can be wrong with a Corefile, where it stands, and what would be right.

use std::fmt;

use thiserror::Error as ThisError;

use crate::span::Span;

/// A fault of the Corefile, or (see [`Error::is_warning`]) something that the original lets pass.
///
/// Displays as one line: place, fault, remedy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// What is wrong.
    pub kind: ErrorKind,
    /// Where.
    pub span: Span,
}

/// What is wrong. The text names the fault; [`ErrorKind::help`] says what would be right.
#[derive(Debug, Clone, PartialEq, Eq, ThisError)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A `"` without its partner.
    #[error("the quote is never closed")]
    UnclosedQuote,
    /// A block without its end.
    #[error("the block that opens here is never closed")]
    UnclosedBlock,
    /// `log }`: a closing brace behind a directive of a server block, on the same line.
    #[error("unexpected `}}` behind a directive: no `{{` on this line opened a block")]
    CloseBehindDirective,
    /// A closing brace outside all blocks.
    #[error("`}}` closes nothing")]
    StrayClose,
    /// The same as the last thing in the file, where it does no harm.
    #[error("`}}` closes nothing; ignored")]
    StrayCloseAtEnd,
    /// An opening brace that no directive precedes.
    #[error("unexpected `{{`: no directive stands before it")]
    OpenWithoutDirective,
    /// `errors { … } log`
    #[error("unexpected `{0}` behind the end of a block")]
    TextBehindBlock(String),
    /// Blocks in blocks beyond any sense.
    #[error("blocks are nested more than {0} deep")]
    TooDeep(usize),

    /// A block without keys.
    #[error("a server block without a zone")]
    NoKey,
    /// `a.example, {`
    #[error("a zone is missing behind the comma")]
    KeyExpected,
    /// A scheme that is none of DNS.
    #[error("`{0}` is no scheme that DNS is served by")]
    Scheme(String),
    /// A port that is none.
    #[error("`:{0}` is not a port")]
    Port(String),
    /// A zone name that is none.
    #[error("`{zone}` is not a zone name: {why}")]
    Zone {
        /// The zone as written.
        zone: String,
        /// What keeps it from being one.
        why: &'static str,
    },
    /// An IP address or a network in a key that cannot be read.
    #[error("`{0}` is not a network")]
    Network(String),
    /// Two blocks serve the same.
    #[error("cannot serve {key}: it is already defined at {first}")]
    AlreadyDefined {
        /// Scheme, zone and port, as `CoreDNS` prints them: `dns://a.example.:53`.
        key: String,
        /// Where it is defined first.
        first: Span,
    },
    /// Two blocks serve the same zone and port, one of them on all addresses.
    #[error("cannot serve {key}: the block at {first} serves it too, and one of both on every address")]
    Overlap {
        /// Scheme, zone and port.
        key: String,
        /// The other block.
        first: Span,
    },

    /// `(name)` that no `{` follows.
    #[error("the snippet `{0}` has no block")]
    SnippetWithoutBlock(String),
    /// Two snippets of one name.
    #[error("the snippet `{name}` is already defined at {first}")]
    SnippetRedefined {
        /// Its name.
        name: String,
        /// Where it is defined first.
        first: Span,
    },

    /// `import` alone.
    #[error("`import` without a name")]
    ImportWithoutName,
    /// `import a b`
    #[error("`import` takes one snippet, file or pattern; `{0}` is one too many")]
    ImportArguments(String),
    /// Neither a snippet nor a file.
    #[error("nothing to import: there is no snippet and no file `{0}`")]
    ImportNotFound(String),
    /// The snippet is there, but further down.
    #[error("the snippet `{0}` is imported before it is defined")]
    SnippetDefinedLater(String),
    /// `import */*.conf`
    #[error("`{0}` holds more than one wildcard")]
    ImportWildcards(String),
    /// A pattern that fits no file.
    #[error("no file fits `{0}`; nothing imported")]
    ImportNoMatch(String),
    /// The loader's complaint.
    #[error("cannot import `{path}`: {reason}")]
    ImportUnreadable {
        /// The path or pattern.
        path: String,
        /// The loader's error.
        reason: String,
    },
    /// A snippet or file that imports itself, perhaps by way of others.
    #[error("`{0}` imports itself")]
    ImportCycle(String),
    /// Imports without end.
    #[error("the imports amount to more than {0}")]
    ImportLimit(&'static str),
}

impl ErrorKind {
    /// What would be right.
    pub fn help(&self) -> &'static str {
        match self {
            Self::UnclosedQuote => "close it with `\"`; a quote inside quotes is written `\\\"`",
            Self::UnclosedBlock => "end it with `}` on a line of its own",
            Self::CloseBehindDirective => "put `}` on a line of its own",
            Self::StrayClose | Self::StrayCloseAtEnd => "remove it, or look for the `{` that is missing above",
            Self::OpenWithoutDirective => "write a directive's name before its block: `NAME {`",
            Self::TextBehindBlock(_) => "put it on a line of its own",
            Self::TooDeep(_) => "look for a `}` that is missing above",
            Self::NoKey => "write the zones before the brace: `. {` serves all names, `example.org {` one zone",
            Self::KeyExpected => "write another zone, or remove the comma",
            Self::Scheme(_) => "use dns://, tls://, quic://, grpc://, https:// or https3://, or none for dns://",
            Self::Port(_) => "a port is a number from 1 to 65535: `example.org:1053`",
            Self::Zone { .. } => "a zone is written `example.org`, `.` for all names, or as a network: `10.0.0.0/8`",
            Self::Network(_) => "a network is written with its prefix length: `10.1.0.0/16`, `fd00:1::/32`",
            Self::AlreadyDefined { .. } => "merge the two blocks, or give them different ports or `bind` addresses",
            Self::Overlap { .. } => "give both a `bind` address, or different ports",
            Self::SnippetWithoutBlock(_) => "a snippet is written `(name) {`, its lines, and `}`",
            Self::SnippetRedefined { .. } => "give one of them another name",
            Self::ImportWithoutName => "write `import SNIPPET`, `import FILE` or `import DIRECTORY/*.conf`",
            Self::ImportArguments(_) => "use one line for each import; a path with blanks goes in quotes",
            Self::ImportNotFound(_) => {
                "a path is relative to the file that imports it; a snippet is written `(name) {`"
            }
            Self::SnippetDefinedLater(_) => "move the snippet above its first use",
            Self::ImportWildcards(_) => "a pattern may hold one `*` or one `?`",
            Self::ImportNoMatch(_) => "a pattern is relative to the file that imports it",
            Self::ImportUnreadable { .. } => "make it a file that this process may read",
            Self::ImportCycle(_) => "break the circle of imports",
            Self::ImportLimit(_) => "import less; look for snippets that import one another over and over",
        }
    }
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, span: Span) -> Self {
        Self { kind, span }
    }

    /// Whether the file can be used all the same.
    pub fn is_warning(&self) -> bool {
        matches!(self.kind, ErrorKind::StrayCloseAtEnd | ErrorKind::ImportNoMatch(_))
    }

    /// What would be right.
    pub fn help(&self) -> &'static str {
        self.kind.help()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} ({})", self.span, self.kind, self.help())
    }
}

impl std::error::Error for Error {}
