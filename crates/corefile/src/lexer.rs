//! Text → tokens, by the rules of Caddyfile v1 (facts: coredhcp-coredns §B2).
//!
//! White space separates. `"` opens a quoted token only where a token starts, and inside it only `\"` is an escape.
//! `#` hides the rest of the line where a token starts, and the rest of the token inside one. A byte-order mark at the
//! start and carriage returns outside quotes are not there.

use std::iter::Peekable;
use std::path::Path;
use std::str::CharIndices;
use std::sync::Arc;

use crate::error::{Error, ErrorKind};
use crate::span::Span;

/// A token of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    /// What kind.
    pub(crate) kind: TokenKind,
    /// Its text, without quotes.
    pub(crate) text: String,
    /// Where it stands, quotes included.
    pub(crate) span: Span,
    /// Whether it is the first of its line. (A quoted token may end on a later line than it began.)
    pub(crate) starts_line: bool,
}

/// What a token is. Braces are braces only where they stand alone and without quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// `{`
    Open,
    /// `}`
    Close,
    /// Anything else.
    Word,
    /// Anything in quotes.
    Quoted,
}

impl Token {
    /// Whether it is a word, in quotes or not.
    pub(crate) fn is_word(&self) -> bool {
        matches!(self.kind, TokenKind::Word | TokenKind::Quoted)
    }
}

/// All tokens of `text`; a quote that is never closed is reported and runs to the end.
pub(crate) fn tokens(file: &Arc<Path>, text: &str, errors: &mut Vec<Error>) -> Vec<Token> {
    let mut lexer = Lexer { file, chars: text.char_indices().peekable(), end: 0, line: 1, column: 1, fresh_line: true };
    if lexer.peek() == Some('\u{feff}') {
        lexer.bump();
        lexer.column = 1;
    }
    std::iter::from_fn(|| lexer.token(errors)).collect()
}

/// Walks the text once.
struct Lexer<'a> {
    file: &'a Arc<Path>,
    chars: Peekable<CharIndices<'a>>,
    /// Byte offset behind the last character taken.
    end: usize,
    line: usize,
    column: usize,
    /// No token has been seen on this line.
    fresh_line: bool,
}

impl Lexer<'_> {
    fn token(&mut self, errors: &mut Vec<Error>) -> Option<Token> {
        self.skip_blanks_and_comments();
        let mut span =
            Span { file: Arc::clone(self.file), line: self.line, column: self.column, range: self.end..self.end };
        let starts_line = std::mem::take(&mut self.fresh_line);
        let (kind, text) = if self.peek()? == '"' {
            let (text, closed) = self.quoted();
            span.range.end = self.end;
            if !closed {
                errors.push(Error::new(ErrorKind::UnclosedQuote, span.clone()));
            }
            (TokenKind::Quoted, text)
        } else {
            let (text, end) = self.bare();
            span.range.end = end;
            match text.as_str() {
                "{" => (TokenKind::Open, text),
                "}" => (TokenKind::Close, text),
                _ => (TokenKind::Word, text),
            }
        };
        Some(Token { kind, text, span, starts_line })
    }

    fn skip_blanks_and_comments(&mut self) {
        let mut comment = false;
        while let Some(c) = self.peek() {
            match c {
                '\n' => (comment, self.fresh_line) = (false, true),
                '#' => comment = true,
                _ if comment || c.is_whitespace() => {}
                _ => return,
            }
            self.bump();
        }
    }

    /// A token without quotes, and the offset behind its last visible character.
    fn bare(&mut self) -> (String, usize) {
        let (mut text, mut end, mut hidden) = (String::new(), self.end, false);
        while let Some(c) = self.peek() {
            if c.is_whitespace() && c != '\r' {
                break;
            }
            self.bump();
            hidden |= c == '#';
            if !hidden && c != '\r' {
                text.push(c);
                end = self.end;
            }
        }
        (text, end)
    }

    /// A token in quotes, and whether it was closed.
    fn quoted(&mut self) -> (String, bool) {
        self.bump();
        let mut text = String::new();
        while let Some(c) = self.bump() {
            match c {
                '"' => return (text, true),
                '\\' if self.peek() == Some('"') => text.extend(self.bump()),
                '\\' => {
                    // Not an escape, but it shields what follows from being one: `\\"` ends the token.
                    text.push(c);
                    text.extend(self.bump());
                }
                _ => text.push(c),
            }
        }
        (text, false)
    }

    fn peek(&mut self) -> Option<char> {
        self.chars.peek().map(|&(_, c)| c)
    }

    fn bump(&mut self) -> Option<char> {
        let (at, c) = self.chars.next()?;
        self.end = at + c.len_utf8();
        if c == '\n' {
            (self.line, self.column) = (self.line + 1, 1);
        } else {
            self.column += 1;
        }
        Some(c)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lex(text: &str) -> (Vec<Token>, Vec<Error>) {
        let mut errors = Vec::new();
        (tokens(&Arc::from(Path::new("Corefile")), text, &mut errors), errors)
    }

    fn texts(text: &str) -> Vec<String> {
        lex(text).0.into_iter().map(|token| token.text).collect()
    }

    #[test]
    fn tokens_are_what_caddy_makes_of_the_text() {
        for (text, want) in [
            ("a b\tc\nd", vec!["a", "b", "c", "d"]),
            ("# all\na # rest\nb", vec!["a", "b"]),
            ("log#x y", vec!["log", "y"]),
            ("a#b\r\nc", vec!["a", "c"]),
            ("#", vec![]),
            ("\u{feff}a", vec!["a"]),
            ("a\r\nb\r", vec!["a", "b"]),
            ("nid{04d} .{ {}", vec!["nid{04d}", ".{", "{}"]),
            (r#""a b""c" d"e f"#, vec!["a b", "c", "d\"e", "f"]),
            (r#""""#, vec![""]),
            (r#""a \"b\" \n \\" c"#, vec![r#"a "b" \n \\"#, "c"]),
            ("\"two\nlines\" x", vec!["two\nlines", "x"]),
            ("\"# no comment\"", vec!["# no comment"]),
            // From the recorded Corefile of goldens/dns/corefile-lexing.
            (r#""TXT \"a \\\"b\\\" c\"""#, vec![r#"TXT "a \\"b\\" c""#]),
        ] {
            assert_eq!(texts(text), want, "{text:?}");
        }
    }

    #[test]
    fn braces_are_braces_only_alone_and_bare() {
        let (tokens, _) = lex("{ } \"{\" {a }b");
        let kinds: Vec<_> = tokens.iter().map(|token| token.kind).collect();
        assert_eq!(kinds, [TokenKind::Open, TokenKind::Close, TokenKind::Quoted, TokenKind::Word, TokenKind::Word]);
    }

    #[test]
    fn a_token_knows_its_place_and_whether_it_starts_its_line() {
        let (tokens, _) = lex("\u{feff}ä \"b\nc\" d\r\n  e#f\n");
        let places: Vec<_> = tokens
            .iter()
            .map(|t| (t.text.as_str(), t.span.line, t.span.column, t.span.range.clone(), t.starts_line))
            .collect();
        assert_eq!(
            places,
            [
                ("ä", 1, 1, 3..5, true),
                ("b\nc", 1, 3, 6..11, false),
                ("d", 2, 4, 12..13, false),
                ("e", 3, 3, 17..18, true)
            ]
        );
    }

    #[test]
    fn an_unclosed_quote_is_reported_where_it_opens() {
        let (tokens, errors) = lex("a \"b\nc");
        assert_eq!(tokens.len(), 2);
        assert_eq!(
            (errors[0].kind.clone(), errors[0].span.to_string()),
            (ErrorKind::UnclosedQuote, "Corefile:1:3".into())
        );
    }
}
