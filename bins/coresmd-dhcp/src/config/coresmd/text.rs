//! The text form: words `key=value`, with `/* comments */` of whole words (facts: coresmd-plugins §1).

use super::{Draft, keys};
use crate::config::report::{Fault, Report};
use crate::config::words::Word;

/// Reads the words. What is wrong with one is a warning, and the word is skipped, as the original does.
pub(super) fn read(words: &[Word], draft: &mut Draft, report: &mut Report<'_>) {
    for word in words {
        let Some((key, value)) = key(word) else {
            let fault = Fault::new(word.span.clone(), format!("`{}` is no `key=value`", word.text));
            report.warn(fault.help("a value cannot contain white space, quoted or not"));
            continue;
        };
        let place = word.from(word.text.len() - value.len());
        for fault in keys::set(draft, key, value, place).err().unwrap_or_default() {
            report.warn(if fault.span.is_empty() { Fault { span: word.span.clone(), ..fault } } else { fault });
        }
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
