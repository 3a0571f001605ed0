//! The steps that have the pool: `range`, and `bootloop` in every dialect (facts: coredhcp-coredns §A5, coresmd-plugins §1
//! and §6).
//!
//! | form of `bootloop` | recognised by | a fault in it |
//! |---|---|---|
//! | positional (≤ v0.4; before v0.3 without the script) | the first word has no `key=` | fatal |
//! | text | words `key=value` | the word is skipped with a warning |
//! | map | a YAML map | fatal |

use std::net::Ipv4Addr;
use std::ops::Range as Span;
use std::path::PathBuf;
use std::time::Duration;

use serve::duration;
use serve::findings::did_you_mean;

use super::report::{Fault, Report};
use super::tree::{Entry, Node, Value};
use super::values;
use super::words::{self, Word};
use crate::policy::{Bootloop, PoolSettings, Step};
use crate::pool::{Pool, Range, SettingsError, Times};

/// The keys of `bootloop`.
const KEYS: [&str; 6] = ["lease_file", "script_path", "lease_time", "ipv4_start", "ipv4_end", "subnet_pool"];
/// What its positions mean, and what they meant before v0.3.
const POSITIONS: [&str; 5] = ["lease_file", "script_path", "lease_time", "ipv4_start", "ipv4_end"];
const OLD_POSITIONS: [&str; 4] = ["lease_file", "lease_time", "ipv4_start", "ipv4_end"];
/// Seconds of a lease of `bootloop`, unless it says otherwise.
const LEASE_TIME: u32 = 300;

/// Reads `range` or `bootloop`; `None` when something in it is fatal.
pub(super) fn read(entry: &Entry, report: &mut Report<'_>) -> Option<(Step, PoolSettings)> {
    if entry.key == "range" { range(entry, report) } else { bootloop(entry, report) }
}

/// `range: LEASE_FILE START END LEASE_TIME`.
fn range(entry: &Entry, report: &mut Report<'_>) -> Option<(Step, PoolSettings)> {
    let words = words::split(&entry.node, report.text()).unwrap_or_default();
    let [file, start, end, time, more @ ..] = &words[..] else {
        let fault = Fault::new(entry.span.clone(), format!("`range` takes 4 words, not {}", words.len()));
        report.error(fault.help("write it as `- range: LEASE_FILE START END LEASE_TIME`"));
        return None;
    };
    for word in more {
        report.warn(Fault::new(word.span.clone(), format!("`range` takes 4 words: `{}` is ignored", word.text)));
    }
    let draft = Draft {
        file: Some(file.text.clone().into()),
        start: read_word(start, "range", values::ipv4, report),
        end: read_word(end, "range", values::ipv4, report),
        lease_time: read_word(time, "range", lease_time, report).map(|(seconds, _)| seconds),
        ..Draft::default()
    };
    if draft.start.is_none() || draft.end.is_none() || draft.lease_time.is_none() {
        return None;
    }
    Some((Step::Range, draft.resolve(entry, report)?))
}

/// A word with its place; what is wrong with it is filed.
fn read_word<T>(
    word: &Word,
    step: &str,
    parse: impl Fn(&str) -> Result<T, String>,
    report: &mut Report<'_>,
) -> Option<(T, Span<usize>)> {
    let filed = |message| report.error(Fault::new(word.span.clone(), format!("`{step}`: {message}")));
    parse(&word.text).map_err(filed).ok().map(|value| (value, word.span.clone()))
}

fn bootloop(entry: &Entry, report: &mut Report<'_>) -> Option<(Step, PoolSettings)> {
    let mut draft = Draft::default();
    let sound = match &entry.node.value {
        Value::Map(keys) => map(keys, &mut draft, report),
        Value::List(_) => {
            let fault = Fault::new(entry.node.span.clone(), "`bootloop` takes words `key=value`, or a map");
            report.error(fault.help("CoreDHCP reads a list as no arguments at all"));
            false
        }
        Value::Null | Value::Scalar(_) => {
            let words = words::split(&entry.node, report.text()).expect("null and scalars have words");
            let words = words::without_comments(words, report);
            match words.first() {
                Some(first) if words::key(first).is_none() => positional(entry, &words, &mut draft, report),
                _ => text(&words, &mut draft, report),
            }
        }
    };
    let script = draft.script.clone().unwrap_or_else(|| "default".to_owned());
    let settings = sound.then(|| draft.resolve(entry, report))??;
    Some((Step::Bootloop(Bootloop { script }), settings))
}

/// The strict form: every fault is fatal.
fn map(keys: &[Entry], draft: &mut Draft, report: &mut Report<'_>) -> bool {
    let mut sound = true;
    for entry in keys {
        let nodes: &[Node] = match (&entry.node.value, entry.key.as_str()) {
            (Value::List(items), "subnet_pool") => items,
            _ => std::slice::from_ref(&entry.node),
        };
        for node in nodes {
            let outcome = match &node.value {
                Value::Scalar(text) => draft.set(&entry.key, text.trim(), node.span.clone()),
                _ => Err(Fault::new(node.span.clone(), format!("`{}` takes one value", entry.key))),
            };
            if let Err(fault) = outcome {
                sound = false;
                report.error(if fault.span.is_empty() { Fault { span: entry.span.clone(), ..fault } } else { fault });
            }
        }
    }
    sound
}

/// `LEASE_FILE [SCRIPT_PATH] LEASE_TIME IPV4_START IPV4_END`.
fn positional(entry: &Entry, words: &[Word], draft: &mut Draft, report: &mut Report<'_>) -> bool {
    let keys = match words.len() {
        5 => &POSITIONS[..],
        4 => &OLD_POSITIONS[..],
        count => {
            let fault = Fault::new(entry.span.clone(), format!("`bootloop` takes 4 or 5 words here, not {count}"));
            report.error(fault.help("LEASE_FILE [SCRIPT_PATH] LEASE_TIME IPV4_START IPV4_END, or words `key=value`"));
            return false;
        }
    };
    let mut sound = true;
    for (key, word) in keys.iter().zip(words) {
        if let Err(fault) = draft.set(key, &word.text, word.span.clone()) {
            sound = false;
            report.error(fault);
        }
    }
    sound
}

/// The text form: what is wrong with a word is a warning, and the word is skipped, as the original does.
fn text(words: &[Word], draft: &mut Draft, report: &mut Report<'_>) -> bool {
    for word in words {
        let outcome = match words::key(word) {
            Some((key, value)) => draft.set(key, value, word.from(word.text.len() - value.len())),
            None => Err(Fault::new(word.span.clone(), format!("`{}` is no `key=value`", word.text))),
        };
        if let Err(fault) = outcome {
            report.warn(if fault.span.is_empty() { Fault { span: word.span.clone(), ..fault } } else { fault });
        }
    }
    true
}

/// The keys as they are read; `None` where the default holds.
#[derive(Debug, Default)]
struct Draft {
    file: Option<PathBuf>,
    script: Option<String>,
    lease_time: Option<u32>,
    start: Option<(Ipv4Addr, Span<usize>)>,
    end: Option<(Ipv4Addr, Span<usize>)>,
    subnets: Vec<Range>,
}

impl Draft {
    /// Sets one key of `bootloop`; `place` is where its value stands. A fault without a place is about the key.
    fn set(&mut self, key: &str, value: &str, place: Span<usize>) -> Result<(), Fault> {
        let fault = |message: String| Fault::new(place.clone(), format!("`{key}`: {message}"));
        match key {
            "lease_file" => self.file = Some(file(value).map_err(fault)?),
            "script_path" => self.script = Some(script(value).map_err(fault)?),
            "lease_time" => self.lease_time = Some(lease_time(value).map_err(fault)?),
            "ipv4_start" => self.start = Some((values::ipv4(value).map_err(fault)?, place)),
            "ipv4_end" => self.end = Some((values::ipv4(value).map_err(fault)?, place)),
            "subnet_pool" => {
                let subnet = subnet_pool(value).map_err(fault)?;
                // The same network again takes the place of the first one.
                self.subnets.retain(|earlier| earlier.network() != subnet.network());
                self.subnets.push(subnet);
            }
            _ => {
                let unknown = Fault::new(0..0, format!("`bootloop` has no key `{key}`"));
                return Err(unknown.help(did_you_mean(key, &KEYS)));
            }
        }
        Ok(())
    }

    /// Fills in the defaults; files what is missing or does not fit together.
    fn resolve(self, entry: &Entry, report: &mut Report<'_>) -> Option<PoolSettings> {
        let mut fault = |message: &str, help: &str| report.error(Fault::new(entry.span.clone(), message).help(help));
        if self.file.is_none() {
            fault("`bootloop` needs `lease_file`", "an SQLite file: `lease_file=/var/lib/coredhcp/bootloop.db`");
        }
        let (ranges, place) = match (self.start, self.end, self.subnets) {
            (None, None, subnets) if !subnets.is_empty() => (Ok(subnets), entry.span.clone()),
            (Some((start, _)), Some((end, place)), subnets) if subnets.is_empty() => {
                (Range::new(None, start, end).map(|range| vec![range]), place)
            }
            (None, None, _) => {
                fault(
                    "`bootloop` has no pool",
                    "`subnet_pool=CIDR,START,END` for each subnet, or `ipv4_start` and `ipv4_end`",
                );
                return None;
            }
            (_, _, subnets) if !subnets.is_empty() => {
                fault("`bootloop` has both forms of a pool", "keep `subnet_pool`, or `ipv4_start` and `ipv4_end`");
                return None;
            }
            _ => {
                fault("`bootloop` needs both `ipv4_start` and `ipv4_end`", "they are the first and the last address");
                return None;
            }
        };
        let times = Times::new(self.lease_time.unwrap_or(LEASE_TIME).into());
        let checked = ranges.and_then(|ranges| Pool::new(&ranges, times).map(|_| ranges));
        let wrong = |error: SettingsError| report.error(Fault::new(place, format!("`{}`: {error}", entry.key)));
        let ranges = checked.map_err(wrong).ok()?;
        Some(PoolSettings { file: self.file?, ranges, times })
    }
}

fn file(text: &str) -> Result<PathBuf, String> {
    match values::unquoted(text) {
        "" => Err("the path is empty".into()),
        path => Ok(path.into()),
    }
}

/// What option 67 and the header field `file` have room for.
fn script(text: &str) -> Result<String, String> {
    match values::unquoted(text) {
        "" => Err("the name is empty".into()),
        name if name.len() > 255 => Err(format!("the name has {} octets: at most 255", name.len())),
        name => Ok(name.to_owned()),
    }
}

/// A lease in seconds, rounded as the original rounds; what is over at once is no lease.
fn lease_time(text: &str) -> Result<u32, String> {
    let rounded = duration::parse(text)?.saturating_add(Duration::from_millis(500)).as_secs();
    match u32::try_from(rounded) {
        Ok(0) => Err(format!("{text} is too short for a lease: at least 1s")),
        Ok(seconds) => Ok(seconds),
        Err(_) => Err(format!("{text} does not fit option 51: at most 4294967295 seconds")),
    }
}

/// `CIDR,START,END`.
fn subnet_pool(text: &str) -> Result<Range, String> {
    let parts: Vec<&str> = text.split(',').map(str::trim).collect();
    let [network, start, end] = parts[..] else { return Err(format!("{text:?} is no CIDR,START,END")) };
    let cidr: ipnet::Ipv4Net = network.parse().map_err(|_| format!("{network:?} is no IPv4 network"))?;
    let range = Range::new(Some(cidr.trunc()), values::ipv4(start)?, values::ipv4(end)?);
    range.map_err(|error| error.to_string())
}
