//! The report as text: severity and message, place, source line, caret, help; counts at the end.

use std::fmt::{self, Write as _};

use super::{Finding, Findings, Severity};

/// All findings in order, a line of counts at the end.
pub(super) fn report(findings: &Findings, color: bool) -> String {
    let mut report = String::new();
    for finding in findings.sorted() {
        let source = findings.source_line(&finding.file, finding.line);
        one(&mut report, finding, source, Paint { color }).expect("writing to a string cannot fail");
        report.push('\n');
    }
    if !findings.is_empty() {
        report.push_str(&counts(findings));
        report.push('\n');
    }
    report
}

/// One finding; `source` is the line it is about, if that is known.
fn one(report: &mut String, finding: &Finding, source: Option<&str>, paint: Paint) -> fmt::Result {
    let Finding { file, line, column, length, severity, message, help } = finding;
    let number = line.to_string();
    let margin = " ".repeat(number.len());
    let frame = |text| paint.frame(text);

    writeln!(report, "{}{}", paint.severity(*severity, severity.word()), paint.bold(&format!(": {message}")))?;
    match line {
        0 => writeln!(report, "{margin}{} {file}", frame("-->"))?,
        _ => writeln!(report, "{margin}{} {file}:{line}:{column}", frame("-->"))?,
    }
    if let Some(source) = source {
        let (padding, carets) = underline(source, *column, *length);
        writeln!(report, "{margin} {}", frame("|"))?;
        writeln!(report, "{} {} {}", frame(&number), frame("|"), printable(source))?;
        writeln!(report, "{margin} {} {padding}{}", frame("|"), paint.severity(*severity, &carets))?;
    }
    if let Some(help) = help {
        writeln!(report, "{margin} {} {} {help}", frame("="), paint.bold("help:"))?;
    }
    Ok(())
}

/// The counts of what there is, such as `2 errors, 1 warning`.
fn counts(findings: &Findings) -> String {
    let count = |severity: Severity| match findings.count(severity) {
        0 => None,
        1 => Some(format!("1 {}", severity.word())),
        many => Some(format!("{many} {}s", severity.word())),
    };
    let counts: Vec<_> = [Severity::Error, Severity::Warning, Severity::Note].into_iter().filter_map(count).collect();
    counts.join(", ")
}

/// Spaces up to `column` of the line as [`printable`] shows it, and carets under `length` characters: at least one,
/// none beyond the end of the line.
fn underline(source: &str, column: usize, length: usize) -> (String, String) {
    let before = source.chars().take(column.saturating_sub(1));
    let marked = source.chars().skip(column.saturating_sub(1)).take(length);
    let carets = marked.map(width).sum::<usize>().max(1);
    (" ".repeat(before.map(width).sum()), "^".repeat(carets))
}

/// The line as it is shown: a tab as four spaces, other control characters as U+FFFD.
fn printable(source: &str) -> String {
    let expanded = source.replace('\t', "    ");
    expanded.replace(|c: char| c.is_control(), "\u{fffd}").trim_end().to_owned()
}

/// Columns that [`printable`] gives to a character.
fn width(character: char) -> usize {
    if character == '\t' { 4 } else { 1 }
}

/// Puts the escape sequences of a terminal around texts, or does not.
#[derive(Clone, Copy)]
struct Paint {
    color: bool,
}

impl Paint {
    fn severity(self, severity: Severity, text: &str) -> String {
        let code = match severity {
            Severity::Error => "1;31",
            Severity::Warning => "1;33",
            Severity::Note => "1;36",
        };
        self.paint(code, text)
    }

    fn frame(self, text: &str) -> String {
        self.paint("1;34", text)
    }

    fn bold(self, text: &str) -> String {
        self.paint("1", text)
    }

    fn paint(self, code: &str, text: &str) -> String {
        if self.color { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}
