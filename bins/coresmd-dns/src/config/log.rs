//! `log [NAMES…] [FORMAT] { class … }` (facts, coredhcp-coredns §B5): which queries get a line, and how it looks.

use corefile::{Directive, Word};

use super::report::Report;
use crate::name::Name;

/// One `log` line of a block. The first whose names fit decides about a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogRule {
    /// The zones whose names it is about.
    pub zones: Vec<Name>,
    /// How the line looks.
    pub format: Vec<Part>,
    /// Which answers are logged.
    pub classes: Classes,
}

/// A piece of a log line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// As it stands.
    Text(String),
    /// A property of the query or of its answer.
    Field(Field),
}

/// The answers that are logged, by kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Classes {
    /// NOERROR with records.
    pub success: bool,
    /// NXDOMAIN and NODATA.
    pub denial: bool,
    /// Every other response code.
    pub error: bool,
}

/// What a log line can show. The words are CoreDNS's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// `{type}`: the type asked for.
    Type,
    /// `{class}`: the class asked for.
    Class,
    /// `{name}`: the name asked for, lower-cased.
    Name,
    /// `{proto}`: `udp` or `tcp`.
    Proto,
    /// `{size}`: octets of the query.
    Size,
    /// `{remote}`: the client's address, IPv6 in brackets.
    Remote,
    /// `{port}`: the client's port.
    Port,
    /// `{rcode}`: the response code.
    Rcode,
    /// `{rsize}`: octets of the reply.
    ResponseSize,
    /// `{duration}`: seconds from reading the query to having its reply.
    Duration,
    /// `{>id}`: the query's id.
    Id,
    /// `{>opcode}`: the query's opcode, as a number.
    Opcode,
    /// `{>do}`: whether the client understands DNSSEC.
    Do,
    /// `{>bufsize}`: octets that the client takes.
    BufferSize,
    /// `{>rflags}`: the flags of the reply, `qr,aa,rd`.
    ResponseFlags,
}

impl Field {
    const ALL: [(&'static str, Self); 15] = [
        ("type", Self::Type),
        ("class", Self::Class),
        ("name", Self::Name),
        ("proto", Self::Proto),
        ("size", Self::Size),
        ("remote", Self::Remote),
        ("port", Self::Port),
        ("rcode", Self::Rcode),
        ("rsize", Self::ResponseSize),
        ("duration", Self::Duration),
        (">id", Self::Id),
        (">opcode", Self::Opcode),
        (">do", Self::Do),
        (">bufsize", Self::BufferSize),
        (">rflags", Self::ResponseFlags),
    ];
}

/// CoreDNS's format where none is given; `{common}` and `{combined}` stand for it too.
const COMMON: &str = concat!(
    r#"{remote}:{port} - {>id} "{type} {class} {name} {proto} {size} {>do} {>bufsize}" "#,
    "{rcode} {>rflags} {rsize} {duration}"
);

/// Reads one `log` directive.
pub(super) fn understand(directive: &Directive, report: &mut Report<'_>) -> Option<LogRule> {
    let (names, format) = match &directive.args[..] {
        [names @ .., last] if last.text.contains('{') => (names, last.text.as_str()),
        names => (names, COMMON),
    };
    let zones = zones(names, report);
    let format = parts(&format.replace("{common}", COMMON).replace("{combined}", COMMON)).map_err(|field| {
        let known = Field::ALL.iter().map(|(name, _)| format!("{{{name}}}")).collect::<Vec<_>>().join(" ");
        let span = &directive.args.last().map_or(&directive.span, |word| &word.span);
        report.error(span, format!("`{field}` is nothing that a log line can show"), format!("there are {known}"));
    });
    let classes = classes(directive, report);
    Some(LogRule { zones: zones?, format: format.ok()?, classes: classes? })
}

/// The zones of the rule; none named: all.
fn zones(names: &[Word], report: &mut Report<'_>) -> Option<Vec<Name>> {
    if names.is_empty() {
        return Some(vec![Name::root()]);
    }
    let zone = |word: &Word| {
        Name::parse(&word.text).map_err(|error| {
            report.error(&word.span, format!("`{}` {error}", word.text), "write the zone as `example.org`");
        })
    };
    // every wrong name gets its finding
    names.iter().map(zone).collect::<Vec<_>>().into_iter().collect::<Result<_, _>>().ok()
}

fn classes(directive: &Directive, report: &mut Report<'_>) -> Option<Classes> {
    let all = Classes { success: true, denial: true, error: true };
    let mut chosen = Classes::default();
    let mut right = true;
    for line in directive.block.iter().flatten() {
        if line.name != "class" || line.args.is_empty() {
            report.error(&line.span, format!("unknown option `{}` of log", line.name), "write `class denial error`");
            right = false;
            continue;
        }
        for word in &line.args {
            match word.text.as_str() {
                "all" => chosen = all,
                "success" => chosen.success = true,
                "denial" => chosen.denial = true,
                "error" => chosen.error = true,
                other => {
                    let help = "there are all, success, denial and error";
                    report.error(&word.span, format!("`{other}` is no class of answers"), help);
                    right = false;
                }
            }
        }
    }
    right.then_some(if chosen == Classes::default() { all } else { chosen })
}

/// Takes a format apart; the error is a field that there is not.
fn parts(format: &str) -> Result<Vec<Part>, String> {
    let mut parts = Vec::new();
    let mut rest = format;
    while let Some((text, behind)) = rest.split_once('{') {
        let (word, next) = behind.split_once('}').ok_or_else(|| format!("{{{behind}"))?;
        let (_, field) = *Field::ALL.iter().find(|(name, _)| *name == word).ok_or_else(|| format!("{{{word}}}"))?;
        parts.extend((!text.is_empty()).then(|| Part::Text(text.to_owned())));
        parts.push(Part::Field(field));
        rest = next;
    }
    parts.extend((!rest.is_empty()).then(|| Part::Text(rest.to_owned())));
    Ok(parts)
}
