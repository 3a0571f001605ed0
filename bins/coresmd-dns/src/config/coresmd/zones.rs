//! The zones of a `coresmd` block: `zone NAME { … }` and `reverse CIDR…`, and what is said for all of them.

use corefile::{Directive, Span};
use ipnet::IpNet;
use naming::Pattern;

use super::super::report::Report;
use super::names::{SHARED, Shared, pattern, place};
use super::record::{self, Names};
use super::{no_block, unknown};
use crate::catalog::{Alias, Soa, StaticRecord, Zone};
use crate::name::{Name, suffixes};

/// The pattern and the zone where none are given.
const DEFAULT_ZONE: &str = "cluster.local";
const DEFAULT_PATTERN: &str = "nid{04d}";

/// The zones as far as they have been read.
#[derive(Default)]
pub(super) struct Zones<'d> {
    /// In the order in which they are answered from: those of `zone`, then those of `reverse`.
    named: Vec<Lines<'d>>,
    reverse: Vec<Lines<'d>>,
    /// Whether a line was at fault.
    bad: bool,
}

/// What is said for one zone.
struct Lines<'d> {
    apex: Name,
    nodes: Option<Pattern>,
    shared: Shared<'d>,
    span: Span,
}

impl<'d> Zones<'d> {
    /// `zone NAME { nodes PATTERN … }`.
    pub(super) fn zone(&mut self, line: &'d Directive, report: &mut Report<'_>) -> bool {
        match zone(line, report) {
            None => self.bad = true,
            Some(zone) => match self.named.iter().find(|known| known.apex == zone.apex) {
                None => self.named.push(zone),
                Some(Lines { span: first, .. }) => {
                    let message = format!("`zone {}` is given twice", zone.apex);
                    report.error(&line.span, message, format!("merge it with the one at {first}"));
                    self.bad = true;
                }
            },
        }
        true
    }

    /// `reverse CIDR…`.
    pub(super) fn reverse(&mut self, line: &'d Directive, report: &mut Report<'_>) -> bool {
        no_block(line, report);
        let help = "write `reverse 10.0.0.0/16 fd00:1::/64`";
        if line.args.is_empty() {
            report.error(&line.span, "`reverse` without a network", help);
        }
        for word in &line.args {
            let Ok(network) = word.text.parse::<IpNet>() else {
                report.error(&word.span, format!("`{}` is not a network", word.text), help);
                continue;
            };
            for apex in reverse_zones(network) {
                if self.reverse.iter().any(|known| known.apex == apex) {
                    let message = format!("`{}` is the zone {apex}, which is ours already", word.text);
                    report.error(&word.span, message, "remove one of them");
                    break;
                }
                let (nodes, shared) = (None, Shared::default());
                self.reverse.push(Lines { apex, nodes, shared, span: word.span.clone() });
            }
        }
        true
    }

    /// All zones of the block at `block`, with what `shared` says for each, or the default one.
    pub(super) fn finish(mut self, block: &Span, shared: &Shared<'d>, report: &mut Report<'_>) -> Option<Vec<Zone>> {
        if self.bad {
            return None;
        }
        match self.named.first() {
            Some(Lines { span, .. }) if self.named.iter().all(|zone| zone.apex.is_reverse()) => {
                let help = "add the zone of the names, such as `zone cluster.local { nodes nid{04d} }`";
                report.error(span, "reverse zones only: there is no name for a PTR to give", help);
                return None;
            }
            Some(_) => {}
            None => {
                let (apex, nodes) = (Name::parse(DEFAULT_ZONE).ok()?, DEFAULT_PATTERN.parse().ok());
                self.named.push(Lines { apex, nodes, shared: Shared::default(), span: block.clone() });
            }
        }
        for lines in std::mem::take(&mut self.reverse) {
            match self.named.iter().find(|known| known.apex == lines.apex) {
                None => self.named.push(lines),
                Some(known) => {
                    let message = format!("the zone {} is given by `zone` too", lines.apex);
                    report.error(&lines.span, message, format!("remove it here or at {}", known.span));
                }
            }
        }
        let names = Names::new(self.named.iter().map(|zone| zone.apex.clone()).collect());
        let mut zones: Vec<Zone> = self.named.iter().map(|lines| settled(lines, shared, &names, report)).collect();
        for record in records(&self.named, shared, &names, report) {
            if let Some(zone) = names.zone_of(&record.name) {
                zones[zone].records.push(record);
            }
        }
        Some(zones)
    }
}

/// A zone but for its records: what is said for it alone goes before what is said for all.
fn settled(lines: &Lines<'_>, shared: &Shared<'_>, names: &Names, report: &mut Report<'_>) -> Zone {
    let (own, is_reverse) = (&lines.shared, lines.apex.is_reverse());
    let mut zone = Zone::new(lines.apex.clone(), lines.nodes.clone());
    zone.ttl = own.ttl.or(shared.ttl).unwrap_or(zone.ttl);
    let home = names.home(&lines.apex);
    if let Some(written) = own.soa.as_ref().or(shared.soa.as_ref()) {
        let primary = names.resolve(written.primary, home, report);
        let mailbox = names.mailbox(written.mailbox, home, report);
        zone.soa = Soa { primary, mailbox, ..written.soa.clone() };
    }
    let servers = if own.servers.is_empty() { &shared.servers } else { &own.servers };
    zone.name_servers = servers.iter().filter_map(|server| names.resolve(server.name, home, report)).collect();
    if is_reverse {
        if !(own.patterns.is_empty() && own.interfaces.is_empty() && own.aliases.is_empty()) {
            let message = format!("names of components in the reverse zone {}", lines.apex);
            report.error(&lines.span, message, "say `types`, `interfaces` and `alias` in a zone of names");
        }
        return zone;
    }
    zone.patterns.extend(shared.patterns.iter().chain(&own.patterns).cloned());
    zone.interfaces = shared.interfaces.iter().chain(&own.interfaces).cloned().collect();
    for written in shared.aliases.iter().chain(&own.aliases) {
        let Some(name) = names.resolve(written.name, &lines.apex, report) else { continue };
        if names.zone_of(&name) != names.zone_of(&lines.apex) {
            let message = format!("`alias {name}` lies outside of the zone {}", lines.apex);
            report.error(&written.name.span, message, "write it in the zone that it lies in");
        } else if zone.aliases.iter().any(|known| known.name == name) {
            report.error(&written.name.span, format!("`alias {name}` is given twice"), "merge the two");
        } else {
            zone.aliases.push(Alias { name, members: written.members.clone(), place: place(written.name) });
        }
    }
    zone
}

/// The records of all zones, with the addresses of their name servers.
fn records(zones: &[Lines<'_>], shared: &Shared<'_>, names: &Names, report: &mut Report<'_>) -> Vec<StaticRecord> {
    let mut records = record::Records::default();
    let all = zones.iter().map(|lines| (&lines.shared, &lines.apex)).chain([(shared, names.first())]);
    for (said, origin) in all {
        for line in &said.records {
            records.line(line, origin, names, report);
        }
        for server in &said.servers {
            let homes = zones.iter().map(|zone| names.home(&zone.apex));
            // what is said for all zones names a server in each of them, unless its name is whole
            let origins: Vec<&Name> =
                if std::ptr::eq(said, shared) { homes.collect() } else { vec![names.home(origin)] };
            for origin in origins {
                records.server(server, origin, names, report);
            }
        }
    }
    records.finish(names, report)
}

/// `zone NAME { nodes PATTERN … }`.
fn zone<'d>(line: &'d Directive, report: &mut Report<'_>) -> Option<Lines<'d>> {
    let word = report.single("zone", &line.span, &line.args, "NAME { nodes nid{04d} }")?;
    let apex = Name::parse(&word.text).map_err(|error| {
        report.error(&word.span, format!("`zone {}` {error}", word.text), "write the zone as `cluster.local`");
    });
    let Some(block) = &line.block else {
        let help = format!("write `zone {} {{ nodes nid{{04d}} }}`", word.text);
        report.error(&line.span, "`zone` without a block", help);
        return None;
    };
    let mut nodes = None;
    let mut shared = Shared::default();
    let mut right = true;
    for inner in block {
        match inner.name.as_str() {
            "nodes" if nodes.is_none() => {
                let word = report.single("nodes", &inner.span, &inner.args, "nid{04d}");
                nodes = word.and_then(|word| pattern(word, report));
                right &= nodes.is_some();
            }
            "nodes" => {
                report.error(&inner.span, "`nodes` is given twice in one zone", "remove one of them");
                right = false;
            }
            _ if shared.line(inner, report) => {}
            _ => {
                unknown(inner, "zone", &["nodes"].into_iter().chain(SHARED).collect::<Vec<_>>(), report);
                right = false;
            }
        }
    }
    let apex = apex.ok()?;
    if apex.is_reverse() && nodes.is_some() {
        report.error(&word.span, "`nodes` in a reverse zone, which holds no names of nodes", "remove `nodes`");
        return None;
    }
    right.then_some(Lines { apex, nodes, shared, span: line.span.clone() })
}

/// The reverse zones that a network is: one if its length is on a label border (RFC 1035 §3.5, RFC 3596 §2.5), else those
/// of the next longer length that is.
fn reverse_zones(network: IpNet) -> Vec<Name> {
    let bits_per_label = if matches!(network, IpNet::V4(_)) { 8 } else { 4 };
    let length = network.prefix_len().next_multiple_of(bits_per_label);
    let host_labels = usize::from((network.max_prefix_len() - length) / bits_per_label);
    let zone = |network: IpNet| {
        let whole = Name::reverse(network.addr());
        suffixes(whole.as_wire()).nth(host_labels).map(Name::from_suffix)
    };
    network.trunc().subnets(length).into_iter().flatten().filter_map(zone).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_reverse_zones() {
        let zones =
            |text: &str| reverse_zones(text.parse().unwrap()).iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(zones("10.0.0.0/8"), ["10.in-addr.arpa."]);
        assert_eq!(zones("10.50.1.2/16"), ["50.10.in-addr.arpa."]);
        assert_eq!(zones("10.50.0.0/15"), ["50.10.in-addr.arpa.", "51.10.in-addr.arpa."]);
        assert_eq!(zones("0.0.0.0/0"), ["in-addr.arpa."]);
        assert_eq!(zones("10.0.0.64/26").len(), 64);
        assert_eq!(zones("10.0.0.7/32"), ["7.0.0.10.in-addr.arpa."]);
        assert_eq!(zones("fd00:50::/32"), ["0.5.0.0.0.0.d.f.ip6.arpa."]);
        assert_eq!(zones("fd00::/7"), ["c.f.ip6.arpa.", "d.f.ip6.arpa."]);
    }
}
