//! What can be wrong with a rule, where it stands, and what would be right.

use std::fmt;
use std::ops::Range;

use thiserror::Error;

use crate::node_set::NodeSetErrorKind;
use crate::pattern::PatternError;

/// A fault of a rule's text. Displays as fault and remedy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleError {
    /// What is wrong.
    pub kind: RuleErrorKind,
    /// Where, in bytes of the text.
    pub span: Range<usize>,
}

/// What is wrong. The text names the fault; [`RuleErrorKind::help`] says what would be right.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RuleErrorKind {
    /// No item at all.
    #[error("the rule is empty")]
    Empty,
    /// An item without `:`.
    #[error("`{0}` is not KEY:VALUE")]
    NoColon(String),
    /// `:value`
    #[error("a key is missing before `:`")]
    NoKey,
    /// A key that no rule has.
    #[error("unknown key `{key}`")]
    UnknownKey {
        /// The key as written.
        key: String,
        /// The key that is spelled most like it.
        nearest: Option<&'static str>,
    },
    /// A key for the second time.
    #[error("the key `{0}` is given twice")]
    DuplicateKey(&'static str),
    /// Two keys of which a rule may have one.
    #[error("`{0}` and `{1}` exclude each other")]
    Exclusive(&'static str, &'static str),
    /// A quote without its partner.
    #[error("the quote is never closed")]
    UnclosedQuote,
    /// `"a"b`
    #[error("there is text behind the closing quote")]
    TextBehindQuote,
    /// A backslash with nothing behind it.
    #[error("nothing follows the backslash")]
    TrailingBackslash,
    /// A backslash before a character that needs none.
    #[error("`\\{0}` is no escape")]
    UnknownEscape(char),
    /// A key that narrows the match, without a value: the rule would be for everybody.
    #[error("`{0}` has no value")]
    Blank(&'static str),
    /// `hostname:`
    #[error("`hostname`: {0}")]
    Hostname(PatternError),
    /// `id_set:`
    #[error("`id_set`: {0}")]
    IdSet(NodeSetErrorKind),
    /// `subnet:`
    #[error("`{0}` is not a subnet")]
    Subnet(String),
    /// `routers:`
    #[error("`{0}` is not an IPv4 address")]
    Router(String),
    /// `netmask:`
    #[error("`{0}` is not a netmask")]
    Netmask(String),
    /// `cidr:`
    #[error("`{0}` is not the length of an IPv4 netmask")]
    Cidr(String),
    /// `domain:`
    #[error("`{0}` is not a domain name")]
    Domain(String),
    /// `domain:none`
    #[error("`none` is not a domain")]
    DomainNone,
    /// `domain_append:`
    #[error("`{0}` is not a way to append domains")]
    DomainAppend(String),
    /// `continue:` or `ignore:`
    #[error("`{0}` is neither true nor false")]
    Bool(String),
    /// `log:`
    #[error("`{0}` is not a way to log")]
    Log(String),
    /// `hostname_by_type=` without a type.
    #[error("`{0}` is not TYPE:PATTERN")]
    NoType(String),
    /// A rule that does nothing.
    #[error("the rule does nothing")]
    NoAction,
}

impl RuleErrorKind {
    /// What would be right.
    pub fn help(&self) -> String {
        let fixed = match self {
            Self::UnknownKey { nearest: Some(nearest), .. } => return format!("did you mean `{nearest}`?"),
            Self::UnknownKey { nearest: None, .. } => {
                "known keys: type subnet id id_set hostname routers netmask cidr domain domain_append continue ignore \
                 log name"
            }
            Self::Empty => "write items like `type:Node,hostname:nid{04d}`",
            Self::NoColon(_) | Self::NoKey => "write KEY:VALUE; a value that holds a comma goes in quotes",
            Self::DuplicateKey("type" | "subnet" | "routers") => "write several values with `|` between them",
            Self::DuplicateKey(_) => "remove one of them, or write two rules",
            Self::Exclusive(..) => "remove one of them",
            Self::UnclosedQuote => "close it; a quote inside quotes is written `\\\"`",
            Self::TextBehindQuote => "put the whole value in quotes, or none of it",
            Self::TrailingBackslash | Self::UnknownEscape(_) => "the escapes are \\\\ \\\" \\' \\n \\t",
            Self::Blank(_) => "give it a value, or remove it so that the rule is for everybody",
            Self::Hostname(error) => error.help(),
            Self::IdSet(NodeSetErrorKind::Unclosed) => {
                "end the numbers with `]`; a set that holds a comma goes in quotes"
            }
            Self::IdSet(kind) => kind.help(),
            Self::Subnet(_) => "write a network with its prefix length: `172.16.0.0/24`, `fd00:16::/64`",
            Self::Router(_) => "write addresses like `172.16.0.254`, several with `|` between them",
            Self::Netmask(_) => "write a mask like `255.255.255.0`: ones, then zeros, not all zeros",
            Self::Cidr(_) => "write a number from 1 to 32",
            Self::Domain(_) => "write a name like `cluster.local`",
            Self::DomainNone => "write `domain_append:none` for names without a domain",
            Self::DomainAppend(_) => "write global, rule, global|rule, rule|global or none",
            Self::Bool(_) => "write true or false",
            Self::Log(_) => "write info, debug or none",
            Self::NoType(_) => "write a component type and a pattern: `HSNSwitch:{id}`",
            Self::NoAction => "add hostname, routers, netmask, cidr, an IPv4 subnet (for its mask), or ignore:true",
        };
        fixed.to_owned()
    }
}

impl RuleError {
    pub(crate) fn new(kind: RuleErrorKind, span: Range<usize>) -> Self {
        Self { kind, span }
    }

    /// What would be right.
    pub fn help(&self) -> String {
        self.kind.help()
    }
}

impl fmt::Display for RuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.kind, self.help())
    }
}

impl std::error::Error for RuleError {}
