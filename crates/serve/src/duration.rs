//! Durations as Go writes them, in the configurations of both originals (facts: coredhcp-coredns §A5): `1h30m`, `90s`,
//! `1.5h`, a bare `0`; units ns us µs ms s m h. `3600` and `1d` are errors, and so is a negative one.

use std::time::Duration;

/// Reads a duration. The error says what is wrong with the text.
pub fn parse(text: &str) -> Result<Duration, String> {
    let mut rest = text.strip_prefix('+').unwrap_or(text);
    if rest == "0" {
        return Ok(Duration::ZERO);
    }
    if text.starts_with('-') {
        return Err(format!("the duration {text:?} is negative"));
    }
    if rest.is_empty() {
        return Err("the duration is empty".into());
    }
    let mut total = Duration::ZERO;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, after) = rest.split_at(digits);
        let unit = after.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(after.len());
        let (unit, after) = after.split_at(unit);
        let number: f64 = number.parse().map_err(|_| format!("{text:?} is no duration"))?;
        let seconds = number * seconds_of(unit).ok_or_else(|| unknown_unit(text, unit))?;
        let part = Duration::try_from_secs_f64(seconds).map_err(|_| format!("the duration {text:?} is too long"))?;
        total = total.checked_add(part).ok_or_else(|| format!("the duration {text:?} is too long"))?;
        rest = after;
    }
    Ok(total)
}

/// A duration in whole seconds as an option carries it. The error says what is wrong with the text.
pub fn parse_seconds(text: &str) -> Result<u32, String> {
    let seconds = parse(text)?.as_secs();
    seconds.try_into().map_err(|_| format!("the duration {text:?} does not fit an option: at most 4294967295 seconds"))
}

fn seconds_of(unit: &str) -> Option<f64> {
    Some(match unit {
        "ns" => 1e-9,
        "us" | "µs" | "μs" => 1e-6,
        "ms" => 1e-3,
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        _ => return None,
    })
}

fn unknown_unit(text: &str, unit: &str) -> String {
    match unit {
        "" => format!("the duration {text:?} has no unit"),
        _ => format!("{unit:?} is no unit of a duration"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_gos() {
        for (text, milliseconds) in [
            ("1h30m", 5_400_000),
            ("90s", 90_000),
            ("0", 0),
            ("1.5h", 5_400_000),
            ("250ms", 250),
            ("+1s", 1_000),
            ("86400s", 86_400_000),
        ] {
            assert_eq!(parse(text), Ok(Duration::from_millis(milliseconds)), "{text}");
        }
        for (text, says) in [
            ("3600", "the duration \"3600\" has no unit"),
            ("1d", "\"d\" is no unit of a duration"),
            ("soon", "\"soon\" is no duration"),
            ("-1s", "the duration \"-1s\" is negative"),
            ("1h 30m", "\"h \" is no unit of a duration"),
            ("..s", "\"..s\" is no duration"),
            ("1e400h", "\"e\" is no unit of a duration"),
            ("99999999999999999999h", "the duration \"99999999999999999999h\" is too long"),
            ("", "the duration is empty"),
            ("+", "the duration is empty"),
        ] {
            assert_eq!(parse(text), Err(says.into()));
        }
        assert!(parse_seconds("1200000h").unwrap_err().contains("does not fit"));
    }
}
