//! Sign-up with an access token of the identity provider.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use gwinfra_middleware::okta::keys::Rhythm;
use gwinfra_middleware::okta::{TokenError, Verifier};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

use crate::support::{Gateway, Reply, Upstream};

const AUDIENCE: &str = "api://default";
const MASTER_KEY: &str = "sk-master-key-of-this-test";

/// A key of the identity provider.
fn signing_key() -> &'static EncodingKey {
    static KEY: OnceLock<EncodingKey> = OnceLock::new();
    KEY.get_or_init(new_key)
}

fn new_key() -> EncodingKey {
    let pair = KeyPair::generate(KeySize::Rsa2048).expect("a key");
    let der: Pkcs8V1Der<'_> = pair.as_der().expect("PKCS#8");
    let text = STANDARD.encode(der.as_ref());
    let lines: Vec<&str> = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).expect("ASCII")).collect();
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", lines.join("\n"));
    EncodingKey::from_rsa_pem(pem.as_bytes()).expect("a key")
}

fn jwk(key: &EncodingKey, id: &str) -> Value {
    let mut jwk = Jwk::from_encoding_key(key, Algorithm::RS256).expect("a public key");
    jwk.common.key_id = Some(id.to_owned());
    let mut jwk = serde_json::to_value(jwk).expect("JSON");
    jwk["use"] = json!("sig");
    jwk
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs()
}

/// An identity provider, and a gateway that trusts it.
struct Setting {
    provider: Upstream,
    litellm: Upstream,
    gateway: Gateway,
}

impl Setting {
    async fn new() -> Self {
        Self::with(&[]).await
    }

    async fn with(variables: &[(&str, &str)]) -> Self {
        let keys = json!({"keys": [jwk(signing_key(), "k1"), {"kty": "EC", "kid": "k9", "use": "sig"}]});
        let provider = Upstream::start(move |_| Reply::json(200, keys.clone())).await;
        let litellm = Upstream::start(|_| Reply::json(200, json!({"user_id": "made", "key": "sk-new"}))).await;
        let issuer = format!("{}/oauth2/default", provider.url());
        let mut all = vec![("OKTA_ISSUER", issuer.as_str()), ("MASTER_KEY", MASTER_KEY)];
        all.extend(variables);
        let gateway = Gateway::with(&litellm, &all).await;
        Self { provider, litellm, gateway }
    }

    fn issuer(&self) -> String {
        format!("{}/oauth2/default", self.provider.url())
    }

    /// Claims that are right.
    fn claims(&self) -> Value {
        json!({
            "iss": self.issuer(), "aud": AUDIENCE, "sub": "ada@example.com", "iat": now(), "exp": now() + 300,
            "scp": ["openid", "gateway"]
        })
    }

    /// Claims that are right but for some.
    fn claims_with(&self, changes: Value) -> Value {
        let mut claims = self.claims();
        for (name, value) in changes.as_object().expect("an object") {
            match value {
                Value::Null => drop(claims.as_object_mut().expect("an object").shift_remove(name)),
                value => claims[name] = value.clone(),
            }
        }
        claims
    }

    async fn ask(&self, token: &str, body: Value) -> (u16, Value) {
        let request = self.gateway.client.post(self.gateway.url("/user/new")).bearer_auth(token);
        let response = request.body(body.to_string()).send().await.expect("an answer");
        (response.status().as_u16(), response.json().await.expect("JSON"))
    }

    /// The status for a token with claims that are right but for some.
    async fn status(&self, changes: Value) -> u16 {
        self.ask(&token(&self.claims_with(changes), "k1"), json!({})).await.0
    }
}

fn token(claims: &Value, key: &str) -> String {
    let mut header = Header::new(Algorithm::RS256);
    header.kid = Some(key.to_owned());
    encode(&header, claims, signing_key()).expect("a token")
}

#[tokio::test]
async fn a_right_token_makes_the_user_that_it_names_with_the_master_key() {
    let setting = Setting::new().await;
    let body = json!({"user_id": "root", "user_role": "proxy_admin", "key_alias": "mine"});
    let (status, answer) = setting.ask(&token(&setting.claims(), "k1"), body).await;
    assert_eq!((status, &answer["key"]), (200, &json!("sk-new")));
    let seen = setting.litellm.seen();
    let request = seen.iter().find(|seen| seen.path == "/user/new").expect("a request");
    assert_eq!(request.header("authorization"), Some(format!("Bearer {MASTER_KEY}").as_str()));
    assert_eq!(
        request.json(),
        json!({
            "key_alias": "mine", "user_id": "ada@example.com", "user_email": "ada@example.com",
            "user_role": "internal_user"
        })
    );
    assert_eq!(request.header("content-length"), Some(request.body.len().to_string().as_str()));
}

#[tokio::test]
async fn an_audience_may_be_one_of_many() {
    assert_eq!(Setting::new().await.status(json!({"aud": ["api://other", AUDIENCE]})).await, 200);
}

#[tokio::test]
async fn the_audience_is_the_one_that_is_configured() {
    let setting = Setting::with(&[("OKTA_AUDIENCE", "api://gateway")]).await;
    assert_eq!(setting.status(json!({"aud": "api://gateway"})).await, 200);
    assert_eq!(setting.status(json!({"aud": AUDIENCE})).await, 401);
}

#[tokio::test]
async fn a_clock_may_be_a_minute_off_and_not_more_than_two() {
    let setting = Setting::new().await;
    assert_eq!(setting.status(json!({"exp": now() - 60})).await, 200);
    assert_eq!(setting.status(json!({"exp": now() - 200})).await, 401);
}

#[tokio::test]
async fn a_token_of_the_future_is_refused() {
    let setting = Setting::new().await;
    assert_eq!(setting.status(json!({"nbf": now() + 600})).await, 401);
    assert_eq!(setting.status(json!({"nbf": now() - 600})).await, 200);
}

#[tokio::test]
async fn a_token_that_never_expires_is_refused() {
    assert_eq!(Setting::new().await.status(json!({"exp": null})).await, 401);
}

#[tokio::test]
async fn a_token_of_nobody_is_forbidden() {
    let setting = Setting::new().await;
    let (status, answer) = setting.ask(&token(&setting.claims_with(json!({"sub": null})), "k1"), json!({})).await;
    assert_eq!((status, &answer["error"]["message"]), (403, &json!("No sub claim found in the token")));
}

#[tokio::test]
async fn a_token_for_another_audience_is_refused() {
    assert_eq!(Setting::new().await.status(json!({"aud": "api://other"})).await, 401);
}

#[tokio::test]
async fn a_token_of_another_issuer_is_refused() {
    let setting = Setting::new().await;
    assert_eq!(setting.status(json!({"iss": "https://evil.example/oauth2/default"})).await, 401);
    assert_eq!(setting.status(json!({"iss": format!("{}/", setting.issuer())})).await, 401);
    assert_eq!(setting.status(json!({"iss": null})).await, 401);
}

#[tokio::test]
async fn a_token_that_is_signed_with_a_shared_secret_is_refused() {
    let setting = Setting::new().await;
    let mut header = Header::new(Algorithm::HS256);
    header.kid = Some("k1".to_owned());
    // The public key, which everybody has, as the secret.
    let secret = jwk(signing_key(), "k1")["n"].as_str().expect("a modulus").to_owned();
    let secret = EncodingKey::from_secret(secret.as_bytes()).expect("a secret");
    let forged = encode(&header, &setting.claims(), &secret).expect("a token");
    assert_eq!(setting.ask(&forged, json!({})).await.0, 401);
}

#[tokio::test]
async fn a_token_without_a_signature_is_refused() {
    let setting = Setting::new().await;
    let encode = |value: Value| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(value.to_string());
    let header = encode(json!({"alg": "none", "typ": "JWT", "kid": "k1"}));
    let forged = format!("{header}.{}.", encode(setting.claims()));
    assert_eq!(setting.ask(&forged, json!({})).await.0, 401);
}

#[tokio::test]
async fn a_token_that_somebody_else_signed_is_refused() {
    let setting = Setting::new().await;
    let mut header = Header::new(Algorithm::RS256);
    header.kid = Some("k1".to_owned());
    let forged = encode(&header, &setting.claims(), &new_key()).expect("a token");
    assert_eq!(setting.ask(&forged, json!({})).await.0, 401);
}

#[tokio::test]
async fn what_is_no_token_is_refused() {
    let setting = Setting::new().await;
    let long = "a".repeat(20_000);
    for text in ["nonsense", "a.b.c", "..", long.as_str()] {
        let (status, answer) = setting.ask(text, json!({})).await;
        assert_eq!((status, &answer["error"]["message"]), (401, &json!("Invalid or expired token")));
    }
    assert!(setting.litellm.seen().iter().all(|seen| seen.path != "/user/new"), "LiteLLM was not asked");
}

#[tokio::test]
async fn unknown_keys_are_asked_for_once_and_not_again_and_again() {
    let setting = Setting::new().await;
    assert_eq!(setting.ask(&token(&setting.claims(), "k1"), json!({})).await.0, 200);
    for number in 0..20 {
        let (status, _) = setting.ask(&token(&setting.claims(), &format!("made-up-{number}")), json!({})).await;
        assert_eq!(status, 401);
    }
    assert_eq!(setting.provider.seen().len(), 1, "the keys were read for the first token alone");
    assert_eq!(setting.provider.seen()[0].path, "/oauth2/default/v1/keys");
}

#[tokio::test]
async fn a_provider_that_is_away_is_not_the_users_mistake() {
    let provider = Upstream::start(|_| Reply::error(500, "no")).await;
    let litellm = Upstream::start(|_| Reply::json(200, json!({}))).await;
    let issuer = format!("{}/oauth2/default", provider.url());
    let variables = [("OKTA_ISSUER", issuer.as_str()), ("MASTER_KEY", MASTER_KEY)];
    let gateway = Gateway::with(&litellm, &variables).await;
    let claims = json!({"iss": issuer, "aud": AUDIENCE, "sub": "ada", "exp": now() + 300});
    let request = gateway.client.post(gateway.url("/user/new")).bearer_auth(token(&claims, "k1"));
    assert_eq!(request.send().await.expect("an answer").status(), 503);
}

#[tokio::test]
async fn a_scope_that_is_asked_for_has_to_be_there() {
    let setting = Setting::with(&[("OKTA_SCOPE", "gateway")]).await;
    assert_eq!(setting.status(json!({})).await, 200);
    assert_eq!(setting.status(json!({"scp": null, "scope": "openid gateway"})).await, 200);
    assert_eq!(setting.status(json!({"scp": ["gateways"]})).await, 403);
    assert_eq!(setting.status(json!({"scp": null})).await, 403);
}

#[tokio::test]
async fn budgets_are_not_the_users_to_set() {
    let setting = Setting::new().await;
    let (status, answer) = setting.ask(&token(&setting.claims(), "k1"), json!({"max_budget": 1000})).await;
    assert_eq!(status, 400);
    assert!(
        answer["error"]["message"].as_str().is_some_and(|message| message.starts_with("`max_budget` cannot be set"))
    );
}

#[tokio::test]
async fn everybody_who_signs_up_is_given_the_same_whatever_the_body_says() {
    let variables = [
        ("OKTA_MAX_BUDGET", "20"),
        ("OKTA_BUDGET_DURATION", "30d"),
        ("OKTA_MODELS", "claude-sonnet,claude-haiku"),
        ("OKTA_TPM_LIMIT", "20000"),
        ("OKTA_RPM_LIMIT", "60"),
    ];
    let setting = Setting::with(&variables).await;
    let token = token(&setting.claims(), "k1");
    assert_eq!(setting.ask(&token, json!({"max_budget": 1_000_000})).await.0, 400);
    assert_eq!(setting.ask(&token, json!({"key_alias": "mine"})).await.0, 200);
    let made: Vec<Value> =
        setting.litellm.seen().iter().filter(|seen| seen.path == "/user/new").map(|seen| seen.json()).collect();
    let expected = json!({
        "key_alias": "mine", "user_id": "ada@example.com", "user_email": "ada@example.com", "user_role": "internal_user",
        "max_budget": 20.0, "budget_duration": "30d", "models": ["claude-sonnet", "claude-haiku"], "tpm_limit": 20000,
        "rpm_limit": 60
    });
    assert_eq!(made, [expected]);
}

#[tokio::test]
async fn a_key_goes_to_litellm_as_it_is() {
    let setting = Setting::new().await;
    let body = json!({"user_id": "x", "max_budget": 5});
    assert_eq!(setting.ask("sk-admin-1", body.clone()).await.0, 200);
    let seen = setting.litellm.seen();
    let request = seen.iter().find(|seen| seen.path == "/user/new").expect("a request");
    assert_eq!((request.header("authorization"), request.json()), (Some("Bearer sk-admin-1"), body));
}

#[tokio::test]
async fn neither_the_master_key_nor_a_token_is_in_the_log() {
    let setting = Setting::with(&[("LOG_LEVEL", "trace")]).await;
    let right = token(&setting.claims(), "k1");
    let wrong = token(&setting.claims_with(json!({"aud": "x"})), "k1");
    setting.ask(&right, json!({"key_alias": "mine"})).await;
    setting.ask(&wrong, json!({})).await;
    let log = setting.gateway.log();
    assert!(log.contains("/user/new"), "the requests are in it");
    for secret in [MASTER_KEY, right.as_str(), wrong.as_str(), "ada@example.com"] {
        assert!(!log.contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn many_tokens_at_once_read_the_keys_once() {
    let setting = Setting::new().await;
    let token = token(&setting.claims(), "k1");
    let accepted = AtomicUsize::new(0);
    let all = (0..30).map(|_| async {
        if setting.ask(&token, json!({})).await.0 == 200 {
            accepted.fetch_add(1, Ordering::SeqCst);
        }
    });
    futures::future::join_all(all).await;
    assert_eq!((accepted.into_inner(), setting.provider.seen().len()), (30, 1));
}

#[tokio::test]
async fn a_new_key_of_the_provider_is_found() {
    let rotated = Arc::new(AtomicBool::new(false));
    let now_rotated = rotated.clone();
    let provider = Upstream::start(move |_| {
        let id = if now_rotated.load(Ordering::SeqCst) { "k2" } else { "k1" };
        Reply::json(200, json!({"keys": [jwk(signing_key(), id)]}))
    })
    .await;
    let issuer = format!("{}/oauth2/default", provider.url());
    let rhythm = Rhythm { pause: Duration::ZERO, ..Rhythm::default() };
    let verifier = Verifier::new(&issuer, AUDIENCE, None, rhythm).expect("an issuer");
    let claims = json!({"iss": issuer, "aud": AUDIENCE, "sub": "ada", "exp": now() + 300});
    assert_eq!(verifier.subject(&token(&claims, "k1")).await.as_deref(), Ok("ada"));
    assert_eq!(verifier.subject(&token(&claims, "k2")).await, Err(TokenError::Invalid));
    rotated.store(true, Ordering::SeqCst);
    assert_eq!(verifier.subject(&token(&claims, "k2")).await.as_deref(), Ok("ada"));
    assert_eq!(verifier.subject(&token(&claims, "k1")).await, Err(TokenError::Invalid), "the old one is gone");
}

#[tokio::test]
async fn a_key_that_the_provider_has_withdrawn_is_refused_once_its_time_is_over() {
    let withdrawn = Arc::new(AtomicBool::new(false));
    let is_withdrawn = withdrawn.clone();
    let provider = Upstream::start(move |_| {
        let id = if is_withdrawn.load(Ordering::SeqCst) { "k2" } else { "k1" };
        Reply::json(200, json!({"keys": [jwk(signing_key(), id)]}))
    })
    .await;
    let issuer = format!("{}/oauth2/default", provider.url());
    let lifetime = Duration::from_millis(50);
    let rhythm = Rhythm { lifetime, wait: Duration::from_secs(20), pause: Duration::ZERO, ..Rhythm::default() };
    let verifier = Verifier::new(&issuer, AUDIENCE, None, rhythm).expect("an issuer");
    let claims = json!({"iss": issuer, "aud": AUDIENCE, "sub": "ada", "exp": now() + 300});
    let token = token(&claims, "k1");
    assert_eq!(verifier.subject(&token).await.as_deref(), Ok("ada"));
    withdrawn.store(true, Ordering::SeqCst);
    tokio::time::sleep(2 * lifetime).await;
    assert_eq!(verifier.subject(&token).await, Err(TokenError::Invalid));
}

#[tokio::test]
async fn while_the_provider_is_silent_the_old_key_serves_after_a_moment() {
    let silent = Arc::new(AtomicBool::new(false));
    let asked = Arc::new(AtomicUsize::new(0));
    let (now_silent, counted) = (silent.clone(), asked.clone());
    let provider = Upstream::start(move |_| {
        counted.fetch_add(1, Ordering::SeqCst);
        let reply = Reply::json(200, json!({"keys": [jwk(signing_key(), "k1")]}));
        if now_silent.load(Ordering::SeqCst) {
            let (reply, release) = reply.held();
            std::mem::forget(release);
            return reply;
        }
        reply
    })
    .await;
    let issuer = format!("{}/oauth2/default", provider.url());
    let lifetime = Duration::from_millis(50);
    let rhythm = Rhythm { lifetime, wait: lifetime, pause: Duration::ZERO, ..Rhythm::default() };
    let verifier = Verifier::new(&issuer, AUDIENCE, None, rhythm).expect("an issuer");
    let claims = json!({"iss": issuer, "aud": AUDIENCE, "sub": "ada", "exp": now() + 300});
    let token = token(&claims, "k1");
    assert_eq!(verifier.subject(&token).await.as_deref(), Ok("ada"));
    silent.store(true, Ordering::SeqCst);
    tokio::time::sleep(2 * lifetime).await;
    let before = asked.load(Ordering::SeqCst);
    for _ in 0..3 {
        let subject = tokio::time::timeout(Duration::from_secs(2), verifier.subject(&token)).await;
        assert_eq!(subject.expect("nobody waits long for the provider").as_deref(), Ok("ada"));
    }
    for _ in 0..500 {
        if asked.load(Ordering::SeqCst) == before + 1 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the keys are read again in the background, once: {}", asked.load(Ordering::SeqCst) - before);
}

#[tokio::test]
async fn a_token_of_the_future_is_none() {
    let setting = Setting::new().await;
    assert_eq!(setting.status(json!({"iat": now() + 60})).await, 200, "clocks differ");
    assert_eq!(setting.status(json!({"iat": now() + 3_600})).await, 401);
}

#[tokio::test]
async fn a_body_of_a_user_is_short() {
    let setting = Setting::new().await;
    let token = token(&setting.claims(), "k1");
    let long = "x".repeat(100 * 1024);
    assert_eq!(setting.ask(&token, json!({"key_alias": long})).await.0, 413);
}

#[tokio::test]
async fn a_body_of_a_user_is_a_json_object() {
    let setting = Setting::new().await;
    let token = token(&setting.claims(), "k1");
    for body in ["{", "[]", "null", "\"ada\"", "{}x"] {
        let request = setting.gateway.client.post(setting.gateway.url("/user/new")).bearer_auth(&token).body(body);
        let response = request.send().await.expect("an answer");
        assert_eq!(response.status(), 400, "{body}");
        let answer: Value = response.json().await.expect("JSON");
        assert_eq!(answer["error"]["code"], "invalid_request", "{body}");
    }
    assert!(setting.litellm.seen().iter().all(|seen| seen.path != "/user/new"), "LiteLLM was not asked");
}

#[tokio::test]
async fn a_user_without_a_token_is_not_made() {
    let setting = Setting::new().await;
    let request = setting.gateway.client.post(setting.gateway.url("/user/new")).body("{}");
    let response = request.send().await.expect("an answer");
    assert_eq!(response.status(), 401);
    assert_eq!(response.json::<Value>().await.expect("JSON")["error"]["code"], "missing_api_key");
    assert!(setting.litellm.seen().iter().all(|seen| seen.path != "/user/new"), "LiteLLM was not asked");
}
