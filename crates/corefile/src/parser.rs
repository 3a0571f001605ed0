//! Tokens → server blocks (facts: coredhcp-coredns §B2).
//!
//! A directive ends with its line or with its block. The brace that opens a block may stand on the next line. On one
//! line, `. { errors` opens a server block, and `zone z { nodes p }` is whole inside a directive's block; a directive
//! of the server block itself, `log }`, cannot be followed by the end of its block. The parser goes on behind a fault,
//! so that one run finds as many as there are.

use crate::error::ErrorKind;
use crate::key::{self, Key};
use crate::lexer::{Token, TokenKind};
use crate::span::Span;
use crate::stream::Stream;
use crate::{Corefile, Directive, Error, ServerBlock, Word};

/// Blocks in blocks; `CoreDNS`'s plugins need three.
const MAX_DEPTH: usize = 32;

/// Reads one Corefile.
pub(crate) struct Parser<'a> {
    stream: Stream<'a>,
    blocks: Vec<ServerBlock>,
}

/// How a block's lines end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    /// A server block without braces: at the end of the file.
    Braceless,
    /// A server block.
    Server,
    /// The block of a directive, and how many blocks it is in.
    Directive(usize),
}

impl<'a> Parser<'a> {
    pub(crate) fn new(stream: Stream<'a>) -> Self {
        Self { stream, blocks: Vec::new() }
    }

    pub(crate) fn parse(mut self) -> Result<Corefile, Vec<Error>> {
        while let Some(token) = self.stream.peek() {
            if token.kind == TokenKind::Close { self.stray_close() } else { self.block() }
        }
        let found = self.stream.errors;
        if found.iter().all(Error::is_warning) {
            Ok(Corefile { blocks: self.blocks, warnings: found })
        } else {
            Err(found)
        }
    }

    /// A `}` outside all blocks: the original takes it for the key of a block, which does no harm where nothing follows.
    fn stray_close(&mut self) {
        if let Some(token) = self.stream.next() {
            let last = self.stream.peek().is_none();
            let kind = if last { ErrorKind::StrayCloseAtEnd } else { ErrorKind::StrayClose };
            self.stream.error(kind, token.span);
        }
    }

    /// A server block or a snippet.
    fn block(&mut self) {
        let start = self.stream.peek().map(|token| token.span.clone());
        let words = self.key_words();
        if let [word] = words.as_slice()
            && let Some(name) = word.text.strip_prefix('(').and_then(|text| text.strip_suffix(')'))
        {
            return self.snippet(name, word);
        }
        let keys = self.keys(&words);
        let open = self.open();
        if words.is_empty()
            && let Some(start) = start
        {
            self.stream.error(ErrorKind::NoKey, start);
        }
        let level = if open.is_some() { Level::Server } else { Level::Braceless };
        let directives = self.directives(open.as_ref(), level);
        self.blocks.push(ServerBlock { keys, directives });
    }

    fn snippet(&mut self, name: &str, word: &Word) {
        match self.open() {
            Some(open) => self.stream.define_snippet(name.to_owned(), word.span.clone(), open),
            None => self.stream.error(ErrorKind::SnippetWithoutBlock(name.to_owned()), word.span.clone()),
        }
    }

    /// The keys' words, commas removed: they end with the line, unless a comma ends it, or before a brace.
    fn key_words(&mut self) -> Vec<Word> {
        let mut words: Vec<Word> = Vec::new();
        let mut comma = None;
        let mut first = true;
        while let Some(token) = self.stream.peek() {
            if !token.is_word() || (token.starts_line && !first && comma.is_none()) {
                break;
            }
            let Some(token) = self.stream.next() else { break };
            first = false;
            comma = token.text.ends_with(',').then(|| token.span.clone());
            for text in token.text.split(',').filter(|text| !text.is_empty()) {
                let quoted = token.kind == TokenKind::Quoted;
                words.push(Word { text: text.to_owned(), quoted, span: token.span.clone() });
            }
        }
        if let Some(comma) = comma {
            self.stream.error(ErrorKind::KeyExpected, comma);
        }
        words
    }

    fn keys(&mut self, words: &[Word]) -> Vec<Key> {
        let mut keys = Vec::new();
        for word in words {
            match key::parse(&word.text, &word.span) {
                Ok(parsed) => keys.extend(parsed),
                Err(kind) => self.stream.error(kind, word.span.clone()),
            }
        }
        keys
    }

    /// Takes a `{`, wherever it stands.
    fn open(&mut self) -> Option<Span> {
        let opens = self.stream.peek().is_some_and(|token| token.kind == TokenKind::Open);
        if opens { self.stream.next().map(|token| token.span) } else { None }
    }

    /// The lines of a block up to its `}`, which is taken; `open` is where it began.
    fn directives(&mut self, open: Option<&Span>, level: Level) -> Vec<Directive> {
        let mut directives = Vec::new();
        loop {
            match self.stream.peek().map(|token| token.kind) {
                None => {
                    if let Some(open) = open {
                        self.stream.error(ErrorKind::UnclosedBlock, open.clone());
                    }
                    return directives;
                }
                Some(TokenKind::Close) => {
                    if level != Level::Braceless {
                        self.stream.next();
                    }
                    return directives;
                }
                Some(TokenKind::Open) => self.block_without_directive(),
                Some(TokenKind::Word | TokenKind::Quoted) => directives.extend(self.directive(level)),
            }
        }
    }

    /// One directive: its line, and its block where it has one.
    fn directive(&mut self, level: Level) -> Option<Directive> {
        let name = self.stream.next()?;
        let args: Vec<Word> = std::iter::from_fn(|| self.stream.word_on_line()).map(Word::from).collect();
        let block = self.open().map(|open| self.directive_block(&open, level));
        if !matches!(level, Level::Directive(_)) {
            self.end_of_line(level);
        }
        Some(Directive { name: name.text, args, block, span: name.span })
    }

    fn directive_block(&mut self, open: &Span, outer: Level) -> Vec<Directive> {
        let depth = if let Level::Directive(depth) = outer { depth + 1 } else { 1 };
        if depth > MAX_DEPTH {
            self.stream.error(ErrorKind::TooDeep(MAX_DEPTH), open.clone());
            self.skip_block();
            return Vec::new();
        }
        self.directives(Some(open), Level::Directive(depth))
    }

    /// What may stand behind a directive of a server block, on its line: nothing.
    fn end_of_line(&mut self, level: Level) {
        let Some(token) = self.stream.peek().filter(|token| !token.starts_line) else { return };
        let (kind, text, span) = (token.kind, token.text.clone(), token.span.clone());
        match kind {
            TokenKind::Close => {
                self.stream.error(ErrorKind::CloseBehindDirective, span);
                // It ends the block all the same; without braces there is none to end.
                if level == Level::Braceless {
                    self.stream.next();
                }
            }
            TokenKind::Word | TokenKind::Quoted => {
                self.stream.error(ErrorKind::TextBehindBlock(text), span);
                while self.stream.word_on_line().is_some() {}
            }
            TokenKind::Open => self.block_without_directive(),
        }
    }

    /// `{` where a directive's name should stand.
    fn block_without_directive(&mut self) {
        if let Some(open) = self.open() {
            self.stream.error(ErrorKind::OpenWithoutDirective, open);
            self.skip_block();
        }
    }

    /// Takes all up to the `}` that ends the block just opened.
    fn skip_block(&mut self) {
        let mut depth = 1;
        while depth > 0
            && let Some(token) = self.stream.next()
        {
            match token.kind {
                TokenKind::Open => depth += 1,
                TokenKind::Close => depth -= 1,
                TokenKind::Word | TokenKind::Quoted => {}
            }
        }
    }
}

impl From<Token> for Word {
    fn from(token: Token) -> Self {
        Self { text: token.text, quoted: token.kind == TokenKind::Quoted, span: token.span }
    }
}
