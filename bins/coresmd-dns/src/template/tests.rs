//! Templates: the recorded answers of the original, the language, and what is refused.

use std::net::SocketAddr;

use hickory_proto::rr::RData;
use proptest::prelude::*;

use super::*;
use crate::config::local_of;
use crate::query::{Header, Query};
use crate::record;
use crate::response::Transport;

/// The templates of the recording `template`.
const RECORDED: &str = r#". {
    template IN A tpl.example {
        match "^ip-(?P<a>[0-9]+)-(?P<b>[0-9]+)-(?P<c>[0-9]+)-(?P<d>[0-9]+)[.]tpl[.]example[.]$"
        answer "{{ .Name }} 60 IN A {{ .Group.a }}.{{ .Group.b }}.{{ .Group.c }}.{{ .Group.d }}"
        fallthrough
    }
    template IN A tpl.example {
        match ^n(\d+)\.tpl\.example\.$
        answer "{{ .Name }} 30 IN A 10.30.0.{{ index .Match 1 }}"
        additional "extra.tpl.example. 30 IN TXT \"{{ .Zone }} {{ .Class }} {{ .Type }}\""
        authority "tpl.example. 30 IN NS ns.tpl.example."
    }
    template IN ANY nx.example {
        rcode NXDOMAIN
        authority "nx.example. 60 IN SOA ns.nx.example. h.nx.example. (1 60 60 60 60)"
    }
    template IN TXT echo.example {
        answer "{{ .Name }} 0 IN TXT \"{{ .Question.Name }}\" \"{{ .Remote }}\""
    }
    template IN MX refuse.example {
        rcode REFUSED
    }
}"#;

fn templates(corefile: &str) -> Vec<Template> {
    local_of(corefile).templates.into_iter().map(Template::new).collect()
}

/// Asks for a name as it is written.
fn asked<T>(name: &str, qtype: Rtype, then: impl FnOnce(&Question<'_>) -> T) -> T {
    let wire: Vec<u8> = name
        .trim_end_matches('.')
        .split('.')
        .flat_map(|label| std::iter::once(label.len() as u8).chain(label.bytes()))
        .chain([0])
        .collect();
    let message = [&[0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0], &wire[..], &qtype.0.to_be_bytes(), &[0, 1]].concat();
    let query = Query::decode(&Header::decode(&message).unwrap(), &message).unwrap();
    let client: SocketAddr = ([127, 0, 0, 1], 5300).into();
    let lower = wire.to_ascii_lowercase();
    then(&Question { name: &lower, query: &query, client, transport: Transport::Tcp })
}

/// What the first template that does not pass on says: rcode, AA and the sections.
fn ask(templates: &[Template], name: &str, qtype: Rtype) -> String {
    let found = asked(name, qtype, |question| {
        templates.iter().map(|template| template.find(question)).find(|found| *found != Found::Next)
    });
    let Some(Found::Answer(composed)) = found else { return "next".to_owned() };
    let show = |records: &[Record]| records.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let sections = [&composed.answers, &composed.authorities, &composed.additionals].map(|records| show(records));
    format!("{} {} {}", composed.rcode, composed.authoritative, sections.join(" / ")).trim_end_matches(" / ").to_owned()
}

#[test]
fn the_recorded_answers() {
    let templates = templates(RECORDED);
    let nx = "3 true  / nx.example. 60 IN SOA ns.nx.example. h.nx.example. 1 60 60 60 60";
    let n7 = "0 true n7.tpl.example. 30 IN A 10.30.0.7 / tpl.example. 30 IN NS ns.tpl.example. / \
              extra.tpl.example. 30 IN TXT tpl.example. IN A";
    let (txt, mx) = (Rtype(16), Rtype(15));
    for (name, qtype, answer) in [
        ("ip-10-1-2-3.tpl.example.", Rtype::A, "0 true ip-10-1-2-3.tpl.example. 60 IN A 10.1.2.3"),
        ("IP-10-1-2-3.TPL.example.", Rtype::A, "0 true ip-10-1-2-3.tpl.example. 60 IN A 10.1.2.3"),
        ("n7.tpl.example.", Rtype::A, n7),
        ("other.tpl.example.", Rtype::A, "2 false"),
        ("n7.tpl.example.", Rtype::AAAA, "next"),
        ("a.nx.example.", Rtype::A, nx),
        ("nx.example.", mx, nx),
        ("Who.Echo.Example.", txt, "0 true who.echo.example. 0 IN TXT Who.Echo.Example.127.0.0.1"),
        ("who.echo.example.", Rtype::A, "next"),
        ("refuse.example.", mx, "5 true"),
        ("elsewhere.example.", Rtype::A, "next"),
    ] {
        let found = ask(&templates, name, qtype);
        assert_eq!(found.trim_end(), answer, "{name}");
    }
    assert_eq!(templates[1].matches().map(|(zone, count)| format!("{zone} {count}")).next().unwrap(), "tpl.example. 1");
}

/// What a text comes to for `n0a.T.example` and the expression `^n(?P<hex>[0-9a-f]+)[.](x)?`.
fn write(text: &str) -> Result<String, String> {
    let text = Text::compile(text).map_err(|error| error.to_string())?;
    let expressions = [Regex::new("^n(?P<hex>[0-9a-f]+)[.](x)?").unwrap()];
    asked("n0a.T.example", Rtype::AAAA, |question| {
        let name = data::shown(question.name);
        let zone = Name::parse("example").unwrap();
        let data = Data::matching(&expressions, &name, &zone, question).unwrap();
        text.write(&data, 100).map_err(|failure| failure.to_string())
    })
}

#[test]
fn the_language() {
    for (text, written) in [
        ("a{{/* nothing */}}b", "ab"),
        ("a {{- .Type -}} b", "aAAAAb"),
        ("{{ .Name }} {{ .Question.Name }} {{ .Zone }}", "n0a.t.example. n0a.T.example. example."),
        ("{{ .Question.Qtype }} {{ .Question.Qclass }} {{ .Class }} {{ .Remote }}", "28 1 IN 127.0.0.1"),
        (
            "{{ index .Match 1 }}{{ .Group.hex }}{{ index .Group \"hex\" }}{{ index .Group \"1\" }}[{{ index .Match 2 }}]",
            "0a0a0a0a[]",
        ),
        ("{{ len .Match }} {{ len .Type }}", "3 4"),
        ("{{ parseInt .Group.hex 16 8 }}", "10"),
        ("{{ parseInt .Group.hex 16 8 | printf \"%03d|%4d|%-4d|%x\" 1 2 3 }}", "001|   2|3   |a"),
        ("{{ printf \"%s-%v%%\" .Type 7 }} {{ print 1 2 `x` 3 }} {{ printf \"%05d\" -3 }}", "AAAA-7% 1 2x3 -0003"),
        ("{{ \"}}\" }}{{ `{{` }}{{ \"\\\"\\\\\" }}", "}}{{\"\\"),
        ("{{ if eq .Type \"A\" \"AAAA\" }}yes{{ else }}no{{ end }}", "yes"),
        ("{{ if lt (parseInt .Group.hex 16 16) 10 }}low{{ else if ge 10 10 }}ten{{ else }}high{{ end }}", "ten"),
        ("{{ if and .Type (not .Group.hex) }}1{{ else if or false 0 \"x\" }}2{{ end }}{{ if ne 1 1 }}3{{ end }}", "2"),
        ("{{ if index .Match 2 }}a{{ if true }}b{{ end }}{{ end }}c", "c"),
        ("{{ and 1 0 }} {{ or \"\" \"y\" }} {{ not 0 }} {{ 0x1f }}", "0 y true 31"),
    ] {
        assert_eq!(write(text).as_deref(), Ok(written), "{text}");
    }
}

#[test]
fn what_a_question_makes_fail() {
    for (text, failure) in [
        ("{{ index .Match 3 }}", "the match has no such part"),
        ("{{ index .Match -1 }}", "the match has no such part"),
        ("{{ index .Match .Type }}", "values of the wrong kind"),
        ("{{ eq .Type 1 }}", "values of the wrong kind"),
        ("{{ lt true false }}", "values of the wrong kind"),
        ("{{ len 1 }}", "values of the wrong kind"),
        ("{{ printf \"%d\" .Type }}", "values of the wrong kind"),
        ("{{ parseInt .Group.hex 10 8 }}", "not a number of this base and size"),
        ("{{ parseInt \"1ff\" 16 8 }}", "not a number of this base and size"),
        ("{{ parseInt \"+1\" 16 8 }}", "not a number of this base and size"),
        ("{{ printf \"%200s\" 1 }}", "values of the wrong kind"),
        ("{{ printf \"%200d\" 1 }}", "the text gets too long"),
    ] {
        assert_eq!(write(text), Err(failure.to_owned()), "{text}");
    }
}

#[test]
fn the_rest_of_the_language_is_refused_by_name() {
    for (text, reason) in [
        ("{{ .Name", "`{{` without `}}`"),
        ("{{ end }}", "`end` without `if`"),
        ("{{ if .Name }}", "`if` without `end`"),
        ("{{ if .Name }}a{{ else }}b", "`else` without `end`"),
        ("{{ range .Match }}{{ end }}", "`{{ range .Match }}` is not supported"),
        ("{{ with .Name }}{{ end }}", "`{{ with .Name }}` is not supported"),
        ("{{ $x := 1 }}", "variables (`$`) are not supported"),
        ("{{ . }}", "`.` is no field"),
        ("{{ .Match }}", "`.Match` is a list: write `index .Match 1`"),
        ("{{ index .Match }}", "write `index .Match 1` or `index .Group \"name\"`"),
        ("{{ }}", "a value is missing"),
        ("{{ .Name | .Type }}", "a value that is no function takes no arguments"),
        ("{{ (.Name }}", "`(` without `)`"),
        ("{{ .Name) }}", "`)` without `(`"),
        ("{{ print len }}", "`len` as an argument: put it in parentheses"),
        ("{{ eq 1 }}", "`eq` does not take 1 arguments"),
        ("{{ printf \"%q\" 1 }}", "the format `%q` has more than %s %v %d %x %X %o %b and a width"),
        ("{{ printf \"%d\" }}", "the format of `printf` is for 1 values, and there are 0"),
        ("{{ printf .Name }}", "`printf` without a format in quotes"),
        ("{{ \"a }}", "`{{` without `}}`"),
        ("{{ 'a' }}", "`'a'` is not supported"),
    ] {
        assert_eq!(Text::compile(text).unwrap_err().to_string(), reason, "{text}");
    }
    let field = Text::compile("{{ .Meta.x }}").unwrap_err().to_string();
    assert!(field.starts_with("the field `.Meta.x` is not supported: there are .Name"), "{field}");
    let function = Text::compile("{{ html .Name }}").unwrap_err().to_string();
    assert!(function.starts_with("the function `html` is not supported"), "{function}");
}

#[test]
fn failures_are_counted_and_nothing_is_written_by_the_name() {
    let templates = templates(
        ". {
            template IN A {
                answer \"{{ .Name }} A {{ parseInt (index .Match 0) 10 8 }}\"
            }
            template IN TXT {
                answer \"{{ .Name }} 1 TXT x\"
                ederror 23 \"it is so\"
            }
            template IN MX {
                answer \"{{ .Name }} 1 MX ten\"
            }
        }",
    );
    assert_eq!(ask(&templates, "a.example", Rtype::A).trim_end(), "2 false");
    assert_eq!(ask(&templates, "a.example", Rtype(15)).trim_end(), "2 false");
    let failed = |template: &Template| template.failures().map(|failed| (failed.text, failed.records)).next().unwrap();
    assert_eq!((failed(&templates[0]), failed(&templates[1]), failed(&templates[2])), ((1, 0), (0, 0), (0, 1)));
    // a name that would be a directive, a comment, or another record
    for name in ["$TTL", "a;b", "@", "(", "a\"b", "a b 1 TXT y"] {
        let found = asked(name, Rtype(16), |question| templates[1].find(question));
        let Found::Answer(composed) = found else { panic!("{name}") };
        assert_eq!(composed.answers.len(), 1, "{name}");
        assert_eq!(
            record::lower_wire(&composed.answers[0].name)[1..=name.len()],
            *name.to_ascii_lowercase().as_bytes()
        );
        assert_eq!(composed.options, [(15, b"\x00\x17it is so".to_vec())]);
    }
}

#[test]
fn aliases_are_followed_with_what_the_server_has() {
    let found = |text: &str| {
        let answers = zone_file::records(text, 5).unwrap();
        Found::Answer(Composed { answers, ..Composed::default() })
    };
    let follow = |qtype| {
        asked("a.example", qtype, |question| {
            let Found::Answer(mut composed) = found("a.example. CNAME b.example.") else { unreachable!() };
            chase(question, &mut composed, |name, _| match name {
                b"\x01b\x07example\0" => found("b.example. CNAME c.example.\nc.example. CNAME d.example."),
                b"\x01d\x07example\0" => found("d.example. A 10.0.0.1"),
                _ => Found::Next,
            });
            composed.answers
        })
    };
    assert_eq!(follow(Rtype::A).len(), 4);
    assert_eq!(follow(Rtype(5)).len(), 1);
    assert!(matches!(follow(Rtype::AAAA).last().unwrap().data, RData::A(_)));
    let circle = asked("a.example", Rtype::A, |question| {
        let Found::Answer(mut composed) = found("a.example. CNAME a.example.") else { unreachable!() };
        chase(question, &mut composed, |_, _| found("a.example. CNAME a.example."));
        composed.answers.len()
    });
    assert_eq!(circle, 2);
}

proptest! {
    #[test]
    fn no_text_upsets_the_compiler(text in r#"(\{\{|\}\}|[a-z .|()"`0-9-]{0,4}|if |else |end|\.Name|index \.Match ){0,16}"#) {
        let _ = write(&text);
    }
}
