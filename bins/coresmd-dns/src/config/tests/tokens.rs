//! Tokens, client certificates and proxies of `coresmd`.

use smd_cache::client::{ClientCertificate, Proxy, Transport};
use smd_cache::token::{ClientAuth, GrantKind, TokenConfig};

use super::*;

#[test]
fn a_token_is_asked_for_by_the_originals_words_or_by_a_block() {
    let source =
        |words: &str| config(&format!(". {{\n coresmd {{\n smd_url https://s\n{words}\n }}\n}}")).sources[0].clone();
    let bootstrap = |file: Option<&str>| GrantKind::Bootstrap { file: file.map(PathBuf::from), token: None };
    let token = source("auth_mode optional\n tokensmith_url https://t\n refresh_before 5m").token;
    let refresh_before = Duration::from_mins(5);
    let expected = TokenConfig { required: false, refresh_before, ..TokenConfig::new("https://t", bootstrap(None)) };
    assert_eq!(token, Some(expected));
    assert_eq!(source("tokensmith_url https://t").token, None, "disabled by default");

    let token = source("token {\n url https://t\n bootstrap_file /run/b\n session_file /s\n ca_cert /ca\n }").token;
    let (ca, session_file) = (Some("/ca".into()), Some("/s".into()));
    assert_eq!(
        token,
        Some(TokenConfig { ca, session_file, ..TokenConfig::new("https://t", bootstrap(Some("/run/b"))) })
    );

    let tls = "client_cert /c.pem\n client_key /c.key\n proxy off\n token {\n url https://t\n grant certificate\n }";
    let client_certificate = Some(ClientCertificate { certificate: "/c.pem".into(), key: "/c.key".into() });
    assert_eq!(source(tls).transport, Transport { client_certificate, proxy: Proxy::Off });
    assert_eq!(source(tls).token.unwrap().grant, GrantKind::Certificate);

    let client = "token {\n url https://h/oauth2/token\n grant client_credentials\n client_id dns\n mode required
        client_secret_file /run/s\n client_auth post\n scope \"a b\"\n refresh_before 1m\n }";
    let (secret_file, scope, by) = ("/run/s".into(), Some("a b".into()), ClientAuth::Post);
    let grant = GrantKind::ClientCredentials { id: "dns".into(), secret_file, scope, by };
    let refresh_before = Duration::from_mins(1);
    assert_eq!(
        source(client).token,
        Some(TokenConfig { refresh_before, ..TokenConfig::new("https://h/oauth2/token", grant) })
    );
}

#[test]
fn words_of_a_token_that_are_wrong_have_their_place() {
    for (words, place, shown) in [
        ("auth_mode often", (3, 11), "is none of disabled, optional, required"),
        ("auth_mode required", (1, 5), "`tokensmith_url` of the token is needed"),
        ("token {\nurl t\n}", (4, 5), "is not an http or https URL"),
        ("token {\nurls t\n}", (4, 1), "unknown word `urls` in token"),
        ("token {\n}", (3, 1), "`url` of the token is needed"),
        ("token {\nurl http://t\nurl http://t\n}", (5, 1), "`url` is given twice"),
        ("token {\nurl http://t\nscope a\n}", (5, 1), "counts only with the grant client_credentials"),
        ("token {\nurl http://t\ngrant certificate\n}", (5, 1), "certificate needs `client_cert`"),
        ("token {\nurl http://t\nrefresh_before 0s\n}", (5, 16), "it is 0"),
        ("token x {\nurl http://t\n}", (3, 7), "takes a block"),
        ("token_file /t\ntoken {\nurl http://t\n}", (1, 5), "`token_file`, and a token"),
        ("client_cert /c", (1, 5), "belong together"),
        ("proxy never", (3, 7), "neither environment nor off"),
    ] {
        let text = format!(". {{ coresmd {{\nsmd_url https://s\n{words}\n}}\n}}");
        let (_, findings) = understand(&parsed(&text), 53);
        let found = findings.sorted();
        let right = |finding: &&serve::findings::Finding| finding.message.contains(shown);
        let finding = found.iter().find(|finding| right(finding)).unwrap_or_else(|| panic!("{words}: {found:?}"));
        assert_eq!((finding.line, finding.column), place, "{words}: {finding:?}");
    }
}
