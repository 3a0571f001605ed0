//! Where the parsers of this room put what they find.

use std::ops::Range;

use serve::findings::{Finding, Findings, Severity};

/// The findings about one file.
#[derive(Debug)]
pub(super) struct Report<'t> {
    file: &'t str,
    text: &'t str,
    findings: Findings,
    /// Whether the section `smd` says where the inventory is, so that no step need say it.
    pub(super) inventory_named: bool,
}

/// A fault with its place, not yet weighed: the text form of a plugin warns about what is fatal in the strict form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) span: Range<usize>,
    pub(super) message: String,
    pub(super) help: Option<String>,
    /// Fatal in both forms.
    pub(super) fatal: bool,
}

impl Fault {
    /// A fault at a place.
    pub(super) fn new(span: Range<usize>, message: impl Into<String>) -> Self {
        Self { span, message: message.into(), help: None, fatal: false }
    }

    /// The same, with what would be right.
    pub(super) fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }

    /// The same, fatal in every form.
    pub(super) fn fatal(self) -> Self {
        Self { fatal: true, ..self }
    }
}

impl<'t> Report<'t> {
    /// An empty report about `text`, the contents of `file`.
    pub(super) fn new(file: &'t str, text: &'t str) -> Self {
        let mut findings = Findings::new();
        findings.add_source(file, text);
        Self { file, text, findings, inventory_named: false }
    }

    /// The file's text.
    pub(super) fn text(&self) -> &'t str {
        self.text
    }

    /// Files a fault that makes the configuration unusable.
    pub(super) fn error(&mut self, fault: Fault) {
        self.file_under(Severity::Error, fault);
    }

    /// Files a fault that is skipped.
    pub(super) fn warn(&mut self, fault: Fault) {
        let severity = if fault.fatal { Severity::Error } else { Severity::Warning };
        self.file_under(severity, fault);
    }

    /// Files something worth knowing.
    pub(super) fn note(&mut self, fault: Fault) {
        self.file_under(Severity::Note, fault);
    }

    /// Files an error at a line and column that a parser named, 0 for the file as a whole.
    pub(super) fn error_at(&mut self, line: usize, column: usize, message: String, help: Option<&str>) {
        let mut finding = Finding::new(Severity::Error, self.file, line, column, message);
        finding.help = help.map(str::to_owned);
        self.findings.push(finding);
    }

    /// Everything that was filed.
    pub(super) fn into_findings(self) -> Findings {
        self.findings
    }

    fn file_under(&mut self, severity: Severity, fault: Fault) {
        let mut finding = Finding::at(severity, self.file, self.text, fault.span, fault.message);
        finding.help = fault.help;
        self.findings.push(finding);
    }
}
