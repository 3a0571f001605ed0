//! Tokens in the order they take effect: snippets and files in the place of their `import`, variables replaced
//! (facts: coredhcp-coredns §B2).

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use crate::Loader;
use crate::environment;
use crate::error::{Error, ErrorKind};
use crate::lexer::{self, Token, TokenKind};
use crate::span::Span;

/// Imports, of snippets and files together; `CoreDNS`'s limit.
const MAX_IMPORTS: usize = 1000;
/// Tokens that imports may bring in: far beyond any configuration, far below what hurts.
const MAX_IMPORTED_TOKENS: usize = 1_000_000;

/// The tokens of a Corefile and all that it imports.
pub(crate) struct Stream<'a> {
    load: &'a mut Loader<'a>,
    variable: &'a dyn Fn(&str) -> Option<String>,
    /// What is being read, innermost last.
    frames: Vec<Frame>,
    /// The token that [`Stream::peek`] shows.
    next: Option<Token>,
    /// A border of imported text was passed: the next token starts a line whatever it says.
    at_border: bool,
    /// The last token opened a block, so that an `import` may follow on its line.
    behind_open: bool,
    snippets: HashMap<String, Snippet>,
    imports: usize,
    imported_tokens: usize,
    /// What was wrong so far.
    pub(crate) errors: Vec<Error>,
}

/// A run of tokens being read.
struct Frame {
    tokens: Rc<[Token]>,
    position: usize,
    chain: Rc<Chain>,
}

/// What imported what: the source of a frame and, behind it, the sources that led there.
struct Chain {
    source: Source,
    importer: Option<Rc<Chain>>,
}

/// Where a frame's tokens come from.
#[derive(PartialEq, Eq)]
enum Source {
    File(PathBuf),
    Snippet(String),
}

/// A snippet's body, not yet expanded.
struct Snippet {
    tokens: Rc<[Token]>,
    span: Span,
}

impl<'a> Stream<'a> {
    /// Reads `text`, the content of `file`.
    pub(crate) fn new(
        file: &Path,
        text: &str,
        load: &'a mut Loader<'a>,
        variable: &'a dyn Fn(&str) -> Option<String>,
    ) -> Self {
        let mut stream = Self {
            load,
            variable,
            frames: Vec::new(),
            next: None,
            at_border: false,
            behind_open: false,
            snippets: HashMap::new(),
            imports: 0,
            imported_tokens: 0,
            errors: Vec::new(),
        };
        let tokens = stream.lex(file, text);
        let chain = Rc::new(Chain { source: Source::File(file.to_owned()), importer: None });
        stream.frames.push(Frame { tokens, position: 0, chain });
        stream
    }

    /// The next token, imports expanded.
    pub(crate) fn peek(&mut self) -> Option<&Token> {
        while self.next.is_none() {
            let (token, chain) = self.take()?;
            let import = token.kind == TokenKind::Word && token.text == "import";
            if import && (token.starts_line || self.behind_open) {
                self.import(&token.span, &chain);
            } else {
                self.next = Some(token);
            }
        }
        self.next.as_ref()
    }

    /// Takes the next token, imports expanded.
    pub(crate) fn next(&mut self) -> Option<Token> {
        self.peek();
        let token = self.next.take();
        self.behind_open = token.as_ref().is_some_and(|token| token.kind == TokenKind::Open);
        token
    }

    /// Takes the next token if it is a word of the line that the last token was on.
    pub(crate) fn word_on_line(&mut self) -> Option<Token> {
        let fits = self.peek().is_some_and(|token| token.is_word() && !token.starts_line);
        if fits { self.next() } else { None }
    }

    /// Notes a fault. Behind a reading that was cut off, all faults come from that.
    pub(crate) fn error(&mut self, kind: ErrorKind, span: Span) {
        if !matches!(self.errors.last(), Some(Error { kind: ErrorKind::ImportLimit(_), .. })) {
            self.errors.push(Error::new(kind, span));
        }
    }

    /// Takes a snippet's body, imports left as they stand. The last token taken was its `{`, at `open`.
    pub(crate) fn define_snippet(&mut self, name: String, span: Span, open: Span) {
        let mut tokens = Vec::new();
        let mut depth = 1;
        loop {
            let Some((token, _)) = self.take() else {
                self.error(ErrorKind::UnclosedBlock, open);
                break;
            };
            match token.kind {
                TokenKind::Open => depth += 1,
                TokenKind::Close => depth -= 1,
                TokenKind::Word | TokenKind::Quoted => {}
            }
            if depth == 0 {
                break;
            }
            tokens.push(token);
        }
        self.behind_open = false;
        match self.snippets.get(&name) {
            Some(first) => {
                let first = first.span.clone();
                self.error(ErrorKind::SnippetRedefined { name, first }, span);
            }
            None => {
                self.snippets.insert(name, Snippet { tokens: tokens.into(), span });
            }
        }
    }

    /// Puts what an `import` names into its place. The last token taken was the `import`, at `span`.
    fn import(&mut self, span: &Span, importer: &Rc<Chain>) {
        let Some(name) = self.take_word_on_line() else {
            return self.error(ErrorKind::ImportWithoutName, span.clone());
        };
        let mut one_too_many = None;
        while let Some(token) = self.take_word_on_line() {
            one_too_many.get_or_insert(token);
        }
        if let Some(token) = one_too_many {
            return self.error(ErrorKind::ImportArguments(token.text), token.span);
        }
        if name.text.is_empty() {
            return self.error(ErrorKind::ImportWithoutName, name.span);
        }
        self.at_border = true;
        self.imports += 1;
        if self.imports > MAX_IMPORTS {
            self.give_up_importing("1000 imports", name.span);
        } else if let Some(snippet) = self.snippets.get(&name.text) {
            let tokens = Rc::clone(&snippet.tokens);
            self.enter(Source::Snippet(name.text.clone()), tokens, importer, &name);
        } else {
            self.import_files(&name, importer);
        }
    }

    fn import_files(&mut self, name: &Token, importer: &Rc<Chain>) {
        let wildcards = name.text.matches(['*', '?']).count();
        if wildcards > 1 || name.text.contains('[') && name.text.contains(']') {
            return self.error(ErrorKind::ImportWildcards(name.text.clone()), name.span.clone());
        }
        let directory = name.span.file.parent().unwrap_or(Path::new(""));
        match (self.load)(&directory.join(&name.text)) {
            Err(error) => {
                let kind = ErrorKind::ImportUnreadable { path: name.text.clone(), reason: error.to_string() };
                self.error(kind, name.span.clone());
            }
            Ok(files) if files.is_empty() => {
                let kind = if wildcards > 0 {
                    ErrorKind::ImportNoMatch(name.text.clone())
                } else if self.is_defined_later(&name.text) {
                    ErrorKind::SnippetDefinedLater(name.text.clone())
                } else {
                    ErrorKind::ImportNotFound(name.text.clone())
                };
                self.error(kind, name.span.clone());
            }
            // The frame that is entered last is read first.
            Ok(files) => {
                for (path, text) in files.into_iter().rev() {
                    let tokens = self.lex(&path, &text);
                    self.enter(Source::File(path), tokens, importer, name);
                }
            }
        }
    }

    /// Reads `tokens` next.
    fn enter(&mut self, source: Source, tokens: Rc<[Token]>, importer: &Rc<Chain>, name: &Token) {
        let mut link = Some(importer);
        while let Some(chain) = link {
            if chain.source == source {
                return self.error(ErrorKind::ImportCycle(name.text.clone()), name.span.clone());
            }
            link = chain.importer.as_ref();
        }
        self.imported_tokens += tokens.len();
        if self.imported_tokens > MAX_IMPORTED_TOKENS {
            return self.give_up_importing("1,000,000 words", name.span.clone());
        }
        let chain = Rc::new(Chain { source, importer: Some(Rc::clone(importer)) });
        self.frames.push(Frame { tokens, position: 0, chain });
    }

    /// Too much: says so, and reads no further, since what would come is more of the same.
    fn give_up_importing(&mut self, limit: &'static str, span: Span) {
        self.frames.clear();
        self.error(ErrorKind::ImportLimit(limit), span);
    }

    /// Whether `(name)` stands in what is still to be read.
    fn is_defined_later(&self, name: &str) -> bool {
        let mut rest = self.frames.iter().flat_map(|frame| &frame.tokens[frame.position..]);
        rest.any(|token| token.text.strip_prefix('(').and_then(|text| text.strip_suffix(')')) == Some(name))
    }

    /// Takes the next token as it stands, and the chain of what it was read from.
    fn take(&mut self) -> Option<(Token, Rc<Chain>)> {
        loop {
            let frame = self.frames.last_mut()?;
            if let Some(token) = frame.tokens.get(frame.position) {
                frame.position += 1;
                let starts_line = token.starts_line | std::mem::take(&mut self.at_border);
                return Some((Token { starts_line, ..token.clone() }, Rc::clone(&frame.chain)));
            }
            self.frames.pop();
            self.at_border = true;
        }
    }

    /// Takes the next token as it stands if it is a word of the line that the last token was on.
    fn take_word_on_line(&mut self) -> Option<Token> {
        let frame = self.frames.last_mut()?;
        let token = frame.tokens.get(frame.position).filter(|token| token.is_word() && !token.starts_line)?;
        frame.position += 1;
        Some(token.clone())
    }

    fn lex(&mut self, file: &Path, text: &str) -> Rc<[Token]> {
        let mut tokens = lexer::tokens(&Arc::from(file), text, &mut self.errors);
        for token in tokens.iter_mut().filter(|token| token.is_word()) {
            token.text = environment::expand(&token.text, self.variable);
        }
        tokens.into()
    }
}

/// Whether a file name (no path) fits a pattern that holds one `*` (any run of characters) or one `?` (any character):
/// what a [`Loader`] needs to list the files of an `import`.
pub fn wildcard_matches(pattern: &str, name: &str) -> bool {
    let Some((head, tail)) = pattern.split_once(['*', '?']) else {
        return pattern == name;
    };
    let middle = name.strip_prefix(head).and_then(|rest| rest.strip_suffix(tail));
    middle.is_some_and(|middle| pattern[head.len()..].starts_with('*') || middle.chars().count() == 1)
}
