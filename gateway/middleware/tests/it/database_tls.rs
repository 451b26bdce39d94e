//! PostgreSQL whose certificate is looked at.

use serde_json::json;

use crate::support::gateway::Gateway;
use crate::support::postgres::Postgres;
use crate::support::upstream::{Reply, Upstream};
use crate::support::{ask, says, with};

/// A service whose history is in a server that only takes encrypted connections.
async fn gateway(server: &Postgres, host: &str, variables: &[(&str, &str)]) -> Gateway {
    let upstream = Upstream::start(|_| Reply::json(200, &says("hi"))).await;
    let port = server.port.to_string();
    let parts = [
        ("CHAT_HISTORY", "true"),
        ("DATABASE_HOST", host),
        ("DATABASE_PORT", port.as_str()),
        ("DATABASE_USER", "postgres"),
    ];
    Gateway::start(&upstream, &[&parts[..], variables].concat()).await
}

/// What a chat with history is answered with, when the service has tried to reach its database.
async fn status(gateway: &Gateway) -> u16 {
    gateway.chat("sk-one", &with(ask("hi"), json!({"enable_history": true}))).await.status().as_u16()
}

#[tokio::test]
async fn a_certificate_of_the_authority_in_database_ca_file_is_trusted() {
    let Some(server) = Postgres::start_encrypted() else { return };
    let authority = server.authority();
    let trusted = ("DATABASE_CA_FILE", authority.as_str());
    // The certificate is of `localhost`: `verify-ca` does not ask for whom it is.
    for (mode, host) in [("verify-full", "localhost"), ("verify-ca", "127.0.0.1")] {
        let gateway = gateway(&server, host, &[("DATABASE_SSLMODE", mode), trusted]).await;
        gateway.ready().await;
        assert_eq!(status(&gateway).await, 200, "{mode}");
    }
}

#[tokio::test]
async fn a_certificate_of_another_name_or_authority_is_not_trusted() {
    let Some(server) = Postgres::start_encrypted() else { return };
    let authority = server.authority();
    let trusted = ("DATABASE_CA_FILE", authority.as_str());
    let wrong_name = gateway(&server, "127.0.0.1", &[("DATABASE_SSLMODE", "verify-full"), trusted]).await;
    let unknown = gateway(&server, "localhost", &[("DATABASE_SSLMODE", "verify-ca")]).await;
    for gateway in [&wrong_name, &unknown] {
        let database = gateway.app.config().history.as_ref().expect("history is on").database.options.clone();
        let error = sqlx::postgres::PgPoolOptions::new().connect_with(database.database("postgres")).await;
        assert!(format!("{error:?}").contains("InvalidCertificate"), "{error:?}");
        assert_eq!(status(gateway).await, 503);
    }
}
