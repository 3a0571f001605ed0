//! What an expression comes to for a question.

use std::cmp::Ordering;
use std::fmt;

use thiserror::Error;

use super::data::Data;
use super::expression::{Expression, Field, Function};

/// A value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    Text(String),
    Number(i64),
    Boolean(bool),
}

/// Why a template cannot be written for a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(super) enum Failure {
    /// `index .Match` beyond the groups of the expression.
    #[error("the match has no such part")]
    Part,
    /// Values of different kinds, or of a kind that has no order or length.
    #[error("values of the wrong kind")]
    Kind,
    /// `parseInt` of something else.
    #[error("not a number of this base and size")]
    Number,
    /// Longer than allowed.
    #[error("the text gets too long")]
    Long,
}

impl Value {
    /// Whether a condition with this value holds: not if it is empty, zero or false.
    pub(super) fn holds(&self) -> bool {
        match self {
            Self::Text(text) => !text.is_empty(),
            Self::Number(number) => *number != 0,
            Self::Boolean(boolean) => *boolean,
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Number(number) => write!(f, "{number}"),
            Self::Boolean(boolean) => write!(f, "{boolean}"),
        }
    }
}

impl Expression {
    /// Its value for a question.
    pub(super) fn value(&self, data: &Data<'_>) -> Result<Value, Failure> {
        Ok(match self {
            Self::Field(field) => field.value(data),
            Self::Group(name) => Value::Text(data.group(name).to_owned()),
            Self::Text(text) => Value::Text(text.clone()),
            Self::Number(number) => Value::Number(*number),
            Self::Boolean(boolean) => Value::Boolean(*boolean),
            Self::Part(number) => {
                let Value::Number(number) = number.value(data)? else { return Err(Failure::Kind) };
                let part = usize::try_from(number).ok().and_then(|number| data.part(number));
                Value::Text(part.ok_or(Failure::Part)?.to_owned())
            }
            Self::Parts => Value::Number(length(data.parts())),
            Self::Call(function, arguments) => function.value(arguments, data)?,
            Self::Printf(format, arguments) => {
                let values = arguments.iter().map(|argument| argument.value(data));
                Value::Text(format.write(&values.collect::<Result<Vec<_>, _>>()?)?)
            }
            Self::Match | Self::Groups => return Err(Failure::Kind),
        })
    }
}

impl Field {
    fn value(self, data: &Data<'_>) -> Value {
        match self {
            Self::Name => Value::Text(data.name.to_owned()),
            Self::Zone => Value::Text(data.zone.clone()),
            Self::Class => Value::Text(data.class_name()),
            Self::Type => Value::Text(data.qtype.to_string()),
            Self::Regex => Value::Text(data.expression.to_owned()),
            Self::Remote => Value::Text(data.remote.to_string()),
            Self::QuestionName => Value::Text(data.asked.clone()),
            Self::QuestionType => Value::Number(data.qtype.0.into()),
            Self::QuestionClass => Value::Number(data.class.into()),
        }
    }
}

impl Function {
    /// Its value for arguments whose number has been checked.
    fn value(self, arguments: &[Expression], data: &Data<'_>) -> Result<Value, Failure> {
        // `and` and `or` end with the first value that decides (Go 1.18)
        if let Self::And | Self::Or = self {
            let mut last = Value::Boolean(false);
            for argument in arguments {
                last = argument.value(data)?;
                if last.holds() == (self == Self::Or) {
                    break;
                }
            }
            return Ok(last);
        }
        let values = arguments.iter().map(|argument| argument.value(data)).collect::<Result<Vec<_>, _>>()?;
        Ok(match (self, &values[..]) {
            (Self::Print, values) => Value::Text(print(values)),
            (Self::Not, [value]) => Value::Boolean(!value.holds()),
            (Self::Length, [Value::Text(text)]) => Value::Number(length(text.len())),
            (Self::ParseInt, [Value::Text(text), Value::Number(base), Value::Number(bits)]) => {
                Value::Number(parse_int(text, *base, *bits).ok_or(Failure::Number)?)
            }
            (Self::Equal, [first, others @ ..]) => {
                let mut equal = false;
                for other in others {
                    equal |= order(first, other)?.is_eq();
                }
                Value::Boolean(equal)
            }
            (Self::Unequal, [a, b]) => Value::Boolean(order(a, b)?.is_ne()),
            (_, [Value::Boolean(_), _]) => return Err(Failure::Kind),
            (Self::Less, [a, b]) => Value::Boolean(order(a, b)?.is_lt()),
            (Self::AtMost, [a, b]) => Value::Boolean(order(a, b)?.is_le()),
            (Self::Greater, [a, b]) => Value::Boolean(order(a, b)?.is_gt()),
            (Self::AtLeast, [a, b]) => Value::Boolean(order(a, b)?.is_ge()),
            _ => return Err(Failure::Kind),
        })
    }
}

/// The order of two values of one kind.
fn order(a: &Value, b: &Value) -> Result<Ordering, Failure> {
    match (a, b) {
        (Value::Text(a), Value::Text(b)) => Ok(a.cmp(b)),
        (Value::Number(a), Value::Number(b)) => Ok(a.cmp(b)),
        (Value::Boolean(a), Value::Boolean(b)) => Ok(a.cmp(b)),
        _ => Err(Failure::Kind),
    }
}

/// A length as a number; texts and matches are far shorter.
fn length(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}

/// Go's `Sprint`: a space between two values of which neither is a text.
fn print(values: &[Value]) -> String {
    let mut text = String::new();
    for (index, value) in values.iter().enumerate() {
        let is_text = |value: &Value| matches!(value, Value::Text(_));
        if index > 0 && !is_text(value) && !is_text(&values[index - 1]) {
            text.push(' ');
        }
        text.push_str(&value.to_string());
    }
    text
}

/// Go's `ParseUint`: a number without a sign, of a base from 2 to 36, that fits so many bits; 0 bits are 64.
fn parse_int(text: &str, base: i64, bits: i64) -> Option<i64> {
    let base = u32::try_from(base).ok().filter(|base| (2..=36).contains(base))?;
    let bits = u32::try_from(bits).ok().filter(|bits| *bits <= 64)?;
    let number = u64::from_str_radix(text, base).ok().filter(|_| !text.starts_with('+'))?;
    let fits = bits == 0 || bits == 64 || number >> bits == 0;
    i64::try_from(number).ok().filter(|_| fits)
}
