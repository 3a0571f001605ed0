//! Reports as they are printed.

use super::*;

const COREFILE: &str = ".:53 {\n\tcoresmd {\n\t\tzone cluster.lcoal { node nid{04d }\n\t}\n}\n";

fn findings() -> Findings {
    let mut findings = Findings::new();
    findings.add_source("Corefile", COREFILE);
    let pattern = COREFILE.find("nid{04d").unwrap();
    let message = "this pattern does not end";
    findings.push(
        Finding::at(Severity::Error, "Corefile", COREFILE, pattern..pattern + 7, message).help("write `nid{04d}`"),
    );
    findings.push(Finding::new(Severity::Warning, "Corefile", 3, 8, "no such zone").length(13));
    findings.push(Finding::whole(Severity::Error, "/etc/token", "no such file"));
    findings
}

#[test]
fn report_is_sorted_by_place_with_carets_and_counts() {
    let expected = "\
error: no such file
 --> /etc/token

warning: no such zone
 --> Corefile:3:8
  |
3 |         zone cluster.lcoal { node nid{04d }
  |              ^^^^^^^^^^^^^

error: this pattern does not end
 --> Corefile:3:29
  |
3 |         zone cluster.lcoal { node nid{04d }
  |                                   ^^^^^^^
  = help: write `nid{04d}`

2 errors, 1 warning
";
    assert_eq!(findings().report(false), expected);
}

#[test]
fn colors_change_nothing_but_the_colors() {
    let mut report = findings().report(true);
    assert!(report.contains("\u{1b}[1;31merror\u{1b}[0m"));
    while let Some(start) = report.find('\u{1b}') {
        let end = start + report[start..].find('m').unwrap();
        report.replace_range(start..=end, "");
    }
    assert_eq!(report, findings().report(false));
}

#[test]
fn places_out_of_the_text_still_make_a_report() {
    let mut findings = Findings::new();
    findings.add_source("f", "ab\u{7}ü\r\n");
    findings.push(Finding::new(Severity::Note, "f", 1, 4, "at the end").length(100));
    findings.push(Finding::new(Severity::Note, "f", 1, 40, "behind the end").length(0));
    findings.push(Finding::new(Severity::Note, "f", 12, 1, "below the end"));
    findings.push(Finding::new(Severity::Note, "elsewhere", 123, 1, "of a file not known"));
    let expected = "\
note: of a file not known
   --> elsewhere:123:1

note: at the end
 --> f:1:4
  |
1 | ab\u{fffd}ü
  |    ^

note: behind the end
 --> f:1:40
  |
1 | ab\u{fffd}ü
  |     ^

note: below the end
  --> f:12:1

4 notes
";
    assert_eq!(findings.report(false), expected);
}

#[test]
fn exit_code_is_64_for_errors_and_warnings_and_0_for_notes() {
    let mut findings = Findings::new();
    assert_eq!((findings.exit_code(), findings.is_empty(), findings.report(true).as_str()), (0, true, ""));
    findings.push(Finding::new(Severity::Note, "f", 1, 1, "note"));
    assert_eq!((findings.exit_code(), findings.is_empty()), (0, false));
    findings.extend([Finding::new(Severity::Warning, "f", 1, 1, "warning")]);
    assert_eq!((findings.exit_code(), findings.has_errors()), (64, false));
    findings.push(Finding::new(Severity::Error, "f", 1, 1, "error"));
    assert_eq!((findings.exit_code(), findings.has_errors(), findings.count(Severity::Error)), (64, true, 1));
}

#[test]
fn positions_are_counted_in_characters_from_one() {
    let text = "äb\n\nc";
    let table =
        [(0, (1, 1)), (1, (1, 1)), (2, (1, 2)), (3, (1, 3)), (4, (2, 1)), (5, (3, 1)), (6, (3, 2)), (99, (3, 2))];
    for (offset, expected) in table {
        assert_eq!(position(text, offset), expected, "octet {offset}");
    }
    let several_lines = Finding::at(Severity::Error, "f", text, 0..5, "message");
    assert_eq!((several_lines.line, several_lines.column, several_lines.length), (1, 1, 2));
}
