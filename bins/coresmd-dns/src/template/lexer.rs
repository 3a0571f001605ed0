//! A template's text into literals and actions, an action into words (Go's `text/template`).

use super::TextError;

/// A piece of a template.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece<'t> {
    /// Text that stays as it is.
    Literal(&'t str),
    /// What stands between `{{` and `}}`, without the signs that trim; never a comment.
    Action(&'t str),
}

/// The pieces of a template: `{{-` and `-}}` trim the white space beside them.
pub(super) fn pieces(text: &str) -> Result<Vec<Piece<'_>>, TextError> {
    let mut pieces = Vec::new();
    let (mut rest, mut trim) = (text, false);
    while let Some(open) = rest.find("{{") {
        let (mut literal, behind) = (&rest[..open], &rest[open + 2..]);
        let close = end(behind).ok_or_else(|| TextError("`{{` without `}}`".to_owned()))?;
        let (mut action, next) = (&behind[..close], &behind[close + 2..]);
        if trim {
            literal = literal.trim_start();
        }
        if let Some(trimmed) = action.strip_prefix('-').filter(|trimmed| trimmed.starts_with(char::is_whitespace)) {
            (action, literal) = (trimmed, literal.trim_end());
        }
        let trimmed = action.strip_suffix('-').filter(|trimmed| trimmed.ends_with(char::is_whitespace));
        trim = trimmed.is_some();
        action = trimmed.unwrap_or(action).trim();
        if !literal.is_empty() {
            pieces.push(Piece::Literal(literal));
        }
        if !(action.starts_with("/*") && action.ends_with("*/")) {
            pieces.push(Piece::Action(action));
        }
        rest = next;
    }
    let literal = if trim { rest.trim_start() } else { rest };
    if !literal.is_empty() {
        pieces.push(Piece::Literal(literal));
    }
    Ok(pieces)
}

/// Where an action ends: at the first `}}` outside of its strings and comments.
fn end(action: &str) -> Option<usize> {
    let comment = action.trim_start_matches('-').trim_start().starts_with("/*");
    if comment {
        let close = action.find("*/")?;
        return action[close..].find("}}").map(|end| close + end);
    }
    let (mut quote, mut escaped) = (None, false);
    for (at, c) in action.char_indices() {
        match (quote, c) {
            _ if escaped => escaped = false,
            (Some('"'), '\\') => escaped = true,
            (Some(open), _) if open == c => quote = None,
            (None, '"' | '`') => quote = Some(c),
            (None, '}') if action[at..].starts_with("}}") => return Some(at),
            _ => {}
        }
    }
    None
}

/// A word of an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// A name of a function, or `if`, `else`, `end`, `true`, `false`.
    Word(String),
    /// `.Name.More`, in its parts.
    Field(Vec<String>),
    /// A string.
    Text(String),
    /// A whole number.
    Number(i64),
    /// `|`
    Pipe,
    /// `(`
    Open,
    /// `)`
    Close,
}

/// The words of an action.
pub(super) fn tokens(action: &str) -> Result<Vec<Token>, TextError> {
    let mut tokens = Vec::new();
    let mut rest = action.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, next) = match first {
            '|' => (Token::Pipe, &rest[1..]),
            '(' => (Token::Open, &rest[1..]),
            ')' => (Token::Close, &rest[1..]),
            '"' => quoted(&rest[1..])?,
            '`' => {
                let (text, next) = rest[1..].split_once('`').ok_or_else(|| unclosed('`'))?;
                (Token::Text(text.to_owned()), next)
            }
            '$' => return Err(TextError("variables (`$`) are not supported".to_owned())),
            _ => word(rest)?,
        };
        tokens.push(token);
        rest = next.trim_start();
    }
    Ok(tokens)
}

/// A word, a field or a number: everything up to white space or punctuation.
fn word(rest: &str) -> Result<(Token, &str), TextError> {
    let end = rest.find(|c: char| c.is_whitespace() || "|()\"`$".contains(c)).unwrap_or(rest.len());
    let (text, next) = rest.split_at(end);
    let is_name = |part: &str| {
        part.chars().all(|c| c.is_alphanumeric() || c == '_') && !part.starts_with(|c: char| c.is_ascii_digit())
    };
    if let Some(fields) = text.strip_prefix('.') {
        let parts: Vec<String> = fields.split('.').map(str::to_owned).collect();
        if fields.is_empty() || !parts.iter().all(|part| !part.is_empty() && is_name(part)) {
            return Err(TextError(format!("`{text}` is no field")));
        }
        return Ok((Token::Field(parts), next));
    }
    if is_name(text) {
        return Ok((Token::Word(text.to_owned()), next));
    }
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |digits| (-1, digits));
    let number = match digits.strip_prefix("0x") {
        Some(hex) => i64::from_str_radix(hex, 16).ok(),
        None if digits.starts_with(|c: char| c.is_ascii_digit()) => digits.parse().ok(),
        None => None,
    };
    let number = number.ok_or_else(|| TextError(format!("`{text}` is not supported")))?;
    Ok((Token::Number(sign * number), next))
}

/// A string in double quotes, whose opening one has been read.
fn quoted(rest: &str) -> Result<(Token, &str), TextError> {
    let mut text = String::new();
    let mut chars = rest.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Ok((Token::Text(text), &rest[at + 1..])),
            '\\' => text.push(match chars.next() {
                Some((_, 'n')) => '\n',
                Some((_, 't')) => '\t',
                Some((_, c @ ('"' | '\\'))) => c,
                Some((_, c)) => return Err(TextError(format!("the escape `\\{c}` is not supported"))),
                None => return Err(unclosed('"')),
            }),
            _ => text.push(c),
        }
    }
    Err(unclosed('"'))
}

fn unclosed(quote: char) -> TextError {
    TextError(format!("a string without its closing `{quote}`"))
}
