//! Where the inventory comes from: files, services and the tokens for them, and what the environment says.

use super::*;

#[test]
fn a_token_is_asked_for_by_the_originals_keys() {
    let environment = Environment {
        variables: vec![("TOKENSMITH_BOOTSTRAP_TOKEN".into(), "one-time-secret\n".into())],
        ..Environment::default()
    };
    let words = "auth_mode=Optional tokensmith_url=https://t/tokensmith refresh_before=5m";
    let config = read("c.yaml", &with_coresmd(&format!("{LEAST}{words}\n")), Some(&environment)).0.unwrap();
    assert!(!format!("{config:?}").contains("one-time-secret"));
    let token = config.source.unwrap().token.unwrap();
    let grant = GrantKind::Bootstrap { file: None, token: Some(Secret::new("one-time-secret")) };
    let refresh_before = Duration::from_mins(5);
    assert_eq!(
        token,
        TokenConfig { required: false, refresh_before, ..TokenConfig::new("https://t/tokensmith", grant) }
    );

    for (words, wanted) in [
        ("auth_mode=often", "6:19 error `auth_mode`: \"often\" is none of disabled, optional, required"),
        ("auth_mode=required", "1:1 error `auth_mode` asks for a token: `coresmd` needs `tokensmith_url`"),
    ] {
        assert_eq!(faults(&with_coresmd(&format!("{LEAST}{words}\n"))), [wanted]);
    }
    let unused = with_coresmd(&format!("{LEAST}tokensmith_url=http://t refresh_before=0s\n"));
    assert_eq!(good(&unused).source.unwrap().token, None, "disabled by default");
}

#[test]
fn the_section_token_takes_every_grant() {
    let read = |smd: &str| good(&format!("{}smd: {smd}\n", with_coresmd(LEAST))).source.unwrap();
    let token = read("{token: {url: https://t, bootstrap_file: /run/b, session_file: /s, ca_cert: /ca.pem}}").token;
    let grant = GrantKind::Bootstrap { file: Some("/run/b".into()), token: None };
    let (ca, session_file) = (Some("/ca.pem".into()), Some("/s".into()));
    assert_eq!(token, Some(TokenConfig { ca, session_file, ..TokenConfig::new("https://t", grant) }));

    let source =
        read("{client_cert: /c.pem, client_key: /c.key, proxy: off, token: {url: https://t, grant: certificate}}");
    let client_certificate = Some(ClientCertificate { certificate: "/c.pem".into(), key: "/c.key".into() });
    assert_eq!(source.transport, Transport { client_certificate, proxy: Proxy::Off });
    assert_eq!(source.token.unwrap().grant, GrantKind::Certificate);

    let client =
        "grant: client_credentials, client_id: dhcp, client_secret_file: /run/s, client_auth: post, scope: a b";
    let token = read(&format!("{{token: {{mode: optional, url: https://h/oauth2/token, {client}}}}}")).token.unwrap();
    let (secret_file, scope, by) = ("/run/s".into(), Some("a b".into()), ClientAuth::Post);
    let grant = GrantKind::ClientCredentials { id: "dhcp".into(), secret_file, scope, by };
    assert_eq!(token, TokenConfig { required: false, ..TokenConfig::new("https://h/oauth2/token", grant) });
    assert_eq!(read("{token: {mode: disabled, url: http://t}}").token, None);
    assert_eq!(read("{}").transport, Transport::default());
}

#[test]
fn keys_of_the_section_token_that_do_not_go_together_have_their_place() {
    for (smd, at, wanted) in [
        ("{token: {mode: often, url: http://t}}", "often", "`smd.token.mode`: \"often\" is none of disabled, optional"),
        ("{token: {urls: http://t}}", "urls", "`smd.token` has no key `urls`"),
        ("{token: {url: tftp://t}}", "tftp", "`smd.token.url`: "),
        ("{token: {grant: bootstrap}}", "token", "`smd.token.url` is needed: who gives the token"),
        ("{token: {url: http://t, scope: a}}", "scope", "`smd.token.scope` counts only with the grant client_cred"),
        ("{token: {url: http://t, grant: certificate}}", "grant", "`smd.token.grant` certificate needs `client_cert`"),
        ("{client_key: /k}", "client_key", "`smd.client_key` needs `client_cert`"),
        ("{proxy: never}", "never", "`smd.proxy`: \"never\" is neither environment nor off"),
        ("{token_file: /t, token: {url: http://t}}", "token_file", "`smd.token_file` is given, and a token is got"),
    ] {
        let found = faults(&format!("{}smd: {smd}\n", with_coresmd(LEAST)));
        let column = "smd: ".len() + smd.find(at).unwrap() + 1;
        let wanted = format!("6:{column} error {wanted}");
        assert!(found.iter().any(|fault| fault.starts_with(&wanted)), "{smd}: {found:?}");
    }
}

#[test]
fn the_snapshot_is_kept_where_systemd_says_unless_the_file_says_otherwise() {
    let text = with_coresmd(LEAST);
    let snapshot = |text: &str, state_directory: Option<PathBuf>| {
        let environment = Environment { state_directory, ..Environment::default() };
        read("c.yaml", text, Some(&environment)).0.unwrap().source.unwrap().snapshot_file
    };
    assert_eq!(snapshot(&text, None), None);
    assert_eq!(snapshot(&text, Some("/var/lib/x".into())), Some("/var/lib/x/snapshot".into()));
    let named = format!("{text}smd:\n  snapshot_file: /data/s\n");
    assert_eq!(snapshot(&named, Some("/var/lib/x".into())), Some("/data/s".into()));
    assert_eq!(snapshot(&named, None), Some("/data/s".into()));
}

#[test]
fn the_environment_is_above_the_file() {
    let variables = |pairs: &[(&str, &str)]| {
        let variables = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Environment { variables, ..Environment::default() }
    };
    let text = format!("{}smd: {{token_file: /file, max_body: 1 MiB}}\n", with_coresmd(LEAST));
    let environment = variables(&[
        ("CORESMD_SMD__TOKEN_FILE", "/run/secrets/token"),
        ("CORESMD_SMD__TIMEOUTS__HEADER", "7s"),
        ("CORESMD_BSS__URL", "http://0123"),
        ("CORESMD_VERSION", "not ours"),
        ("HOME", "/root"),
    ]);
    let source = read("c.yaml", &text, Some(&environment)).0.unwrap().source.unwrap();
    assert_eq!((source.token_file, source.max_body), (Some("/run/secrets/token".into()), 1 << 20));
    assert_eq!((source.timeouts.header, source.bss.unwrap().url), (Duration::from_secs(7), "http://0123".into()));

    let environment = variables(&[("CORESMD_SMD__TIMEOUTS__HEADER", "7"), ("CORESMD_SMD__TOKENS", "x")]);
    let (config, findings) = read("c.yaml", &text, Some(&environment));
    assert!(config.is_none());
    let found: Vec<_> = findings.sorted().iter().map(|finding| (finding.line, finding.message.as_str())).collect();
    assert!(found.contains(&(
        0,
        "environment variable CORESMD_SMD__TIMEOUTS__HEADER: `smd.timeouts.header`: the duration \"7\" has no unit"
    )));
    assert!(found.contains(&(0, "environment variable CORESMD_SMD__TOKENS: `smd` has no key `tokens`")));
}

#[test]
fn a_site_in_files_needs_no_smd() {
    let text = with_coresmd("ipxe_base_uri=http://bss:8081") + "smd: {inventory: nodes.yaml, boot: boot.yaml}\n";
    let source = good(&text).source.unwrap();
    assert_eq!((source.inventory_file, source.boot_file), (Some("nodes.yaml".into()), Some("boot.yaml".into())));
    assert_eq!((source.smd_url.as_str(), source.bss), ("", None));
    let both =
        with_coresmd(LEAST) + "smd: {url: http://smd, inventory: n.yaml, boot: b.yaml}\nbss: {url: http://bss}\n";
    let messages: Vec<String> =
        faults(&both).iter().map(|fault| fault[fault.find(' ').unwrap() + 1..].to_owned()).collect();
    assert_eq!(
        messages,
        [
            "error `smd.url` and `smd.inventory`: the inventory comes from SMD or from a file, not from both",
            "error `bss` and `smd.boot`: boot parameters come from BSS or from a file, not from both"
        ]
    );
    let flags = [("CORESMD_SMD__INVENTORY".to_owned(), "other.yaml".to_owned())];
    let environment = Environment { variables: flags.to_vec(), ..Environment::default() };
    let (config, _) = read("c.yaml", &with_coresmd(LEAST), Some(&environment));
    assert_eq!(config.unwrap().source.unwrap().inventory_file, Some("other.yaml".into()));
}
