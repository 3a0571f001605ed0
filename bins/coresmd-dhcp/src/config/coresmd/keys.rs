//! The keys of every dialect, one by one.

use std::ops::Range;
use std::path::PathBuf;
use std::time::Duration;

use naming::{Rule, RuleError, RuleLog};
use serve::duration;
use serve::findings::did_you_mean;

use super::Draft;
use crate::config::report::{Fault, Report};
use crate::config::tree::{Entry, Node, Value};
use crate::config::values;

/// Every key that is read.
const KNOWN: [&str; 21] = [
    "svc_base_uri",
    "ipxe_base_uri",
    "ipxe_uri",
    "ca_cert",
    "cache_valid",
    "lease_time",
    "single_port",
    "tftp_dir",
    "tftp_port",
    "domain",
    "rule",
    "rule_log",
    "node_pattern",
    "bmc_pattern",
    "hostname_rule",
    "hostname_log",
    "hostname_by_type",
    "hostname_default",
    "auth_mode",
    "tokensmith_url",
    "refresh_before",
];

/// Reads the strict form: every fault is fatal.
pub(super) fn read_map(entries: &[Entry], draft: &mut Draft, report: &mut Report<'_>) {
    for entry in entries {
        let nodes: &[Node] = match (&entry.node.value, entry.key.as_str()) {
            (Value::List(items), "rule" | "hostname_rule" | "hostname_by_type") => items,
            _ => std::slice::from_ref(&entry.node),
        };
        for node in nodes {
            let outcome = match &node.value {
                Value::Scalar(text) => set(draft, &entry.key, text.trim(), node.span.clone()),
                _ => Err(vec![Fault::new(node.span.clone(), format!("`{}` takes one value", entry.key))]),
            };
            for fault in outcome.err().unwrap_or_default() {
                report.error(if fault.span.is_empty() { Fault { span: entry.span.clone(), ..fault } } else { fault });
            }
        }
    }
}

/// Sets one key; `place` is where its value stands. A fault without a place is about the key.
pub(super) fn set(draft: &mut Draft, key: &str, value: &str, place: Range<usize>) -> Result<(), Vec<Fault>> {
    let fault = |message: String| vec![Fault::new(place.clone(), format!("`{key}`: {message}"))];
    let rule_fault = |error: RuleError| vec![in_rule(&error, &place)];
    match key {
        "svc_base_uri" => draft.svc_base_uri = Some(values::http_url(value).map_err(fault)?),
        "ipxe_base_uri" => draft.ipxe_base_uri = Some(base_url(value).map_err(fault)?),
        "ipxe_uri" => draft.ipxe_uri = Some((values::url(value).map_err(fault)?, place)),
        "ca_cert" => draft.ca_cert = unless_empty(values::unquoted(value)).map(PathBuf::from),
        "cache_valid" => draft.cache_valid = Some(interval(value).map_err(fault)?),
        "lease_time" => draft.lease_time = Some(duration::parse_seconds(value).map_err(fault)?),
        "single_port" => draft.single_port = Some(values::go_bool(value).map_err(fault)?),
        "tftp_dir" => draft.tftp_dir = unless_empty(values::unquoted(value)).map(PathBuf::from),
        "tftp_port" => draft.tftp_port = tftp_port(value).map_err(fault)?,
        "domain" => draft.domain = unless_empty(values::unquoted(value).trim_start_matches('.')).map(str::to_owned),
        "rule" => draft.rules.push(Rule::parse_all(value).map_err(|errors| in_rules(&errors, &place))?),
        "hostname_rule" => draft.rules.push(Rule::hostname_rule(value).map_err(|errors| in_rules(&errors, &place))?),
        "rule_log" | "hostname_log" => {
            let log: RuleLog = value.parse().map_err(|_| fault(format!("{value:?} is none of info, debug, none")))?;
            if draft.rule_log.replace(log).is_some() {
                return Err(fault("it is given twice; the last one counts".into()));
            }
        }
        "node_pattern" => {
            draft.names.node = true;
            draft.rules.push(Rule::node_pattern(value).map_err(rule_fault)?);
        }
        "bmc_pattern" => {
            draft.names.bmc = true;
            draft.rules.push(Rule::bmc_pattern(value).map_err(rule_fault)?);
        }
        "hostname_by_type" => {
            draft.names.v05 = true;
            draft.rules.push(Rule::hostname_by_type(value).map_err(rule_fault)?);
        }
        "hostname_default" => {
            draft.names.v05 = true;
            draft.names.other = Some(Rule::hostname_default(value).map_err(rule_fault)?);
        }
        "auth_mode" => {
            let fatal = |message| fault(message).into_iter().map(Fault::fatal).collect::<Vec<_>>();
            draft.token.mode = Some(value.parse().map_err(fatal)?);
        }
        "tokensmith_url" => draft.token.url = Some(values::http_url(value).map_err(fault)?),
        "refresh_before" => {
            // the original takes its default for what is not above zero
            draft.token.refresh_before = Some(duration::parse(value).map_err(fault)?).filter(|time| !time.is_zero());
        }
        _ => {
            let unknown = Fault::new(0..0, format!("`coresmd` has no key `{key}`"));
            return Err(vec![unknown.help(did_you_mean(key, &KNOWN))]);
        }
    }
    Ok(())
}

/// The faults of a rule, each at its place within the value.
fn in_rules(errors: &[RuleError], place: &Range<usize>) -> Vec<Fault> {
    errors.iter().map(|error| in_rule(error, place)).collect()
}

fn in_rule(error: &RuleError, place: &Range<usize>) -> Fault {
    let within = |offset: usize| (place.start + offset).min(place.end);
    Fault::new(within(error.span.start)..within(error.span.end), error.kind.to_string()).help(error.help())
}

fn unless_empty(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

/// A base URL, to whose path something will be joined.
fn base_url(text: &str) -> Result<String, String> {
    match values::url(text)? {
        url if url.contains(['?', '#']) => {
            Err(format!("{text:?} has a query: give the whole script URL as `ipxe_uri`"))
        }
        url => Ok(url),
    }
}

/// How often SMD is asked.
fn interval(text: &str) -> Result<Duration, String> {
    match duration::parse(text)? {
        interval if interval < Duration::from_millis(100) => Err(format!("{text} is too short: at least 100ms")),
        interval => Ok(interval),
    }
}

/// A port; 0 is the default.
fn tftp_port(text: &str) -> Result<Option<u16>, String> {
    let port: u16 = text.parse().map_err(|_| format!("{text:?} is no port: 0 to 65535"))?;
    Ok(Some(port).filter(|port| *port != 0))
}
