//! \[IO\] Arguments → Corefile → what was asked for → exit code.

use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;

use serve::findings::{EXIT_CONFIG, EXIT_START, Finding, Findings, Severity};
use serve::telemetry::{self, Settings};
use tracing::level_filters::LevelFilter;

use crate::cli::{Command, HELP, Options};
use crate::config::{self, Config, SUPPORTED};
use crate::server::{self, Reading, Server, Unpolled};

/// The whole program: serves until SIGTERM or SIGINT, or does what the arguments ask for instead.
///
/// Exit codes: 0, 64 (the Corefile or the arguments are wrong), 1 (it could not be started, or a socket failed).
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    match Command::parse(arguments) {
        Ok(Command::Serve(options)) => serve(&options),
        Ok(Command::Check(options)) => check(&options),
        Ok(Command::Plugins) => say(&SUPPORTED.map(|name| format!("{name}\n")).concat()),
        Ok(Command::Version) => say(&format!("coresmd-dns-{}\n", env!("CARGO_PKG_VERSION"))),
        Ok(Command::Help) => say(HELP),
        Err(error) => failed(&error, EXIT_CONFIG),
    }
}

/// Prints what is wrong with the Corefile.
fn check(options: &Options) -> ExitCode {
    let Reading { config, mut findings, .. } = read(options);
    if let Some(config) = config {
        server::open_sources(&config, &mut findings);
    }
    print(&mut io::stdout(), &findings.report(io::stdout().is_terminal()));
    ExitCode::from(findings.exit_code())
}

/// Starts the server and waits for its end.
fn serve(options: &Options) -> ExitCode {
    let telemetry = match telemetry::init(logging()) {
        Ok(telemetry) => telemetry,
        Err(error) => return failed(&error, EXIT_START),
    };
    let Some((config, digest, sources)) = usable(options) else { return ExitCode::from(EXIT_CONFIG) };
    let ended = Server::bind(config, sources).and_then(|server| {
        if !options.quiet {
            print(&mut io::stdout(), server.banner());
        }
        if let Some(file) = &options.pidfile {
            write_pid(file)?;
        }
        server.run(digest, &|| read(options), &telemetry)
    });
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&error, EXIT_START),
    }
}

/// The configuration with its digest and its inventories, or a report of what keeps them from being used. Mere warnings
/// are logged.
fn usable(options: &Options) -> Option<(Config, String, Vec<Unpolled>)> {
    let Reading { digest, config, mut findings } = read(options);
    let sources = config.as_ref().map(|config| server::open_sources(config, &mut findings));
    if findings.has_errors() {
        print(&mut io::stderr(), &findings.report(io::stderr().is_terminal()));
        return None;
    }
    server::tell(&findings);
    Some((config?, digest, sources?))
}

/// Reads the Corefile.
fn read(options: &Options) -> Reading {
    match config::read(&options.corefile, &variable) {
        Ok(file) => {
            let (config, findings) = config::understand(&file, options.port);
            Reading { digest: file.digest(), config, findings }
        }
        Err(error) => {
            let name = options.corefile.display().to_string();
            let mut findings = Findings::new();
            let finding = Finding::whole(Severity::Error, name, format!("the Corefile cannot be read: {error}"));
            findings.push(finding.help("name it with --corefile FILE"));
            Reading { digest: String::new(), config: None, findings }
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a Corefile may use the environment")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn logging() -> Settings {
    let caps = ["hyper", "hyper_util", "reqwest", "rustls"].map(|target| (target.to_owned(), LevelFilter::WARN));
    Settings { caps: caps.to_vec(), ..Settings::default() }
}

#[expect(clippy::disallowed_methods, reason = "the one file that this program writes itself")]
fn write_pid(file: &Path) -> io::Result<()> {
    std::fs::write(file, format!("{}\n", std::process::id()))
}

fn say(text: &str) -> ExitCode {
    print(&mut io::stdout(), text);
    ExitCode::SUCCESS
}

fn failed(error: &dyn std::fmt::Display, code: u8) -> ExitCode {
    print(&mut io::stderr(), &format!("coresmd-dns: {error}\n"));
    ExitCode::from(code)
}

/// Writes to the console; a closed one is nobody's loss.
fn print(console: &mut dyn Write, text: &str) {
    let _ = console.write_all(text.as_bytes()).and_then(|()| console.flush());
}
