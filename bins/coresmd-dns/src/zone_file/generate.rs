//! `$GENERATE START-STOP[/STEP] OWNER [TTL] [CLASS] TYPE DATA…`: many records of one pattern, as BIND has it.
//!
//! In every word `$` is the number, `${OFFSET,WIDTH,BASE}` the number and the offset, filled with zeros to the width,
//! in base `d`, `o`, `x` or `X`; `\$` and `$$` are the character.

use super::lexer::{Fault, Place, Word};

/// The most records of one directive.
const MAX_RECORDS: u64 = 65_536;

/// The widest that a number may be filled to.
const MAX_WIDTH: usize = 63;

/// A word that was made for one number.
pub(super) struct Made {
    text: String,
    quoted: bool,
    at: Place,
}

impl Made {
    /// It as if it had been read.
    pub(super) fn word(&self) -> Word<'_> {
        Word { text: &self.text, quoted: self.quoted, at: self.at }
    }
}

/// The words of each record.
pub(super) fn entries<'e>(
    directive: &Word<'_>,
    arguments: &'e [Word<'e>],
) -> Result<impl Iterator<Item = Result<Vec<Made>, Fault>> + use<'e>, Fault> {
    let (range, pattern) =
        arguments.split_first().ok_or_else(|| directive.fault("write `$GENERATE 1-9 node$ A 10.0.0.$`"))?;
    let numbers = numbers(range.text).ok_or_else(|| {
        range.fault(format!("`{}` is no range such as `1-9` or `0-100/10`, of at most {MAX_RECORDS}", range.text))
    })?;
    if pattern.is_empty() {
        return Err(range.fault("nothing to make behind the range"));
    }
    Ok(numbers.map(move |number| pattern.iter().map(|word| made(word, number)).collect()))
}

fn numbers(range: &str) -> Option<impl Iterator<Item = i64> + use<>> {
    let (range, step) = range.split_once('/').unwrap_or((range, "1"));
    let (start, stop) = range.split_once('-')?;
    let (start, stop, step): (u32, u32, u32) = (start.parse().ok()?, stop.parse().ok()?, step.parse().ok()?);
    let fits = start <= stop && step > 0 && u64::from((stop - start) / step) < MAX_RECORDS;
    fits.then(|| (i64::from(start)..=i64::from(stop)).step_by(step as usize))
}

fn made(word: &Word<'_>, number: i64) -> Result<Made, Fault> {
    let mut text = String::with_capacity(word.text.len() + 8);
    let mut rest = word.text;
    while let Some(at) = rest.find(['$', '\\']) {
        text.push_str(&rest[..at]);
        let behind = &rest[at + 1..];
        if rest.as_bytes()[at] == b'\\' {
            // an escape stays one, but for that of the dollar itself
            let escaped = behind.chars().next().map_or(0, char::len_utf8);
            text.push_str(if behind.starts_with('$') { "$" } else { &rest[at..=at + escaped] });
            rest = &behind[escaped..];
        } else if let Some(behind) = behind.strip_prefix('$') {
            text.push('$');
            rest = behind;
        } else if let Some((modifier, behind)) = behind.strip_prefix('{').and_then(|behind| behind.split_once('}')) {
            let shown = modified(number, modifier);
            let wrong = || word.fault(format!("`${{{modifier}}}` is no `${{OFFSET,WIDTH,BASE}}` of a number from 0"));
            text.push_str(&shown.ok_or_else(wrong)?);
            rest = behind;
        } else {
            text.push_str(&number.to_string());
            rest = behind;
        }
    }
    text.push_str(rest);
    Ok(Made { text, quoted: word.quoted, at: word.at })
}

/// The number as `OFFSET[,WIDTH[,BASE]]` has it.
fn modified(number: i64, modifier: &str) -> Option<String> {
    let mut parts = modifier.split(',');
    let offset: i64 = parts.next()?.parse().ok()?;
    let width: usize = parts.next().map_or(Some(0), |width| width.parse().ok())?;
    let base = parts.next().unwrap_or("d");
    let value = number.checked_add(offset).filter(|value| *value >= 0)?;
    if width > MAX_WIDTH || parts.next().is_some() {
        return None;
    }
    match base {
        "d" => Some(format!("{value:0width$}")),
        "o" => Some(format!("{value:0width$o}")),
        "x" => Some(format!("{value:0width$x}")),
        "X" => Some(format!("{value:0width$X}")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::lexer::Lexer;
    use super::*;

    fn generate(line: &str) -> Result<Vec<String>, String> {
        let entry = Lexer::new(line).next().unwrap().unwrap();
        let show = |words: Vec<Made>| words.into_iter().map(|word| word.text).collect::<Vec<_>>().join(" ");
        let all = entries(&entry.words[0], &entry.words[1..]);
        all.and_then(|entries| entries.map(|words| words.map(show)).collect()).map_err(|fault| fault.message)
    }

    #[test]
    fn patterns() {
        for (line, made) in [
            ("$GENERATE 1-2 n$ A 10.0.0.$", &["n1 A 10.0.0.1", "n2 A 10.0.0.2"][..]),
            (
                "$GENERATE 0-20/10 nid${1,4} A 10.0.${0}.1",
                &["nid0001 A 10.0.0.1", "nid0011 A 10.0.10.1", "nid0021 A 10.0.20.1"],
            ),
            ("$GENERATE 31-31 $ AAAA fd00::${0,4,x}", &["31 AAAA fd00::001f"]),
            (r#"$GENERATE 7-7 a TXT "\$ $$ \" $""#, &[r#"a TXT $ $ \" 7"#]),
            ("$GENERATE 5-5 ${-5} A 10.0.0.1", &["0 A 10.0.0.1"]),
        ] {
            assert_eq!(generate(line).unwrap(), made, "{line}");
        }
    }

    #[test]
    fn what_is_no_pattern() {
        for line in [
            "$GENERATE",
            "$GENERATE 1-2",
            "$GENERATE 2-1 a A 10.0.0.1",
            "$GENERATE 1-2/0 a A 10.0.0.1",
            "$GENERATE 0-65536 a A 10.0.0.1",
            "$GENERATE 1 a A 10.0.0.1",
            "$GENERATE 1-1 a${0,64} A 10.0.0.1",
            "$GENERATE 1-1 a${-2} A 10.0.0.1",
            "$GENERATE 1-1 a${0,1,b} A 10.0.0.1",
        ] {
            assert!(generate(line).is_err(), "{line}");
        }
    }
}
