//! The `template` directive: answers written out of the question by templates.
//!
//! Pure. Facts: coredhcp-coredns §B5. The texts are Go's `text/template` as far as [`Text`] has it, compiled when the
//! Corefile is read; expressions are RE2's, whose time is linear in the name. What a text comes to is read as a master
//! file's records are, and is bounded; where it is none, the question fails and the failure is counted.

mod chase;
mod data;
mod evaluate;
mod expression;
mod format;
mod lexer;
mod text;

use std::sync::atomic::{AtomicU64, Ordering};

use hickory_proto::rr::Record;
use regex::Regex;

use crate::name::Name;
use crate::plugins::{Composed, Found, Question};
use crate::wire::{Rcode, Rtype};
use crate::zone_file;
use crate::zones::{longest, within};

pub use chase::chase;
pub use text::{Text, TextError};

use data::Data;

/// The longest that a text may come to, in octets.
const MAX_OUTPUT: usize = 8_192;

/// Seconds for which a record without a TTL may be remembered.
const DEFAULT_TTL: u32 = 3_600;

/// The EDNS option of extended errors (RFC 8914).
const EXTENDED_ERROR: u16 = 15;

/// What a `template` directive says.
#[derive(Debug, Clone)]
pub struct Definition {
    /// The class that it answers; `None`: any.
    pub class: Option<u16>,
    /// The type that it answers; `None`: any.
    pub qtype: Option<Rtype>,
    /// What it answers for.
    pub zones: Vec<Name>,
    /// Where a name that no expression matches is for the next directive to say.
    pub fallthrough: Vec<Name>,
    /// What the name, in lower case and with its last dot, must match: one of these.
    pub expressions: Vec<Regex>,
    /// The records of the three sections, in their order.
    pub texts: Vec<(Section, Text)>,
    /// The response code.
    pub rcode: u16,
    /// An extended error, with its text.
    pub extended_error: Option<(u16, String)>,
}

/// A section of a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Section {
    /// The records that answer.
    Answer,
    /// The records about who knows.
    Authority,
    /// Whatever else helps.
    Additional,
}

/// A `template` directive at work.
#[derive(Debug)]
pub struct Template {
    definition: Definition,
    /// Questions that were answered, by zone.
    matches: Vec<AtomicU64>,
    /// Failures of each text.
    failures: Vec<Failures>,
}

/// How often a text failed.
#[derive(Debug, Default)]
struct Failures {
    /// It could not be written.
    text: AtomicU64,
    /// What was written is no record.
    records: AtomicU64,
}

/// How often a text failed, for metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failed<'t> {
    /// The section that it is for.
    pub section: Section,
    /// The text as it stands in the Corefile.
    pub template: &'t str,
    /// How often it could not be written.
    pub text: u64,
    /// How often what it wrote was no record.
    pub records: u64,
}

impl Section {
    /// As the Corefile and the metrics call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Answer => "answer",
            Self::Authority => "authority",
            Self::Additional => "additional",
        }
    }
}

impl Template {
    /// A directive that has not been asked yet.
    pub fn new(definition: Definition) -> Self {
        let matches = definition.zones.iter().map(|_| AtomicU64::default()).collect();
        let failures = definition.texts.iter().map(|_| Failures::default()).collect();
        Self { definition, matches, failures }
    }

    /// What it says to a question.
    pub fn find(&self, question: &Question<'_>) -> Found {
        let definition = &self.definition;
        let other_class = definition.class.is_some_and(|class| class != question.query.class);
        let other_type = definition.qtype.is_some_and(|qtype| qtype != question.query.qtype);
        let Some(zone) = longest(question.name, &definition.zones).filter(|_| !other_class && !other_type) else {
            return Found::Next;
        };
        let name = data::shown(question.name);
        let Some(data) = Data::matching(&definition.expressions, &name, &definition.zones[zone], question) else {
            let passes = within(question.name, &definition.fallthrough);
            return if passes { Found::Next } else { failure() };
        };
        self.matches[zone].fetch_add(1, Ordering::Relaxed);
        if definition.rcode == Rcode::ServFail as u16 {
            return failure();
        }
        self.compose(&data).map_or_else(failure, Found::Answer)
    }

    /// The directive as it is written.
    pub fn definition(&self) -> &Definition {
        &self.definition
    }

    /// The zones, each with how many questions were answered there (`coredns_template_matches_total`).
    pub fn matches(&self) -> impl Iterator<Item = (&Name, u64)> {
        let counts = self.matches.iter().map(|count| count.load(Ordering::Relaxed));
        self.definition.zones.iter().zip(counts)
    }

    /// The failures of each text (`coredns_template_failures_total`, `coredns_template_rr_failures_total`).
    pub fn failures(&self) -> impl Iterator<Item = Failed<'_>> {
        self.definition.texts.iter().zip(&self.failures).map(|((section, text), failures)| Failed {
            section: *section,
            template: text.source(),
            text: failures.text.load(Ordering::Relaxed),
            records: failures.records.load(Ordering::Relaxed),
        })
    }

    /// The answer, unless a text fails.
    fn compose(&self, data: &Data<'_>) -> Option<Composed> {
        let definition = &self.definition;
        let mut composed = Composed { rcode: definition.rcode, authoritative: true, ..Composed::default() };
        for ((section, text), failures) in definition.texts.iter().zip(&self.failures) {
            let records = records(text, data, failures)?;
            match section {
                Section::Answer => composed.answers.extend(records),
                Section::Authority => composed.authorities.extend(records),
                Section::Additional => composed.additionals.extend(records),
            }
        }
        if let Some((code, text)) = &definition.extended_error {
            composed.options.push((EXTENDED_ERROR, [&code.to_be_bytes(), text.as_bytes()].concat()));
        }
        Some(composed)
    }
}

/// What a text comes to, as records; a failure is counted.
fn records(text: &Text, data: &Data<'_>, failures: &Failures) -> Option<Vec<Record>> {
    let count = |counter: &AtomicU64| {
        counter.fetch_add(1, Ordering::Relaxed);
    };
    let written = text.write(data, MAX_OUTPUT).map_err(|_| count(&failures.text)).ok()?;
    zone_file::records(written.trim_start(), DEFAULT_TTL).map_err(|_| count(&failures.records)).ok()
}

fn failure() -> Found {
    Found::Answer(Composed { rcode: Rcode::ServFail as u16, ..Composed::default() })
}

#[cfg(test)]
mod tests;
