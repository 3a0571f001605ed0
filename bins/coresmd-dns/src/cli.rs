//! The command line: CoreDNS's flags as Go reads them, with one dash or two (facts, coredhcp-coredns §B1),
//! `--corefile`, and `check`.

use std::ffi::OsString;
use std::path::PathBuf;

use thiserror::Error;

/// What the arguments ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Serve.
    Serve(Options),
    /// Read the Corefile and print everything that is wrong with it.
    Check(Options),
    /// Print the directives that a Corefile may have.
    Plugins,
    /// Print the version.
    Version,
    /// Print how it is called.
    Help,
}

/// What serving and checking need to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The Corefile; `stdin` is standard input.
    pub corefile: PathBuf,
    /// The port of keys that name none.
    pub port: u16,
    /// Print nothing when it starts.
    pub quiet: bool,
    /// Where to write the process ID.
    pub pidfile: Option<PathBuf>,
}

/// Arguments that make no sense.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CliError {
    /// A flag that there is not.
    #[error("there is no flag `{0}`; see -help")]
    Unknown(String),
    /// A flag without its value.
    #[error("`{0}` needs a value")]
    NoValue(String),
    /// A value that the flag cannot take.
    #[error("`{value}` is no value for `{flag}`: {wanted}")]
    Value {
        /// The flag.
        flag: String,
        /// What was given.
        value: String,
        /// What would be right.
        wanted: &'static str,
    },
    /// A word that is no flag.
    #[error("`{0}` is one word too many")]
    Surplus(String),
    /// Not UTF-8.
    #[error("an argument is not UTF-8: {0:?}")]
    Encoding(OsString),
}

/// How it is called.
pub const HELP: &str = "\
coresmd-dns: DNS for HPC clusters, answered from the inventory

usage: coresmd-dns [check] [flags]

  -corefile FILE, -conf FILE   the Corefile, `stdin` for standard input (default: Corefile)
  -p PORT, -dns.port PORT      the port of server blocks that name none (default: 53)
  -quiet                       print nothing when it starts
  -pidfile FILE                write the process ID to FILE
  -plugins                     print the directives that a Corefile may have, and exit
  -version                     print the version, and exit

check: read the Corefile, print everything that is wrong with it, exit with 64 if there is anything.
Each flag may be written with one dash or with two, and its value behind a blank or `=`.
";

impl Command {
    /// Understands the arguments; the first is the program's own name.
    pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, CliError> {
        let arguments =
            arguments.into_iter().skip(1).map(|argument| argument.into_string().map_err(CliError::Encoding));
        let mut words = arguments.collect::<Result<Vec<_>, _>>()?.into_iter().peekable();
        let check = words.next_if(|word| word == "check").is_some();
        let mut options = Options { corefile: "Corefile".into(), port: 53, quiet: false, pidfile: None };
        let mut instead = None;
        while let Some(word) = words.next() {
            let Some(flag) = word.strip_prefix("--").or_else(|| word.strip_prefix('-')).filter(|f| !f.is_empty())
            else {
                return Err(CliError::Surplus(word));
            };
            let (name, value) =
                flag.split_once('=').map_or((flag, None), |(name, value)| (name, Some(value.to_owned())));
            let mut value_or_next =
                || value.clone().or_else(|| words.next()).ok_or_else(|| CliError::NoValue(word.clone()));
            match name {
                "corefile" | "conf" => options.corefile = value_or_next()?.into(),
                "p" | "dns.port" => options.port = port(&word, &value_or_next()?)?,
                "pidfile" => options.pidfile = Some(value_or_next()?.into()),
                "quiet" => options.quiet = switch(&word, value.as_deref())?,
                "plugins" => instead = switch(&word, value.as_deref())?.then_some(Self::Plugins).or(instead),
                "version" => instead = switch(&word, value.as_deref())?.then_some(Self::Version).or(instead),
                "h" | "help" => instead = Some(Self::Help),
                _ => return Err(CliError::Unknown(word)),
            }
        }
        Ok(instead.unwrap_or(if check { Self::Check(options) } else { Self::Serve(options) }))
    }
}

fn port(flag: &str, text: &str) -> Result<u16, CliError> {
    let wanted = "a number from 1 to 65535";
    let port = text.parse().ok().filter(|port| *port > 0);
    port.ok_or_else(|| CliError::Value { flag: flag.to_owned(), value: text.to_owned(), wanted })
}

/// A flag without a value, or with one of those that Go takes.
fn switch(flag: &str, value: Option<&str>) -> Result<bool, CliError> {
    match value {
        None | Some("1" | "t" | "T" | "true" | "True" | "TRUE") => Ok(true),
        Some("0" | "f" | "F" | "false" | "False" | "FALSE") => Ok(false),
        Some(other) => {
            let (flag, value) = (flag.to_owned(), other.to_owned());
            Err(CliError::Value { flag, value, wanted: "true or false" })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Command, CliError> {
        Command::parse(["coresmd-dns"].into_iter().chain(line.split_whitespace()).map(OsString::from))
    }

    fn options(corefile: &str, port: u16) -> Options {
        Options { corefile: corefile.into(), port, quiet: false, pidfile: None }
    }

    #[test]
    fn flags_have_one_dash_or_two_and_their_value_behind_either() {
        assert_eq!(parse(""), Ok(Command::Serve(options("Corefile", 53))));
        for line in
            ["--corefile F -p 1053", "-conf F -dns.port=1053", "-corefile=F --dns.port 1053", "--conf=F --p=1053"]
        {
            assert_eq!(parse(line), Ok(Command::Serve(options("F", 1053))), "{line}");
        }
        let all = Options { quiet: true, pidfile: Some("/run/p".into()), ..options("stdin", 53) };
        assert_eq!(parse("-conf stdin -quiet -pidfile /run/p"), Ok(Command::Serve(all)));
        assert_eq!(parse("-quiet=false"), Ok(Command::Serve(options("Corefile", 53))));
    }

    #[test]
    fn what_is_asked_for_instead() {
        assert_eq!(parse("check --corefile F"), Ok(Command::Check(options("F", 53))));
        assert_eq!(parse("-plugins"), Ok(Command::Plugins));
        assert_eq!(parse("-conf F --version"), Ok(Command::Version));
        assert_eq!(parse("-help"), Ok(Command::Help));
    }

    #[test]
    fn nonsense_is_named() {
        let wanted = "a number from 1 to 65535";
        for (line, error) in [
            ("-config F", CliError::Unknown("-config".into())),
            ("-conf", CliError::NoValue("-conf".into())),
            ("-p 0", CliError::Value { flag: "-p".into(), value: "0".into(), wanted }),
            ("-p dns", CliError::Value { flag: "-p".into(), value: "dns".into(), wanted }),
            (
                "-quiet=maybe",
                CliError::Value { flag: "-quiet=maybe".into(), value: "maybe".into(), wanted: "true or false" },
            ),
            ("serve", CliError::Surplus("serve".into())),
            ("-quiet check", CliError::Surplus("check".into())),
            ("-", CliError::Surplus("-".into())),
        ] {
            assert_eq!(parse(line), Err(error), "{line}");
        }
    }
}
