//! What is written for events, to a buffer in the place of the console.

use std::io::Write;
use std::sync::{Arc, Mutex};

use tracing::subscriber::with_default;
use tracing::{debug, error, info, info_span, warn};

use super::*;

#[derive(Clone, Default)]
struct Buffer(Arc<Mutex<Vec<u8>>>);

impl Write for Buffer {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(octets)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The lines that `events` cause, without what differs from run to run: the time.
fn lines(settings: Settings, terminal: bool, events: impl FnOnce(&Telemetry)) -> Vec<String> {
    let buffer = Buffer::default();
    let (telemetry, subscriber) = build(settings, vec![(Box::new(buffer.clone()), terminal)]);
    with_default(subscriber, || events(&telemetry));
    assert_eq!(telemetry.dropped_lines(), 0);
    // The guard writes what waits.
    drop(telemetry);
    let text = String::from_utf8(buffer.0.lock().unwrap().clone()).unwrap();
    text.lines().map(str::to_owned).collect()
}

fn without_time(line: &str) -> &str {
    let (time, rest) = line.split_once(' ').unwrap();
    assert!(time.starts_with("time=20") && time.ends_with('Z'), "{time}");
    rest
}

#[test]
fn text_is_one_line_of_keys_and_values() {
    let lines = lines(Settings::default(), false, |_| {
        info!(target: "v4", xid = %"0x1a", hops = 3, name = "nid 1\n\u{1b}[31m", empty = "", kind = ?Some(1), "offer sent");
        let _span = info_span!(target: "v4", "packet", interface = "eth0").entered();
        warn!(target: "v4", "late");
        debug!(target: "v4", "not seen");
    });
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert_eq!(
        without_time(&lines[0]),
        r#"level=info target=v4 msg="offer sent" xid=0x1a hops=3 name="nid 1\n\u{1b}[31m" empty="" kind=Some(1)"#
    );
    assert_eq!(without_time(&lines[1]), "level=warning target=v4 msg=late interface=eth0");
}

#[test]
fn json_is_one_object_a_line() {
    let lines = lines(Settings { format: Format::Json, ..Settings::default() }, false, |_| {
        let _span = info_span!(target: "v4", "packet", interface = "eth0").entered();
        error!(target: "v4", hops = 3, "broken\npacket");
    });
    assert_eq!(lines.len(), 1);
    let line: serde_json::Value = serde_json::from_str(&lines[0]).unwrap();
    assert_eq!((&line["level"], &line["target"], &line["hops"]), (&"ERROR".into(), &"v4".into(), &3.into()));
    assert_eq!((&line["message"], &line["span"]["interface"]), (&"broken\npacket".into(), &"eth0".into()));
    assert!(line["timestamp"].is_string());
}

#[test]
fn colors_are_for_terminals() {
    let lines = lines(Settings::default(), true, |_| error!(target: "v4", "x"));
    assert_eq!(without_time(&lines[0]), "level=\u{1b}[31merror\u{1b}[0m target=v4 msg=x");
}

#[test]
fn levels_change_at_run_time_and_caps_stay() {
    let caps = vec![("chatty".to_owned(), LevelFilter::WARN)];
    let settings = Settings { level: LevelFilter::ERROR, caps, ..Settings::default() };
    let lines = lines(settings, false, |telemetry| {
        let events = || {
            debug!(target: "v4", "debug");
            error!(target: "v4", "error");
            info!(target: "chatty::inner", "info");
            warn!(target: "chatty::inner", "warn");
        };
        events();
        telemetry.set_level(LevelFilter::DEBUG);
        events();
        telemetry.set_level(LevelFilter::OFF);
        events();
    });
    let messages: Vec<_> = lines.iter().map(|line| line.rsplit_once("msg=").unwrap().1).collect();
    assert_eq!(messages, ["error", "debug", "error", "warn"]);
}

#[test]
fn level_names_of_coredhcp() {
    let table = [
        ("none", LevelFilter::OFF),
        ("debug", LevelFilter::DEBUG),
        ("info", LevelFilter::INFO),
        ("warning", LevelFilter::WARN),
        ("Error", LevelFilter::ERROR),
        ("fatal", LevelFilter::ERROR),
    ];
    for (name, level) in table {
        assert_eq!(parse_level(name), Ok(level), "{name}");
    }
    let error = parse_level("loud").unwrap_err();
    assert_eq!(error.to_string(), "unknown log level \"loud\": none, debug, info, warning, error or fatal");
}

#[test]
fn the_log_file_is_appended_to_and_named_when_it_cannot_be() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("log");
    for line in ["first\n", "second\n"] {
        append(&path).unwrap().write_all(line.as_bytes()).unwrap();
    }
    #[expect(clippy::disallowed_methods, reason = "the test looks at what was written")]
    let written = std::fs::read_to_string(&path).unwrap();
    assert_eq!(written, "first\nsecond\n");
    let file = Some(directory.path().to_owned());
    let error = init(Settings { console: Console::Off, file, ..Settings::default() }).err().unwrap();
    assert!(error.to_string().starts_with(&format!("log file {}: ", directory.path().display())), "{error}");
}
