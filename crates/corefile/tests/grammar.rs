//! The grammar, on Corefiles as `CoreDNS` was recorded to read them.

use std::path::{Path, PathBuf};

use corefile::{Corefile, Directive, Error};

/// Parses with these files and variables at hand.
fn parse_with(text: &str, files: &[(&str, &str)], variables: &[(&str, &str)]) -> Result<Corefile, Vec<Error>> {
    let mut load = |pattern: &Path| {
        let pattern = pattern.to_str().expect("the tests' paths are text");
        let fits = |path: &&(&str, &str)| {
            let (directory, name) = pattern.rsplit_once('/').unwrap_or(("", pattern));
            let (its_directory, its_name) = path.0.rsplit_once('/').unwrap_or(("", path.0));
            directory == its_directory && corefile::wildcard_matches(name, its_name)
        };
        Ok(files.iter().filter(fits).map(|(path, text)| (PathBuf::from(path), (*text).to_owned())).collect())
    };
    let variable =
        |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
    corefile::parse(Path::new("Corefile"), text, &mut load, &variable)
}

fn parse(text: &str) -> Result<Corefile, Vec<Error>> {
    parse_with(text, &[], &[])
}

/// A directive on one line: `name args { … }`.
fn show(directive: &Directive) -> String {
    let word = |word: &corefile::Word| if word.quoted { format!("{:?}", word.text) } else { word.text.clone() };
    let mut words = vec![directive.name.clone()];
    words.extend(directive.args.iter().map(word));
    if let Some(block) = &directive.block {
        let lines: Vec<_> = block.iter().map(show).collect();
        words.push(format!("{{ {} }}", lines.join("; ")));
    }
    words.join(" ")
}

/// A whole file: one line for each server block.
fn shown(corefile: &Corefile) -> Vec<String> {
    let line = |block: &corefile::ServerBlock| {
        let keys: Vec<_> = block.keys.iter().map(ToString::to_string).collect();
        let directives: Vec<_> = block.directives.iter().map(show).collect();
        format!("{}: {}", keys.join(" "), directives.join("; "))
    };
    corefile.blocks.iter().map(line).collect()
}

#[test]
fn a_block_has_keys_and_directives() {
    for (text, want) in [
        (".:53 {\n log\n errors\n}", vec!["dns://.:53: log; errors"]),
        (". { errors\n}", vec!["dns://.: errors"]),
        (".\n{\n errors\n}", vec!["dns://.: errors"]),
        (". {\n}", vec!["dns://.: "]),
        (".", vec!["dns://.: "]),
        ("", vec![]),
        ("# nothing\n", vec![]),
        (".:53\nwhoami\nlog . {\n class all\n}\n", vec!["dns://.:53: whoami; log . { class all }"]),
        ("a b, c,\n d,e {\n whoami\n}", vec!["dns://a. dns://b. dns://c. dns://d. dns://e.: whoami"]),
        ("a {\n log\n}\nb {\n log\n}", vec!["dns://a.: log", "dns://b.: log"]),
        ("a {\n log\n} b {\n log\n}", vec!["dns://a.: log", "dns://b.: log"]),
        (". {\n cache 10\n cache 20\n}", vec!["dns://.: cache 10; cache 20"]),
        (". {\n log#x y\n}", vec!["dns://.: log y"]),
    ] {
        assert_eq!(
            parse(text).map(|file| shown(&file)),
            Ok(want.iter().map(ToString::to_string).collect()),
            "{text:?}"
        );
    }
}

#[test]
fn the_block_of_a_directive_has_lines_of_its_own() {
    let coresmd = "dns://.: coresmd { smd_url http://smd; zone a.example { nodes nid{04d} }; ca_cert ca.pem }";
    for text in [
        ". {\n coresmd {\n smd_url http://smd\n zone a.example {\n nodes nid{04d}\n }\n ca_cert ca.pem\n }\n}",
        ". {\n coresmd {\n smd_url http://smd\n zone a.example { nodes nid{04d} }\n ca_cert ca.pem\n }\n}",
        ". {\n coresmd\n {\n smd_url http://smd\n zone a.example\n {\n nodes nid{04d} }\n ca_cert ca.pem }\n}",
        ". {\n coresmd { smd_url http://smd\n zone a.example { nodes nid{04d}\n} ca_cert ca.pem\n }\n}",
    ] {
        assert_eq!(parse(text).map(|file| shown(&file)), Ok(vec![coresmd.to_owned()]), "{text:?}");
    }
}

#[test]
fn spans_point_at_the_words() {
    let text = "a.example, b.example:53 {\n    forward . 1.1.1.1 {\n        \"policy\" random\n    }\n}\n";
    let file = parse(text).unwrap();
    let block = &file.blocks[0];
    let forward = &block.directives[0];
    let policy = &forward.block.as_ref().unwrap()[0];
    for (span, line, column, slice) in [
        (&block.keys[0].span, 1, 1, "a.example,"),
        (&block.keys[1].span, 1, 12, "b.example:53"),
        (&forward.span, 2, 5, "forward"),
        (&forward.args[1].span, 2, 15, "1.1.1.1"),
        (&policy.span, 3, 9, "\"policy\""),
    ] {
        assert_eq!((span.line, span.column, &text[span.range.clone()]), (line, column, slice));
    }
}

#[test]
fn the_recorded_file_with_many_blocks_reads_as_coredns_reads_it() {
    let text = r#"(common) {
    bind 127.0.0.1
    errors
}
import inc/*.conf
alpha.example beta.example:{$PORT2}, gamma.example {
    import common
    hosts {
        10.40.0.1 www.alpha.example
    }
}
{$ZONE} {
    import common
    template IN A {%ZONE%} {
        answer "{{ .Name }} 44 IN A {$ADDR}"
    }
}
10.50.0.0/15 {
    import common
}
fd00:50::/32, 10.60.0.0/16 {
}
deep.alpha.example { # comment after the brace
    hosts {
        10.40.0.3 "www.deep.alpha.example" # quoted
    }
}
dns://scheme.example:{$PORT3} {
    import common
    whoami
}
"#;
    let files = [
        ("inc/a.conf", "inca.example {\n import common\n}\n"),
        ("inc/b.conf", "incb.example {\n import common\n}\n"),
        ("inc/c.txt", "}}} not fit"),
    ];
    let variables = [("PORT2", "2053"), ("PORT3", "3053"), ("ZONE", "env.example"), ("ADDR", "10.40.9.9")];
    let file = parse_with(text, &files, &variables).unwrap();
    assert_eq!(
        shown(&file),
        [
            "dns://inca.example.: bind 127.0.0.1; errors",
            "dns://incb.example.: bind 127.0.0.1; errors",
            "dns://alpha.example. dns://beta.example.:2053 dns://gamma.example.: bind 127.0.0.1; errors; \
             hosts { 10.40.0.1 www.alpha.example }",
            "dns://env.example.: bind 127.0.0.1; errors; \
             template IN A env.example { answer \"{{ .Name }} 44 IN A 10.40.9.9\" }",
            "dns://50.10.in-addr.arpa. dns://51.10.in-addr.arpa.: bind 127.0.0.1; errors",
            "dns://0.5.0.0.0.0.d.f.ip6.arpa. dns://60.10.in-addr.arpa.: ",
            "dns://deep.alpha.example.: hosts { 10.40.0.3 \"www.deep.alpha.example\" }",
            "dns://scheme.example.:3053: bind 127.0.0.1; errors; whoami",
        ]
    );
    assert_eq!(file.warnings, []);
    assert_eq!(file.conflicts(53), []);
}

#[test]
fn the_recorded_file_of_odd_tokens_reads_as_coredns_reads_it() {
    let text = "\u{feff}# a comment with BOM in front\n. {\r\n    bind 127.0.0.1 # trailing comment\n    hosts { # brace\n\
        10.80.0.2 hash#notcomment.example\n10.80.0.3 env-{$MID}.example\n10.80.0.4 pct-{%MID%}.example\n\
        10.80.0.5 unset{$NOSUCHVARIABLE}.example\n10.80.0.6 \"two\nnames.example\"\nfallthrough\n}\n}\n";
    let file = parse_with(text, &[], &[("MID", "mid")]).unwrap();
    assert_eq!(
        shown(&file),
        ["dns://.: bind 127.0.0.1; hosts { 10.80.0.2 hash; 10.80.0.3 env-mid.example; 10.80.0.4 pct-mid.example; \
          10.80.0.5 unset.example; 10.80.0.6 \"two\\nnames.example\"; fallthrough }"]
    );
}

/// Each fault as `line:column fault`.
fn faults(errors: &[Error]) -> Vec<String> {
    errors.iter().map(|error| format!("{}:{} {}", error.span.line, error.span.column, error.kind)).collect()
}

#[test]
fn what_is_wrong_is_named_with_its_place() {
    for (text, want) in [
        (". {\n errors\n", vec!["1:3 the block that opens here is never closed"]),
        (
            ". {\n hosts {\n",
            vec!["2:8 the block that opens here is never closed", "1:3 the block that opens here is never closed"],
        ),
        (". {\n log }\n", vec!["2:6 unexpected `}` behind a directive: no `{` on this line opened a block"]),
        (".\nlog }\n", vec!["2:5 unexpected `}` behind a directive: no `{` on this line opened a block"]),
        ("{\n whoami\n}", vec!["1:1 a server block without a zone"]),
        ("{$UNSET} {\n whoami\n}", vec!["1:1 a server block without a zone"]),
        ("\"\"\nwhoami", vec!["1:1 a server block without a zone"]),
        ("}\n. {\n}", vec!["1:1 `}` closes nothing"]),
        ("a, {\n}", vec!["1:1 a zone is missing behind the comma"]),
        ("a,", vec!["1:1 a zone is missing behind the comma"]),
        (". {\n {\n log\n }\n errors\n}", vec!["2:2 unexpected `{`: no directive stands before it"]),
        (". {\n hosts {\n } {\n }\n}", vec!["3:4 unexpected `{`: no directive stands before it"]),
        (". {\n hosts {\n } log x\n}", vec!["3:4 unexpected `log` behind the end of a block"]),
        (". {\n log \"x\n}\n", vec!["2:6 the quote is never closed", "1:3 the block that opens here is never closed"]),
        ("a.example:99999 {\n}", vec!["1:1 `:99999` is not a port"]),
        (
            "a..b x..y {\n}",
            vec!["1:1 `a..b` is not a zone name: a label is empty", "1:6 `x..y` is not a zone name: a label is empty"],
        ),
    ] {
        assert_eq!(faults(&parse(text).unwrap_err()), want, "{text:?}");
    }
}

#[test]
fn one_run_finds_all_faults() {
    let text = "a..b {\n log }\nc:0 {\n import\n hosts {\n } x\n}\n";
    assert_eq!(
        faults(&parse(text).unwrap_err()),
        [
            "1:1 `a..b` is not a zone name: a label is empty",
            "2:6 unexpected `}` behind a directive: no `{` on this line opened a block",
            "3:1 `:0` is not a port",
            "4:2 `import` without a name",
            "6:4 unexpected `x` behind the end of a block",
        ]
    );
}

#[test]
fn an_error_is_one_line_with_place_fault_and_remedy() {
    let errors = parse("a.example:99999 {\n}").unwrap_err();
    assert_eq!(
        errors[0].to_string(),
        "Corefile:1:1: `:99999` is not a port (a port is a number from 1 to 65535: `example.org:1053`)"
    );
}

#[test]
fn a_brace_too_many_at_the_end_is_a_warning() {
    let file = parse(". {\n whoami\n}\n}\n").unwrap();
    assert_eq!(shown(&file), ["dns://.: whoami"]);
    assert_eq!(faults(&file.warnings), ["4:1 `}` closes nothing; ignored"]);
}

#[test]
fn blocks_cannot_be_nested_without_end() {
    let deep = format!(". {{\n{}{}}}\n", "x {\n".repeat(100_000), "}\n".repeat(100_000));
    assert_eq!(faults(&parse(&deep).unwrap_err()), ["34:3 blocks are nested more than 32 deep"]);
}

#[test]
fn a_snippet_stands_for_its_lines() {
    let text = "(a) { errors\n log }\n(b) {\n import a\n hosts {\n import lines\n }\n}\n(lines) {\n 10.0.0.1 x\n}\n\
        . {\n import b\n whoami\n}\nx { import a\n}\n";
    assert_eq!(
        shown(&parse(text).unwrap()),
        ["dns://.: errors; log; hosts { 10.0.0.1 x }; whoami", "dns://x.: errors; log"]
    );
}

#[test]
fn a_file_is_found_beside_the_file_that_imports_it() {
    let files = [
        ("conf/one.conf", "a {\n import ../common.conf\n import sub/two.conf\n}\n"),
        ("conf/../common.conf", "errors\n"),
        ("conf/sub/two.conf", "import three.conf\nlog"),
        ("conf/sub/three.conf", "whoami"),
    ];
    let file = parse_with("import conf/one.conf\nb {\n}", &files, &[]).unwrap();
    assert_eq!(shown(&file), ["dns://a.: errors; whoami; log", "dns://b.: "]);
    let whoami = &file.blocks[0].directives[1];
    assert_eq!(whoami.span.to_string(), "conf/sub/three.conf:1:1");
}

#[test]
fn import_is_a_directive_only_at_the_start_of_a_line() {
    assert_eq!(shown(&parse(". {\n hosts import x\n \"import\" y\n}").unwrap()), ["dns://.: hosts import x; import y"]);
}

#[test]
fn an_import_that_cannot_be_done_says_why() {
    let files = [("loop.conf", "import loop.conf"), ("x.conf", "import y.conf\n"), ("y.conf", "import x.conf\n")];
    for (text, want) in [
        (". {\n import missing.conf\n}", "2:9 nothing to import: there is no snippet and no file `missing.conf`"),
        (". {\n import a\n}\n(a) {\n log\n}", "2:9 the snippet `a` is imported before it is defined"),
        (". {\n import\n}", "2:2 `import` without a name"),
        (". {\n import {$UNSET}\n}", "2:9 `import` without a name"),
        (". {\n import a b c\n}", "2:11 `import` takes one snippet, file or pattern; `b` is one too many"),
        ("import */*.conf", "1:8 `*/*.conf` holds more than one wildcard"),
        ("(a) {\n log\n}\n(a) {\n errors\n}", "4:1 the snippet `a` is already defined at Corefile:1:1"),
        ("(a)\n. {\n}", "1:1 the snippet `a` has no block"),
        ("(a) {\n log", "1:5 the block that opens here is never closed"),
        ("(a) {\n import a\n}\n. {\n import a\n}", "2:9 `a` imports itself"),
        ("(b) {\n import a\n}\n(a) {\n import b\n}\n. {\n import a\n}", "2:9 `a` imports itself"),
        ("import loop.conf", "1:8 `loop.conf` imports itself"),
        ("import x.conf", "1:8 `x.conf` imports itself"),
    ] {
        assert_eq!(faults(&parse_with(text, &files, &[]).unwrap_err()), [want], "{text:?}");
    }
}

#[test]
fn a_file_may_be_imported_twice_and_by_its_neighbour() {
    let files = [("inc/a.conf", "import b.conf\nlog"), ("inc/b.conf", "errors")];
    let file = parse_with(". {\n import inc/*.conf\n}", &files, &[]).unwrap();
    assert_eq!(shown(&file), ["dns://.: errors; log; errors"]);
}

#[test]
fn a_pattern_without_files_is_a_warning() {
    let file = parse("import none/*.conf\n. {\n whoami\n}\n").unwrap();
    assert_eq!(shown(&file), ["dns://.: whoami"]);
    assert_eq!(faults(&file.warnings), ["1:8 no file fits `none/*.conf`; nothing imported"]);
}

#[test]
fn a_file_that_cannot_be_read_is_an_error() {
    let mut load = |_: &Path| Err(std::io::Error::other("permission denied"));
    let errors = corefile::parse(Path::new("Corefile"), "import x.conf", &mut load, &|_| None).unwrap_err();
    assert_eq!(faults(&errors), ["1:8 cannot import `x.conf`: permission denied"]);
}

#[test]
fn imports_without_end_are_cut_off() {
    let doubling: Vec<_> = (1..20).map(|i| format!("(s{i}) {{\n import s{0}\n import s{0}\n}}\n", i - 1)).collect();
    let text = format!("(s0) {{\n log\n}}\n{}. {{\n import s19\n}}\n", doubling.concat());
    assert_eq!(faults(&parse(&text).unwrap_err()), ["5:9 the imports amount to more than 1000 imports"]);
}

#[test]
fn blocks_that_serve_the_same_conflict() {
    let conflicts = |text: &str, port| faults(&parse(text).unwrap().conflicts(port));
    let twice = "a.example {\n bind 127.0.0.1\n}\nA.example. {\n bind 127.0.0.1\n}\n";
    assert_eq!(conflicts(twice, 53), ["4:1 cannot serve dns://a.example.:53: it is already defined at Corefile:1:1"]);
    assert_eq!(conflicts("a {\n bind 10.0.0.1\n}\na {\n bind 10.0.0.2\n}\n", 53), [""; 0]);
    assert_eq!(
        conflicts("a {\n bind 10.0.0.1\n}\na {\n}\n", 53),
        ["4:1 cannot serve dns://a.:53: the block at Corefile:1:1 serves it too, and one of both on every address"]
    );
    assert_eq!(conflicts("a a {\n}\n", 53).len(), 1);
    assert_eq!(conflicts("a {\n}\na:1053 {\n}\n", 53), [""; 0]);
    assert_eq!(conflicts("a {\n}\na:1053 {\n}\n", 1053).len(), 1);
    assert_eq!(conflicts("tls://a:53 dns://a {\n}\n", 53), [""; 0]);
    assert_eq!(conflicts("10.0.0.0/8 10.in-addr.arpa {\n}\n", 53).len(), 1);
}
