//! Text → [`Rule`].

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::ops::Range;

use ipnet::{IpNet, Ipv4Net};
use smd_cache::{ComponentId, ComponentType};

use super::error::{RuleError, RuleErrorKind};
use super::items::{self, Value};
use super::keys;
use super::{Action, DomainAppend, IdMatch, Match, Rule, RuleLog};
use crate::node_set::NodeSet;
use crate::pattern::{Pattern, PatternError};

/// The keys that narrow a match. Without a value they are an error: the original reads `id:` as no ID at all, so that
/// the rule is for everybody. Any other key without a value is as if it were not there.
const MATCH_KEYS: [&str; 4] = ["type", "subnet", "id", "id_set"];

impl Rule {
    /// Reads a rule.
    ///
    /// # Errors
    /// The first fault in the order of the text; [`Rule::parse_all`] gives all.
    pub fn parse(text: &str) -> Result<Self, RuleError> {
        Self::parse_all(text).map_err(|mut errors| errors.swap_remove(0))
    }

    /// Reads a rule.
    ///
    /// # Errors
    /// All faults, at least one, in the order of the text.
    pub fn parse_all(text: &str) -> Result<Self, Vec<RuleError>> {
        Parser::new(text, &[]).rule()
    }
}

/// Reads one rule.
pub(super) struct Parser<'a> {
    text: &'a str,
    values: BTreeMap<&'static str, Value>,
    errors: Vec<RuleError>,
}

impl<'a> Parser<'a> {
    /// `aliases`: other words for keys, word first.
    pub(super) fn new(text: &'a str, aliases: &[(&str, &'static str)]) -> Self {
        let (items, errors) = items::items(text);
        let mut parser = Self { text, values: BTreeMap::new(), errors };
        if items.is_empty() && parser.errors.is_empty() {
            parser.error(RuleErrorKind::Empty, 0..text.len());
        }
        for item in items {
            let alias = aliases.iter().find(|(word, _)| *word == item.key).map(|(_, key)| *key);
            let key = alias.or_else(|| keys::known(item.key));
            match key {
                None => {
                    let kind = RuleErrorKind::UnknownKey { key: item.key.to_owned(), nearest: keys::nearest(item.key) };
                    parser.error(kind, item.key_span);
                }
                Some(key) if parser.values.contains_key(key) => {
                    parser.error(RuleErrorKind::DuplicateKey(key), item.key_span);
                }
                Some(key) => {
                    parser.values.insert(key, item.value);
                }
            }
        }
        parser
    }

    pub(super) fn rule(mut self) -> Result<Rule, Vec<RuleError>> {
        let readable = self.errors.is_empty();
        let matches = Match { types: self.types(), subnets: self.subnets(), ids: self.ids() };
        let action = Action {
            hostname: self.hostname(),
            routers: self.routers(),
            netmask: self.netmask(),
            domain: self.domain(),
            domain_append: self.domain_append(),
            keep_going: self.bool("continue"),
            ignore: self.bool("ignore"),
        };
        let log = self.log();
        let name = self.value("name");
        if readable && self.errors.is_empty() && !does_something(&matches, &action) {
            self.error(RuleErrorKind::NoAction, 0..self.text.len());
        }
        if !self.errors.is_empty() {
            self.errors.sort_by_key(|error| error.span.start);
            return Err(self.errors);
        }
        let rule = Rule::unnamed(log, matches, action);
        Ok(match name {
            Some(name) => Rule { name: name.text, ..rule },
            None => rule,
        })
    }

    fn types(&mut self) -> Vec<ComponentType> {
        let Some(value) = self.value("type") else { return Vec::new() };
        let types: Vec<_> = value.parts().map(|(part, _)| part).filter(|part| !part.is_empty()).collect();
        if types.is_empty() {
            self.error(RuleErrorKind::Blank("type"), value.span.clone());
        }
        types.into_iter().map(ComponentType::new).collect()
    }

    fn subnets(&mut self) -> Vec<IpNet> {
        let Some(value) = self.value("subnet") else { return Vec::new() };
        self.each(&value, |part| part.parse().ok().map(|net: IpNet| net.trunc()), RuleErrorKind::Subnet)
    }

    fn ids(&mut self) -> IdMatch {
        let id = self.value("id").and_then(|value| ComponentId::new(&value.text).ok());
        let set = self.value("id_set");
        if let (Some(_), Some(set)) = (&id, &set) {
            self.error(RuleErrorKind::Exclusive("id", "id_set"), set.span.clone());
        }
        match (id, set) {
            (Some(id), _) => IdMatch::One(id),
            (None, Some(value)) => match value.text.parse::<NodeSet>() {
                Ok(set) => IdMatch::Set(set),
                Err(error) => {
                    self.error(RuleErrorKind::IdSet(error.kind), value.span_of(error.span));
                    IdMatch::Any
                }
            },
            (None, None) => IdMatch::Any,
        }
    }

    fn hostname(&mut self) -> Option<Pattern> {
        let value = self.value("hostname")?;
        pattern(&value).map_err(|error| self.errors.push(error)).ok()
    }

    fn routers(&mut self) -> Vec<Ipv4Addr> {
        let Some(value) = self.value("routers") else { return Vec::new() };
        self.each(&value, ipv4, RuleErrorKind::Router)
    }

    fn netmask(&mut self) -> Option<Ipv4Addr> {
        let (netmask, cidr) = (self.value("netmask"), self.value("cidr"));
        if let (Some(_), Some(cidr)) = (&netmask, &cidr) {
            self.error(RuleErrorKind::Exclusive("netmask", "cidr"), cidr.span.clone());
        }
        if let Some(value) = netmask {
            let length = ipv4(&value.text).and_then(|mask| ipnet::ipv4_mask_to_prefix(mask).ok());
            return self.mask(length, RuleErrorKind::Netmask, &value);
        }
        let value = cidr?;
        let length = value.text.parse().ok();
        self.mask(length, RuleErrorKind::Cidr, &value)
    }

    /// The mask of a length from 1 to 32.
    fn mask(&mut self, length: Option<u8>, kind: fn(String) -> RuleErrorKind, value: &Value) -> Option<Ipv4Addr> {
        let network =
            length.filter(|length| *length > 0).and_then(|length| Ipv4Net::new(Ipv4Addr::UNSPECIFIED, length).ok());
        if network.is_none() {
            self.error(kind(value.text.clone()), value.span.clone());
        }
        network.map(|network| network.netmask())
    }

    fn domain(&mut self) -> Option<String> {
        let value = self.value("domain")?;
        let domain = value.text.trim_matches('.');
        let kind = if domain.eq_ignore_ascii_case("none") {
            RuleErrorKind::DomainNone
        } else if is_domain(domain) {
            return Some(domain.to_owned());
        } else {
            RuleErrorKind::Domain(value.text.clone())
        };
        self.error(kind, value.span.clone());
        None
    }

    fn domain_append(&mut self) -> DomainAppend {
        let Some(value) = self.value("domain_append") else { return DomainAppend::Unset };
        let words: Vec<_> =
            value.parts().map(|(part, _)| part.to_ascii_lowercase()).filter(|word| !word.is_empty()).collect();
        let words: Vec<_> = words.iter().map(String::as_str).collect();
        match words.as_slice() {
            ["none"] => DomainAppend::None,
            ["global"] => DomainAppend::Global,
            ["rule"] => DomainAppend::Rule,
            ["global", "rule"] => DomainAppend::GlobalRule,
            ["rule", "global"] => DomainAppend::RuleGlobal,
            _ => {
                self.error(RuleErrorKind::DomainAppend(value.text.clone()), value.span.clone());
                DomainAppend::Unset
            }
        }
    }

    fn bool(&mut self, key: &'static str) -> bool {
        let Some(value) = self.value(key) else { return false };
        match value.text.to_ascii_lowercase().as_str() {
            "1" | "true" | "y" | "yes" | "on" => true,
            "0" | "false" | "n" | "no" | "off" => false,
            _ => {
                self.error(RuleErrorKind::Bool(value.text.clone()), value.span.clone());
                false
            }
        }
    }

    fn log(&mut self) -> Option<RuleLog> {
        let value = self.value("log")?;
        let log = value.text.parse().ok();
        if log.is_none() {
            self.error(RuleErrorKind::Log(value.text.clone()), value.span.clone());
        }
        log
    }

    /// Takes the value of a key, if it has one that is not blank.
    fn value(&mut self, key: &'static str) -> Option<Value> {
        let value = self.values.remove(key)?;
        if !value.text.is_empty() {
            return Some(value);
        }
        if MATCH_KEYS.contains(&key) {
            self.error(RuleErrorKind::Blank(key), value.span);
        }
        None
    }

    /// Reads each part of a value.
    fn each<T>(
        &mut self,
        value: &Value,
        read: impl Fn(&str) -> Option<T>,
        kind: impl Fn(String) -> RuleErrorKind,
    ) -> Vec<T> {
        let mut read_parts = Vec::new();
        for (part, span) in value.parts() {
            match read(part) {
                Some(part) => read_parts.push(part),
                None => self.error(kind(part.to_owned()), span),
            }
        }
        read_parts
    }

    fn error(&mut self, kind: RuleErrorKind, span: Range<usize>) {
        self.errors.push(RuleError::new(kind, span));
    }
}

/// Reads a hostname pattern.
pub(super) fn pattern(value: &Value) -> Result<Pattern, RuleError> {
    value.text.parse().map_err(|error: PatternError| {
        let span = error.range().map_or(value.span.clone(), |range| value.span_of(range));
        RuleError::new(RuleErrorKind::Hostname(error), span)
    })
}

/// Whether anything comes of a match: the mask that an IPv4 subnet implies counts.
fn does_something(matches: &Match, action: &Action) -> bool {
    let implied_mask = matches.subnets.iter().any(|subnet| matches!(subnet, IpNet::V4(v4) if v4.prefix_len() > 0));
    action.hostname.is_some() || !action.routers.is_empty() || action.netmask.is_some() || implied_mask || action.ignore
}

/// An IPv4 address, also in its IPv6-mapped form.
fn ipv4(text: &str) -> Option<Ipv4Addr> {
    match text.parse::<IpAddr>().ok()?.to_canonical() {
        IpAddr::V4(v4) => Some(v4),
        IpAddr::V6(_) => None,
    }
}

/// Labels of letters, digits, `-` and `_`, of at most 63 octets each.
fn is_domain(text: &str) -> bool {
    let is_label = |label: &str| {
        let inside = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        (1..=63).contains(&label.len()) && label.bytes().all(inside)
    };
    text.len() <= 253 && text.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first fault, and the text that it points at.
    fn fault(text: &str) -> (String, String) {
        let error = Rule::parse(text).unwrap_err();
        (error.to_string(), text[error.span].to_owned())
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place_and_what_would_be_right() {
        for (text, message, place) in [
            ("", "the rule is empty (write items like `type:Node,hostname:nid{04d}`)", ""),
            (" , ", "the rule is empty (write items like `type:Node,hostname:nid{04d}`)", " , "),
            (
                "nonsense",
                "`nonsense` is not KEY:VALUE (write KEY:VALUE; a value that holds a comma goes in quotes)",
                "nonsense",
            ),
            (
                "hostname:x, :y",
                "a key is missing before `:` (write KEY:VALUE; a value that holds a comma goes in quotes)",
                ":y",
            ),
            ("hostnam:x", "unknown key `hostnam` (did you mean `hostname`?)", "hostnam"),
            ("Type:Node,hostname:x", "unknown key `Type` (did you mean `type`?)", "Type"),
            ("pattern:x", "unknown key `pattern` (did you mean `hostname`?)", "pattern"),
            ("host:x", "unknown key `host` (did you mean `hostname`?)", "host"),
            (
                "bogus:1,hostname:x",
                "unknown key `bogus` (known keys: type subnet id id_set hostname routers netmask cidr domain \
                 domain_append continue ignore log name)",
                "bogus",
            ),
            (
                "type:A,type:B,hostname:x",
                "the key `type` is given twice (write several values with `|` between them)",
                "type",
            ),
            ("id:a,hostname:x,id:b", "the key `id` is given twice (remove one of them, or write two rules)", "id"),
            ("hostname:\"x", "the quote is never closed (close it; a quote inside quotes is written `\\\"`)", "\"x"),
            ("hostname:\"x\\", "nothing follows the backslash (the escapes are \\\\ \\\" \\' \\n \\t)", "\\"),
            ("hostname:'\\d'", "`\\d` is no escape (the escapes are \\\\ \\\" \\' \\n \\t)", "\\d"),
            (
                "hostname:'x'y",
                "there is text behind the closing quote (put the whole value in quotes, or none of it)",
                "y",
            ),
            (
                "type: ,hostname:x",
                "`type` has no value (give it a value, or remove it so that the rule is for everybody)",
                "",
            ),
            (
                "type:|,hostname:x",
                "`type` has no value (give it a value, or remove it so that the rule is for everybody)",
                "|",
            ),
            (
                "id:,hostname:x",
                "`id` has no value (give it a value, or remove it so that the rule is for everybody)",
                "",
            ),
            (
                "hostname:",
                "the rule does nothing (add hostname, routers, netmask, cidr, an IPv4 subnet (for its mask), or ignore:true)",
                "hostname:",
            ),
            (
                "type:Node,domain:x",
                "the rule does nothing (add hostname, routers, netmask, cidr, an IPv4 subnet (for its mask), or ignore:true)",
                "type:Node,domain:x",
            ),
            (
                "subnet:fd00::/64",
                "the rule does nothing (add hostname, routers, netmask, cidr, an IPv4 subnet (for its mask), or ignore:true)",
                "subnet:fd00::/64",
            ),
            (
                "subnet:10.0.0.0/8|10.1/16,hostname:x",
                "`10.1/16` is not a subnet (write a network with its prefix length: `172.16.0.0/24`, `fd00:16::/64`)",
                "10.1/16",
            ),
            (
                "subnet:10.0.0.1,hostname:x",
                "`10.0.0.1` is not a subnet (write a network with its prefix length: `172.16.0.0/24`, `fd00:16::/64`)",
                "10.0.0.1",
            ),
            (
                "routers:\" 10.0.0.1 | fd00::1\"",
                "`fd00::1` is not an IPv4 address (write addresses like `172.16.0.254`, several with `|` between them)",
                "fd00::1",
            ),
            (
                "netmask:255.0.255.0,hostname:x",
                "`255.0.255.0` is not a netmask (write a mask like `255.255.255.0`: ones, then zeros, not all zeros)",
                "255.0.255.0",
            ),
            (
                "netmask:0.0.0.0",
                "`0.0.0.0` is not a netmask (write a mask like `255.255.255.0`: ones, then zeros, not all zeros)",
                "0.0.0.0",
            ),
            ("cidr:0", "`0` is not the length of an IPv4 netmask (write a number from 1 to 32)", "0"),
            ("cidr:33", "`33` is not the length of an IPv4 netmask (write a number from 1 to 32)", "33"),
            ("cidr:24,netmask:255.0.0.0", "`netmask` and `cidr` exclude each other (remove one of them)", "24"),
            ("id:a,id_set:b,hostname:x", "`id` and `id_set` exclude each other (remove one of them)", "b"),
            (
                "id_set:\"a,x[3-1]\",hostname:x",
                "`id_set`: the range runs backwards (write the smaller number first)",
                "3-1",
            ),
            (
                "id_set:x[1,2],hostname:x",
                "`id_set`: `[` is never closed (end the numbers with `]`; a set that holds a comma goes in quotes)",
                "[",
            ),
            (
                "hostname:n{999d}",
                "`hostname`: a NID of more than 63 digits does not fit into a DNS label (write fewer digits, like `{04d}`)",
                "{999d}",
            ),
            (
                "hostname:x,domain:None",
                "`none` is not a domain (write `domain_append:none` for names without a domain)",
                "None",
            ),
            ("hostname:x,domain:a..b", "`a..b` is not a domain name (write a name like `cluster.local`)", "a..b"),
            (
                "hostname:x,domain_append:rule|rule",
                "`rule|rule` is not a way to append domains (write global, rule, global|rule, rule|global or none)",
                "rule|rule",
            ),
            (
                "hostname:x,domain_append:none|rule",
                "`none|rule` is not a way to append domains (write global, rule, global|rule, rule|global or none)",
                "none|rule",
            ),
            ("hostname:x,continue:maybe", "`maybe` is neither true nor false (write true or false)", "maybe"),
            ("hostname:x,log:INFO", "`INFO` is not a way to log (write info, debug or none)", "INFO"),
        ] {
            assert_eq!(fault(text), (message.to_owned(), place.to_owned()), "{text}");
        }
    }

    #[test]
    fn all_faults_come_in_the_order_of_the_text() {
        let text = "cidr:0,typ:Node,subnet:x,hostname:,continue:2,nonsense";
        let faults = Rule::parse_all(text).unwrap_err();
        let places: Vec<_> = faults.iter().map(|error| &text[error.span.clone()]).collect();
        assert_eq!(places, ["0", "typ", "x", "2", "nonsense"]);
    }

    #[test]
    fn values_may_be_quoted() {
        let name = |text: &str| Rule::parse(&format!("hostname:x,name:{text}")).unwrap().name;
        for (text, want) in [
            ("plain", "plain"),
            (" blank ", "blank"),
            ("\"a,b\"", "a,b"),
            ("'a,b'", "a,b"),
            ("\"a'b\"", "a'b"),
            ("'a\"b'", "a\"b"),
            (r#""a\"b\\c\'d\ne\tf""#, "a\"b\\c'd\ne\tf"),
            ("a\\b", "a\\b"),
            ("a:b", "a:b"),
            ("a'b,c'd", "a'b,c'd"),
        ] {
            assert_eq!(name(text), want, "{text}");
        }
    }

    #[test]
    fn every_key_has_its_meaning() {
        let text = "name:first,log:debug,type:Node| NodeBMC |,subnet:10.1.2.3/16|fd00::/64,id:x1,hostname:\"n{2d}\",\
                    routers:10.1.0.1|::ffff:10.1.0.2,cidr:20,domain:.a.example.,domain_append:Rule|GLOBAL,continue:ON,ignore:0";
        let rule = Rule::parse(text).unwrap();
        assert_eq!(
            rule,
            Rule {
                name: "first".into(),
                log: Some(RuleLog::Debug),
                matches: Match {
                    types: vec![ComponentType::new("Node"), ComponentType::new("NodeBMC")],
                    subnets: vec!["10.1.0.0/16".parse().unwrap(), "fd00::/64".parse().unwrap()],
                    ids: IdMatch::One(ComponentId::new("x1").unwrap()),
                },
                action: Action {
                    hostname: Some("n{2d}".parse().unwrap()),
                    routers: vec![[10, 1, 0, 1].into(), [10, 1, 0, 2].into()],
                    netmask: Some([255, 255, 240, 0].into()),
                    domain: Some("a.example".into()),
                    domain_append: DomainAppend::RuleGlobal,
                    keep_going: true,
                    ignore: false,
                },
            }
        );
        assert_eq!(
            rule.to_string(),
            "name:first,type:Node|NodeBMC,subnet:10.1.0.0/16|fd00::/64,id:x1,hostname:n{2d},routers:10.1.0.1|10.1.0.2,\
             netmask:255.255.240.0,domain:a.example,domain_append:rule|global,continue:true,log:debug"
        );
    }

    #[test]
    fn a_rule_without_a_name_is_named_after_its_text() {
        let rule = Rule::parse("hostname:nid{04d},type:Node").unwrap();
        // printf 'type:Node,hostname:nid{04d}' | sha256sum
        assert_eq!(rule.name, "rule-0d6e77a7");
        assert_eq!(Rule::parse(" type:Node , hostname:'nid{04d}',continue:no,name:").unwrap(), rule);
    }

    #[test]
    fn older_spellings_are_rules() {
        let rule = |text: &str| Rule::parse(text).unwrap();
        assert_eq!(Rule::node_pattern("\"nid{04d}\""), Ok(rule("type:Node,hostname:nid{04d}")));
        assert_eq!(Rule::bmc_pattern("'bmc{04d}'"), Ok(rule("type:NodeBMC,hostname:bmc{04d}")));
        assert_eq!(Rule::hostname_by_type("HSNSwitch:{id}"), Ok(rule("type:HSNSwitch,hostname:{id}")));
        assert_eq!(Rule::hostname_default("unknown-{04d}"), Ok(rule("hostname:unknown-{04d}")));
        assert_eq!(Rule::hostname_rule("type:Node,pattern:n{2d}"), Ok(rule("type:Node,hostname:n{2d}")));
        assert_eq!(
            Rule::hostname_rule("pattern:a,hostname:b").unwrap_err()[0].kind,
            RuleErrorKind::DuplicateKey("hostname")
        );
        assert_eq!(Rule::node_pattern("").unwrap_err().kind, RuleErrorKind::Hostname(PatternError::Empty));
        let error = Rule::hostname_by_type("Node:\"a..b\"").unwrap_err();
        assert_eq!(&"Node:\"a..b\""[error.span], ".");
        assert_eq!(Rule::hostname_by_type("nid").unwrap_err().kind, RuleErrorKind::NoType("nid".into()));
    }
}
