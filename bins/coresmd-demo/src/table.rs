//! A plain text table: the first column to the left, numbers to the right.

use std::time::Duration;

/// Rows under a header, every column as wide as its widest cell.
#[derive(Debug)]
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// An empty table with these column titles.
    pub(crate) fn new(header: &[&str]) -> Self {
        Self { rows: vec![header.iter().map(ToString::to_string).collect()] }
    }

    /// Adds a row; it has as many cells as the header.
    pub(crate) fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    /// All lines, a rule under the header, each indented by two blanks and ended by a line feed.
    pub(crate) fn render(&self) -> String {
        let widths = self.widths();
        let mut text = String::new();
        for (number, row) in self.rows.iter().enumerate() {
            text.push_str(&line(row, &widths));
            if number == 0 {
                let rules: Vec<_> = widths.iter().map(|width| "─".repeat(*width)).collect();
                text.push_str(&line(&rules, &widths));
            }
        }
        text
    }

    fn widths(&self) -> Vec<usize> {
        let columns = self.rows[0].len();
        let width = |column: usize| self.rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        (0..columns).map(width).collect()
    }
}

fn line(cells: &[String], widths: &[usize]) -> String {
    let mut line = String::from(" ");
    for (column, (cell, width)) in cells.iter().zip(widths).enumerate() {
        let pad = " ".repeat(width - cell.chars().count());
        let cell = if column == 0 { format!(" {cell}{pad}") } else { format!("  {pad}{cell}") };
        line.push_str(&cell);
    }
    line.truncate(line.trim_end().len());
    line.push('\n');
    line
}

/// A duration with three digits that matter: `85 µs`, `1.23 ms`, `12.3 s`.
pub(crate) fn brief(duration: Duration) -> String {
    let micros = duration.as_secs_f64() * 1e6;
    let (value, unit) = match micros {
        ..999.5 => return format!("{micros:.0} µs"),
        ..999_500.0 => (micros / 1e3, "ms"),
        _ => (micros / 1e6, "s"),
    };
    match value {
        ..9.995 => format!("{value:.2} {unit}"),
        ..99.95 => format!("{value:.1} {unit}"),
        _ => format!("{value:.0} {unit}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let mut table = Table::new(&["stage", "count", "max"]);
        table.row(vec!["A → B".into(), "32".into(), "1.23 ms".into()]);
        table.row(vec!["script".into(), "10000".into(), "85 µs".into()]);
        assert_eq!(
            table.render(),
            "  stage   count      max\n  \
               ──────  ─────  ───────\n  \
               A → B      32  1.23 ms\n  \
               script  10000    85 µs\n"
        );
    }

    #[test]
    fn durations_are_brief() {
        let cases = [
            (0, "0 µs"),
            (85_400, "85 µs"),
            (999_400, "999 µs"),
            (999_600, "1.00 ms"),
            (1_234_000, "1.23 ms"),
            (9_996_000, "10.0 ms"),
            (123_400_000, "123 ms"),
            (999_600_000, "1.00 s"),
            (12_340_000_000, "12.3 s"),
        ];
        for (nanos, text) in cases {
            assert_eq!(brief(Duration::from_nanos(nanos)), text);
        }
    }
}
