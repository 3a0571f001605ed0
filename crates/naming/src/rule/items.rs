//! The items of a rule: splitting at commas, quotes and escapes (facts: coresmd-plugins §3).
//!
//! Commas inside single or double quotes do not split; inside quotes a backslash escapes; one pair of quotes around a
//! value is removed.

use std::ops::Range;

use super::error::{RuleError, RuleErrorKind};

/// One `KEY:VALUE`.
#[derive(Debug)]
pub(crate) struct Item<'a> {
    pub(crate) key: &'a str,
    pub(crate) key_span: Range<usize>,
    pub(crate) value: Value,
}

/// A value without quotes and blanks around it.
#[derive(Debug, Clone)]
pub(crate) struct Value {
    pub(crate) text: String,
    /// Where it stands, quotes included.
    pub(crate) span: Range<usize>,
    /// Where its text starts, if it stands there letter by letter (no escapes).
    start: Option<usize>,
}

/// The items of a rule. The second part is what could not be read.
pub(crate) fn items(text: &str) -> (Vec<Item<'_>>, Vec<RuleError>) {
    let (mut items, mut errors) = (Vec::new(), Vec::new());
    let ranges = match split_outside_quotes(text) {
        Ok(ranges) => ranges,
        Err(error) => return (items, vec![error]),
    };
    for range in ranges.into_iter().map(|range| trim(text, range)).filter(|range| !range.is_empty()) {
        match item(text, range) {
            Ok(item) => items.push(item),
            Err(error) => errors.push(error),
        }
    }
    (items, errors)
}

/// A value: its quotes removed, its escapes resolved, blanks around it dropped.
pub(crate) fn value(text: &str, span: Range<usize>) -> Result<Value, RuleError> {
    let span = trim(text, span);
    let raw = &text[span.clone()];
    let Some(quote) = raw.chars().next().filter(|c| matches!(c, '"' | '\'')) else {
        return Ok(Value { text: raw.to_owned(), start: Some(span.start), span });
    };
    let mut unescaped = String::new();
    let mut chars = raw.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        if c == quote {
            if at + 1 < raw.len() {
                return Err(RuleError::new(RuleErrorKind::TextBehindQuote, span.start + at + 1..span.end));
            }
            let inside = trim(text, span.start + 1..span.start + at);
            let verbatim = unescaped.trim() == &text[inside.clone()];
            return Ok(Value { text: unescaped.trim().to_owned(), start: verbatim.then_some(inside.start), span });
        }
        if c != '\\' {
            unescaped.push(c);
            continue;
        }
        let at = span.start + at;
        match chars.next() {
            Some((_, c @ ('\\' | '"' | '\''))) => unescaped.push(c),
            Some((_, 'n')) => unescaped.push('\n'),
            Some((_, 't')) => unescaped.push('\t'),
            Some((_, c)) => return Err(RuleError::new(RuleErrorKind::UnknownEscape(c), at..at + 1 + c.len_utf8())),
            None => return Err(RuleError::new(RuleErrorKind::TrailingBackslash, at..at + 1)),
        }
    }
    Err(RuleError::new(RuleErrorKind::UnclosedQuote, span))
}

/// A value as a rule writes it: in quotes where it needs them.
pub(crate) fn quote(value: &str) -> String {
    if !value.contains([',', '"', '\'', '\\', '\n', '\t']) {
        return value.to_owned();
    }
    let escaped = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n").replace('\t', "\\t");
    format!("\"{escaped}\"")
}

impl Value {
    /// Where a part of the text stands; the whole value where that cannot be told.
    pub(crate) fn span_of(&self, part: Range<usize>) -> Range<usize> {
        self.start.map_or(self.span.clone(), |start| start + part.start..start + part.end)
    }

    /// The parts between `|`, without blanks around them, each with its place.
    pub(crate) fn parts(&self) -> impl Iterator<Item = (&str, Range<usize>)> {
        let mut from = 0;
        self.text.split('|').map(move |part| {
            let range = trim(&self.text, from..from + part.len());
            from += part.len() + 1;
            (&self.text[range.clone()], self.span_of(range))
        })
    }
}

fn item(text: &str, range: Range<usize>) -> Result<Item<'_>, RuleError> {
    let slice = &text[range.clone()];
    let Some(colon) = slice.find(':') else {
        return Err(RuleError::new(RuleErrorKind::NoColon(slice.to_owned()), range));
    };
    let key_span = trim(text, range.start..range.start + colon);
    if key_span.is_empty() {
        return Err(RuleError::new(RuleErrorKind::NoKey, range));
    }
    let value = value(text, range.start + colon + 1..range.end)?;
    Ok(Item { key: &text[key_span.clone()], key_span, value })
}

fn split_outside_quotes(text: &str) -> Result<Vec<Range<usize>>, RuleError> {
    let (mut ranges, mut from) = (Vec::new(), 0);
    let mut quote: Option<(usize, char)> = None;
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match (c, quote) {
            ('"' | '\'', None) => quote = Some((at, c)),
            (_, Some((_, open))) if c == open => quote = None,
            ('\\', Some(_)) if chars.next().is_none() => {
                return Err(RuleError::new(RuleErrorKind::TrailingBackslash, at..at + 1));
            }
            (',', None) => {
                ranges.push(from..at);
                from = at + 1;
            }
            _ => {}
        }
    }
    if let Some((at, _)) = quote {
        return Err(RuleError::new(RuleErrorKind::UnclosedQuote, at..text.len()));
    }
    ranges.push(from..text.len());
    Ok(ranges)
}

/// A range without the blanks at its ends.
fn trim(text: &str, range: Range<usize>) -> Range<usize> {
    let slice = &text[range.clone()];
    let start = range.start + (slice.len() - slice.trim_start().len());
    start..start + slice.trim().len()
}
