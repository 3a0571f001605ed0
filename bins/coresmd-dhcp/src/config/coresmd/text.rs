//! The text form: words `key=value` (facts: coresmd-plugins §1).

use super::{Draft, keys};
use crate::config::report::{Fault, Report};
use crate::config::words::{Word, key};

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
