//! The plain steps of `server6`: name and words → [`Step6`] (facts: coredhcp-coredns §A5).

use std::net::{Ipv4Addr, Ipv6Addr};

use dhcp_wire::v6::{Duid, domain_name};
use ipnet::Ipv6Net;
use serve::duration;

use super::report::{Fault, Report};
use super::server_duid::server_duid;
use super::steps::{Arguments, words};
use super::tree::Entry;
use super::values;
use crate::v6::policy::Step6;
use crate::v6::prefix::PrefixPool;

/// What a step of the list says.
#[derive(Debug)]
pub(super) enum Read {
    /// A step as it is evaluated.
    Step(Step6),
    /// `server_id`, which is no step but the server's name.
    ServerId(Duid),
    /// `prefix`, whose pool is yet to be numbered.
    Pool(PrefixPool),
}

/// Reads one step; `None` when its words are at fault.
pub(super) fn read(entry: &Entry, report: &mut Report<'_>) -> Option<Read> {
    let words = words(entry, report)?;
    let mut arguments = Arguments { entry, words: &words, report };
    match entry.key.as_str() {
        "server_id" => server_id(&mut arguments).map(Read::ServerId),
        "prefix" => prefix(&mut arguments).map(Read::Pool),
        "dns" => arguments.some(address).map(|addresses| Read::Step(Step6::Dns(addresses))),
        "searchdomains" => {
            if words.is_empty() {
                arguments.warn("`searchdomains` names no domain: it says nothing");
            }
            arguments.all(domain).map(|domains| Read::Step(Step6::SearchDomains(domains.concat())))
        }
        "sleep" => arguments.only(duration::parse).map(|delay| Read::Step(Step6::Sleep(delay))),
        "file" => arguments.file().map(|file| Read::Step(Step6::File(file))),
        "nbp" => arguments.only(boot_program).map(Read::Step),
        _ => unreachable!("the caller knows the plain steps"),
    }
}

/// As in `server4`: the lists of `dns` are joined over all instances, of `searchdomains` and `nbp` the last one counts, and
/// every instance says the result.
pub(super) fn unify(steps: &mut [Step6]) {
    let mut dns: Vec<Ipv6Addr> = Vec::new();
    let (mut search, mut boot) = (None, None);
    for step in &*steps {
        match step {
            Step6::Dns(addresses) => dns.extend(addresses),
            Step6::SearchDomains(_) => search = Some(step.clone()),
            Step6::Nbp { .. } => boot = Some(step.clone()),
            Step6::Sleep(_) | Step6::File(_) | Step6::Prefix(_) | Step6::Coresmd(_) => {}
        }
    }
    for step in steps {
        match step {
            Step6::Dns(addresses) => addresses.clone_from(&dns),
            Step6::SearchDomains(_) => step.clone_from(search.as_ref().expect("the loop above has met one")),
            Step6::Nbp { .. } => step.clone_from(boot.as_ref().expect("the loop above has met one")),
            Step6::Sleep(_) | Step6::File(_) | Step6::Prefix(_) | Step6::Coresmd(_) => {}
        }
    }
}

/// `LL MAC` and the like: two words.
fn server_id(arguments: &mut Arguments<'_, '_, '_>) -> Option<Duid> {
    let fault = match arguments.words {
        [kind, value] => match server_duid(&kind.text, &value.text) {
            Ok(duid) => return Some(duid),
            Err(message) => Fault::new(kind.span.start..value.span.end, format!("`server_id`: {message}")),
        },
        words => {
            let message = format!("`server_id` takes two words in `server6`, not {}", words.len());
            Fault::new(arguments.entry.span.clone(), message)
        }
    };
    arguments.report.error(fault.help("the kind of the DUID and its value: `server_id: LL 02:00:00:00:00:01`"));
    None
}

/// `POOL/LENGTH LENGTH`. The original does not look at anything behind that.
fn prefix(arguments: &mut Arguments<'_, '_, '_>) -> Option<PrefixPool> {
    let [pool, length, more @ ..] = arguments.words else {
        let message = format!("`prefix` takes two words, not {}", arguments.words.len());
        let fault = Fault::new(arguments.entry.span.clone(), message);
        arguments.report.error(fault.help("the pool and the length of what is delegated: `prefix: 2001:db8::/48 64`"));
        return None;
    };
    for word in more {
        let fault = Fault::new(word.span.clone(), format!("`prefix` has no third word `{}`: it is ignored", word.text));
        arguments.report.warn(fault);
    }
    let parsed = parse_pool(&pool.text, &length.text);
    let place = pool.span.start..length.span.end;
    parsed.map_err(|message| arguments.report.error(Fault::new(place, format!("`prefix`: {message}")))).ok()
}

fn parse_pool(pool: &str, length: &str) -> Result<PrefixPool, String> {
    let pool: Ipv6Net = pool.parse().map_err(|_| format!("{pool:?} is no IPv6 prefix"))?;
    let length = length.parse().map_err(|_| format!("{length:?} is no length of a prefix"))?;
    PrefixPool::new(pool, length).map_err(|error| error.to_string())
}

/// A name server. The original takes an IPv4 address and sends it in a form that no resolver understands.
fn address(text: &str) -> Result<Ipv6Addr, String> {
    match text.parse() {
        Ok(address) => Ok(address),
        Err(_) if text.parse::<Ipv4Addr>().is_ok() => {
            Err(format!("{text} is an IPv4 address: it belongs in `server4`"))
        }
        Err(_) => Err(format!("{text:?} is no IPv6 address")),
    }
}

fn domain(text: &str) -> Result<Vec<u8>, String> {
    domain_name(text).map_err(|error| format!("{text:?} is no domain name: {error}"))
}

/// The URL, and what its query says of `params` (or `param`, as the original's documentation has it).
fn boot_program(text: &str) -> Result<Step6, String> {
    let url = values::url(text)?;
    let query = url.split('#').next().and_then(|url| url.split_once('?')).map_or("", |(_, query)| query);
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    let parameters = pairs.find(|(key, _)| matches!(&**key, "params" | "param")).map(|(_, value)| value.into_owned());
    Ok(Step6::Nbp { url, parameters: parameters.filter(|parameters| !parameters.is_empty()) })
}
