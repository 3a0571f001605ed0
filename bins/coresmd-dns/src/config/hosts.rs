//! `hosts [FILE] [ZONES…] { ADDRESS NAMES…; ttl SECONDS; no_reverse; reload DURATION; fallthrough [ZONES…] }` (facts,
//! coredhcp-coredns §B5).

use std::path::{Path, PathBuf};
use std::time::Duration;

use corefile::{Directive, ServerBlock};

use super::report::Report;
use super::{arguments, local};
use crate::hosts::{Table, parse_address};
use crate::name::Name;
use crate::zones::within;

/// A `hosts` directive.
#[derive(Debug, Clone)]
pub struct HostsConfig {
    /// The file.
    pub path: PathBuf,
    /// Whether the directive names it. If not, it may be missing.
    pub named: bool,
    /// What it answers for.
    pub zones: Vec<Name>,
    /// Where a name that it does not have is for the next directive to say.
    pub fallthrough: Vec<Name>,
    /// Seconds for which its answers may be remembered.
    pub ttl: u32,
    /// Whether addresses are answered with names.
    pub reverse: bool,
    /// How often the file is looked at; zero: never again.
    pub reload: Duration,
    /// The lines of the Corefile.
    pub inline: Table,
}

/// What the original reads and how.
const DEFAULT_FILE: &str = "/etc/hosts";
const DEFAULT_TTL: u32 = 3_600;
const DEFAULT_RELOAD: Duration = Duration::from_secs(5);

/// The words of the block, beside addresses.
const WORDS: [&str; 4] = ["fallthrough", "no_reverse", "reload", "ttl"];

/// Reads the directive.
pub(super) fn understand(
    directive: &Directive,
    block: &ServerBlock,
    root: &Path,
    report: &mut Report<'_>,
) -> Option<HostsConfig> {
    let path = directive.args.first();
    let zones = local::zones(directive.args.get(1..).unwrap_or_default(), block, report)?;
    let mut config = HostsConfig {
        path: root.join(path.map_or(DEFAULT_FILE, |path| path.text.as_str())),
        named: path.is_some(),
        zones,
        fallthrough: Vec::new(),
        ttl: DEFAULT_TTL,
        reverse: true,
        reload: DEFAULT_RELOAD,
        inline: Table::default(),
    };
    for line in directive.block.iter().flatten() {
        match line.name.as_str() {
            "fallthrough" => config.fallthrough = local::fallthrough(line, report),
            "no_reverse" => {
                arguments::no_more(line, 0, "no_reverse", report);
                config.reverse = false;
            }
            "reload" => config.reload = local::reload(line, report).unwrap_or(DEFAULT_RELOAD),
            "ttl" => {
                let word = report.single("ttl", &line.span, &line.args, "3600");
                let ttl = word.and_then(|word| arguments::number(word, "TTL of hosts", 1..=65_535, report));
                config.ttl = ttl.unwrap_or(DEFAULT_TTL);
                local::no_block(line, report);
            }
            _ => inline(line, &mut config, report),
        }
    }
    Some(config)
}

/// `ADDRESS NAMES…`; names in no zone of the directive are left out, as those of the file.
fn inline(line: &Directive, config: &mut HostsConfig, report: &mut Report<'_>) {
    let Some(address) = parse_address(&line.name) else {
        return local::unknown(line, "hosts, which is no IP address either", &WORDS, report);
    };
    local::no_block(line, report);
    if line.args.is_empty() {
        report.error(&line.span, format!("the address {address} has no name"), "write `10.0.0.1 node.example`");
    }
    // the original reads the line again as a hosts file has it: blanks inside of quotes separate names too
    let names = line.args.iter().flat_map(|word| word.text.split_whitespace().map(move |name| (word, name)));
    for (word, name) in names {
        match Name::parse(name) {
            Ok(name) if within(name.as_wire(), &config.zones) => config.inline.insert(address, &name),
            Ok(_) => {}
            Err(error) => report.error(&word.span, format!("`{name}` {error}"), "write it as `node.example`"),
        }
    }
}
