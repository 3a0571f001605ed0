//! A template: literals, what is printed, and `if … else if … else … end`; the rest of Go's language is refused by
//! name, when the Corefile is read.

use std::fmt;

use thiserror::Error;

use super::data::Data;
use super::evaluate::Failure;
use super::expression::{self, Expression};
use super::lexer::{Piece, Token, pieces, tokens};

/// How deep conditions may stand in each other.
const MAX_DEPTH: usize = 16;

/// A compiled template.
#[derive(Clone)]
pub struct Text {
    source: String,
    nodes: Vec<Node>,
}

/// Why a text is no template, or none that is supported.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct TextError(pub(super) String);

/// A part of a template.
#[derive(Debug, Clone)]
enum Node {
    Literal(String),
    Print(Expression),
    /// The first branch whose condition holds, or else the last part.
    If(Vec<(Expression, Vec<Node>)>, Vec<Node>),
}

impl Text {
    /// Compiles a template.
    ///
    /// # Errors
    /// What of it is no template, or is not supported.
    pub fn compile(source: &str) -> Result<Self, TextError> {
        let pieces = pieces(source)?;
        let mut compiler = Compiler { pieces: pieces.into_iter(), depth: 0 };
        let (nodes, end) = compiler.nodes()?;
        match end {
            End::Text => Ok(Self { source: source.to_owned(), nodes }),
            End::Closed => Err(TextError("`end` without `if`".to_owned())),
            End::Else(_) => Err(TextError("`else` without `if`".to_owned())),
        }
    }

    /// As it stands in the Corefile.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Every group that is asked for by name.
    pub fn groups(&self) -> Vec<&str> {
        let mut groups = Vec::new();
        collect(&self.nodes, &mut groups);
        groups
    }

    /// Writes it for a question; fails too if it gets longer than `limit` octets.
    pub(super) fn write(&self, data: &Data<'_>, limit: usize) -> Result<String, Failure> {
        let mut output = String::new();
        write(&self.nodes, data, limit, &mut output)?;
        Ok(output)
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Text").field(&self.source).finish()
    }
}

fn write(nodes: &[Node], data: &Data<'_>, limit: usize, output: &mut String) -> Result<(), Failure> {
    for node in nodes {
        match node {
            Node::Literal(text) => output.push_str(text),
            Node::Print(expression) => output.push_str(&expression.value(data)?.to_string()),
            Node::If(branches, otherwise) => {
                let mut chosen = otherwise;
                for (condition, nodes) in branches {
                    if condition.value(data)?.holds() {
                        chosen = nodes;
                        break;
                    }
                }
                write(chosen, data, limit, output)?;
            }
        }
        if output.len() > limit {
            return Err(Failure::Long);
        }
    }
    Ok(())
}

fn collect<'t>(nodes: &'t [Node], groups: &mut Vec<&'t str>) {
    for node in nodes {
        match node {
            Node::Literal(_) => {}
            Node::Print(expression) => expression.groups(groups),
            Node::If(branches, otherwise) => {
                for (condition, nodes) in branches {
                    condition.groups(groups);
                    collect(nodes, groups);
                }
                collect(otherwise, groups);
            }
        }
    }
}

/// What ends a list of nodes.
enum End {
    /// The text is over.
    Text,
    /// `{{ end }}`
    Closed,
    /// `{{ else }}`, or with the words of a condition `{{ else if … }}`.
    Else(Option<Vec<Token>>),
}

struct Compiler<I> {
    pieces: I,
    depth: usize,
}

impl<'t, I: Iterator<Item = Piece<'t>>> Compiler<I> {
    /// The nodes up to what ends them.
    fn nodes(&mut self) -> Result<(Vec<Node>, End), TextError> {
        let mut nodes = Vec::new();
        while let Some(piece) = self.pieces.next() {
            let action = match piece {
                Piece::Literal(text) => {
                    nodes.push(Node::Literal(text.to_owned()));
                    continue;
                }
                Piece::Action(action) => action,
            };
            let tokens = tokens(action)?;
            let (keyword, rest) = match tokens.split_first() {
                Some((Token::Word(word), rest)) => (word.as_str(), rest),
                _ => ("", &tokens[..]),
            };
            match (keyword, rest) {
                ("end", []) => return Ok((nodes, End::Closed)),
                ("else", []) => return Ok((nodes, End::Else(None))),
                ("else", [Token::Word(word), condition @ ..]) if word == "if" => {
                    return Ok((nodes, End::Else(Some(condition.to_vec()))));
                }
                ("if", condition) => nodes.push(self.condition(condition)?),
                ("range" | "with" | "define" | "template" | "block" | "break" | "continue" | "else" | "end", _) => {
                    return Err(TextError(format!("`{{{{ {action} }}}}` is not supported")));
                }
                _ => nodes.push(Node::Print(expression::compile(&tokens)?)),
            }
        }
        Ok((nodes, End::Text))
    }

    /// The rest of `if`, its first condition having been read.
    fn condition(&mut self, first: &[Token]) -> Result<Node, TextError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(TextError(format!("more than {MAX_DEPTH} conditions in each other")));
        }
        let (mut branches, mut condition) = (Vec::new(), expression::compile(first)?);
        let otherwise = loop {
            let (nodes, end) = self.nodes()?;
            branches.push((condition, nodes));
            match end {
                End::Text => return Err(TextError("`if` without `end`".to_owned())),
                End::Closed => break Vec::new(),
                End::Else(Some(next)) => condition = expression::compile(&next)?,
                End::Else(None) => match self.nodes()? {
                    (nodes, End::Closed) => break nodes,
                    _ => return Err(TextError("`else` without `end`".to_owned())),
                },
            }
        };
        self.depth -= 1;
        Ok(Node::If(branches, otherwise))
    }
}
