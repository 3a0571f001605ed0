//! The lines of a `coresmd` block that say what components are called. Those of [`Shared`] may stand in a `zone` too.

use std::sync::Arc;

use corefile::{Directive, Word};
use naming::{NodeSet, Pattern, Rule, RuleSet, rule_set::NidSource};
use smd_cache::ComponentType;

use super::super::report::Report;
use super::authority::{Server, WrittenSoa, checked, server, soa, ttl};
use super::no_block;
use crate::catalog::{InterfaceNames, TypeNames};

/// The words of [`Shared`].
pub(super) const SHARED: [&str; 7] = ["ttl", "soa", "ns", "types", "interfaces", "alias", "record"];

/// What is said for all zones of a block, or for one.
#[derive(Default)]
pub(super) struct Shared<'d> {
    pub(super) ttl: Option<u32>,
    pub(super) soa: Option<WrittenSoa<'d>>,
    pub(super) servers: Vec<Server<'d>>,
    pub(super) patterns: Vec<TypeNames>,
    pub(super) interfaces: Vec<InterfaceNames>,
    pub(super) aliases: Vec<WrittenAlias<'d>>,
    /// `record` lines, to be read when it is known which zones there are.
    pub(super) records: Vec<&'d Directive>,
}

/// `alias NAME NODESET`.
pub(super) struct WrittenAlias<'d> {
    pub(super) name: &'d Word,
    pub(super) members: NodeSet,
}

impl<'d> Shared<'d> {
    /// Reads a line if it is one of these.
    pub(super) fn line(&mut self, line: &'d Directive, report: &mut Report<'_>) -> bool {
        let word = line.name.as_str();
        if !SHARED.contains(&word) {
            return false;
        }
        no_block(line, report);
        match word {
            "ttl" => once(&mut self.ttl, line, ttl(line, report), report),
            "soa" => once(&mut self.soa, line, soa(line, report), report),
            "ns" => self.servers.extend(server(line, report)),
            "types" => self.patterns.extend(types(line, report)),
            "interfaces" => self.interfaces.extend(interfaces(line, report)),
            "alias" => self.aliases.extend(alias(line, report)),
            _ => self.records.push(line),
        }
        true
    }
}

/// Keeps the value of a line that may stand once.
fn once<T>(slot: &mut Option<T>, line: &Directive, value: Option<T>, report: &mut Report<'_>) {
    if slot.is_some() {
        report.error(&line.span, format!("`{}` is given twice", line.name), "remove one of them");
    }
    *slot = value.or(slot.take());
}

/// `types TYPE[,TYPE…] PATTERN`.
fn types(line: &Directive, report: &mut Report<'_>) -> Option<TypeNames> {
    let help = "write `types NodeBMC bmc{04d}`";
    let [types @ .., pattern] = &line.args[..] else {
        report.error(&line.span, "`types` without a type and a pattern", help);
        return None;
    };
    let types: Vec<ComponentType> = types.iter().flat_map(component_types).collect();
    if types.is_empty() {
        report.error(&pattern.span, "`types` wants types and, last, a pattern", help);
        return None;
    }
    Some(TypeNames { types, pattern: self::pattern(pattern, report)? })
}

/// `only TYPE…`.
pub(super) fn only(line: &Directive, only: &mut Vec<ComponentType>, report: &mut Report<'_>) -> bool {
    no_block(line, report);
    if line.args.is_empty() {
        report.error(&line.span, "`only` without a type", "write `only Node NodeBMC`");
    }
    only.extend(line.args.iter().flat_map(component_types));
    true
}

/// The types of a word, with commas between them.
fn component_types(word: &Word) -> impl Iterator<Item = ComponentType> {
    word.text.split(',').filter(|text| !text.trim().is_empty()).map(ComponentType::new)
}

/// `interfaces PATTERN [DESCRIPTION]`.
fn interfaces(line: &Directive, report: &mut Report<'_>) -> Option<InterfaceNames> {
    let help = "write `interfaces nid{04d}-hsn{index} hsn*`";
    let (written, description) = match &line.args[..] {
        [pattern] => (pattern, None),
        [pattern, description] => (pattern, Some(description.text.to_ascii_lowercase())),
        [] => {
            report.error(&line.span, "`interfaces` without a pattern", help);
            return None;
        }
        [_, _, surplus, ..] => {
            let message = format!("`interfaces` takes a pattern and a description; `{}` is one too many", surplus.text);
            report.error(&surplus.span, message, "put a description with blanks into quotes");
            return None;
        }
    };
    Some(InterfaceNames { pattern: pattern(written, report)?, description })
}

/// `alias NAME NODESET`. Sets may be several words.
fn alias<'d>(line: &'d Directive, report: &mut Report<'_>) -> Option<WrittenAlias<'d>> {
    let [name, first, ..] = &line.args[..] else {
        report.error(&line.span, "`alias` wants a name and a node set", "write `alias login x3000c0s[0-3]b0n0`");
        return None;
    };
    let texts: Vec<&str> = line.args[1..].iter().map(|word| word.text.trim_end_matches(',')).collect();
    match texts.join(",").parse::<NodeSet>() {
        Ok(members) => Some(WrittenAlias { name: checked(name, report)?, members }),
        Err(error) => {
            report.error(&first.span, format!("`{}`: {}", texts.join(","), error.kind), error.kind.help());
            None
        }
    }
}

/// `rule TEXT`, as the DHCP server's `rule=`.
pub(super) fn rule(line: &Directive, rules: &mut RuleSet, report: &mut Report<'_>) -> bool {
    no_block(line, report);
    // a BMC is called by the NID of its node, as the strict form of the DHCP server has it
    rules.nids = NidSource::Related;
    let Some(word) = report.single("rule", &line.span, &line.args, "type:Node,hostname:nid{04d}") else { return true };
    match Rule::parse_all(&word.text) {
        Ok(rule) => rules.rules.push(rule),
        Err(errors) => {
            for error in errors {
                report.error(&word.span, format!("`rule`: {error}"), error.help());
            }
        }
    }
    true
}

/// `domain NAME`.
pub(super) fn domain(line: &Directive, domain: &mut Option<String>, report: &mut Report<'_>) -> bool {
    no_block(line, report);
    let name = report.single("domain", &line.span, &line.args, "cluster.local");
    let name = name.and_then(|word| match crate::name::Name::parse(&word.text) {
        Ok(_) => Some(word.text.trim_matches('.').to_owned()),
        Err(error) => {
            report.error(&word.span, format!("`domain {}` {error}", word.text), "write `domain cluster.local`");
            None
        }
    });
    once(domain, line, name, report);
    true
}

/// A pattern of names.
pub(super) fn pattern(word: &Word, report: &mut Report<'_>) -> Option<Pattern> {
    let pattern = word.text.parse::<Pattern>().map_err(|error| {
        let help = "a pattern is text with `{id}` and `{04d}`: `nid{04d}`";
        report.error(&word.span, format!("`{}`: {error}", word.text), help);
    });
    pattern.ok()
}

/// Where a word stands, for messages that come later.
pub(super) fn place(word: &Word) -> Arc<str> {
    format!("{}:{}:{}", word.span.file.display(), word.span.line, word.span.column).into()
}
