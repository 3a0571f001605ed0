//! The lines of a `coresmd` block that say what zones say about themselves, and who may have them.

use std::net::IpAddr;

use corefile::{Directive, Word};
use ipnet::IpNet;
use serve::duration;

use super::super::report::Report;
use super::no_block;
use crate::catalog::Soa;
use crate::name::Name;

/// The longest TTL (RFC 2181 §8).
const MAX_TTL: u32 = i32::MAX as u32;

/// `soa MNAME RNAME …`, its names as they are written.
pub(super) struct WrittenSoa<'d> {
    pub(super) primary: &'d Word,
    pub(super) mailbox: &'d Word,
    /// The times; the names are filled in for each zone.
    pub(super) soa: Soa,
}

/// `ns NAME [ADDRESS…]`.
pub(super) struct Server<'d> {
    pub(super) name: &'d Word,
    pub(super) addresses: Vec<IpAddr>,
}

/// `ttl 60s`.
pub(super) fn ttl(line: &Directive, report: &mut Report<'_>) -> Option<u32> {
    let word = report.single("ttl", &line.span, &line.args, "60s")?;
    seconds(word, report)
}

/// `soa MNAME RNAME [REFRESH RETRY EXPIRE MINIMUM]`.
pub(super) fn soa<'d>(line: &'d Directive, report: &mut Report<'_>) -> Option<WrittenSoa<'d>> {
    let mut soa = Soa::default();
    match &line.args[..] {
        [primary, mailbox] => {
            let (primary, mailbox) = (checked(primary, report), checked(mailbox, report));
            Some(WrittenSoa { primary: primary?, mailbox: mailbox?, soa })
        }
        [primary, mailbox, times @ ..] if times.len() == 4 => {
            let read: Vec<u32> = times.iter().filter_map(|word| seconds(word, report)).collect();
            let (primary, mailbox) = (checked(primary, report), checked(mailbox, report));
            let [refresh, retry, expire, minimum] = read.try_into().ok()?;
            soa = Soa { refresh, retry, expire, minimum, ..soa };
            Some(WrittenSoa { primary: primary?, mailbox: mailbox?, soa })
        }
        words => {
            let span = words.last().map_or(&line.span, |word| &word.span);
            let help = "write `soa ns1 hostmaster`, or with times `soa ns1 hostmaster 60s 30s 168h 30s`";
            report.error(span, "`soa` takes two names, or these and four times", help);
            None
        }
    }
}

/// `ns NAME [ADDRESS…]`.
pub(super) fn server<'d>(line: &'d Directive, report: &mut Report<'_>) -> Option<Server<'d>> {
    let Some((name, addresses)) = line.args.split_first() else {
        report.error(&line.span, "`ns` without a name", "write `ns ns1 10.0.0.53`");
        return None;
    };
    let address = |word: &Word| {
        let address = word.text.parse::<IpAddr>().ok();
        if address.is_none() {
            let message = format!("`{}` is not an IP address, for `ns {}`", word.text, name.text);
            report.error(&word.span, message, "write `ns NAME ADDRESS…`, and a line for each name server");
        }
        address
    };
    let addresses = addresses.iter().filter_map(address).collect();
    Some(Server { name: checked(name, report)?, addresses })
}

/// `fallthrough [ZONE…]`.
pub(super) fn fallthrough(line: &Directive, zones: &mut Option<Vec<Name>>, report: &mut Report<'_>) -> bool {
    no_block(line, report);
    if zones.is_some() {
        report.error(&line.span, "`fallthrough` is given twice", "write all zones on one line");
    }
    let zones = zones.get_or_insert_default();
    for word in &line.args {
        match Name::parse(&word.text) {
            Ok(name) => zones.push(name),
            Err(error) => {
                let message = format!("`fallthrough {}` {error}", word.text);
                report.error(&word.span, message, "write `fallthrough`, or `fallthrough cluster.local`");
            }
        }
    }
    true
}

/// `transfer to CIDR…`.
pub(super) fn transfer(line: &Directive, to: &mut Vec<IpNet>, report: &mut Report<'_>) -> bool {
    no_block(line, report);
    let help = "write `transfer to 10.0.0.53 10.1.0.0/24`, or `transfer to *`";
    match line.args.split_first() {
        Some((word, networks)) if word.text == "to" && !networks.is_empty() => {
            for word in networks {
                let read = networks_of(&word.text);
                if read.is_empty() {
                    report.error(&word.span, format!("`{}` is neither a network nor an address", word.text), help);
                }
                to.extend(read);
            }
        }
        Some((word, _)) if word.text != "to" => {
            report.error(&word.span, format!("`transfer {}` is not known", word.text), help);
        }
        _ => report.error(&line.span, "`transfer` does not say to whom", help),
    }
    true
}

/// A word that is a name, or `@`.
pub(super) fn checked<'d>(word: &'d Word, report: &mut Report<'_>) -> Option<&'d Word> {
    let checked = Name::parse(&word.text).map_err(|error| {
        report.error(&word.span, format!("`{}` {error}", word.text), "write a name: `ns1`, or whole as `ns1.example.`");
    });
    checked.ok().map(|_| word)
}

/// What `*`, a network or an address stands for.
fn networks_of(text: &str) -> Vec<IpNet> {
    if text == "*" {
        return [[0; 4].into(), [0_u16; 8].into()].map(|all: IpAddr| IpNet::new_assert(all, 0)).to_vec();
    }
    let address = || text.parse::<IpAddr>().ok().map(IpNet::from);
    text.parse::<IpNet>().ok().or_else(address).into_iter().collect()
}

/// A time in whole seconds: as a duration, or as a number as zone files have it.
fn seconds(word: &Word, report: &mut Report<'_>) -> Option<u32> {
    let seconds = word.text.parse::<u32>().ok().or_else(|| duration::parse_seconds(&word.text).ok());
    let seconds = seconds.filter(|seconds| *seconds <= MAX_TTL);
    if seconds.is_none() {
        let message = format!("`{}` is not a time that DNS can say", word.text);
        report.error(&word.span, message, "write it as `60s`, `5m` or `60`; 2147483647 seconds are the most");
    }
    seconds
}
