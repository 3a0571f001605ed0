//! `acl [ZONES…] { allow|block|filter|drop [type TYPE…] [net CIDR…] }` (CoreDNS's directive of that name).

use std::net::IpAddr;

use corefile::{Directive, ServerBlock, Word};
use ipnet::IpNet;

use super::report::Report;
use crate::name::Name;
use crate::plugins::acl::{AccessList, Acl, Action, Policy};
use crate::wire::Rtype;

/// Reads the `acl` directives of a block.
pub(super) fn understand(block: &ServerBlock, keys: &[Name], report: &mut Report<'_>) -> Option<Acl> {
    let lists: Vec<AccessList> = block.named("acl").map(|directive| list(directive, keys, report)).collect();
    (!lists.is_empty()).then_some(Acl { lists })
}

fn list(directive: &Directive, keys: &[Name], report: &mut Report<'_>) -> AccessList {
    let zones = report.zones(&directive.args).unwrap_or_else(|| keys.to_vec());
    let lines = directive.block.as_deref().unwrap_or_default();
    if lines.is_empty() {
        report.error(&directive.span, "`acl` without rules", "write `acl { block net 192.0.2.0/24 }`, a rule a line");
    }
    AccessList { zones, policies: lines.iter().filter_map(|line| policy(line, report)).collect() }
}

fn policy(line: &Directive, report: &mut Report<'_>) -> Option<Policy> {
    let action = match line.name.as_str() {
        "allow" => Action::Allow,
        "block" => Action::Block,
        "filter" => Action::Filter,
        "drop" => Action::Drop,
        other => {
            report.error(
                &line.span,
                format!("unknown action `{other}` of acl"),
                "there are allow, block, filter and drop",
            );
            return None;
        }
    };
    let mut policy = Policy { action, types: Vec::new(), nets: Vec::new() };
    let (mut about, mut right) = (None, true);
    for word in &line.args {
        right &= match (about, word.text.as_str()) {
            (_, section @ ("type" | "net")) => {
                about = Some(section);
                true
            }
            (Some(_), "*") => true,
            (Some("type"), text) => rtype(text, word, report).map(|rtype| policy.types.push(rtype)).is_some(),
            (Some(_), text) => net(text, word, report).map(|net| policy.nets.push(net)).is_some(),
            (None, text) => {
                report.error(&word.span, format!("`{text}` is neither `type` nor `net`"), HELP);
                false
            }
        };
    }
    // `*` beside others means all
    let everything = |section: &str| {
        let at = line.args.iter().position(|word| word.text == section);
        at.is_some_and(|at| {
            let words = line.args[at + 1..].iter().take_while(|word| !["type", "net"].contains(&word.text.as_str()));
            words.into_iter().any(|word| word.text == "*")
        })
    };
    if everything("type") {
        policy.types.clear();
    }
    if everything("net") {
        policy.nets.clear();
    }
    right.then_some(policy)
}

fn rtype(text: &str, word: &Word, report: &mut Report<'_>) -> Option<Rtype> {
    let rtype = Rtype::parse(text);
    if rtype.is_none() {
        report.error(
            &word.span,
            format!("`{text}` is no record type"),
            "write types by their names, as `A AAAA TYPE65`",
        );
    }
    rtype
}

/// A network; an address alone is a network of one.
fn net(text: &str, word: &Word, report: &mut Report<'_>) -> Option<IpNet> {
    let net = text.parse().ok().or_else(|| text.parse::<IpAddr>().map(IpNet::from).ok());
    if net.is_none() {
        report.error(&word.span, format!("`{text}` is no network"), HELP);
    }
    net
}

const HELP: &str = "write `block type A AAAA net 192.0.2.0/24 fd00::/8`";
