//! What an action prints or asks: fields, constants, functions and pipelines (Go's `text/template`), compiled.

use super::TextError;
use super::format::Format;
use super::lexer::Token;

/// How deep parentheses may stand in each other.
const MAX_DEPTH: usize = 16;

/// The most arguments of a function.
const MAX_ARGUMENTS: usize = 32;

/// The fields, for those who look for another one.
const FIELDS: &str = "there are .Name .Zone .Class .Type .Match .Group.NAME .Regex .Remote .Question.Name \
                      .Question.Qtype .Question.Qclass";

/// A compiled expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Expression {
    Field(Field),
    /// `.Group.NAME` and `index .Group "NAME"`.
    Group(String),
    Text(String),
    Number(i64),
    Boolean(bool),
    /// `index .Match N`.
    Part(Box<Expression>),
    /// `len .Match`.
    Parts,
    Call(Function, Vec<Expression>),
    Printf(Format, Vec<Expression>),
    /// `.Match` and `.Group` themselves, which `index` and `len` take and nothing else.
    Match,
    Groups,
}

/// A field of the question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Name,
    Zone,
    Class,
    Type,
    Regex,
    Remote,
    QuestionName,
    QuestionType,
    QuestionClass,
}

/// A function of one or more values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Function {
    And,
    Or,
    Not,
    Equal,
    Unequal,
    Less,
    AtMost,
    Greater,
    AtLeast,
    Length,
    Print,
    ParseInt,
}

impl Expression {
    /// Adds the groups that it asks for by name.
    pub(super) fn groups<'e>(&'e self, groups: &mut Vec<&'e str>) {
        match self {
            Self::Group(name) => groups.push(name),
            Self::Part(inner) => inner.groups(groups),
            Self::Call(_, arguments) | Self::Printf(_, arguments) => {
                for argument in arguments {
                    argument.groups(groups);
                }
            }
            _ => {}
        }
    }
}

/// Compiles the words of an action, or of a condition.
pub(super) fn compile(tokens: &[Token]) -> Result<Expression, TextError> {
    let mut parser = Parser { rest: tokens, depth: 0 };
    let expression = parser.pipeline()?;
    match parser.rest {
        [] => Ok(expression),
        _ => Err(TextError("`)` without `(`".to_owned())),
    }
}

struct Parser<'t> {
    rest: &'t [Token],
    depth: usize,
}

impl Parser<'_> {
    /// `command | command …`: each value is the last argument of the next command.
    fn pipeline(&mut self) -> Result<Expression, TextError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(TextError(format!("more than {MAX_DEPTH} parentheses in each other")));
        }
        let mut value = self.command(None)?;
        while let [Token::Pipe, rest @ ..] = self.rest {
            self.rest = rest;
            value = self.command(Some(value))?;
        }
        self.depth -= 1;
        scalar(value)
    }

    /// A function and its arguments, or one value.
    fn command(&mut self, piped: Option<Expression>) -> Result<Expression, TextError> {
        let function = match self.rest {
            [Token::Word(word), rest @ ..] if !["true", "false"].contains(&word.as_str()) => {
                self.rest = rest;
                Some(word.as_str())
            }
            _ => None,
        };
        let mut arguments = Vec::new();
        while !matches!(self.rest, [] | [Token::Pipe | Token::Close, ..]) {
            arguments.push(self.operand()?);
            if arguments.len() > MAX_ARGUMENTS {
                return Err(TextError(format!("more than {MAX_ARGUMENTS} arguments")));
            }
        }
        if let Some(name) = function {
            arguments.extend(piped);
            return call(name, arguments);
        }
        match (arguments.len(), piped, arguments.pop()) {
            (1, None, Some(value)) => Ok(value),
            (_, _, None) => Err(TextError("a value is missing".to_owned())),
            _ => Err(TextError("a value that is no function takes no arguments".to_owned())),
        }
    }

    /// One argument.
    fn operand(&mut self) -> Result<Expression, TextError> {
        let (first, rest) = self.rest.split_first().ok_or_else(|| TextError("a value is missing".to_owned()))?;
        self.rest = rest;
        match first {
            Token::Field(parts) => field(parts),
            Token::Text(text) => Ok(Expression::Text(text.clone())),
            Token::Number(number) => Ok(Expression::Number(*number)),
            Token::Word(word) if word == "true" || word == "false" => Ok(Expression::Boolean(word == "true")),
            Token::Word(word) => Err(TextError(format!("`{word}` as an argument: put it in parentheses"))),
            Token::Pipe | Token::Close => Err(TextError("a value is missing".to_owned())),
            Token::Open => {
                let value = self.pipeline()?;
                match self.rest {
                    [Token::Close, rest @ ..] => self.rest = rest,
                    _ => return Err(TextError("`(` without `)`".to_owned())),
                }
                Ok(value)
            }
        }
    }
}

fn field(parts: &[String]) -> Result<Expression, TextError> {
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    let field = match parts[..] {
        ["Name"] => Field::Name,
        ["Zone"] => Field::Zone,
        ["Class"] => Field::Class,
        ["Type"] => Field::Type,
        ["Regex"] => Field::Regex,
        ["Remote"] => Field::Remote,
        ["Question", "Name"] => Field::QuestionName,
        ["Question", "Qtype"] => Field::QuestionType,
        ["Question", "Qclass"] => Field::QuestionClass,
        ["Match"] => return Ok(Expression::Match),
        ["Group"] => return Ok(Expression::Groups),
        ["Group", name] => return Ok(Expression::Group(name.to_owned())),
        _ => return Err(TextError(format!("the field `.{}` is not supported: {FIELDS}", parts.join(".")))),
    };
    Ok(Expression::Field(field))
}

fn call(name: &str, arguments: Vec<Expression>) -> Result<Expression, TextError> {
    let count = arguments.len();
    let (function, allowed) = match name {
        "index" => return index(arguments),
        "printf" => return printf(arguments),
        "len" if arguments == [Expression::Match] => return Ok(Expression::Parts),
        "len" => (Function::Length, count == 1),
        "not" => (Function::Not, count == 1),
        "and" => (Function::And, count >= 1),
        "or" => (Function::Or, count >= 1),
        "eq" => (Function::Equal, count >= 2),
        "ne" => (Function::Unequal, count == 2),
        "lt" => (Function::Less, count == 2),
        "le" => (Function::AtMost, count == 2),
        "gt" => (Function::Greater, count == 2),
        "ge" => (Function::AtLeast, count == 2),
        "print" => (Function::Print, true),
        "parseInt" => (Function::ParseInt, count == 3),
        _ => {
            let help = "there are and or not eq ne lt le gt ge index len print printf parseInt";
            return Err(TextError(format!("the function `{name}` is not supported: {help}")));
        }
    };
    if !allowed {
        return Err(TextError(format!("`{name}` does not take {count} arguments")));
    }
    Ok(Expression::Call(function, scalars(arguments)?))
}

/// `index .Match N` and `index .Group "NAME"`.
fn index(mut arguments: Vec<Expression>) -> Result<Expression, TextError> {
    let (key, of) = (arguments.pop(), arguments.pop());
    match (of, key, arguments.is_empty()) {
        (Some(Expression::Match), Some(number), true) => Ok(Expression::Part(Box::new(scalar(number)?))),
        (Some(Expression::Groups), Some(Expression::Text(name)), true) => Ok(Expression::Group(name)),
        _ => Err(TextError("write `index .Match 1` or `index .Group \"name\"`".to_owned())),
    }
}

fn printf(mut arguments: Vec<Expression>) -> Result<Expression, TextError> {
    if !matches!(arguments.first(), Some(Expression::Text(_))) {
        return Err(TextError("`printf` without a format in quotes".to_owned()));
    }
    let Expression::Text(format) = arguments.remove(0) else { return Err(TextError("no format".to_owned())) };
    let format = Format::parse(&format)?;
    if format.values() != arguments.len() {
        let (wants, has) = (format.values(), arguments.len());
        return Err(TextError(format!("the format of `printf` is for {wants} values, and there are {has}")));
    }
    Ok(Expression::Printf(format, scalars(arguments)?))
}

fn scalars(expressions: Vec<Expression>) -> Result<Vec<Expression>, TextError> {
    expressions.into_iter().map(scalar).collect()
}

/// A value of its own, not a list.
fn scalar(expression: Expression) -> Result<Expression, TextError> {
    match expression {
        Expression::Match => Err(TextError("`.Match` is a list: write `index .Match 1`".to_owned())),
        Expression::Groups => Err(TextError("`.Group` is a list: write `.Group.NAME`".to_owned())),
        single => Ok(single),
    }
}
