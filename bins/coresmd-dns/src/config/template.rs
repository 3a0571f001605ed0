//! `template CLASS TYPE [ZONES…] { match RE…; answer|additional|authority TEXT…; rcode NAME; ederror CODE [TEXT];
//! fallthrough [ZONES…]; upstream }` (facts, coredhcp-coredns §B5).

use corefile::{Directive, ServerBlock, Word};
use regex::{Regex, RegexBuilder};

use super::report::Report;
use super::{arguments, local};
use crate::template::{Definition, Section, Text};
use crate::wire::{CLASS_IN, Rtype};
use crate::zone_file;

/// The words of the block.
const WORDS: [&str; 8] = ["additional", "answer", "authority", "ederror", "fallthrough", "match", "rcode", "upstream"];

/// The most memory of a compiled expression, in octets.
const MAX_EXPRESSION: usize = 1 << 20;

/// The response codes, each at its number (RFC 6895 §2.3).
const RCODES: [&str; 12] = [
    "NOERROR",
    "FORMERR",
    "SERVFAIL",
    "NXDOMAIN",
    "NOTIMP",
    "REFUSED",
    "YXDOMAIN",
    "YXRRSET",
    "NXRRSET",
    "NOTAUTH",
    "NOTZONE",
    "DSOTYPENI",
];

/// Reads the directive.
pub(super) fn understand(directive: &Directive, block: &ServerBlock, report: &mut Report<'_>) -> Option<Definition> {
    let [class, qtype, zones @ ..] = &directive.args[..] else {
        report.error(&directive.span, "`template` without class and type", "write `template IN A example.org`");
        return None;
    };
    let asked = (class_of(class, report), type_of(qtype, report));
    let zones = local::zones(zones, block, report)?;
    let (Ok(class), Ok(qtype)) = asked else { return None };
    let mut definition = Definition {
        class,
        qtype,
        zones,
        fallthrough: Vec::new(),
        expressions: Vec::new(),
        texts: Vec::new(),
        rcode: 0,
        extended_error: None,
    };
    for line in directive.block.iter().flatten() {
        line_of(line, &mut definition, report);
    }
    check_groups(directive, &definition, report);
    Some(definition)
}

fn line_of(line: &Directive, definition: &mut Definition, report: &mut Report<'_>) {
    let section = match line.name.as_str() {
        "answer" => Some(Section::Answer),
        "authority" => Some(Section::Authority),
        "additional" => Some(Section::Additional),
        _ => None,
    };
    if let Some(section) = section {
        some(line, "TEXT", report);
        definition.texts.extend(line.args.iter().filter_map(|word| Some((section, text(word, report)?))));
        return;
    }
    match line.name.as_str() {
        "match" => {
            some(line, "EXPRESSION", report);
            definition.expressions.extend(line.args.iter().filter_map(|word| expression(word, report)));
        }
        "rcode" => {
            let word = report.single("rcode", &line.span, &line.args, "NXDOMAIN");
            definition.rcode = word.and_then(|word| rcode(word, report)).unwrap_or_default();
            local::no_block(line, report);
        }
        "ederror" => {
            arguments::no_more(line, 2, "ederror CODE [TEXT]", report);
            let Some(code) = line.args.first() else { return some(line, "CODE", report) };
            let number = arguments::number(code, "code of an extended error", 0..=65_535, report);
            let text = line.args.get(1).map(|text| text.text.clone()).unwrap_or_default();
            definition.extended_error = number.map(|number| (number as u16, text));
        }
        "fallthrough" => definition.fallthrough = local::fallthrough(line, report),
        "upstream" => {
            report.note(&line.span, "`upstream` of template has no effect", "remove it: aliases are always followed");
        }
        _ => local::unknown(line, "template", &WORDS, report),
    }
}

/// A line with at least one value, and no block.
fn some(line: &Directive, what: &str, report: &mut Report<'_>) {
    if line.args.is_empty() {
        report.error(&line.span, format!("`{}` without a value", line.name), format!("write `{} {what}`", line.name));
    }
    local::no_block(line, report);
}

/// A word that is none of what it should be; there is a finding.
struct Refused;

/// The class; `None`: any.
fn class_of(word: &Word, report: &mut Report<'_>) -> Result<Option<u16>, Refused> {
    match word.text.to_ascii_uppercase().as_str() {
        "ANY" => Ok(None),
        "IN" => Ok(Some(CLASS_IN)),
        "CH" => Ok(Some(3)),
        "HS" => Ok(Some(4)),
        _ => {
            report.error(&word.span, format!("`{}` is no class", word.text), "write IN, CH, HS or ANY");
            Err(Refused)
        }
    }
}

/// The type; `None`: any.
fn type_of(word: &Word, report: &mut Report<'_>) -> Result<Option<Rtype>, Refused> {
    if word.text.eq_ignore_ascii_case("ANY") {
        return Ok(None);
    }
    let rtype = zone_file::rtype(&word.text);
    if rtype.is_none() {
        report.error(&word.span, format!("`{}` is no type of record", word.text), "write A, AAAA, TXT … or ANY");
    }
    rtype.map(Some).ok_or(Refused)
}

fn rcode(word: &Word, report: &mut Report<'_>) -> Option<u16> {
    let number = RCODES.iter().position(|name| name.eq_ignore_ascii_case(&word.text));
    if number.is_none() {
        let help = format!("there are {}", RCODES.join(", "));
        report.error(&word.span, format!("`{}` is no response code", word.text), help);
    }
    number.map(|number| number as u16)
}

fn expression(word: &Word, report: &mut Report<'_>) -> Option<Regex> {
    let compiled = RegexBuilder::new(&word.text).size_limit(MAX_EXPRESSION).build();
    compiled
        .map_err(|error| {
            // the message of a wrong expression is a drawing over several lines, the last of which says what is wrong
            let text = error.to_string();
            let reason = text.lines().last().unwrap_or_default().trim_start_matches("error: ");
            let help = "expressions are those of RE2 (Go's), such as `^n(?P<nid>[0-9]+)[.]example[.]$`";
            report.error(
                &word.span,
                format!("the expression `{}` of template cannot be used: {reason}", word.text),
                help,
            );
        })
        .ok()
}

fn text(word: &Word, report: &mut Report<'_>) -> Option<Text> {
    let compiled = Text::compile(&word.text).map_err(|error| {
        let help = "text, `{{ .Name }}`, `{{ .Group.x }}`, `{{ index .Match 1 }}`, functions, `{{ if … }}{{ end }}`";
        report.error(&word.span, format!("template: {error}"), help);
    });
    compiled.ok()
}

/// A group that no expression has would be empty in every answer.
fn check_groups(directive: &Directive, definition: &Definition, report: &mut Report<'_>) {
    let named: Vec<&str> = definition.expressions.iter().flat_map(Regex::capture_names).flatten().collect();
    let parts = definition.expressions.iter().map(Regex::captures_len).max().unwrap_or(1);
    let known = |group: &str| named.contains(&group) || group.parse().is_ok_and(|part: usize| part < parts);
    let mut missing: Vec<&str> = definition.texts.iter().flat_map(|(_, text)| text.groups()).collect();
    missing.retain(|group| !known(group));
    missing.dedup();
    for group in missing {
        let help = "name it in `match`: `(?P<name>…)`";
        report.error(&directive.span, format!("no `match` of this template has a group `{group}`"), help);
    }
}
