//! \[IO\] Arguments → configuration → what was asked for → exit code.

use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use serve::findings::{EXIT_CONFIG, EXIT_START, Finding, Findings, Severity};
use serve::telemetry::{self, Console, Format, Settings, Telemetry, TelemetryError};
use smd_cache::refresh::file_faults;
use tracing::level_filters::LevelFilter;

use crate::cli::{self, Cli, Command, ConfigFile, Serve};
use crate::config::{self, Config, Environment, Log, Server6};
use crate::server::{Server, address_files};

/// The whole program: serves until SIGTERM or SIGINT, or does what the arguments ask for instead.
///
/// Exit codes: 0, 64 (the configuration or the arguments are wrong), 1 (it could not be started, or a socket failed).
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(EXIT_CONFIG) } else { ExitCode::SUCCESS };
        }
    };
    match cli.command {
        Some(Command::Check(file)) => check(&file),
        None if cli.serve.plugins => {
            let names: String = config::step_names().iter().flat_map(|name| [name, "\n"]).collect();
            print(&mut io::stdout(), &names);
            ExitCode::SUCCESS
        }
        None => serve(cli.serve),
    }
}

/// Prints what is wrong with the configuration.
fn check(file: &ConfigFile) -> ExitCode {
    let (config, mut findings) = load(file);
    for fault in config.iter().filter_map(|config| config.source.as_ref()).flat_map(file_faults) {
        for found in fault.findings() {
            let at = |place: u64| usize::try_from(place).unwrap_or(0);
            findings.push(Finding::new(Severity::Error, found.file, at(found.line), at(found.column), found.message));
        }
    }
    let color = io::stdout().is_terminal();
    print(&mut io::stdout(), &findings.report(color));
    ExitCode::from(findings.exit_code())
}

/// Starts the server and waits for its end.
fn serve(arguments: Serve) -> ExitCode {
    let (config, findings) = load(&arguments.config);
    let Some(config) = config else {
        let color = io::stderr().is_terminal();
        print(&mut io::stderr(), &findings.report(color));
        return ExitCode::from(EXIT_CONFIG);
    };
    let _telemetry = match start_logging(arguments, &config.log) {
        Ok(telemetry) => telemetry,
        Err(error) => return failed(&error),
    };
    for finding in findings.sorted() {
        log(finding);
    }
    match Server::start(config).and_then(Server::run) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "ended");
            failed(&error)
        }
    }
}

fn failed(error: &dyn std::fmt::Display) -> ExitCode {
    print(&mut io::stderr(), &format!("coresmd-dhcp: {error}\n"));
    ExitCode::from(EXIT_START)
}

/// Reads the configuration that is named, or else the first that is found, and the files that it names.
fn load(file: &ConfigFile) -> (Option<Config>, Findings) {
    let Some(path) = file.path.clone().or_else(find) else {
        return missing("config.yaml", "there is no configuration: name it with --config FILE");
    };
    let name = path.display().to_string();
    match read(&path) {
        Ok(text) => {
            let (config, mut findings) = config::read(&name, &text, Some(&environment(file)));
            for file in config.iter().flat_map(|config| config.policy.address_files()) {
                address_files::read(file, &mut findings);
            }
            for file in config.iter().flat_map(|config| &config.server6).flat_map(Server6::address_files) {
                address_files::read(file, &mut findings);
            }
            (config.filter(|_| !findings.has_errors()), findings)
        }
        Err(error) => missing(&name, &format!("the configuration cannot be read: {error}")),
    }
}

fn missing(name: &str, message: &str) -> (Option<Config>, Findings) {
    let mut findings = Findings::new();
    findings.push(Finding::whole(Severity::Error, name, message));
    (None, findings)
}

fn find() -> Option<PathBuf> {
    let (xdg, home) = (variable("XDG_CONFIG_HOME"), variable("HOME"));
    cli::search_path(xdg.as_deref().map(Path::new), home.as_deref().map(Path::new))
        .into_iter()
        .find(|path| path.is_file())
}

/// The process's environment; flags that set a key of a section are its last word on that key.
fn environment(flags: &ConfigFile) -> Environment {
    let variables =
        std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let flags = [("CORESMD_SMD__INVENTORY", &flags.inventory), ("CORESMD_SMD__BOOT", &flags.boot)];
    let flags = flags.into_iter().filter_map(|(name, file)| Some((name.to_owned(), file.clone()?)));
    let variables = variables.chain(flags);
    // systemd may name several directories, with `:` between them; the first is ours.
    let state_directory = variable("STATE_DIRECTORY").and_then(|list| std::env::split_paths(&list).next());
    Environment { state_directory, variables: variables.collect() }
}

fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

#[expect(clippy::disallowed_methods, reason = "this room reads the configuration file")]
fn read(path: &Path) -> io::Result<String> {
    std::fs::read_to_string(path)
}

/// Flags win over the section `log`.
fn start_logging(arguments: Serve, log: &Log) -> Result<Telemetry, TelemetryError> {
    telemetry::init(Settings {
        format: if log.json { Format::Json } else { Format::Text },
        level: arguments.loglevel.or(log.level).map_or(LevelFilter::INFO, |level| level.0),
        caps: ["hyper", "hyper_util", "reqwest", "rustls"]
            .map(|target| (target.to_owned(), LevelFilter::WARN))
            .to_vec(),
        console: if arguments.nostdout { Console::Off } else { Console::Stderr },
        file: arguments.logfile,
    })
}

fn log(finding: &Finding) {
    let (place, help) = (format!("{}:{}:{}", finding.file, finding.line, finding.column), finding.help.as_deref());
    let message = &finding.message;
    match finding.severity {
        Severity::Error => tracing::error!(place, help, "configuration: {message}"),
        Severity::Warning => tracing::warn!(place, help, "configuration: {message}"),
        Severity::Note => tracing::info!(place, help, "configuration: {message}"),
    }
}

/// Writes to the console; a closed one is nobody's loss.
fn print(console: &mut dyn Write, text: &str) {
    let _ = console.write_all(text.as_bytes()).and_then(|()| console.flush());
}
