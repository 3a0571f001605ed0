//! Node sets: many IDs in few characters, in the notation of `clush` and `nodeset`.
//!
//! `x[1000-1003]c0s[0-7]b0n[0-1],login1`: commas separate names; brackets hold numbers and ranges `from-to` or
//! `from-to/step`. Zeros before the first number of a range are padding that all its numbers get: `[001-010]`.

mod parse;

use std::fmt;
use std::fmt::Write as _;
use std::ops::Range;

use thiserror::Error;

/// Names that one set may spell.
pub const MAX_NAMES: u64 = 1_000_000;

/// A set of names. Displays as it was written, blanks removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeSet {
    /// The names between the commas; never empty.
    terms: Vec<Vec<Piece>>,
}

/// A piece of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    /// What every name has here.
    Text(String),
    /// What the names differ in; never empty.
    Numbers(Vec<Numbers>),
}

/// A run of numbers: `from`, `from + step`, … up to `to`, each with zeros to `width` digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Numbers {
    from: u64,
    to: u64,
    step: u64,
    /// 0: no padding.
    width: usize,
}

/// Why a text is no node set.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{kind} ({})", kind.help())]
pub struct NodeSetError {
    /// What is wrong.
    pub kind: NodeSetErrorKind,
    /// Where, in bytes of the text.
    pub span: Range<usize>,
}

/// What is wrong with a node set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NodeSetErrorKind {
    /// Nothing between two commas, or nothing at all.
    #[error("a name is missing")]
    NoName,
    /// `[` without `]`.
    #[error("`[` is never closed")]
    Unclosed,
    /// `]` without `[`.
    #[error("`]` closes nothing")]
    Unopened,
    /// A bracket, or a place between two commas in one, without a number.
    #[error("a number is missing")]
    NoNumber,
    /// Not digits, or too many of them.
    #[error("not a number")]
    Number,
    /// `[5-3]`
    #[error("the range runs backwards")]
    Backwards,
    /// `[0-8/0]`
    #[error("the step is 0")]
    Step,
    /// `[1-010]`
    #[error("the ends of the range are padded differently")]
    Padding,
    /// A blank or control character inside a name.
    #[error("a blank or control character inside a name")]
    Blank,
    /// More than [`MAX_NAMES`].
    #[error("the set spells more than 1,000,000 names")]
    TooMany,
}

impl NodeSetErrorKind {
    /// What would be right.
    pub fn help(self) -> &'static str {
        match self {
            Self::NoName => "write names like `x1000c0s[0-7]b0n0`, with one comma between two",
            Self::Unclosed => "end the numbers with `]`",
            Self::Unopened => "begin the numbers with `[`",
            Self::NoNumber => "write numbers and ranges like `[0-3,8]`",
            Self::Number => "a number has 1 to 18 digits",
            Self::Backwards => "write the smaller number first",
            Self::Step => "a step is a number from 1 on: `[0-8/2]`",
            Self::Padding => "write as many digits at both ends, like `[001-010]`",
            Self::Blank => "leave it out",
            Self::TooMany => "write less into one set",
        }
    }
}

impl NodeSet {
    /// Whether `name` is in the set; letters compare exactly. Nothing is expanded for this.
    pub fn contains(&self, name: &str) -> bool {
        self.terms.iter().any(|term| spells(term, name))
    }

    /// The names in the order they are written, the last brackets running fastest. A name that is spelled twice comes
    /// twice.
    pub fn iter(&self) -> impl Iterator<Item = String> {
        self.terms.iter().flat_map(|term| (0..count(term)).map(move |index| nth(term, index)))
    }

    /// How many names [`NodeSet::iter`] gives; 1 to [`MAX_NAMES`].
    pub fn len(&self) -> usize {
        let names: u64 = self.terms.iter().map(|term| count(term)).sum();
        usize::try_from(names).expect("at most MAX_NAMES")
    }

    /// Never: a set spells one name at least.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }
}

/// Whether the pieces spell `name`: walks the places that each piece can end at.
fn spells(term: &[Piece], name: &str) -> bool {
    let mut places = vec![0];
    for piece in term {
        let mut next = Vec::new();
        for &from in &places {
            let rest = &name[from..];
            match piece {
                Piece::Text(text) if rest.starts_with(text) => next.push(from + text.len()),
                Piece::Text(_) => {}
                Piece::Numbers(numbers) => {
                    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
                    let fits = |length: &usize| numbers.iter().any(|run| run.contains(&rest[..*length]));
                    next.extend((1..=digits).filter(fits).map(|length| from + length));
                }
            }
        }
        next.sort_unstable();
        next.dedup();
        places = next;
    }
    places.contains(&name.len())
}

/// How many names the pieces spell; saturating.
fn count(term: &[Piece]) -> u64 {
    let numbers = |piece: &Piece| match piece {
        Piece::Text(_) => 1,
        Piece::Numbers(numbers) => numbers.iter().map(Numbers::count).fold(0, u64::saturating_add),
    };
    term.iter().map(numbers).fold(1, u64::saturating_mul)
}

/// The name with this index; the last numbers run fastest.
fn nth(term: &[Piece], mut index: u64) -> String {
    let mut pieces = Vec::with_capacity(term.len());
    for piece in term.iter().rev() {
        match piece {
            Piece::Text(text) => pieces.push(text.clone()),
            Piece::Numbers(numbers) => {
                let all = numbers.iter().map(Numbers::count).fold(0, u64::saturating_add);
                let mut at = index % all;
                index /= all;
                for run in numbers {
                    if at < run.count() {
                        pieces.push(run.nth(at));
                        break;
                    }
                    at -= run.count();
                }
            }
        }
    }
    pieces.into_iter().rev().collect()
}

impl Numbers {
    fn count(&self) -> u64 {
        (self.to - self.from) / self.step + 1
    }

    fn nth(&self, index: u64) -> String {
        format!("{:0width$}", self.from + index * self.step, width = self.width)
    }

    /// Whether a text of digits is one of these numbers, its padding included.
    fn contains(&self, digits: &str) -> bool {
        let number: Option<u64> = digits.parse().ok().filter(|number| (self.from..=self.to).contains(number));
        number.is_some_and(|number| {
            let padded = number.checked_ilog10().map_or(1, |log| log as usize + 1).max(self.width);
            digits.len() == padded && (number - self.from).is_multiple_of(self.step)
        })
    }
}

impl fmt::Display for NodeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, term) in self.terms.iter().enumerate() {
            if position > 0 {
                f.write_char(',')?;
            }
            for piece in term {
                match piece {
                    Piece::Text(text) => f.write_str(text)?,
                    Piece::Numbers(numbers) => {
                        let runs: Vec<_> = numbers.iter().map(ToString::to_string).collect();
                        write!(f, "[{}]", runs.join(","))?;
                    }
                }
            }
        }
        Ok(())
    }
}

impl fmt::Display for Numbers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, to, step, width } = *self;
        write!(f, "{from:0width$}")?;
        if to > from {
            write!(f, "-{to:0width$}")?;
        }
        if step > 1 { write!(f, "/{step}") } else { Ok(()) }
    }
}
