//! The words of a master file (RFC 1035 §5.1): entries of one line, or of several within parentheses; comments; quotes.
//!
//! Escapes (`\X`, `\DDD`) stay in the words: whether a dot is one of a name or between names, only the reader of the
//! word can say.

use serve::findings::{Finding, Severity};

/// A word of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Word<'t> {
    /// The text, without quotes, escapes as written.
    pub(super) text: &'t str,
    /// Whether it stood in quotes.
    pub(super) quoted: bool,
    /// Where it stands.
    pub(super) at: Place,
}

/// A place in a text, line and column from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) line: usize,
    pub(super) column: usize,
}

/// The words of one entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry<'t> {
    /// The words; never empty.
    pub(super) words: Vec<Word<'t>>,
    /// Whether the line begins with white space: the entry has the owner of the one before.
    pub(super) indented: bool,
}

/// A fault of the form of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) at: Place,
    pub(super) length: usize,
    pub(super) message: String,
}

impl Place {
    /// A fault at this place.
    pub(super) fn fault(self, message: impl Into<String>) -> Fault {
        Fault { at: self, length: 1, message: message.into() }
    }
}

impl Word<'_> {
    /// A fault of this word.
    pub(super) fn fault(&self, message: impl Into<String>) -> Fault {
        let length = self.text.chars().count() + if self.quoted { 2 } else { 0 };
        Fault { at: self.at, length, message: message.into() }
    }
}

impl Fault {
    /// As a finding of severity `severity` about `file`.
    pub(super) fn finding(self, severity: Severity, file: &str) -> Finding {
        Finding::new(severity, file, self.at.line, self.at.column, self.message).length(self.length)
    }
}

/// The entries of a text, one after the other. A fault costs the rest of its line.
pub(super) struct Lexer<'t> {
    text: &'t str,
    /// The octet to be read next.
    next: usize,
    line: usize,
    /// Where the line begins.
    line_start: usize,
}

impl<'t> Lexer<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        let next = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        Self { text, next, line: 1, line_start: next }
    }

    fn entry(&mut self) -> Result<Option<Entry<'t>>, Fault> {
        let mut entry = Entry { words: Vec::new(), indented: matches!(self.peek(), Some(b' ' | b'\t')) };
        let mut open: Option<Place> = None;
        while let Some(octet) = self.peek() {
            match octet {
                b'\n' => {
                    self.newline();
                    if open.is_none() {
                        if !entry.words.is_empty() {
                            return Ok(Some(entry));
                        }
                        entry.indented = matches!(self.peek(), Some(b' ' | b'\t'));
                    }
                }
                b' ' | b'\t' | b'\r' | b'\x0c' => self.next += 1,
                b';' => self.skip_line(),
                b'(' if open.is_some() => return Err(self.place().fault("`(` within parentheses")),
                b'(' => {
                    open = Some(self.place());
                    self.next += 1;
                }
                b')' if open.take().is_some() => self.next += 1,
                b')' => return Err(self.place().fault("`)` without `(`")),
                b'"' => entry.words.push(self.quoted()?),
                _ => entry.words.push(self.plain()?),
            }
        }
        match open {
            Some(place) => Err(place.fault("`(` is never closed")),
            None => Ok((!entry.words.is_empty()).then_some(entry)),
        }
    }

    /// A word up to white space or a special character that is not escaped.
    fn plain(&mut self) -> Result<Word<'t>, Fault> {
        let (at, start) = (self.place(), self.next);
        while let Some(octet) = self.peek() {
            match octet {
                b' ' | b'\t' | b'\r' | b'\n' | b'\x0c' | b';' | b'(' | b')' | b'"' => break,
                b'\\' => self.escape()?,
                _ => self.next += 1,
            }
        }
        Ok(Word { text: &self.text[start..self.next], quoted: false, at })
    }

    /// A word in quotes, which end on the line on which they begin: what BIND asks for too, since a forgotten quote
    /// would eat the rest of the file.
    fn quoted(&mut self) -> Result<Word<'t>, Fault> {
        let at = self.place();
        self.next += 1;
        let start = self.next;
        while let Some(octet) = self.peek() {
            match octet {
                b'"' => {
                    let text = &self.text[start..self.next];
                    self.next += 1;
                    return Ok(Word { text, quoted: true, at });
                }
                b'\n' => break,
                b'\\' => self.escape()?,
                _ => self.next += 1,
            }
        }
        Err(at.fault("a quote that is not closed on its line"))
    }

    /// Steps over a backslash and what it escapes; of `\DDD` over the first digit, the others are as plain.
    fn escape(&mut self) -> Result<(), Fault> {
        let at = self.place();
        self.next += 1;
        match self.text[self.next..].chars().next() {
            None | Some('\n' | '\r') => Err(at.fault("a backslash at the end of the line")),
            Some(c) => {
                self.next += c.len_utf8();
                Ok(())
            }
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.next).copied()
    }

    fn place(&self) -> Place {
        // within a word a place may be asked for in the middle of a character of several octets
        let before = &self.text[self.line_start..self.text.floor_char_boundary(self.next)];
        Place { line: self.line, column: before.chars().count() + 1 }
    }

    fn newline(&mut self) {
        self.next += 1;
        self.line += 1;
        self.line_start = self.next;
    }

    /// Steps to the end of the line, before its newline.
    fn skip_line(&mut self) {
        let rest = &self.text[self.text.floor_char_boundary(self.next)..];
        self.next = rest.find('\n').map_or(self.text.len(), |newline| self.text.len() - rest.len() + newline);
    }
}

impl<'t> Iterator for Lexer<'t> {
    type Item = Result<Entry<'t>, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        let entry = self.entry();
        if entry.is_err() {
            self.skip_line();
        }
        entry.transpose()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Entries as their words joined by `|`, `>` in front of indented ones; faults as `LINE:COLUMN MESSAGE`.
    fn read(text: &str) -> Vec<String> {
        let show = |entry: Entry<'_>| {
            let words: Vec<_> = entry.words.iter().map(|word| word.text).collect();
            format!("{}{}", if entry.indented { ">" } else { "" }, words.join("|"))
        };
        let line = |entry: Result<Entry<'_>, Fault>| {
            entry.map_or_else(|fault| format!("{}:{} {}", fault.at.line, fault.at.column, fault.message), show)
        };
        Lexer::new(text).map(line).collect()
    }

    #[test]
    fn entries() {
        for (text, entries) in [
            ("", &[][..]),
            ("\n ; nothing\n\t\n", &[]),
            ("\u{feff}a b;c\r\n\tc \"d e;\" \"\"", &["a|b", ">c|d e;|"]),
            ("@ SOA ( 1 ; one\n 2\n) 3\nx y", &["@|SOA|1|2|3", "x|y"]),
            (r#"a\ b "q\"r" \; x\(y"#, &[r#"a\ b|q\"r|\;|x\(y"#]),
            ("a\"b\"", &["a|b"]),
        ] {
            assert_eq!(read(text), entries, "{text:?}");
        }
    }

    #[test]
    fn faults_have_a_place_and_cost_one_line() {
        for (text, entries) in [
            ("a (\nb\n", &["1:3 `(` is never closed"][..]),
            ("ok x\na ( (b\nc d", &["ok|x", "2:5 `(` within parentheses", "c|d"]),
            ("a ) b\nc d", &["1:3 `)` without `(`", "c|d"]),
            ("é \"b\nc d", &["1:3 a quote that is not closed on its line", "c|d"]),
            ("a\\\nc d", &["1:2 a backslash at the end of the line", "c|d"]),
        ] {
            assert_eq!(read(text), entries, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_ends(text in "[ -~\n\t\"();\\\\é]{0,80}") {
            for entry in Lexer::new(&text).flatten() {
                prop_assert!(!entry.words.is_empty());
            }
        }
    }
}
