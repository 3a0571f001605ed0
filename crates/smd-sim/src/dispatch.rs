//! The corridor of every request: count · fault · token · method · answer · deliver.

use std::time::SystemTime;

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{RawPathParams, Request};
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::any;

use crate::fault::FaultKind;
use crate::query::Query;
use crate::reply::{PROBLEM, Reply, TEXT};
use crate::sim::Sim;
use crate::view::View;
use crate::{admin, bss, smd};

/// One route of the simulated services.
pub(crate) struct Route {
    /// The path, with at most one parameter in braces.
    pub(crate) pattern: &'static str,
    /// Methods of the real service in its order, comma-separated: what its 405 says.
    pub(crate) allow: &'static str,
    /// Whether the route wants the token, if there is one.
    pub(crate) access: Access,
    /// Whether answers depend on nothing but the view and the query, so that they may be kept.
    pub(crate) kept: bool,
    /// The methods that are simulated.
    pub(crate) methods: &'static [(Method, Handler)],
}

/// Who may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Anyone.
    Public,
    /// Those with the token.
    Protected,
}

/// A pure function from a request to an answer.
pub(crate) type Handler = fn(&Call<'_>) -> Reply;

/// A request, as handlers see it.
pub(crate) struct Call<'a> {
    /// The method.
    pub(crate) method: &'a Method,
    /// What to answer from.
    pub(crate) view: &'a View,
    /// The path's parameter; `""` where the route has none.
    pub(crate) parameter: &'a str,
    /// The query.
    pub(crate) query: &'a Query,
    /// The body.
    pub(crate) body: &'a [u8],
    /// The time of the request.
    pub(crate) now: SystemTime,
}

/// All routes of SMD, BSS and the simulator itself.
pub(crate) fn router(sim: &Sim) -> Router {
    let mut router = Router::new();
    for route in smd::ROUTES.iter().chain(bss::ROUTES) {
        let sim = sim.clone();
        let handler = move |parameters: RawPathParams, request: Request| async move {
            let parameter = parameters.iter().next().map(|(_, value)| value.to_owned()).unwrap_or_default();
            dispatch(&sim, Some(route), &parameter, request).await
        };
        router = router.route(route.pattern, any(handler));
    }
    let fallback = sim.clone();
    router
        .fallback(move |request: Request| async move { dispatch(&fallback, None, "", request).await })
        .merge(admin::router(sim.clone()))
}

#[expect(clippy::disallowed_methods, reason = "[IO] the edge gives a request its time")]
async fn dispatch(sim: &Sim, route: Option<&'static Route>, parameter: &str, request: Request) -> Response {
    let now = SystemTime::now();
    let path = request.uri().path();
    sim.count(request.method(), route.map_or("(no such route)", |route| route.pattern));
    let (fault, view) = sim.fault_and_view(path);
    if let Some(reply) = fault.as_ref().and_then(FaultKind::instead) {
        return reply.into_response();
    }
    let (parts, body) = request.into_parts();
    let reply = match (route, to_bytes(body, MAX_BODY).await) {
        (None, _) => Reply::new(StatusCode::NOT_FOUND, TEXT, "404 page not found\n"),
        (Some(_), Err(error)) => Reply::problem(StatusCode::PAYLOAD_TOO_LARGE, &error.to_string()),
        (Some(route), Ok(body)) => {
            let query = Query::of(&parts.uri);
            let call = Call { method: &parts.method, view: &view, parameter, query: &query, body: &body, now };
            let key = parts.uri.path_and_query().map_or("/", |text| text.as_str());
            answer(route, key, &parts.headers, &call)
        }
    };
    match fault {
        Some(fault) => fault.deliver(reply).await,
        None => reply.into_response(),
    }
}

/// The answer of one route: who may ask, which method, then the handler.
fn answer(route: &Route, key: &str, headers: &HeaderMap, call: &Call<'_>) -> Reply {
    if !route.allow.split(',').any(|method| method == call.method.as_str()) {
        return method_not_allowed(route, call.method);
    }
    if let Some(denied) = denied(route.access, call.view.settings.token.as_deref(), headers) {
        return denied;
    }
    let Some((_, handler)) = route.methods.iter().find(|(method, _)| method == call.method) else {
        return Reply::problem(StatusCode::NOT_IMPLEMENTED, "smd-sim does not simulate this write");
    };
    if route.kept && call.method == Method::GET && call.body.is_empty() {
        call.view.kept(key, || handler(call))
    } else {
        handler(call)
    }
}

/// 405; the `Allow` header and the detail are empty for paths with a parameter, and so is the body for HEAD
/// (facts §1).
fn method_not_allowed(route: &Route, method: &Method) -> Reply {
    let allow = if route.pattern.contains('{') { "" } else { route.allow };
    let status = StatusCode::METHOD_NOT_ALLOWED;
    let reply = match *method {
        Method::HEAD => Reply::new(status, PROBLEM, ""),
        _ => Reply::problem(status, &format!("allow {allow}")),
    };
    Reply { allow: (!allow.is_empty()).then_some(allow), ..reply }
}

/// 401 as both services send it: plain text of one line, no challenge (facts §5).
fn denied(access: Access, token: Option<&str>, headers: &HeaderMap) -> Option<Reply> {
    let token = token.filter(|_| access == Access::Protected)?;
    let sent = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let detail = match sent.and_then(|value| value.strip_prefix("Bearer ")) {
        None => "no token found\n",
        Some(sent) if sent.trim() != token => "Unauthorized\n",
        Some(_) => return None,
    };
    Some(Reply::new(StatusCode::UNAUTHORIZED, TEXT, detail))
}

/// Longest body of a request.
const MAX_BODY: usize = 16 << 20;
