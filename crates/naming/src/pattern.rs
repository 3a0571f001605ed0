//! Hostname patterns: `nid{04d}`, `{id}-mgmt` (facts: coresmd-plugins §3 "Patterns").
//!
//! `{id}` is the component's ID; `{Nd}` and `{0Nd}` are its NID with zeros to N digits. Any other brace stands for
//! itself, as in the original. A component ID need not be an xname (facts: openchami-today §5), so one that is no DNS
//! label (RFC 1123 §2.1) gives no name; letters of an ID are lower-cased, those of the pattern stay as written.

use std::fmt;
use std::fmt::Write as _;
use std::ops::Range;
use std::str::FromStr;

use smd_cache::{ComponentId, Nid};
use thiserror::Error;

/// Octets of a DNS label (RFC 1035 §2.3.4).
const MAX_LABEL: usize = 63;

/// A hostname pattern. Displays as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    text: String,
    parts: Vec<Part>,
}

/// A piece of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Id,
    Nid { width: usize },
}

/// Why a text is no pattern. The ranges are bytes of the text.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PatternError {
    /// Nothing, or white space.
    #[error("the pattern is empty")]
    Empty,
    /// More digits than a label has room for.
    #[error("a NID of more than 63 digits does not fit into a DNS label")]
    Width(Range<usize>),
    /// A dot with nothing before or behind it.
    #[error("a label of the name is empty")]
    EmptyLabel(Range<usize>),
    /// White space or a control character inside.
    #[error("a blank or control character inside a name")]
    Blank(Range<usize>),
}

/// Why a pattern gives a component no name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Unnameable {
    /// The pattern holds a NID, and the component has none.
    #[error("it has no NID")]
    NoNid,
    /// The pattern holds the ID, and the ID is no DNS label.
    #[error("its ID cannot stand in a DNS name")]
    Id,
    /// A label of more than 63 characters, or a name of more than 253.
    #[error("the name is too long for DNS")]
    TooLong,
}

impl Pattern {
    /// The name of a component; `None` where [`Pattern::name`] says why there is none.
    pub fn render(&self, id: &ComponentId, nid: Option<Nid>) -> Option<String> {
        self.name(id, nid).ok()
    }

    /// The name of a component, or why it has none.
    pub fn name(&self, id: &ComponentId, nid: Option<Nid>) -> Result<String, Unnameable> {
        let mut name = String::with_capacity(self.text.len() + 16);
        for part in &self.parts {
            match part {
                Part::Text(text) => name.push_str(text),
                Part::Id if is_label(id.as_str()) => name.extend(id.as_str().chars().map(|c| c.to_ascii_lowercase())),
                Part::Id => return Err(Unnameable::Id),
                Part::Nid { width } => {
                    let nid = nid.ok_or(Unnameable::NoNid)?.0;
                    write!(name, "{nid:0width$}").expect("a String takes any text");
                }
            }
        }
        if name.split('.').any(|label| label.len() > MAX_LABEL) { Err(Unnameable::TooLong) } else { Ok(name) }
    }

    /// Whether a name depends on the NID.
    pub fn needs_nid(&self) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Nid { .. }))
    }

    /// The first character, by its bytes in the text, that will stand in the names though no host name has it
    /// (RFC 1123 §2.1): `a{d}`, `node_1`. The original takes it; `check` should not.
    pub fn odd_character(&self) -> Option<Range<usize>> {
        let mut from = 0;
        for part in &self.parts {
            if let Part::Text(text) = part {
                let odd = |c: &(usize, char)| !c.1.is_ascii_alphanumeric() && !matches!(c.1, '-' | '.');
                if let Some((at, c)) = text.char_indices().find(odd) {
                    return Some(from + at..from + at + c.len_utf8());
                }
            }
            from += part.written_length(&self.text[from..]);
        }
        None
    }
}

impl Part {
    /// Bytes of this part at the start of `text`.
    fn written_length(&self, text: &str) -> usize {
        match self {
            Self::Text(written) => written.len(),
            Self::Id | Self::Nid { .. } => text.find('}').map_or(text.len(), |at| at + 1),
        }
    }
}

impl FromStr for Pattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        if text.trim().is_empty() {
            return Err(PatternError::Empty);
        }
        if let Some((at, c)) = text.char_indices().find(|(_, c)| c.is_whitespace() || c.is_control()) {
            return Err(PatternError::Blank(at..at + c.len_utf8()));
        }
        let mut parts: Vec<Part> = Vec::new();
        let mut at = 0;
        while let Some(first) = text[at..].chars().next() {
            if let Some((part, length)) = placeholder(&text[at..]) {
                if matches!(part, Part::Nid { width } if width > MAX_LABEL) {
                    return Err(PatternError::Width(at..at + length));
                }
                parts.push(part);
                at += length;
            } else {
                match parts.last_mut() {
                    Some(Part::Text(text)) => text.push(first),
                    _ => parts.push(Part::Text(first.into())),
                }
                at += first.len_utf8();
            }
        }
        match empty_label(text) {
            Some(dot) => Err(PatternError::EmptyLabel(dot)),
            None => Ok(Self { text: text.to_owned(), parts }),
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl PatternError {
    /// What would be right.
    pub fn help(&self) -> &'static str {
        match self {
            Self::Empty => "write a pattern like `nid{04d}` or `{id}`",
            Self::Width(_) => "write fewer digits, like `{04d}`",
            Self::EmptyLabel(_) => "leave the dot out",
            Self::Blank(_) => "leave it out",
        }
    }

    /// The bytes at fault, where it is not the whole text.
    pub fn range(&self) -> Option<Range<usize>> {
        match self {
            Self::Empty => None,
            Self::Width(range) | Self::EmptyLabel(range) | Self::Blank(range) => Some(range.clone()),
        }
    }
}

/// The placeholder at the start of `text`, and its length.
fn placeholder(text: &str) -> Option<(Part, usize)> {
    let inside = &text.strip_prefix('{')?[..text.find('}')? - 1];
    let part = if inside == "id" {
        Part::Id
    } else {
        let digits = inside.strip_suffix('d')?;
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        Part::Nid { width: digits.parse().unwrap_or(usize::MAX) }
    };
    Some((part, inside.len() + 2))
}

/// The dot beside which a label is missing.
fn empty_label(text: &str) -> Option<Range<usize>> {
    let at = if text.starts_with('.') {
        0
    } else if text.ends_with('.') {
        text.len() - 1
    } else {
        text.find("..")?
    };
    Some(at..at + 1)
}

/// Whether `text` can be a label of a host name (RFC 1123 §2.1).
fn is_label(text: &str) -> bool {
    let inside = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    text.len() <= MAX_LABEL && text.bytes().all(inside) && !text.starts_with('-') && !text.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn render(pattern: &str, id: &str, nid: Option<u64>) -> Result<String, Unnameable> {
        let pattern: Pattern = pattern.parse().unwrap();
        let (id, nid) = (ComponentId::new(id).unwrap(), nid.map(Nid));
        let name = pattern.name(&id, nid);
        assert_eq!(pattern.render(&id, nid), name.clone().ok());
        name
    }

    #[test]
    fn patterns_render_as_the_original_renders_them() {
        for (pattern, want) in [
            ("nid{04d}", "nid0007"),
            ("b{2d}", "b07"),
            ("c{08d}", "c00000007"),
            ("{00004d}", "0007"),
            ("{1d}", "7"),
            ("{0d}", "7"),
            ("{00d}", "7"),
            ("{id}", "x1000c0s0b0n0"),
            ("c-{id}-{03d}", "c-x1000c0s0b0n0-007"),
            ("{02d}{02d}", "0707"),
            ("login", "login"),
            // What is no placeholder stays as written.
            ("a{d}", "a{d}"),
            ("{ID}{x}{", "{ID}{x}{"),
            ("{4}{-4d}{4d", "{4}{-4d}{4d"),
            ("{{id}}", "{x1000c0s0b0n0}"),
            ("Nid{04d}.Rack", "Nid0007.Rack"),
        ] {
            assert_eq!(render(pattern, "x1000c0s0b0n0", Some(7)), Ok(want.to_owned()), "{pattern}");
        }
        assert_eq!(render("nid{04d}", "x1", Some(123_456)), Ok("nid123456".to_owned()));
        assert_eq!(render("nid{04d}", "x1", Some(0)), Ok("nid0000".to_owned()));
    }

    #[test]
    fn no_nid_no_name() {
        assert_eq!(render("bmc{04d}", "x1000c0s0b0", None), Err(Unnameable::NoNid));
        assert_eq!(render("bmc-{id}", "x1000c0s0b0", None), Ok("bmc-x1000c0s0b0".to_owned()));
    }

    #[test]
    fn an_id_is_lower_cased_and_must_be_a_label() {
        assert_eq!(render("{id}", "Rack7-Node3", None), Ok("rack7-node3".to_owned()));
        for id in ["rack 7", "rack_7", "rack.7", "-rack", "rack-", "räck", "a/b", &"x".repeat(64)] {
            assert_eq!(render("{id}", id, None), Err(Unnameable::Id), "{id}");
            assert_eq!(render("n{02d}", id, Some(1)), Ok("n01".to_owned()), "{id}");
        }
        assert_eq!(render("node-{id}", &"x".repeat(60), None), Err(Unnameable::TooLong));
    }

    #[test]
    fn what_is_no_pattern_says_where() {
        for (text, want) in [
            ("", PatternError::Empty),
            (" ", PatternError::Empty),
            ("a{064d}", PatternError::Width(1..7)),
            ("a{99999999999999999999999d}", PatternError::Width(1..27)),
            ("a..b", PatternError::EmptyLabel(1..2)),
            (".a", PatternError::EmptyLabel(0..1)),
            ("a.", PatternError::EmptyLabel(1..2)),
            ("a b", PatternError::Blank(1..2)),
        ] {
            assert_eq!(text.parse::<Pattern>(), Err(want), "{text:?}");
        }
    }

    #[test]
    fn a_character_that_no_host_name_has_is_found() {
        for (text, want) in
            [("nid{04d}", None), ("a{d}", Some(1..2)), ("{id}_{04d}", Some(4..5)), ("{04d}{id}-ä", Some(10..12))]
        {
            assert_eq!(text.parse::<Pattern>().unwrap().odd_character(), want, "{text}");
        }
    }
}
