//! What the tests of `cache` and `forward` have in common: one directive, read by itself.

use std::path::Path;

use corefile::Directive;

use crate::config::Corefile;
use crate::config::report::Report;

/// What a reader makes of the first directive of a block with this text, and the findings as `LINE:COLUMN MESSAGE`.
pub(in crate::config) fn read<T>(
    text: &str,
    reader: impl FnOnce(&Directive, &mut Report<'_>) -> Option<T>,
) -> (Option<T>, Vec<String>) {
    let file = Corefile::parse(Path::new("Corefile"), format!(". {{\n{text}\n}}"), &mut |_| Ok(Vec::new()), &|_| None);
    let mut report = Report::new(&file);
    let directive = &file.parsed.as_ref().unwrap().blocks[0].directives[0];
    let understood = reader(directive, &mut report);
    let findings = report.finish();
    assert_eq!(understood.is_none(), findings.has_errors(), "{text}");
    let sorted = findings.sorted();
    let shown = sorted.iter().map(|finding| format!("{}:{} {}", finding.line, finding.column, finding.message));
    (understood, shown.collect())
}
