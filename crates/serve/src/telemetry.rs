//! `[IO]` Log lines: `key=value` text or JSON, to the console and to a file, written by a thread of their own so that no
//! server waits for a slow terminal or disk.

mod text;

use std::fs::{File, OpenOptions};
use std::io::{self, IsTerminal};
use std::path::PathBuf;

use thiserror::Error;
use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_appender::non_blocking::{ErrorCounter, NonBlocking, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry, fmt, reload};

use text::{KeyValue, KeyValueFields};

/// How log lines look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// `time=… level=info target=… msg="…" key=value`
    #[default]
    Text,
    /// One JSON object a line, the same keys beside each other.
    Json,
}

/// Where log lines go beside the log file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Console {
    /// Standard output.
    Stdout,
    /// Standard error.
    #[default]
    Stderr,
    /// Nowhere.
    Off,
}

/// What is logged, how and to where.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How lines look.
    pub format: Format,
    /// What is logged: this level and worse.
    pub level: LevelFilter,
    /// Targets (crates or modules) that never log more than this, for libraries that say too much.
    pub caps: Vec<(String, LevelFilter)>,
    /// Where lines go.
    pub console: Console,
    /// A file that they are appended to as well.
    pub file: Option<PathBuf>,
}

impl Default for Settings {
    /// Text at level info to standard error.
    fn default() -> Self {
        let (format, level, console) = (Format::default(), LevelFilter::INFO, Console::default());
        Self { format, level, caps: Vec::new(), console, file: None }
    }
}

/// The name is none of `CoreDHCP`'s levels.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("unknown log level {0:?}: none, debug, info, warning, error or fatal")]
pub struct UnknownLevel(pub String);

/// The level of a name that `CoreDHCP`'s `--loglevel` takes (`fatal` is `error` here: nothing is worse), or of tracing's
/// own `off`, `warn` and `trace`. Case does not matter.
pub fn parse_level(name: &str) -> Result<LevelFilter, UnknownLevel> {
    match name.to_ascii_lowercase().as_str() {
        "none" | "off" => Ok(LevelFilter::OFF),
        "fatal" | "error" => Ok(LevelFilter::ERROR),
        "warning" | "warn" => Ok(LevelFilter::WARN),
        "info" => Ok(LevelFilter::INFO),
        "debug" => Ok(LevelFilter::DEBUG),
        "trace" => Ok(LevelFilter::TRACE),
        _ => Err(UnknownLevel(name.to_owned())),
    }
}

/// Logging could not be set up.
#[derive(Debug, Error)]
pub enum TelemetryError {
    /// The log file cannot be opened for appending.
    #[error("log file {}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Logging was set up before in this process.
    #[error("logging is set up already")]
    Twice,
}

/// Logging that is set up. Keep it until the process ends: dropping it writes what is still waiting.
pub struct Telemetry {
    filter: reload::Handle<Targets, Registry>,
    caps: Vec<(String, LevelFilter)>,
    dropped: Vec<ErrorCounter>,
    guards: Vec<WorkerGuard>,
}

/// Sets up logging for this process. What `tracing` records from now on goes where `settings` say.
pub fn init(settings: Settings) -> Result<Telemetry, TelemetryError> {
    let console: Option<(Box<dyn io::Write + Send>, bool)> = match settings.console {
        Console::Stdout => Some((Box::new(io::stdout()), io::stdout().is_terminal())),
        Console::Stderr => Some((Box::new(io::stderr()), io::stderr().is_terminal())),
        Console::Off => None,
    };
    let file = settings.file.as_ref().map(|path| match append(path) {
        Ok(file) => Ok((Box::new(file) as Box<dyn io::Write + Send>, false)),
        Err(source) => Err(TelemetryError::File { path: path.clone(), source }),
    });
    let outputs = console.into_iter().chain(file.transpose()?).collect();
    let (telemetry, subscriber) = build(settings, outputs);
    subscriber.try_init().map_err(|_| TelemetryError::Twice)?;
    Ok(telemetry)
}

impl Telemetry {
    /// Logs `level` and worse from now on; the caps of the settings stay.
    pub fn set_level(&self, level: LevelFilter) {
        // The only error is that the subscriber is gone, and then there is nothing to set.
        let _ = self.filter.reload(targets(level, &self.caps));
    }

    /// Lines lost because an output could not keep up.
    pub fn dropped_lines(&self) -> usize {
        self.dropped.iter().map(ErrorCounter::dropped_lines).sum()
    }
}

/// The subscriber that writes to `outputs` (each with whether it is a terminal), and its owner.
fn build(
    settings: Settings,
    outputs: Vec<(Box<dyn io::Write + Send>, bool)>,
) -> (Telemetry, impl Subscriber + for<'a> LookupSpan<'a> + Send + Sync) {
    let (filter, handle) = reload::Layer::new(targets(settings.level, &settings.caps));
    let mut telemetry = Telemetry { filter: handle, caps: settings.caps, dropped: Vec::new(), guards: Vec::new() };
    let mut layers = Vec::new();
    for (output, terminal) in outputs {
        let (writer, guard) = NonBlockingBuilder::default().thread_name("log").finish(output);
        telemetry.dropped.push(writer.error_counter());
        telemetry.guards.push(guard);
        layers.push(layer(settings.format, writer, terminal));
    }
    (telemetry, Registry::default().with(filter).with(layers))
}

/// One output's layer.
fn layer<S>(format: Format, writer: NonBlocking, terminal: bool) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let layer = fmt::layer().with_writer(writer).with_ansi(terminal);
    match format {
        Format::Text => layer.event_format(KeyValue).fmt_fields(KeyValueFields).boxed(),
        Format::Json => layer.json().flatten_event(true).with_span_list(false).boxed(),
    }
}

/// `level` for all targets but the capped ones, which never get more than their cap.
fn targets(level: LevelFilter, caps: &[(String, LevelFilter)]) -> Targets {
    let capped = caps.iter().map(|(target, cap)| (target.as_str(), level.min(*cap)));
    Targets::new().with_default(level).with_targets(capped)
}

fn append(path: &std::path::Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).open(path)
}

#[cfg(test)]
mod tests;
