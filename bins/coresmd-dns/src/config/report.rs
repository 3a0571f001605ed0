//! Collecting the findings, each with its place.

use corefile::{Span, Word};
use serve::findings::{Finding, Findings, Severity};

use super::read::Corefile;
use crate::name::Name;

/// The report in the making.
pub(super) struct Report<'f> {
    file: &'f Corefile,
    findings: Findings,
}

impl<'f> Report<'f> {
    /// Begins with what reading the file found.
    pub(super) fn new(file: &'f Corefile) -> Self {
        let mut report = Self { file, findings: Findings::new() };
        for (name, text) in &file.texts {
            report.findings.add_source(name, text);
        }
        for error in &file.errors {
            report.corefile(error);
        }
        report
    }

    /// A fault: the configuration cannot be used.
    pub(super) fn error(&mut self, span: &Span, message: impl Into<String>, help: impl Into<String>) {
        self.at(Severity::Error, span, message.into(), help.into());
    }

    /// Something worth knowing that is not wrong.
    pub(super) fn note(&mut self, span: &Span, message: impl Into<String>, help: impl Into<String>) {
        self.at(Severity::Note, span, message.into(), help.into());
    }

    /// A fault of the file as a whole.
    pub(super) fn whole(&mut self, message: &str, help: &str) {
        self.findings.push(Finding::whole(Severity::Error, &self.file.name, message).help(help));
    }

    /// What the parser found.
    pub(super) fn corefile(&mut self, error: &corefile::Error) {
        let severity = if error.is_warning() { Severity::Warning } else { Severity::Error };
        self.at(severity, &error.span, error.kind.to_string(), error.help().to_owned());
    }

    /// The only word of a line, with a finding if there are more or fewer.
    pub(super) fn single<'w>(&mut self, name: &str, span: &Span, args: &'w [Word], what: &str) -> Option<&'w Word> {
        match args {
            [word] => Some(word),
            [] => {
                self.error(span, format!("`{name}` without a value"), format!("write `{name} {what}`"));
                None
            }
            [_, surplus, ..] => {
                let message = format!("`{name}` takes one value; `{}` is one too many", surplus.text);
                self.error(&surplus.span, message, format!("write `{name} {what}`"));
                None
            }
        }
    }

    /// The zones of a directive, with a finding for each word that is no name; `None` where none is given.
    pub(super) fn zones(&mut self, words: &[Word]) -> Option<Vec<Name>> {
        let mut zone = |word: &Word| {
            let name = Name::parse(&word.text);
            if let Err(error) = &name {
                self.error(&word.span, format!("`{}` {error}", word.text), "write the zone as `example.org`");
            }
            name.ok()
        };
        (!words.is_empty()).then(|| words.iter().filter_map(&mut zone).collect())
    }

    /// How many faults there are so far.
    pub(super) fn errors(&self) -> usize {
        self.findings.sorted().iter().filter(|finding| finding.severity == Severity::Error).count()
    }

    /// All findings.
    pub(super) fn finish(self) -> Findings {
        self.findings
    }

    fn at(&mut self, severity: Severity, span: &Span, message: String, help: String) {
        let file = span.file.display().to_string();
        let marked = self.file.text(&file).and_then(|text| text.get(span.range.clone())).unwrap_or_default();
        let length = marked.lines().next().unwrap_or_default().chars().count();
        let finding = Finding::new(severity, file, span.line, span.column, message).length(length).help(help);
        self.findings.push(finding);
    }
}
