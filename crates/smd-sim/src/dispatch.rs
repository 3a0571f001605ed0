//! The corridor of every request: count · fault · method · token · answer · deliver.

use std::time::SystemTime;

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{RawPathParams, Request};
use axum::http::header::{ALLOW, AUTHORIZATION};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::any;

use crate::bss::history::History;
use crate::cluster::Cluster;
use crate::fault::FaultKind;
use crate::query::Query;
use crate::reply::{PROBLEM, Reply, TEXT};
use crate::settings::{BootKind, InventoryKind, Settings};
use crate::sim::Sim;
use crate::tokensmith::Tokens;
use crate::view::View;
use crate::{admin, boot_service, bss, inventory_service, smd, tokensmith};

/// One simulated service.
#[derive(Clone, Copy)]
pub(crate) struct Service {
    /// Its routes.
    pub(crate) routes: &'static [Route],
    /// What its 401 says where there is no token.
    pub(crate) no_token: &'static str,
    /// What its 401 says of a token that is not good.
    pub(crate) bad_token: &'static str,
}

/// One route of a service: the path, with at most two parameters in braces, and its methods in the order
/// in which the real service's 405 lists them.
pub(crate) struct Route(pub(crate) &'static str, pub(crate) &'static [Verb]);

/// One method of a route.
#[derive(Clone, Copy)]
pub(crate) struct Verb {
    method: &'static str,
    access: Access,
    handler: Handler,
}

/// Who may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Access {
    /// Anyone.
    Public,
    /// Those with the token, if there is one.
    Protected,
}

/// What answers.
#[derive(Clone, Copy)]
enum Handler {
    /// Depends on nothing but the view and the query, so that the answer may be kept.
    Kept(Reader),
    /// Reads.
    Read(Reader),
    /// Changes rows.
    Write(Writer),
}

/// A pure function from a request and what there is to an answer.
pub(crate) type Reader = fn(&Call<'_>, &View) -> Reply;

/// A function that changes what there is.
pub(crate) type Writer = fn(&Call<'_>, &mut Cluster) -> Reply;

/// A request, as handlers see it.
pub(crate) struct Call<'a> {
    /// What the services were started with.
    pub(crate) settings: &'a Settings,
    /// What BSS remembers of the scripts that it gave.
    pub(crate) history: &'a History,
    /// TokenSmith's tokens.
    pub(crate) tokens: &'a Tokens,
    /// The path's first parameter; `""` where the route has none.
    pub(crate) parameter: &'a str,
    /// The path's second parameter.
    pub(crate) sub_parameter: &'a str,
    /// The query.
    pub(crate) query: &'a Query,
    /// The body.
    pub(crate) body: &'a [u8],
    /// The time of the request.
    pub(crate) now: SystemTime,
}

impl Verb {
    /// The same, for anyone.
    pub(crate) const fn public(self) -> Self {
        Self { access: Access::Public, ..self }
    }

    const fn new(method: &'static str, handler: Handler) -> Self {
        Self { method, access: Access::Protected, handler }
    }
}

/// GET of what depends on rows and query alone.
pub(crate) const fn get(reader: Reader) -> Verb {
    Verb::new("GET", Handler::Kept(reader))
}

/// GET of what depends on more than that.
pub(crate) const fn get_fresh(reader: Reader) -> Verb {
    Verb::new("GET", Handler::Read(reader))
}

/// A POST that only asks.
pub(crate) const fn ask(reader: Reader) -> Verb {
    Verb::new("POST", Handler::Read(reader))
}

/// POST.
pub(crate) const fn post(writer: Writer) -> Verb {
    Verb::new("POST", Handler::Write(writer))
}

/// PUT.
pub(crate) const fn put(writer: Writer) -> Verb {
    Verb::new("PUT", Handler::Write(writer))
}

/// PATCH.
pub(crate) const fn patch(writer: Writer) -> Verb {
    Verb::new("PATCH", Handler::Write(writer))
}

/// DELETE.
pub(crate) const fn delete(writer: Writer) -> Verb {
    Verb::new("DELETE", Handler::Write(writer))
}

/// All routes of the services and of the simulator itself.
pub(crate) fn router(sim: &Sim) -> Router {
    let mut router = Router::new();
    for service in services(sim.settings()) {
        for route in service.routes {
            let sim = sim.clone();
            let handler = move |parameters: RawPathParams, request: Request| async move {
                dispatch(&sim, Some((service, route)), &parameters, request).await
            };
            router = router.route(route.0, any(handler));
        }
    }
    let fallback = sim.clone();
    router
        .fallback(move |parameters: RawPathParams, request: Request| async move {
            dispatch(&fallback, None, &parameters, request).await
        })
        .merge(admin::router(sim.clone()))
}

/// The services that were asked for; no two of them have a path in common.
fn services(settings: &Settings) -> Vec<&'static Service> {
    let inventory = match settings.inventory {
        InventoryKind::Smd => &smd::SERVICE,
        InventoryKind::InventoryService(_) => &inventory_service::SERVICE,
    };
    let boot: &[&Service] = match settings.boot {
        BootKind::Bss => &[&bss::SERVICE],
        BootKind::BootService { legacy_api: false } => &[&boot_service::SERVICE],
        BootKind::BootService { legacy_api: true } => &[&boot_service::SERVICE, &boot_service::LEGACY],
    };
    let tokensmith = settings.tokensmith.as_ref().map(|_| &tokensmith::SERVICE);
    [inventory].into_iter().chain(boot.iter().copied()).chain(tokensmith).collect()
}

#[expect(clippy::disallowed_methods, reason = "[IO] the edge gives a request its time")]
async fn dispatch(
    sim: &Sim,
    route: Option<(&'static Service, &'static Route)>,
    parameters: &RawPathParams,
    request: Request,
) -> Response {
    let now = SystemTime::now();
    sim.count(request.method(), route.map_or("(no such route)", |(_, route)| route.0));
    let fault = sim.fault_on(request.uri().path());
    if let Some(reply) = fault.as_ref().and_then(FaultKind::instead) {
        return reply.into_response();
    }
    let (parts, body) = request.into_parts();
    let reply = match (route, to_bytes(body, MAX_BODY).await) {
        (None, _) => Reply::new(StatusCode::NOT_FOUND, TEXT, "404 page not found\n"),
        (Some(_), Err(error)) => Reply::problem(StatusCode::PAYLOAD_TOO_LARGE, &error.to_string()),
        (Some((service, route)), Ok(body)) => {
            let mut parameters = parameters.iter().map(|(_, value)| value);
            let call = Call {
                settings: sim.settings(),
                history: sim.history(),
                tokens: sim.tokens(),
                parameter: parameters.next().unwrap_or_default(),
                sub_parameter: parameters.next().unwrap_or_default(),
                query: &Query::of(&parts.uri),
                body: &body,
                now,
            };
            let key = parts.uri.path_and_query().map_or("/", |text| text.as_str());
            match verb(service, route, &parts.method, &parts.headers, &call) {
                Ok(verb) => answer(sim, verb, key, &call),
                Err(refused) => refused,
            }
        }
    };
    match fault {
        Some(fault) => fault.deliver(reply).await,
        None => reply.into_response(),
    }
}

/// What this method does here, if it may be asked.
fn verb(
    service: &Service,
    route: &Route,
    method: &Method,
    headers: &HeaderMap,
    call: &Call<'_>,
) -> Result<&'static Verb, Reply> {
    let verb = route.1.iter().find(|verb| verb.method == method.as_str());
    let verb = verb.ok_or_else(|| method_not_allowed(route, method))?;
    match verb.access {
        Access::Protected => admitted(service, headers, call).map(|()| verb),
        Access::Public => Ok(verb),
    }
}

fn answer(sim: &Sim, verb: &Verb, key: &str, call: &Call<'_>) -> Reply {
    let path = key.split_once('?').map_or(key, |(path, _)| path);
    match verb.handler {
        Handler::Kept(reader) if call.body.is_empty() => {
            let view = sim.view_on(path);
            view.kept(key, || reader(call, &view))
        }
        Handler::Kept(reader) | Handler::Read(reader) => reader(call, &sim.view_on(path)),
        Handler::Write(writer) => sim.write(|cluster| writer(call, cluster)),
    }
}

/// 405; the `Allow` header and the detail are empty for paths with a parameter, and so is the body for HEAD
/// (facts §1).
fn method_not_allowed(route: &Route, method: &Method) -> Reply {
    let Route(pattern, verbs) = route;
    let methods: Vec<&str> = verbs.iter().map(|verb| verb.method).filter(|_| !pattern.contains('{')).collect();
    let allow = methods.join(",");
    let status = StatusCode::METHOD_NOT_ALLOWED;
    let reply = match *method {
        Method::HEAD => Reply::new(status, PROBLEM, ""),
        _ => Reply::problem(status, &format!("allow {allow}")),
    };
    if allow.is_empty() { reply } else { reply.with_header(ALLOW, allow) }
}

/// Who has no token gets 401 as the services send it: plain text of one line, no challenge (facts §5).
fn admitted(service: &Service, headers: &HeaderMap, call: &Call<'_>) -> Result<(), Reply> {
    let Settings { token, tokensmith, .. } = call.settings;
    if token.is_none() && tokensmith.is_none() {
        return Ok(());
    }
    let sent = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let good = |sent: &str| token.as_deref() == Some(sent) || call.tokens.accepts(sent, call.now);
    let detail = match sent.and_then(|value| value.strip_prefix("Bearer ")) {
        None => service.no_token,
        Some(sent) if good(sent.trim()) => return Ok(()),
        Some(_) => service.bad_token,
    };
    Err(Reply::new(StatusCode::UNAUTHORIZED, TEXT, detail))
}

/// Longest body of a request.
const MAX_BODY: usize = 16 << 20;

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;
    use crate::settings::{BssMode, BssSettings, TokenSmithSettings};

    const KEYS: [&str; 24] = [
        "ID",
        "id",
        "Components",
        "Component",
        "ComponentIDs",
        "State",
        "NID",
        "Force",
        "MACAddress",
        "ComponentID",
        "IPAddresses",
        "IPAddress",
        "Network",
        "label",
        "name",
        "members",
        "ids",
        "hosts",
        "macs",
        "nids",
        "kernel",
        "RedfishEndpoints",
        "SchemaVersion",
        "Systems",
    ];
    const TEXTS: [&str; 12] = [
        "",
        "x1000c0s0b0n0",
        "x1000c0s0b0",
        "X9c0S01b0n0",
        "On",
        "02:01:00:00:00:00",
        "020100000000",
        "compute",
        "p1",
        "Default",
        "10.0.0.1",
        "é\n",
    ];

    fn body() -> impl Strategy<Value = Value> {
        let text = prop::sample::select(&TEXTS[..]).prop_map(Value::from);
        let leaf = prop_oneof![
            Just(Value::Null),
            prop::bool::ANY.prop_map(Value::from),
            (-2..9_i64).prop_map(Value::from),
            text
        ];
        leaf.prop_recursive(3, 24, 5, |inner| {
            let key = prop::sample::select(&KEYS[..]).prop_map(str::to_owned);
            let pairs = prop::collection::vec((key, inner.clone()), 0..5);
            prop_oneof![
                prop::collection::vec(inner, 0..3).prop_map(Value::from),
                pairs.prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
            ]
        })
    }

    fn query() -> impl Strategy<Value = String> {
        let value = prop_oneof![Just("NULL".to_owned()), "[!x0-9a-z:]{0,6}", Just("x1000c0s0b0n0".to_owned())];
        let pair = (prop::sample::select(&KEYS[..]), value).prop_map(|(key, value)| format!("{key}={value}"));
        prop::collection::vec(pair, 0..3).prop_map(|pairs| format!("/?{}", pairs.join("&")))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        /// Every handler, one after another on the same rows.
        #[test]
        fn nothing_that_is_sent_makes_a_handler_panic(
            body in body(),
            query in query(),
            parameter in prop::sample::select(&TEXTS[..]),
            sub_parameter in prop::sample::select(&TEXTS[..]),
            kv in prop::bool::ANY,
        ) {
            let mode = if kv { BssMode::Kv } else { BssMode::Sql };
            let tokensmith = Some(TokenSmithSettings::default());
            let settings = Settings { bss: BssSettings { mode, ..BssSettings::default() }, tokensmith, ..Settings::default() };
            let settings = Arc::new(settings);
            let mut cluster = Cluster::generate(2).unwrap();
            let query = Query::of(&query.parse().unwrap());
            let (history, tokens) = (History::default(), Tokens::new(settings.tokensmith.as_ref()));
            let body = body.to_string();
            let call = Call {
                settings: &settings,
                history: &history,
                tokens: &tokens,
                parameter,
                sub_parameter,
                query: &query,
                body: body.as_bytes(),
                now: SystemTime::UNIX_EPOCH,
            };
            let services = [&smd::SERVICE, &bss::SERVICE, &inventory_service::SERVICE, &boot_service::SERVICE, &tokensmith::SERVICE];
            for verb in services.iter().flat_map(|service| service.routes).flat_map(|route| route.1) {
                let reply = match verb.handler {
                    Handler::Kept(reader) | Handler::Read(reader) => {
                        reader(&call, &View::new(cluster.clone(), Arc::clone(&settings)))
                    }
                    Handler::Write(writer) => writer(&call, &mut cluster),
                };
                prop_assert!(reply.cut.is_some() || reply.status.as_u16() >= 200);
            }
        }
    }
}
