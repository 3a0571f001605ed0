//! The text form: one line an event, `key=value`, values in quotes where they need them. No value can end the line or
//! reach the terminal with an escape sequence.

use std::fmt::{self, Debug, Write as _};

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields};
use tracing_subscriber::registry::LookupSpan;

/// Formats an event: time, level, target, message, its fields, the fields of the spans around it.
pub(super) struct KeyValue;

impl<S, N> FormatEvent<S, N> for KeyValue
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        writer.write_str("time=")?;
        SystemTime.format_time(&mut writer)?;
        let (word, color) = level(*event.metadata().level());
        if writer.has_ansi_escapes() {
            write!(writer, " level=\u{1b}[{color}m{word}\u{1b}[0m")?;
        } else {
            write!(writer, " level={word}")?;
        }
        write!(writer, " target={}", event.metadata().target())?;
        KeyValueFields.format_fields(writer.by_ref(), event)?;
        for span in context.event_scope().into_iter().flatten() {
            if let Some(fields) = span.extensions().get::<FormattedFields<N>>() {
                writer.write_str(fields)?;
            }
        }
        writeln!(writer)
    }
}

/// Formats fields, each with a space before it.
pub(super) struct KeyValueFields;

impl<'writer> FormatFields<'writer> for KeyValueFields {
    fn format_fields<R: RecordFields>(&self, writer: Writer<'writer>, fields: R) -> fmt::Result {
        let mut visitor = Fields { writer, result: Ok(()) };
        fields.record(&mut visitor);
        visitor.result
    }

    /// Fields that a span gets later: they bring their own space.
    fn add_fields(
        &self,
        current: &'writer mut FormattedFields<Self>,
        fields: &tracing::span::Record<'_>,
    ) -> fmt::Result {
        self.format_fields(current.as_writer(), fields)
    }
}

struct Fields<'writer> {
    writer: Writer<'writer>,
    result: fmt::Result,
}

impl Fields<'_> {
    fn write(&mut self, field: &Field, value: &str) {
        let key = if field.name() == "message" { "msg" } else { field.name() };
        self.result = self.result.and_then(|()| {
            if needs_quotes(value) {
                write!(self.writer, " {key}={value:?}")
            } else {
                write!(self.writer, " {key}={value}")
            }
        });
    }
}

impl Visit for Fields<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.write(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let mut text = String::new();
        self.result = self.result.and_then(|()| write!(text, "{value:?}"));
        self.write(field, &text);
    }
}

/// Whether a value would not be one word of the line.
fn needs_quotes(value: &str) -> bool {
    value.is_empty() || value.contains(|c: char| c.is_whitespace() || c.is_control() || matches!(c, '"' | '=' | '\\'))
}

/// The word for a level and its color on a terminal.
fn level(level: Level) -> (&'static str, u8) {
    match level {
        Level::ERROR => ("error", 31),
        Level::WARN => ("warning", 33),
        Level::INFO => ("info", 32),
        Level::DEBUG => ("debug", 34),
        Level::TRACE => ("trace", 35),
    }
}
