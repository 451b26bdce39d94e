//! Where chat history is kept.

use std::path::PathBuf;
use std::str::FromStr;

use sqlx::postgres::{PgConnectOptions, PgSslMode};

use super::Reader;

/// How the service proves to PostgreSQL who it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Authentication {
    /// The password in the options.
    Password,
    /// A token of RDS, signed for a region.
    Iam {
        /// The region.
        region: String,
    },
}

/// A database.
#[derive(Clone)]
pub struct Database {
    /// How to connect; the password is in here.
    pub options: PgConnectOptions,
    /// How the service proves who it is.
    pub authentication: Authentication,
    /// Most connections.
    pub connections: u32,
}

impl std::fmt::Debug for Database {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Database")
            .field("host", &self.options.get_host())
            .field("port", &self.options.get_port())
            .field("user", &self.options.get_username())
            .field("database", &self.options.get_database())
            .field("authentication", &self.authentication)
            .finish_non_exhaustive()
    }
}

impl Database {
    /// Reads where the database is. `None` if something is wrong, which the reader then knows.
    pub fn read(reader: &mut Reader<'_>, region: Option<&str>) -> Option<Self> {
        let options = match reader.text("DATABASE_MIDDLEWARE_URL") {
            Some(url) => from_url(reader, &url),
            None => from_parts(reader),
        }?;
        let name = reader.text("DATABASE_NAME").unwrap_or_default();
        let options = options.database(&name).application_name("gwinfra-middleware");
        let options = match reader.text("DATABASE_CA_FILE") {
            Some(file) => options.ssl_root_cert(PathBuf::from(file)),
            None => options,
        };
        let authentication = match reader.text("DATABASE_AUTH").as_deref() {
            Some("password") => Authentication::Password,
            Some("iam") => {
                let Some(region) = region else {
                    reader.error("AWS_REGION", "tokens for the database are signed for a region: set it");
                    return None;
                };
                Authentication::Iam { region: region.to_owned() }
            }
            _ => {
                reader.error("DATABASE_AUTH", "`password` or `iam`");
                return None;
            }
        };
        let connections = u32::try_from(reader.number("DATABASE_CONNECTIONS", 1, 100)).unwrap_or(1);
        Some(Self { options, authentication, connections })
    }
}

fn from_url(reader: &mut Reader<'_>, url: &str) -> Option<PgConnectOptions> {
    let options = PgConnectOptions::from_str(url);
    if options.is_err() {
        // Without the reason: it may quote the URL, which holds the password.
        reader.error(
            "DATABASE_MIDDLEWARE_URL",
            "a URL such as postgresql://user:password@host:5432/name?sslmode=require",
        );
    }
    options.ok()
}

fn from_parts(reader: &mut Reader<'_>) -> Option<PgConnectOptions> {
    let (Some(host), Some(user)) = (reader.text("DATABASE_HOST"), reader.text("DATABASE_USER")) else {
        reader.error(
            "DATABASE_HOST",
            "chat history needs a database: set DATABASE_HOST and DATABASE_USER, or DATABASE_MIDDLEWARE_URL, or set \
             CHAT_HISTORY=false",
        );
        return None;
    };
    let port = u16::try_from(reader.number("DATABASE_PORT", 1, u64::from(u16::MAX))).unwrap_or_default();
    let mode = reader.text("DATABASE_SSLMODE").unwrap_or_default();
    let Ok(mode) = PgSslMode::from_str(&mode) else {
        reader.error("DATABASE_SSLMODE", "`disable`, `prefer`, `require`, `verify-ca` or `verify-full`");
        return None;
    };
    let options = PgConnectOptions::new_without_pgpass().host(&host).port(port).username(&user).ssl_mode(mode);
    Some(match reader.text("DATABASE_PASSWORD") {
        Some(password) => options.password(&password),
        None => options,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::config::Config;

    fn database(variables: &[(&str, &str)]) -> Database {
        let mut variables: HashMap<&str, &str> = variables.iter().copied().collect();
        variables.insert("CHAT_HISTORY", "true");
        let config = Config::read(|name| variables.get(name).map(|&value| value.to_owned())).expect("a configuration");
        config.history.expect("history is on").database
    }

    #[test]
    fn a_url_keeps_its_query_and_gets_the_databases_name() {
        let url = "postgresql://user:p%40ss@db.example.com:6432/litellm?sslmode=verify-full";
        let database = database(&[("DATABASE_MIDDLEWARE_URL", url)]);
        assert_eq!(database.options.get_database(), Some("middleware"));
        assert_eq!((database.options.get_host(), database.options.get_port()), ("db.example.com", 6432));
        assert!(matches!(database.options.get_ssl_mode(), PgSslMode::VerifyFull));
    }

    #[test]
    fn parts_are_encrypted_unless_said_otherwise() {
        let parts = [("DATABASE_HOST", "db"), ("DATABASE_USER", "gateway"), ("DATABASE_PASSWORD", "p@:/?#")];
        assert!(matches!(database(&parts).options.get_ssl_mode(), PgSslMode::Require));
    }

    #[test]
    fn a_token_is_signed_for_the_region() {
        let parts = [
            ("DATABASE_HOST", "db"),
            ("DATABASE_USER", "gateway"),
            ("DATABASE_AUTH", "iam"),
            ("AWS_REGION", "eu-west-3"),
        ];
        assert_eq!(database(&parts).authentication, Authentication::Iam { region: "eu-west-3".to_owned() });
    }
}
