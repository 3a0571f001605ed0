//! The plain steps: name and words → [`Step`] (facts: coredhcp-coredns §A5).

use std::net::Ipv4Addr;

use serve::duration;

use super::boot_program::boot_program;
use super::report::{Fault, Report};
use super::tree::Entry;
use super::values;
use super::words::{self, Word};
use crate::address_file::AddressFile;
use crate::policy::{AutoConfigure, Step};

/// Reads one step; `None` when its words are at fault.
pub(super) fn read(entry: &Entry, report: &mut Report<'_>) -> Option<Step> {
    let name = entry.key.as_str();
    let words = words(entry, report)?;
    let mut arguments = Arguments { entry, words: &words, report };
    match name {
        "server_id" => arguments.only(values::ipv4).map(Step::ServerId),
        "dns" => arguments.some(values::ipv4).map(Step::Dns),
        "router" => arguments.some(values::ipv4).map(Step::Router),
        "netmask" => arguments.only(values::netmask).map(Step::Netmask),
        "lease_time" => arguments.only(duration::parse_seconds).map(Step::LeaseTime),
        "mtu" => arguments.only(mtu).map(Step::Mtu),
        "searchdomains" => {
            if words.is_empty() {
                arguments.warn("`searchdomains` names no domain: it says nothing");
            }
            arguments.all(values::domain).map(|domains| Step::SearchDomains(domains.concat()))
        }
        "staticroute" => arguments.some(values::route).map(|routes| Step::StaticRoute(routes.concat())),
        "nbp" => arguments.only(boot_program).map(Step::Nbp),
        "autoconfigure" => arguments.optional(AutoConfigure::Forbidden, auto_configure).map(Step::AutoConfigure),
        "ipv6only" => arguments.optional(0, duration::parse_seconds).map(Step::Ipv6Only),
        "sleep" => arguments.only(duration::parse).map(Step::Sleep),
        "file" => arguments.file().map(Step::File),
        _ => unreachable!("the caller knows the plain steps"),
    }
}

/// The words of a step; a fault is filed for a list or a map.
pub(super) fn words(entry: &Entry, report: &mut Report<'_>) -> Option<Vec<Word>> {
    let words = words::split(&entry.node, report.text());
    if words.is_none() {
        let name = &entry.key;
        let fault = Fault::new(entry.node.span.clone(), format!("`{name}` takes words, not a list or a map"));
        report.error(fault.help(format!("`{name}: one two`; CoreDHCP reads a list as no arguments at all")));
    }
    words
}

/// The original keeps most values once per process: lists are joined over all instances, of the others the last one
/// wins, and every instance emits the result. Only `file`, `sleep` and what gives addresses are each their own.
pub(super) fn unify(steps: &mut [Step]) {
    let (mut dns, mut routers): (Vec<Ipv4Addr>, Vec<Ipv4Addr>) = (Vec::new(), Vec::new());
    let mut last: Vec<Step> = Vec::new();
    for step in &*steps {
        match step {
            Step::Dns(addresses) => dns.extend(addresses),
            Step::Router(addresses) => routers.extend(addresses),
            step if is_its_own(step) => {}
            other => {
                last.retain(|step| !same_kind(step, other));
                last.push(other.clone());
            }
        }
    }
    for step in steps {
        match step {
            Step::Dns(addresses) => addresses.clone_from(&dns),
            Step::Router(addresses) => addresses.clone_from(&routers),
            step if is_its_own(step) => {}
            other => {
                let latest = last.iter().find(|step| same_kind(step, other));
                *other = latest.expect("every kind was entered above").clone();
            }
        }
    }
}

fn is_its_own(step: &Step) -> bool {
    matches!(step, Step::File(_) | Step::Sleep(_) | Step::Coresmd(_) | Step::Range | Step::Bootloop(_))
}

fn same_kind(a: &Step, b: &Step) -> bool {
    std::mem::discriminant(a) == std::mem::discriminant(b)
}

/// The words of one step.
pub(super) struct Arguments<'a, 'r, 't> {
    pub(super) entry: &'a Entry,
    pub(super) words: &'a [Word],
    pub(super) report: &'r mut Report<'t>,
}

impl Arguments<'_, '_, '_> {
    /// Files a warning about the step.
    pub(super) fn warn(&mut self, message: &str) {
        self.report.warn(Fault::new(self.entry.span.clone(), message));
    }

    /// Exactly one word.
    pub(super) fn only<T>(&mut self, parse: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        if self.words.len() != 1 {
            let message = format!("`{}` takes exactly one word, not {}", self.entry.key, self.words.len());
            self.report.error(Fault::new(self.entry.span.clone(), message));
            return None;
        }
        self.all(parse)?.pop()
    }

    /// No word, which means the default, or one.
    fn optional<T>(&mut self, default: T, parse: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        if self.words.len() > 1 {
            let message = format!("`{}` takes at most one word, not {}", self.entry.key, self.words.len());
            self.report.error(Fault::new(self.entry.span.clone(), message));
            return None;
        }
        self.all(parse).map(|mut values| values.pop().unwrap_or(default))
    }

    /// A file's name, and perhaps `autorefresh`; the original does not look at anything behind that.
    pub(super) fn file<A: Copy>(&mut self) -> Option<AddressFile<A>> {
        let Some((path, options)) = self.words.split_first() else {
            let fault = Fault::new(self.entry.span.clone(), format!("`{}` needs the name of a file", self.entry.key));
            self.report.error(fault.help("write it as `- file: PATH`, or `- file: PATH autorefresh`"));
            return None;
        };
        let autorefresh = options.first().is_some_and(|word| word.text == "autorefresh");
        for word in &options[usize::from(autorefresh)..] {
            let message = format!("`{}` has no option `{}`: it is ignored", self.entry.key, word.text);
            self.report
                .warn(Fault::new(word.span.clone(), message).help("`autorefresh` reads the file when it changes"));
        }
        Some(AddressFile::new(path.text.clone().into(), autorefresh))
    }

    /// At least one word.
    pub(super) fn some<T>(&mut self, parse: impl Fn(&str) -> Result<T, String>) -> Option<Vec<T>> {
        if self.words.is_empty() {
            let message = format!("`{}` takes at least one word", self.entry.key);
            self.report.error(Fault::new(self.entry.span.clone(), message));
            return None;
        }
        self.all(parse)
    }

    /// Any number of words; a fault is filed for each that is wrong.
    pub(super) fn all<T>(&mut self, parse: impl Fn(&str) -> Result<T, String>) -> Option<Vec<T>> {
        let mut parsed = Vec::with_capacity(self.words.len());
        for word in self.words {
            match parse(&word.text) {
                Ok(value) => parsed.push(value),
                Err(message) => {
                    let message = format!("`{}`: {message}", self.entry.key);
                    self.report.error(Fault::new(word.span.clone(), message));
                }
            }
        }
        (parsed.len() == self.words.len()).then_some(parsed)
    }
}

/// Option 26: 68 is the least that IPv4 allows (RFC 2132 §5.1).
fn mtu(text: &str) -> Result<u16, String> {
    let mtu: u16 = text.parse().map_err(|_| format!("{text:?} is no MTU: 68 to 65535"))?;
    if mtu < 68 { Err(format!("{mtu} is no MTU: at least 68")) } else { Ok(mtu) }
}

/// Option 116 (RFC 2563 §2).
fn auto_configure(text: &str) -> Result<AutoConfigure, String> {
    match text {
        "0" | "DoNotAutoConfigure" => Ok(AutoConfigure::Forbidden),
        "1" | "AutoConfigure" => Ok(AutoConfigure::Allowed),
        _ => Err(format!("{text:?} is none of 0, 1, DoNotAutoConfigure, AutoConfigure")),
    }
}
