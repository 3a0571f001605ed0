//! What is wrong with a configuration: every fault in one report, each with its place, shown as a compiler shows it.
//!
//! Pure: whoever parses pushes findings, whoever has the terminal prints the report.

mod nearest;
mod render;

pub use nearest::{did_you_mean, nearest};

use std::collections::BTreeMap;
use std::ops::Range;

/// Exit code of a wrong configuration (`EX_USAGE` of sysexits(3)).
pub const EXIT_CONFIG: u8 = 64;
/// Exit code when a right configuration cannot be started.
pub const EXIT_START: u8 = 1;

/// How bad a finding is; the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The configuration cannot be used as it stands.
    Error,
    /// It can, but does not do what it says.
    Warning,
    /// Worth knowing; nothing is wrong.
    Note,
}

impl Severity {
    /// The word that a report says.
    pub fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// One thing found, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The file, as the user named it.
    pub file: String,
    /// The line, from 1; 0 when the finding is about the file as a whole.
    pub line: usize,
    /// The column of the first character, from 1, counted in characters.
    pub column: usize,
    /// How many characters it is about; at least one is marked.
    pub length: usize,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, in one line.
    pub message: String,
    /// What would be right.
    pub help: Option<String>,
}

impl Finding {
    /// A finding about one character of `file` at `line` and `column` (from 1).
    pub fn new(
        severity: Severity,
        file: impl Into<String>,
        line: usize,
        column: usize,
        message: impl Into<String>,
    ) -> Self {
        let (file, message) = (file.into(), message.into());
        Self { file, line, column, length: 1, severity, message, help: None }
    }

    /// A finding about the octets `span` of `text`, the contents of `file`. A span over several lines is marked to the
    /// end of its first.
    pub fn at(
        severity: Severity,
        file: impl Into<String>,
        text: &str,
        span: Range<usize>,
        message: impl Into<String>,
    ) -> Self {
        let (line, column) = position(text, span.start);
        let marked = text.get(span).unwrap_or_default().lines().next().unwrap_or_default();
        Self::new(severity, file, line, column, message).length(marked.chars().count())
    }

    /// A finding about `file` as a whole: it is missing, say.
    pub fn whole(severity: Severity, file: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(severity, file, 0, 0, message)
    }

    /// The same, about `length` characters.
    #[must_use]
    pub fn length(mut self, length: usize) -> Self {
        self.length = length.max(1);
        self
    }

    /// The same, with what would be right.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// Line and column (both from 1, the column in characters) of the octet at `offset` of `text`. An offset beyond the end
/// is the end, one within a character is that character.
pub fn position(text: &str, offset: usize) -> (usize, usize) {
    let before = &text[..text.floor_char_boundary(offset)];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

/// All findings about one configuration, with the texts they are about.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    list: Vec<Finding>,
    sources: BTreeMap<String, String>,
}

impl Findings {
    /// No findings.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes the contents of `file` known, so that the report can show the lines it is about.
    pub fn add_source(&mut self, file: impl Into<String>, text: impl Into<String>) {
        self.sources.insert(file.into(), text.into());
    }

    /// Adds one finding.
    pub fn push(&mut self, finding: Finding) {
        self.list.push(finding);
    }

    /// The findings by file, line and column; those of one place in the order in which they were made.
    pub fn sorted(&self) -> Vec<&Finding> {
        let mut sorted: Vec<_> = self.list.iter().collect();
        sorted.sort_by(|a, b| (&a.file, a.line, a.column).cmp(&(&b.file, b.line, b.column)));
        sorted
    }

    /// How many findings of this severity there are.
    pub fn count(&self, severity: Severity) -> usize {
        self.list.iter().filter(|finding| finding.severity == severity).count()
    }

    /// Whether anything makes the configuration unusable.
    pub fn has_errors(&self) -> bool {
        self.count(Severity::Error) > 0
    }

    /// Whether nothing was found, not even a note.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The exit code of `check`: [`EXIT_CONFIG`] if there is an error or a warning, else 0.
    pub fn exit_code(&self) -> u8 {
        let wrong = self.list.iter().any(|finding| finding.severity != Severity::Note);
        if wrong { EXIT_CONFIG } else { 0 }
    }

    /// The report, ending with a line of counts; the empty string if there are no findings. `color`: with the escape
    /// sequences of a terminal ([`std::io::IsTerminal`]).
    pub fn report(&self, color: bool) -> String {
        render::report(self, color)
    }

    /// Line number `line` (from 1) of `file`, if its contents are known.
    fn source_line(&self, file: &str, line: usize) -> Option<&str> {
        self.sources.get(file)?.lines().nth(line.checked_sub(1)?)
    }
}

impl Extend<Finding> for Findings {
    fn extend<T: IntoIterator<Item = Finding>>(&mut self, findings: T) {
        self.list.extend(findings);
    }
}

#[cfg(test)]
mod tests;
