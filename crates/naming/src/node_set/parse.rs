//! Text → [`NodeSet`].

use std::ops::Range;
use std::str::FromStr;

use super::{MAX_NAMES, NodeSet, NodeSetError, NodeSetErrorKind, Numbers, Piece, count};

/// Digits of a number, so that it and its arithmetic fit into 64 bits.
const MAX_DIGITS: usize = 18;

impl FromStr for NodeSet {
    type Err = NodeSetError;

    fn from_str(text: &str) -> Result<Self, NodeSetError> {
        let mut terms = Vec::new();
        let mut names: u64 = 0;
        for range in split_outside_brackets(text)? {
            let term = term(text, trim(text, range.clone()))?;
            names = names.saturating_add(count(&term));
            if names > MAX_NAMES {
                return Err(error(NodeSetErrorKind::TooMany, range));
            }
            terms.push(term);
        }
        Ok(Self { terms })
    }
}

/// The ranges between the commas that stand outside brackets.
fn split_outside_brackets(text: &str) -> Result<Vec<Range<usize>>, NodeSetError> {
    let mut ranges = Vec::new();
    let mut open = None;
    let mut from = 0;
    for (at, c) in text.char_indices() {
        match (c, open) {
            ('[', None) => open = Some(at),
            (']', Some(_)) => open = None,
            (']', None) => return Err(error(NodeSetErrorKind::Unopened, at..at + 1)),
            (',', None) => {
                ranges.push(from..at);
                from = at + 1;
            }
            _ => {}
        }
    }
    if let Some(at) = open {
        return Err(error(NodeSetErrorKind::Unclosed, at..at + 1));
    }
    ranges.push(from..text.len());
    Ok(ranges)
}

/// One name with its brackets, which are balanced.
fn term(text: &str, range: Range<usize>) -> Result<Vec<Piece>, NodeSetError> {
    if range.is_empty() {
        return Err(error(NodeSetErrorKind::NoName, range));
    }
    if let Some((at, c)) = text[range.clone()].char_indices().find(|(_, c)| c.is_whitespace() || c.is_control()) {
        let at = range.start + at;
        return Err(error(NodeSetErrorKind::Blank, at..at + c.len_utf8()));
    }
    let mut pieces = Vec::new();
    let mut at = range.start;
    while at < range.end {
        let rest = &text[at..range.end];
        if let Some(inside) = rest.strip_prefix('[') {
            let length = inside.find(']').unwrap_or(inside.len());
            pieces.push(Piece::Numbers(numbers(text, at + 1..at + 1 + length)?));
            at += length + 2;
        } else {
            let length = rest.find('[').unwrap_or(rest.len());
            pieces.push(Piece::Text(rest[..length].to_owned()));
            at += length;
        }
    }
    Ok(pieces)
}

/// What stands in one pair of brackets.
fn numbers(text: &str, range: Range<usize>) -> Result<Vec<Numbers>, NodeSetError> {
    let mut at = range.start;
    let runs = text[range].split(',').map(|run| {
        let span = at..at + run.len();
        at = span.end + 1;
        numbers_run(text, span)
    });
    runs.collect()
}

/// `7`, `0-7` or `0-7/2`.
fn numbers_run(text: &str, span: Range<usize>) -> Result<Numbers, NodeSetError> {
    let (bounds, step) = cut(text, span.clone(), '/');
    let (first, last) = cut(text, bounds, '-');
    let from = number(text, first.clone())?;
    let to = last.clone().map_or(Ok(from), |last| number(text, last))?;
    let step = step.map_or(Ok(1), |step| {
        let number = number(text, step.clone())?;
        if number == 0 { Err(error(NodeSetErrorKind::Step, step)) } else { Ok(number) }
    })?;
    if to < from {
        return Err(error(NodeSetErrorKind::Backwards, span));
    }
    let width = padding(&text[first.clone()]);
    let padded_last = last.map_or(0, |last| padding(&text[last]));
    if padded_last > 0 && padded_last != first.len() {
        return Err(error(NodeSetErrorKind::Padding, span));
    }
    Ok(Numbers { from, to, step, width })
}

/// Digits that the number is padded to; 0 where it is not padded.
fn padding(digits: &str) -> usize {
    if digits.len() > 1 && digits.starts_with('0') { digits.len() } else { 0 }
}

fn number(text: &str, span: Range<usize>) -> Result<u64, NodeSetError> {
    let digits = &text[span.clone()];
    if digits.is_empty() {
        return Err(error(NodeSetErrorKind::NoNumber, span));
    }
    let is_number = digits.len() <= MAX_DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit());
    let number = if is_number { digits.parse().ok() } else { None };
    number.ok_or_else(|| error(NodeSetErrorKind::Number, span))
}

/// Cuts a range of the text at the first `separator`.
fn cut(text: &str, span: Range<usize>, separator: char) -> (Range<usize>, Option<Range<usize>>) {
    match text[span.clone()].find(separator) {
        Some(at) => (span.start..span.start + at, Some(span.start + at + 1..span.end)),
        None => (span, None),
    }
}

/// A range without the white space at its ends.
fn trim(text: &str, range: Range<usize>) -> Range<usize> {
    let slice = &text[range.clone()];
    let start = range.start + (slice.len() - slice.trim_start().len());
    start..start + slice.trim().len()
}

fn error(kind: NodeSetErrorKind, span: Range<usize>) -> NodeSetError {
    NodeSetError { kind, span }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expand(text: &str) -> Vec<String> {
        let set: NodeSet = text.parse().unwrap();
        assert_eq!(set.len(), set.iter().count(), "{text}");
        set.iter().collect()
    }

    #[test]
    fn sets_are_written_as_for_clush() {
        for (text, want) in [
            ("x1", vec!["x1"]),
            ("x[1-3]", vec!["x1", "x2", "x3"]),
            ("x[1,3,5-6]n0", vec!["x1n0", "x3n0", "x5n0", "x6n0"]),
            ("x[0-1]n[0-1]", vec!["x0n0", "x0n1", "x1n0", "x1n1"]),
            ("x[008-010]", vec!["x008", "x009", "x010"]),
            ("x[01-100/50]", vec!["x01", "x51"]),
            ("x[9-10]", vec!["x9", "x10"]),
            ("x[0-10/5]", vec!["x0", "x5", "x10"]),
            ("x[0-9/5]", vec!["x0", "x5"]),
            ("[0-1]", vec!["0", "1"]),
            ("a, b[1-2] ,c", vec!["a", "b1", "b2", "c"]),
            ("x[1][2]", vec!["x12"]),
            ("x[1-2],x2", vec!["x1", "x2", "x2"]),
        ] {
            assert_eq!(expand(text), want, "{text}");
        }
        assert_eq!("x[1000-1003]c0s[0-7]b0n[0-1]".parse::<NodeSet>().unwrap().len(), 64);
    }

    #[test]
    fn a_name_is_found_without_expanding() {
        let set: NodeSet = "x[1000-1003]c0s[0-7]b0n[0-1],p[001-020/2],q[1-11][1-11],r[0-99999]".parse().unwrap();
        for name in ["x1000c0s0b0n0", "x1003c0s7b0n1", "p001", "p019", "q1111", "q111", "r0", "r99999"] {
            assert!(set.contains(name), "{name}");
        }
        for name in [
            "",
            "x",
            "x1000",
            "x1004c0s0b0n0",
            "x1000c0s8b0n0",
            "x01000c0s0b0n0",
            "X1000c0s0b0n0",
            "x1000c0s0b0n0 ",
            "x1000c0s0b0n00",
            "p1",
            "p002",
            "p0001",
            "q1",
            "q1212",
            "r00",
            "r100000",
            "r99999999999999999999999999",
            "rä",
        ] {
            assert!(!set.contains(name), "{name}");
        }
    }

    #[test]
    fn what_is_no_set_says_where() {
        for (text, kind, span) in [
            ("", NodeSetErrorKind::NoName, 0..0),
            ("a,,b", NodeSetErrorKind::NoName, 2..2),
            ("a, ", NodeSetErrorKind::NoName, 3..3),
            ("x[1", NodeSetErrorKind::Unclosed, 1..2),
            ("x1]", NodeSetErrorKind::Unopened, 2..3),
            ("x[]", NodeSetErrorKind::NoNumber, 2..2),
            ("x[1,]", NodeSetErrorKind::NoNumber, 4..4),
            ("x[1-]", NodeSetErrorKind::NoNumber, 4..4),
            ("x[-1]", NodeSetErrorKind::NoNumber, 2..2),
            ("x[1-a]", NodeSetErrorKind::Number, 4..5),
            ("x[[1]]", NodeSetErrorKind::Unopened, 5..6),
            ("x[1-2-3]", NodeSetErrorKind::Number, 4..7),
            ("x[1234567890123456789]", NodeSetErrorKind::Number, 2..21),
            ("x[3-1]", NodeSetErrorKind::Backwards, 2..5),
            ("x[1-3/0]", NodeSetErrorKind::Step, 6..7),
            ("x[1-3/]", NodeSetErrorKind::NoNumber, 6..6),
            ("x[1-010]", NodeSetErrorKind::Padding, 2..7),
            ("x[01-010]", NodeSetErrorKind::Padding, 2..8),
            ("a b", NodeSetErrorKind::Blank, 1..2),
            ("x[1 -2]", NodeSetErrorKind::Blank, 3..4),
            ("a,x[0-999999]", NodeSetErrorKind::TooMany, 2..13),
            ("x[0-999999999999999999][0-999999999999999999]", NodeSetErrorKind::TooMany, 0..45),
        ] {
            assert_eq!(text.parse::<NodeSet>(), Err(NodeSetError { kind, span }), "{text:?}");
        }
        assert_eq!("x[0-999999]".parse::<NodeSet>().map(|set| set.len()), Ok(1_000_000));
    }
}
