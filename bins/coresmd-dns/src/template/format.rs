//! The formats of `printf`: `%s %v %d %x %X %o %b %%` with a width, `-` and `0` (Go's `fmt`).

use super::TextError;
use super::evaluate::{Failure, Value};

/// The widest that a value may be filled to.
const MAX_WIDTH: usize = 255;

/// A format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Format(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Literal(String),
    Verb { verb: char, width: usize, left: bool, zeros: bool },
}

impl Format {
    /// Reads a format.
    pub(super) fn parse(text: &str) -> Result<Self, TextError> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((literal, behind)) = rest.split_once('%') {
            parts.push(Part::Literal(literal.to_owned()));
            let flags = behind.len() - behind.trim_start_matches(['-', '0']).len();
            let (flags, behind) = behind.split_at(flags);
            let digits = behind.len() - behind.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            let (width, behind) = behind.split_at(digits);
            let verb = behind.chars().next().filter(|verb| "svdxXob%".contains(*verb));
            let width = if width.is_empty() { Some(0) } else { width.parse().ok() };
            let (Some(verb), Some(width)) = (verb, width.filter(|width| *width <= MAX_WIDTH)) else {
                return Err(TextError(format!("the format `{text}` has more than %s %v %d %x %X %o %b and a width")));
            };
            parts.push(match verb {
                '%' => Part::Literal("%".to_owned()),
                _ => Part::Verb { verb, width, left: flags.contains('-'), zeros: flags.contains('0') },
            });
            rest = &behind[1..];
        }
        parts.push(Part::Literal(rest.to_owned()));
        Ok(Self(parts))
    }

    /// How many values it is for.
    pub(super) fn values(&self) -> usize {
        self.0.iter().filter(|part| matches!(part, Part::Verb { .. })).count()
    }

    /// Writes as many values as it is for.
    pub(super) fn write(&self, values: &[Value]) -> Result<String, Failure> {
        let mut text = String::new();
        let mut values = values.iter();
        for part in &self.0 {
            match part {
                Part::Literal(literal) => text.push_str(literal),
                Part::Verb { verb, width, left, zeros } => {
                    let value = values.next().ok_or(Failure::Kind)?;
                    let shown = shown(*verb, value)?;
                    let fill = width.saturating_sub(shown.chars().count());
                    let number = matches!(value, Value::Number(_));
                    match shown.strip_prefix('-').filter(|_| *zeros) {
                        _ if *left => text.extend([shown.as_str(), &" ".repeat(fill)]),
                        Some(digits) if number => text.extend(["-", &"0".repeat(fill), digits]),
                        _ => text.extend([&(if *zeros { "0" } else { " " }).repeat(fill), shown.as_str()]),
                    }
                }
            }
        }
        Ok(text)
    }
}

fn shown(verb: char, value: &Value) -> Result<String, Failure> {
    match (verb, value) {
        ('v', value) | ('s', value @ Value::Text(_)) => Ok(value.to_string()),
        ('d', Value::Number(number)) => Ok(number.to_string()),
        ('x' | 'X', Value::Text(text)) => {
            let digits = if verb == 'x' { b"0123456789abcdef" } else { b"0123456789ABCDEF" };
            let nibbles = text.bytes().flat_map(|octet| [octet >> 4, octet & 15]);
            Ok(nibbles.map(|nibble| char::from(digits[usize::from(nibble)])).collect())
        }
        (verb, Value::Number(number)) => {
            let sign = if *number < 0 { "-" } else { "" };
            let magnitude = number.unsigned_abs();
            match verb {
                'x' => Ok(format!("{sign}{magnitude:x}")),
                'X' => Ok(format!("{sign}{magnitude:X}")),
                'o' => Ok(format!("{sign}{magnitude:o}")),
                'b' => Ok(format!("{sign}{magnitude:b}")),
                _ => Err(Failure::Kind),
            }
        }
        _ => Err(Failure::Kind),
    }
}
