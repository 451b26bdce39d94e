//! Tokens with which RDS lets a role in. A token opens connections for 15 minutes; it is signed here, without a call.
//! <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAMDBAuth.html>

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::provider::ProvideCredentials as _;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_types::error::display::DisplayErrorContext;
use axum::http::Request;
use sqlx::PgPool;

/// How long a token opens connections.
const VALIDITY: Duration = Duration::from_secs(900);
/// A new one in good time: the credentials that signed the last may be about to expire.
const REFRESH: Duration = Duration::from_secs(120);
/// Pause after a failure.
const RETRY: Duration = Duration::from_secs(2);

/// Signs tokens.
pub struct Signer {
    region: String,
    config: aws_config::SdkConfig,
}

type Error = Box<dyn std::error::Error + Send + Sync>;

impl Signer {
    /// A signer with the credentials of the task.
    pub async fn new(region: String) -> Self {
        let loader = aws_config::defaults(aws_config::BehaviorVersion::latest());
        let config = loader.region(aws_config::Region::new(region.clone())).load().await;
        Self { region, config }
    }

    async fn token(&self, host: &str, port: u16, user: &str) -> Result<String, Error> {
        let provider = self.config.credentials_provider().ok_or("there are no AWS credentials")?;
        let credentials = provider.provide_credentials().await?;
        token(credentials, &self.region, host, port, user, SystemTime::now())
    }
}

fn token(
    credentials: Credentials,
    region: &str,
    host: &str,
    port: u16,
    user: &str,
    time: SystemTime,
) -> Result<String, Error> {
    let mut settings = SigningSettings::default();
    settings.expires_in = Some(VALIDITY);
    settings.signature_location = SignatureLocation::QueryParams;
    let identity = credentials.into();
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name("rds-db")
        .time(time)
        .settings(settings)
        .build()?
        .into();
    let user = percent_encoding::utf8_percent_encode(user, percent_encoding::NON_ALPHANUMERIC);
    let url = format!("https://{host}:{port}/?Action=connect&DBUser={user}");
    let request = SignableRequest::new("GET", &url, std::iter::empty(), SignableBody::Bytes(&[]))?;
    let (instructions, _signature) = sign(request, &parameters)?.into_parts();
    let mut request = Request::builder().uri(&url).body(())?;
    instructions.apply_to_request_http1x(&mut request);
    let signed = request.uri().to_string();
    Ok(signed.strip_prefix("https://").unwrap_or(&signed).to_owned())
}

/// Gives the pool a new token again and again, for the connections that it opens.
pub async fn refresh(pool: PgPool, signer: Signer) {
    while !pool.is_closed() {
        let options = pool.connect_options();
        match signer.token(options.get_host(), options.get_port(), options.get_username()).await {
            Ok(token) => {
                pool.set_connect_options(options.as_ref().clone().password(&token));
                tracing::debug!("signed a token for the database");
                tokio::time::sleep(REFRESH).await;
            }
            Err(error) => {
                tracing::warn!(error = %DisplayErrorContext(error.as_ref()), "a token for the database cannot be signed");
                tokio::time::sleep(RETRY).await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_the_presigned_address_of_a_connection_as_botocore_signs_it() {
        let credentials =
            Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", None, None, "test");
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_973_121);
        let token = token(credentials, "eu-west-3", "db.example.com", 5432, "gateway", time).expect("a token");
        // aws rds generate-db-auth-token, botocore 1.35, at that time and with those keys.
        let expected = include_str!("testdata/rds-token.txt").trim_end();
        let parts = |token: &str| {
            let (address, query) = token.split_once('?').expect("a query");
            let mut query: Vec<String> = query.split('&').map(str::to_owned).collect();
            query.sort();
            (address.to_owned(), query)
        };
        assert_eq!(parts(&token), parts(expected));
    }
}
