//! The words of a value: `CoreDHCP` splits every argument on white space, with no regard to quotes. In the text forms of
//! `coresmd` and `bootloop` they are `key=value`, with `/* comments */` of whole words (facts: coresmd-plugins §1).

use std::ops::Range;

use super::report::{Fault, Report};
use super::tree::Node;
use super::tree::Value;

/// One word with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) text: String,
    pub(super) span: Range<usize>,
}

/// The words of a scalar (none for null); `None` for a list or a map, which has no words.
pub(super) fn split(node: &Node, source: &str) -> Option<Vec<Word>> {
    match &node.value {
        Value::Null => Some(Vec::new()),
        Value::Scalar(text) => Some(place(text, node, source)),
        Value::List(_) | Value::Map(_) => None,
    }
}

/// A word's key and value: only the first `=` splits, and a URL with a query has no key.
pub(super) fn key(word: &Word) -> Option<(&str, &str)> {
    let (key, value) = word.text.split_once('=')?;
    let letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    key.chars().all(letter).then_some((key, value))
}

/// Drops the comments: a word that begins with `/*` opens one, a word that ends with `*/` closes it.
pub(super) fn without_comments(words: Vec<Word>, report: &mut Report<'_>) -> Vec<Word> {
    let mut open = None;
    let mut kept = Vec::new();
    for word in words {
        let (opens, closes) = (word.text.starts_with("/*"), word.text.ends_with("*/"));
        match (&open, opens, closes) {
            (None, true, true) | (Some(_), _, false) => {}
            (None, true, false) => open = Some(word.span),
            (Some(_), _, true) => open = None,
            (None, false, true) => {
                report.warn(Fault::new(word.span, format!("`{}` closes no comment", word.text)));
            }
            (None, false, false) => kept.push(word),
        }
    }
    if let Some(place) = open {
        let fault = Fault::new(place, "this comment is not closed: everything behind it is ignored");
        report.warn(fault.help("a comment ends with a word that ends with `*/`"));
    }
    kept
}

impl Word {
    /// The word's part from this octet of its text on.
    pub(super) fn from(&self, offset: usize) -> Range<usize> {
        (self.span.start + offset).min(self.span.end)..self.span.end
    }
}

/// Finds each word in the file, in order. A word that an escape or a number's notation spells otherwise there has the
/// place of the whole value.
fn place(text: &str, node: &Node, source: &str) -> Vec<Word> {
    let end = node.span.end.min(source.len());
    let mut from = node.span.start;
    let place = |word: &str| {
        let found = source.get(from..end).and_then(|rest| rest.find(word));
        let span = found.map_or(node.span.clone(), |at| from + at..from + at + word.len());
        if found.is_some() {
            from = span.end;
        }
        Word { text: word.to_owned(), span }
    };
    text.split_whitespace().map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::super::tree;
    use super::*;

    #[test]
    fn each_word_knows_its_place() {
        let yaml = "step: |\n  a=1\n  b=\"x y\"  a=1\n";
        let tree = tree::parse(yaml).unwrap();
        let words = split(&tree.get("step").unwrap().node, yaml).unwrap();
        let placed: Vec<_> = words.iter().map(|word| (word.text.as_str(), &yaml[word.span.clone()])).collect();
        assert_eq!(placed, [("a=1", "a=1"), ("b=\"x", "b=\"x"), ("y\"", "y\""), ("a=1", "a=1")]);
        assert!(words[3].span.start > words[2].span.end);
    }

    #[test]
    fn an_escaped_word_has_the_place_of_its_value() {
        let yaml = "step: \"a\\u0062\"\n";
        let tree = tree::parse(yaml).unwrap();
        let words = split(&tree.get("step").unwrap().node, yaml).unwrap();
        assert_eq!((words[0].text.as_str(), &yaml[words[0].span.clone()]), ("ab", "a\\u0062"));
    }
}
