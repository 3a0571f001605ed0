//! The life of a token against a simulated `TokenSmith` and an inventory-service that asks for its tokens: whatever
//! fails, known nodes are served and the state says what to do.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use smd_cache::refresh::{Refresher, SourceConfig};
use smd_cache::state::{CacheState, FailureKind, StateHandle};
use smd_cache::token::{ClientAuth, GrantKind, Secret, TokenConfig, TokenState};
use smd_cache::{Snapshot, SnapshotHandle};
use smd_sim::fault::FaultKind;
use smd_sim::tokensmith::Knobs;
use smd_sim::{Cluster, Fault, InventoryKind, InventoryServiceSettings, Settings, Sim, TokenSmithSettings};
use tokio::sync::oneshot;

use super::server::{Reply, Server, json, listen};

/// Nodes of the simulated cluster.
const NODES: usize = 3;

/// Their interfaces and those of their BMCs.
const INTERFACES: usize = 10;

/// A simulator, a refresher that reads it, and a directory for secrets.
struct Site {
    sim: Sim,
    url: String,
    directory: tempfile::TempDir,
    stop: Option<oneshot::Sender<()>>,
}

/// A refresher at work; it stops when this is dropped.
struct Running {
    handle: SnapshotHandle,
    state: StateHandle,
    _stop: oneshot::Sender<()>,
}

impl Site {
    /// Tokens live for `access_seconds`; the bootstrap token `first-bootstrap` is good, and the secret of `dhcp`.
    fn start(access_seconds: u64) -> Self {
        let tokensmith = TokenSmithSettings {
            bootstrap_tokens: vec!["first-bootstrap".into()],
            client: Some(("dhcp".into(), "client-secret".into())),
            access_seconds,
            refresh_seconds: 86_400,
        };
        let settings = Settings {
            inventory: InventoryKind::InventoryService(InventoryServiceSettings::default()),
            tokensmith: Some(tokensmith),
            ..Settings::default()
        };
        let sim = Sim::with_settings(Cluster::generate(NODES).unwrap(), settings);
        let listener = listen();
        let url = format!("http://{}", listener.local_addr().unwrap());
        listener.set_nonblocking(true).unwrap();
        let listener = tokio::net::TcpListener::from_std(listener).unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = sim.clone();
        tokio::spawn(async move {
            let stopped = async { drop(stopped.await) };
            serving.serve(listener, stopped).await.unwrap();
        });
        Self { sim, url, directory: tempfile::tempdir().unwrap(), stop: Some(stop) }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// The file of the bootstrap token, with this content.
    fn bootstrap(&self, token: &str) -> GrantKind {
        let file = self.path("bootstrap");
        write(&file, token);
        GrantKind::Bootstrap { file: Some(file), token: None }
    }

    fn config(&self, grant: GrantKind) -> SourceConfig {
        let mut config = SourceConfig::new(&self.url);
        config.interval = Duration::from_millis(30);
        config.token = Some(TokenConfig::new(&self.url, grant));
        config
    }

    fn knobs(&self, turn: impl FnOnce(&mut Knobs)) {
        let mut knobs = self.sim.tokensmith().knobs;
        turn(&mut knobs);
        self.sim.set_tokensmith(knobs);
    }

    /// This fault on every path of the token service.
    fn tokens_fail(&self, kind: FaultKind) {
        self.sim.set_faults(vec![Fault::on("/oauth", kind)]).unwrap();
    }
}

impl Running {
    fn start(config: SourceConfig) -> Self {
        let refresher = Refresher::new(config).unwrap();
        let (handle, state) = (refresher.handle(), refresher.state());
        let (stop, stopped) = oneshot::channel::<()>();
        tokio::spawn(refresher.run(|_: &Arc<Snapshot>| {}, async { drop(stopped.await) }));
        Self { handle, state, _stop: stop }
    }

    /// Waits for a state. No state that is ever seen holds a secret.
    async fn until(&self, wanted: impl Fn(&CacheState) -> bool) -> Arc<CacheState> {
        for _ in 0..4_000 {
            let state = self.state.load();
            let shown = format!("{state:?}");
            assert!(!SECRETS.iter().any(|secret| shown.contains(secret)), "{shown}");
            if wanted(&state) {
                return state;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("never came to be: {:?}", self.state.load());
    }

    async fn until_token(&self, wanted: TokenState) -> String {
        let state = self.until(|state| token_state(state) == wanted).await;
        state.token.as_ref().unwrap().to_string()
    }

    /// All nodes are served, and the last poll has confirmed them.
    async fn until_confirmed(&self) -> Arc<CacheState> {
        let state = self.until(|state| !state.stale && state.failing.is_empty()).await;
        self.serves_all();
        state
    }

    fn serves_all(&self) {
        let snapshot = self.handle.load().expect("something is served");
        assert_eq!(snapshot.counts().hosts, INTERFACES);
    }
}

/// What the site's secrets are, or begin with.
const SECRETS: [&str; 4] = ["first-bootstrap", "second-bootstrap", "client-secret", "Bearer "];

fn token_state(state: &CacheState) -> TokenState {
    state.token.as_ref().unwrap().state
}

fn write(file: &Path, text: &str) {
    let beside = file.with_extension("new");
    #[expect(clippy::disallowed_methods, reason = "a test mounts a secret")]
    std::fs::write(&beside, text).unwrap();
    #[expect(clippy::disallowed_methods, reason = "a test mounts a secret, whole or not at all")]
    std::fs::rename(beside, file).unwrap();
}

#[tokio::test]
async fn a_bootstrap_token_brings_tokens_that_are_refreshed() {
    let site = Site::start(1);
    let running = Running::start(site.config(site.bootstrap("first-bootstrap\n")));
    running.until_confirmed().await;
    let state = running.until(|state| state.token.as_ref().unwrap().granted >= 3).await;
    assert_eq!(site.sim.tokensmith().bootstrap_left, 0);
    assert_eq!((site.sim.tokensmith().counts.exchanged, site.sim.tokensmith().counts.refused), (1, 0));
    assert!(state.token.as_ref().unwrap().expires_at.is_some());
    running.serves_all();
}

#[tokio::test]
async fn the_bootstrap_token_may_come_from_the_environment_or_be_mounted_late() {
    let site = Site::start(3_600);
    let grant = GrantKind::Bootstrap { file: None, token: Some(Secret::new("first-bootstrap")) };
    Running::start(site.config(grant)).until_confirmed().await;

    let site = Site::start(3_600);
    let grant = GrantKind::Bootstrap { file: Some(site.path("bootstrap")), token: None };
    let running = Running::start(site.config(grant));
    let text = running.until_token(TokenState::NeedsCredentials).await;
    assert!(text.contains("No such file") && text.contains("put a new bootstrap token into"), "{text}");
    let state = running.until(|state| !state.failing.is_empty()).await;
    assert_eq!(state.failing[0].kind, FailureKind::NoToken);
    assert!(state.failing[0].text.contains("put a new bootstrap token into"), "{}", state.failing[0].text);
    assert_eq!(site.sim.requests().len(), 0, "nothing is asked for without a token");
    write(&site.path("bootstrap"), "first-bootstrap");
    running.until_confirmed().await;
}

#[tokio::test]
async fn a_refused_refresh_token_leaves_the_nodes_served_until_a_new_bootstrap_token_is_mounted() {
    let site = Site::start(2);
    let running = Running::start(site.config(site.bootstrap("first-bootstrap")));
    running.until_confirmed().await;
    site.knobs(|knobs| knobs.refuse_refresh = true);
    let text = running.until_token(TokenState::NeedsCredentials).await;
    assert!(text.contains("invalid_grant") && text.contains("put a new bootstrap token into"), "{text}");
    running.until(|state| state.stale && !state.failing.is_empty()).await;
    running.serves_all();

    site.sim.add_bootstrap_token("second-bootstrap");
    site.knobs(|knobs| knobs.refuse_refresh = false);
    write(&site.path("bootstrap"), "second-bootstrap");
    running.until_token(TokenState::Valid).await;
    running.until_confirmed().await;
    assert_eq!(site.sim.tokensmith().counts.exchanged, 2);
}

#[tokio::test]
async fn an_expired_refresh_token_asks_for_a_new_bootstrap_token() {
    let site = Site::start(2);
    site.knobs(|knobs| knobs.refresh_seconds = 2);
    let running = Running::start(site.config(site.bootstrap("first-bootstrap")));
    running.until_confirmed().await;
    site.tokens_fail(FaultKind::Html503);
    let text = running.until_token(TokenState::RenewalFailing).await;
    assert!(text.contains("status 503: an HTML page"), "{text}");
    let text = running.until_token(TokenState::NeedsCredentials).await;
    assert!(text.contains("put a new bootstrap token into"), "{text}");
    running.serves_all();
    site.sim.add_bootstrap_token("second-bootstrap");
    site.sim.clear_faults();
    write(&site.path("bootstrap"), "second-bootstrap");
    running.until_confirmed().await;
}

#[tokio::test]
async fn tokens_that_the_service_has_forgotten_are_replaced() {
    let site = Site::start(3_600);
    let running = Running::start(site.config(site.bootstrap("first-bootstrap")));
    running.until_confirmed().await;
    site.sim.revoke_tokens();
    let state = running.until(|state| state.failures.of(FailureKind::Unauthorized) > 0).await;
    assert!(state.last_failure.is_some());
    let text = running.until(|state| token_state(state) != TokenState::Valid).await.token.as_ref().unwrap().to_string();
    assert!(text.contains("bootstrap") || text.contains("another is asked for"), "{text}");
    running.serves_all();
    site.sim.add_bootstrap_token("second-bootstrap");
    write(&site.path("bootstrap"), "second-bootstrap");
    running.until_confirmed().await;
}

#[tokio::test]
async fn a_token_service_that_is_down_at_the_start_is_waited_for() {
    let site = Site::start(3_600);
    for (kind, shown) in [
        (FaultKind::Html503, "an HTML page"),
        (FaultKind::Reset, "oauth/token"),
        (FaultKind::Empty, "the answer is empty"),
        (FaultKind::GarbageJson, "the answer"),
    ] {
        site.tokens_fail(kind);
        let running = Running::start(site.config(site.bootstrap("first-bootstrap")));
        let text = running.until_token(TokenState::Unavailable).await;
        assert!(text.contains(shown) && text.contains("it is asked again"), "{text}");
        assert!(running.handle.load().is_none());
    }
    site.knobs(|knobs| knobs.leave_out = vec!["refresh_token".into()]);
    site.sim.clear_faults();
    let running = Running::start(site.config(site.bootstrap("first-bootstrap")));
    let text = running.until_token(TokenState::Unavailable).await;
    assert!(text.contains("the answer has no `refresh_token`"), "{text}");
    site.knobs(|knobs| knobs.leave_out.clear());
    site.sim.add_bootstrap_token("first-bootstrap");
    running.until_confirmed().await;
}

#[tokio::test]
async fn where_a_token_is_optional_services_are_asked_without() {
    let site = Site::start(3_600);
    let server = Server::start();
    server.set("/hsm/v2/Inventory/EthernetInterfaces", json("[]"));
    server.set("/hsm/v2/State/Components", json("[]"));
    let mut config = site.config(site.bootstrap("wrong"));
    config.smd_url = server.url();
    config.token.as_mut().unwrap().required = false;
    let running = Running::start(config);
    let state = running.until(|state| !state.stale).await;
    assert_eq!(token_state(&state), TokenState::NeedsCredentials);
    assert!(server.requests().iter().all(|request| request.authorization.is_none()));
    write(&site.path("bootstrap"), "first-bootstrap");
    running.until_token(TokenState::Valid).await;
    let polls = running.state.load().polls;
    running.until(|state| state.polls > polls + 1).await;
    assert!(server.requests().last().unwrap().authorization.as_ref().unwrap().starts_with("Bearer "));
}

#[tokio::test]
async fn a_restart_goes_on_with_the_refresh_token_of_the_last_run() {
    let site = Site::start(3_600);
    let mut config = site.config(site.bootstrap("first-bootstrap"));
    config.token.as_mut().unwrap().session_file = Some(site.path("session"));
    let running = Running::start(config.clone());
    running.until_confirmed().await;
    drop(running);
    let running = Running::start(config.clone());
    running.until_confirmed().await;
    let counts = site.sim.tokensmith().counts;
    assert_eq!((counts.exchanged, counts.refreshed, counts.refused), (1, 1, 0));
    drop(running);

    site.sim.add_bootstrap_token("second-bootstrap");
    write(&site.path("bootstrap"), "second-bootstrap");
    write(&site.path("session"), "damaged");
    Running::start(config.clone()).until_confirmed().await;
    config.token.as_mut().unwrap().session_file = Some("/nonexistent/session".into());
    site.sim.add_bootstrap_token("second-bootstrap");
    Running::start(config).until_confirmed().await;
}

#[tokio::test]
async fn a_clients_secret_brings_tokens_and_is_read_again() {
    let site = Site::start(2);
    let secret_file = site.path("secret");
    write(&secret_file, "wrong");
    let by = ClientAuth::Post;
    let grant = GrantKind::ClientCredentials { id: "dhcp".into(), secret_file: secret_file.clone(), scope: None, by };
    let mut config = site.config(grant);
    config.token.as_mut().unwrap().url = format!("{}/oauth/token", site.url);
    let running = Running::start(config);
    let text = running.until_token(TokenState::NeedsCredentials).await;
    assert!(text.contains("invalid_client") && text.contains("put the right secret of client \"dhcp\" into"), "{text}");
    write(&secret_file, "client-secret\n");
    running.until_confirmed().await;
    running.until(|_| site.sim.tokensmith().counts.client_credentials >= 2).await;
    assert_eq!(site.sim.tokensmith().counts.refreshed, 0, "RFC 6749 §4.4.3");
}

#[tokio::test]
async fn a_clients_secret_goes_as_basic_authentication_with_its_scope() {
    let server = Server::start();
    server.set("/oauth2/token", json(r#"{"access_token":"access-1","token_type":"bearer","expires_in":300}"#));
    server.set("/hsm/v2/Inventory/EthernetInterfaces", json("[]"));
    server.set("/hsm/v2/State/Components", json("[]"));
    let directory = tempfile::tempdir().unwrap();
    let secret_file = directory.path().join("secret");
    write(&secret_file, "a:b c");
    let scope = Some("smd.read".into());
    let by = ClientAuth::Basic;
    let grant = GrantKind::ClientCredentials { id: "dhcp".into(), secret_file, scope, by };
    let mut config = SourceConfig::new(server.url());
    config.token = Some(TokenConfig::new(format!("{}/oauth2/token", server.url()), grant));
    let running = Running::start(config);
    running.until(|state| !state.stale).await;
    let requests = server.requests();
    let basic = requests.iter().find(|request| request.path == "/oauth2/token").unwrap();
    assert_eq!(basic.authorization.as_deref(), Some("Basic ZGhjcDphJTNBYitj"), "dhcp:a%3Ab+c");
    let asked = requests.iter().find(|request| request.path != "/oauth2/token").unwrap();
    assert_eq!(asked.authorization.as_deref(), Some("Bearer access-1"));
}

#[tokio::test]
async fn a_secret_is_neither_sent_on_by_a_redirect_nor_repeated_in_an_error() {
    let server = Server::start();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("bootstrap");
    write(&file, "first-bootstrap");
    for (reply, state, shown) in [
        (Reply::Whole(307, "", String::new()), TokenState::Unavailable, "status 307: a secret is not sent on"),
        (
            Reply::Whole(
                400,
                "application/json",
                r#"{"error":"invalid_grant","error_description":"first-bootstrap is unknown"}"#.into(),
            ),
            TokenState::NeedsCredentials,
            "refused: invalid_grant, [secret] is unknown",
        ),
        (
            Reply::Whole(500, "text/plain", "cannot parse first-bootstrap".into()),
            TokenState::Unavailable,
            "status 500: cannot parse [secret]",
        ),
        (Reply::Whole(404, "text/plain", "404 page not found".into()), TokenState::Unavailable, "404 page not found"),
        (json("x".repeat(70_000)), TokenState::Unavailable, "larger than 65536 bytes"),
        (json(r#"{"access_token":"first-bootstrap"}"#), TokenState::Unavailable, "no `expires_in`"),
        (Reply::Closed, TokenState::Unavailable, "closed"),
    ] {
        server.set("/oauth/token", reply);
        let mut config = SourceConfig::new(server.url());
        let grant = GrantKind::Bootstrap { file: Some(file.clone()), token: None };
        config.token = Some(TokenConfig::new(server.url(), grant));
        let running = Running::start(config);
        let text = running.until_token(state).await;
        assert!(text.contains(shown), "{text}");
    }
}

#[tokio::test]
async fn what_a_service_says_of_a_token_does_not_show_it() {
    let server = Server::start();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("token");
    let token = "eyJhbGciOiJub25lIn0.eyJleHAiOjE4MDAwMDAwMDB9.c2ln";
    write(&file, token);
    for (status, advice) in [(401, "put a good token into"), (403, "give it the scope")] {
        let body = format!("token {token} is not good");
        server.set("/hsm/v2/State/Components", Reply::Whole(status, "text/plain", body));
        let mut config = SourceConfig::new(server.url());
        config.token_file = Some(file.clone());
        let running = Running::start(config.clone());
        let state = running.until(|state| state.failing.len() == 2).await;
        let text = &state.failing[1].text;
        assert!(text.contains(&format!("status {status}: token [secret] is not good; ")), "{text}");
        assert!(text.contains(advice) && !format!("{state:?}{config:?}").contains("c2ln"), "{text}");
        assert_eq!(text.contains("2027-01-15T08:00:00Z"), status == 401, "{text}");
    }
}

#[tokio::test]
async fn the_simulator_may_go_and_come_back_at_any_time() {
    let mut site = Site::start(1);
    let running = Running::start(site.config(site.bootstrap("first-bootstrap")));
    running.until_confirmed().await;
    drop(site.stop.take());
    running.until_token(TokenState::Unavailable).await;
    running.until(|state| state.stale).await;
    running.serves_all();
}
