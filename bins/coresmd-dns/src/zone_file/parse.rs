//! The entries of a master file into records (RFC 1035 §5.1; RFC 2308 §4 for `$TTL`).
//!
//! Nothing is opened here: what `$INCLUDE` names comes through the caller. All faults of a file are found, up to a
//! bound, each with its place.

use std::sync::Arc;

use serve::findings::{Finding, Severity};

use super::lexer::{Entry, Fault, Lexer, Place, Word};
use super::{generate, rdata, text};
use crate::name::Name;
use crate::wire::Rtype;

/// The most findings that are worth telling.
const MAX_FINDINGS: usize = 20;

/// How deep files may include each other.
const MAX_DEPTH: usize = 8;

/// How many times files may be included in all: one that includes itself twice would else never end.
const MAX_INCLUDES: usize = 1_000;

/// Fetches what `$INCLUDE` names: the name of the including file and the path as written there, to the name and the
/// text of the included one, or why there is none.
pub type Include<'l> = dyn FnMut(&str, &str) -> Result<(String, String), String> + 'l;

/// How many records a file may have in all: `$GENERATE` makes many of few words.
const MAX_RECORDS: usize = 10_000_000;

/// A record as it is written.
#[derive(Debug, Clone)]
pub(super) struct Line {
    /// The owner in wire form, in its case.
    pub(super) owner: Vec<u8>,
    pub(super) rtype: Rtype,
    pub(super) ttl: u32,
    pub(super) rdata: Vec<u8>,
    /// Where its owner, or its first word, stands.
    pub(super) at: Place,
    pub(super) file: Arc<str>,
}

/// Reads a whole file.
pub(super) fn file(file: &str, text: &str, origin: &Name, include: &mut Include<'_>) -> (Vec<Line>, Vec<Finding>) {
    let mut reader =
        Reader { include, lines: Vec::new(), findings: Vec::new(), ttl: Ttl::default(), directives: true, includes: 0 };
    let mut scope = Scope { file: file.into(), origin: origin.as_wire().to_vec(), owner: None, depth: 0 };
    reader.text(text, &mut scope);
    (reader.lines, reader.findings)
}

/// Reads records, names relative to the root; `ttl` is that of records without one. The error is the first fault.
pub(super) fn records(text: &str, ttl: u32) -> Result<Vec<Line>, Finding> {
    let mut include = |_: &str, _: &str| Err("nothing can be included here".to_owned());
    let ttl = Ttl { default: Some(ttl), last: None };
    let mut reader =
        Reader { include: &mut include, lines: Vec::new(), findings: Vec::new(), ttl, directives: false, includes: 0 };
    let mut scope = Scope { file: "".into(), origin: vec![0], owner: None, depth: 0 };
    reader.text(text, &mut scope);
    match reader.findings.into_iter().next() {
        Some(finding) => Err(finding),
        None => Ok(reader.lines),
    }
}

struct Reader<'l, 'i> {
    include: &'l mut Include<'i>,
    lines: Vec<Line>,
    findings: Vec<Finding>,
    ttl: Ttl,
    /// Whether there are directives; without them `$` is a character of a name.
    directives: bool,
    includes: usize,
}

/// What a record without a TTL has.
#[derive(Debug, Clone, Copy, Default)]
struct Ttl {
    /// That of `$TTL`.
    default: Option<u32>,
    /// That of the record before (RFC 1035 §5.1).
    last: Option<u32>,
}

/// What holds within one file.
struct Scope {
    file: Arc<str>,
    origin: Vec<u8>,
    /// The owner of the record before.
    owner: Option<Vec<u8>>,
    depth: usize,
}

impl Reader<'_, '_> {
    fn text(&mut self, text: &str, scope: &mut Scope) {
        for entry in Lexer::new(text) {
            let done = entry.and_then(|entry| self.entry(&entry, scope));
            if let Err(fault) = done {
                self.findings.push(fault.finding(Severity::Error, &scope.file));
            }
            if self.findings.len() >= MAX_FINDINGS {
                return;
            }
        }
    }

    fn entry(&mut self, entry: &Entry<'_>, scope: &mut Scope) -> Result<(), Fault> {
        let first = &entry.words[0];
        if !self.directives || entry.indented || first.quoted || !first.text.starts_with('$') {
            return self.record(&entry.words, entry.indented, scope);
        }
        let arguments = &entry.words[1..];
        let one = |what: &str| match arguments {
            [word] => Ok(word),
            [] => Err(first.fault(format!("`{}` without {what}", first.text))),
            [_, surplus, ..] => Err(surplus.fault(format!("`{}` is too much for `{}`", surplus.text, first.text))),
        };
        match first.text.to_ascii_uppercase().as_str() {
            "$ORIGIN" => scope.origin = name(one("a name")?, &scope.origin)?,
            "$TTL" => self.ttl.default = Some(ttl(one("a TTL")?)?),
            "$INCLUDE" => self.included(first, arguments, scope)?,
            "$GENERATE" => {
                for words in generate::entries(first, arguments)? {
                    let words = words?;
                    let words: Vec<_> = words.iter().map(generate::Made::word).collect();
                    self.record(&words, false, scope)?;
                }
            }
            _ => return Err(first.fault(format!("`{}` is no directive of a zone file", first.text))),
        }
        Ok(())
    }

    /// `$INCLUDE FILE [ORIGIN]`: origin and owner of the including file stay as they are.
    fn included(&mut self, first: &Word<'_>, arguments: &[Word<'_>], scope: &Scope) -> Result<(), Fault> {
        let (path, origin) = match arguments {
            [path] => (path, scope.origin.clone()),
            [path, origin] => (path, name(origin, &scope.origin)?),
            _ => return Err(first.fault("write `$INCLUDE FILE` or `$INCLUDE FILE ORIGIN`")),
        };
        self.includes += 1;
        if scope.depth == MAX_DEPTH || self.includes > MAX_INCLUDES {
            return Err(first.fault("files include each other too deep or too often"));
        }
        let (file, text) = (self.include)(&scope.file, path.text)
            .map_err(|error| path.fault(format!("`{}` cannot be included: {error}", path.text)))?;
        let owner = scope.owner.clone();
        let mut inner = Scope { file: file.into(), origin, owner, depth: scope.depth + 1 };
        self.text(&text, &mut inner);
        Ok(())
    }

    /// `[OWNER] [TTL] [CLASS] TYPE DATA…`, TTL and class in either order.
    fn record(&mut self, words: &[Word<'_>], indented: bool, scope: &mut Scope) -> Result<(), Fault> {
        let mut rest = words;
        let mut last = &words[0];
        let at = last.at;
        if !indented {
            scope.owner = Some(name(last, &scope.origin)?);
            rest = &words[1..];
        }
        let (mut explicit, mut class) = (None, false);
        let rtype = loop {
            let Some((word, behind)) = rest.split_first() else {
                return Err(last.fault("a record without a type"));
            };
            (rest, last) = (behind, word);
            if explicit.is_none() && word.text.starts_with(|c: char| c.is_ascii_digit()) {
                explicit = Some(ttl(word)?);
            } else if !class && let Some(internet) = is_internet(word.text) {
                if !internet {
                    return Err(word.fault(format!("class {} is not served, only IN", word.text)));
                }
                class = true;
            } else {
                break rdata::rtype(word.text)
                    .filter(|_| !word.quoted)
                    .ok_or_else(|| word.fault(format!("`{}` is no type of record", word.text)))?;
            }
        };
        if self.lines.len() == MAX_RECORDS {
            return Err(words[0].fault(format!("more than {MAX_RECORDS} records")));
        }
        let rdata = rdata::encode(rtype, rest, last, &scope.origin)?;
        let Some(owner) = scope.owner.clone() else {
            return Err(words[0].fault("the first record has no owner"));
        };
        let minimum = || (rtype == Rtype::SOA).then(|| rdata.last_chunk().map(|octets| u32::from_be_bytes(*octets)));
        let ttl = explicit.or(self.ttl.default).or(self.ttl.last).or_else(|| minimum().flatten());
        let ttl = ttl.ok_or_else(|| last.fault("no TTL has been said: write `$TTL 3600` above"))?;
        self.ttl.last = Some(ttl);
        self.lines.push(Line { owner, rtype, ttl, rdata, at, file: Arc::clone(&scope.file) });
        Ok(())
    }
}

fn name(word: &Word<'_>, origin: &[u8]) -> Result<Vec<u8>, Fault> {
    text::name(word.text, origin).map_err(|error| word.fault(format!("`{}` {error}", word.text)))
}

fn ttl(word: &Word<'_>) -> Result<u32, Fault> {
    let ttl = text::seconds(word.text).filter(|ttl| *ttl <= text::MAX_TTL);
    ttl.ok_or_else(|| word.fault(format!("`{}` is not a TTL: at most {} seconds", word.text, text::MAX_TTL)))
}

/// Whether a class is IN; `None` if it is no class.
fn is_internet(text: &str) -> Option<bool> {
    let class = text.to_ascii_uppercase();
    match class.as_str() {
        "IN" | "CLASS1" => Some(true),
        "CH" | "HS" | "CS" | "NONE" | "ANY" => (class != "ANY").then_some(false),
        _ => class.strip_prefix("CLASS").and_then(|number| number.parse::<u16>().ok()).map(|_| false),
    }
}

#[cfg(test)]
mod tests;
