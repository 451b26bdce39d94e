//! Where chat history is kept.

use std::fs::File;
use std::io::Read as _;
use std::path::PathBuf;
use std::str::FromStr as _;

use reqwest::{Certificate, Url};
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
        for name in FOREIGN {
            reader.refuse(name, "it would count beside the variables of the service: unset it");
        }
        let options = match reader.text("DATABASE_MIDDLEWARE_URL") {
            Some(url) => from_url(reader, &url),
            None => from_parts(reader),
        }?;
        let name = reader.text("DATABASE_NAME").unwrap_or_default();
        let options = options.database(&name).application_name("gwinfra-middleware");
        let options = match reader.text("DATABASE_CA_FILE") {
            Some(file) => authorities(reader, PathBuf::from(file), options),
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

/// Trusts the authorities of a file. One that cannot be read now cannot be read for any connection.
fn authorities(reader: &mut Reader<'_>, file: PathBuf, options: PgConnectOptions) -> PgConnectOptions {
    let mut text = Vec::new();
    let wrong = match File::open(&file).and_then(|mut file| file.read_to_end(&mut text)) {
        Err(error) => error.to_string(),
        Ok(_) => match Certificate::from_pem_bundle(&text) {
            Err(error) => error.to_string(),
            Ok(all) if all.is_empty() => "it holds no certificate".to_owned(),
            Ok(_) => return options.ssl_root_cert(file),
        },
    };
    reader.error("DATABASE_CA_FILE", format!("a PEM file of certificates: {wrong}"));
    options
}

/// PostgreSQL's own variables that would count beside these, and that nothing here could take back.
const FOREIGN: [&str; 4] = ["PGOPTIONS", "PGSSLCERT", "PGSSLKEY", "PGSSLROOTCERT"];

/// The modes that are what they say. `allow` is not among them: the client would never ask for encryption.
fn ssl_mode(text: &str) -> Option<PgSslMode> {
    Some(match text {
        "disable" => PgSslMode::Disable,
        "prefer" => PgSslMode::Prefer,
        "require" => PgSslMode::Require,
        "verify-ca" => PgSslMode::VerifyCa,
        "verify-full" => PgSslMode::VerifyFull,
        _ => return None,
    })
}

fn default_ssl_mode(reader: &mut Reader<'_>) -> Option<PgSslMode> {
    let mode = ssl_mode(&reader.text("DATABASE_SSLMODE").unwrap_or_default());
    if mode.is_none() {
        reader.error("DATABASE_SSLMODE", MODES);
    }
    mode
}

const MODES: &str = "`disable`, `prefer`, `require`, `verify-ca` or `verify-full`";

/// What the URL does not say is said here: the library would look for it in PostgreSQL's own variables and files.
fn from_url(reader: &mut Reader<'_>, text: &str) -> Option<PgConnectOptions> {
    let default = default_ssl_mode(reader)?;
    let given = PgConnectOptions::from_str(text).ok().zip(Url::parse(text).ok());
    let named = |url: &Url, names: &[&str]| {
        url.query_pairs().filter(|(name, _)| names.contains(&name.as_ref())).last().map(|(_, value)| value.into_owned())
    };
    let Some((options, url)) = given
        .filter(|(_, url)| url.has_host() || named(url, &["host", "hostaddr"]).is_some())
        .filter(|(_, url)| !url.username().is_empty() || named(url, &["user"]).is_some())
    else {
        // Without the reason: it may quote the URL, which holds the password.
        reader.error(
            "DATABASE_MIDDLEWARE_URL",
            "a URL such as postgresql://user:password@host:5432/name?sslmode=require",
        );
        return None;
    };
    let mode = match named(&url, &["sslmode", "ssl-mode"]) {
        None => default,
        Some(mode) => match ssl_mode(&mode) {
            Some(mode) => mode,
            None => {
                reader.error("DATABASE_MIDDLEWARE_URL", format!("its sslmode has to be {MODES}"));
                return None;
            }
        },
    };
    let mut options = options.ssl_mode(mode);
    if url.port().is_none() && named(&url, &["port"]).is_none() {
        options = options.port(DEFAULT_PORT);
    }
    if url.password().is_none() && named(&url, &["password"]).is_none() {
        options = options.password("");
    }
    Some(options)
}

const DEFAULT_PORT: u16 = 5432;

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
    let mode = default_ssl_mode(reader)?;
    let password = reader.text("DATABASE_PASSWORD").unwrap_or_default();
    let options = PgConnectOptions::new_without_pgpass().host(&host).port(port).username(&user);
    Some(options.password(&password).ssl_mode(mode))
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

    fn mistakes(variables: &[(&str, &str)]) -> Vec<&'static str> {
        let mut variables: HashMap<&str, &str> = variables.iter().copied().collect();
        variables.insert("CHAT_HISTORY", "true");
        let errors = Config::read(|name| variables.get(name).map(|&value| value.to_owned())).expect_err("a mistake");
        errors.into_iter().map(|error| error.variable).collect()
    }

    #[test]
    fn a_url_is_encrypted_unless_said_otherwise() {
        let url = ("DATABASE_MIDDLEWARE_URL", "postgresql://user:p@db.example.com/litellm");
        assert!(matches!(database(&[url]).options.get_ssl_mode(), PgSslMode::Require));
        let mode = ("DATABASE_SSLMODE", "verify-full");
        assert!(matches!(database(&[url, mode]).options.get_ssl_mode(), PgSslMode::VerifyFull));
        let own = ("DATABASE_MIDDLEWARE_URL", "postgresql://user:p@db.example.com/litellm?sslmode=disable");
        assert!(matches!(database(&[own, mode]).options.get_ssl_mode(), PgSslMode::Disable));
    }

    #[test]
    fn a_mode_that_would_never_encrypt_is_refused() {
        let parts = [("DATABASE_HOST", "db"), ("DATABASE_USER", "gateway"), ("DATABASE_SSLMODE", "allow")];
        assert_eq!(mistakes(&parts), ["DATABASE_SSLMODE"]);
        for mode in ["allow", "Require", ""] {
            let url = format!("postgresql://user@db.example.com/x?sslmode={mode}");
            assert_eq!(mistakes(&[("DATABASE_MIDDLEWARE_URL", &url)]), ["DATABASE_MIDDLEWARE_URL"], "{mode}");
        }
    }

    #[test]
    fn what_a_url_does_not_say_is_not_looked_for_elsewhere() {
        assert_eq!(
            mistakes(&[("DATABASE_MIDDLEWARE_URL", "postgresql://db.example.com/x")]),
            ["DATABASE_MIDDLEWARE_URL"]
        );
        assert_eq!(mistakes(&[("DATABASE_MIDDLEWARE_URL", "postgresql:///x?user=u")]), ["DATABASE_MIDDLEWARE_URL"]);
        let url = ("DATABASE_MIDDLEWARE_URL", "postgresql://user@db.example.com/x");
        assert_eq!(database(&[url]).options.get_port(), 5432);
        for name in FOREIGN {
            assert_eq!(mistakes(&[url, (name, "x")]), [name]);
        }
    }

    #[test]
    fn sessions_are_kept_for_the_days_that_are_set_and_with_none_for_ever() {
        for (days, kept) in [("7", Some(7)), ("0", None), ("", Some(90))] {
            let days = [("CHAT_HISTORY", "true"), ("CHAT_HISTORY_RETENTION_DAYS", days)];
            let parts = [("DATABASE_HOST", "db"), ("DATABASE_USER", "gateway")];
            let variables: HashMap<&str, &str> = days.into_iter().chain(parts).collect();
            let config = Config::read(|name| variables.get(name).map(|&value| value.to_owned()));
            let history = config.expect("a configuration").history.expect("history is on");
            assert_eq!(history.retention_days, kept, "{days:?}");
        }
    }

    #[test]
    fn a_file_of_authorities_has_to_be_there_and_to_hold_one() {
        let url = ("DATABASE_MIDDLEWARE_URL", "postgresql://user@db.example.com/x?sslmode=verify-full");
        for file in ["/nope", "/", file!(), "/dev/null"] {
            assert_eq!(mistakes(&[url, ("DATABASE_CA_FILE", file)]), ["DATABASE_CA_FILE"], "{file}");
        }
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
