//! With a token the services ask for it where the real ones do.

use reqwest::Method;
use smd_sim::{Cluster, Settings, Sim};

use super::Running;

#[tokio::test]
async fn protected_routes_want_the_token_and_public_ones_do_not() {
    let cluster = Cluster::generate(2).unwrap();
    let token = Some("secret".into());
    let running = Running::start(Sim::with_settings(cluster, Settings { token, ..Settings::default() })).await;
    let public = [
        "/hsm/v2/State/Components",
        "/hsm/v2/Inventory/EthernetInterfaces?type=Node",
        "/hsm/v2/service/ready",
        "/boot/v1/dumpstate",
        "/boot/v1/hosts",
        "/boot/v1/bootscript?mac=02:01:00:00:00:00",
        "/boot/v1/service/status",
    ];
    for path in public {
        assert_eq!(running.get(path).await.unwrap().status(), 200, "{path}");
    }
    let protected = [
        "/hsm/v2/State/Components/x1000c0s0b0n0",
        "/hsm/v2/State/Components/ByNID/1",
        "/hsm/v2/Inventory/EthernetInterfaces/020100000000",
        "/hsm/v2/groups",
        "/hsm/v2/memberships",
        "/hsm/v2/Inventory/RedfishEndpoints",
        "/hsm/v2/Inventory/ComponentEndpoints?type=Node",
        "/boot/v1/bootparameters",
    ];
    for path in protected {
        let response = running.get(path).await.unwrap();
        assert_eq!(response.status(), 401, "{path}");
        assert_eq!(response.headers()["content-type"], "text/plain; charset=utf-8");
        assert!(response.headers().get("www-authenticate").is_none());
        assert_eq!(response.text().await.unwrap(), "no token found\n");
        let with = |token: &'static str| running.client.get(running.url(path)).bearer_auth(token).send();
        assert_eq!(with("wrong").await.unwrap().status(), 401, "{path}");
        assert_eq!(with("secret").await.unwrap().status(), 200, "{path}");
    }
    for (method, path) in [
        (Method::POST, "/hsm/v2/State/Components"),
        (Method::DELETE, "/hsm/v2/Inventory/EthernetInterfaces"),
        (Method::PATCH, "/hsm/v2/Inventory/EthernetInterfaces/020100000000"),
        (Method::PUT, "/boot/v1/bootparameters"),
    ] {
        assert_eq!(running.send(method, path, "{}").await.0, 401, "{path}: to read is one thing, to write another");
    }
    assert_eq!(running.json("/hsm/v2/Inventory/EthernetInterfaces").await.as_array().map(Vec::len), Some(7));
    running.stop().await;
}
