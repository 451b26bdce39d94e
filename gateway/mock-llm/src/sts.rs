//! A small STS, so that a gateway can take on roles in accounts that do not exist: the credentials name their account.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use bytes::Bytes;

use super::account::caller;

/// Answers a call of STS's query protocol; `None` when the body is none.
pub(super) fn answer(headers: &HeaderMap, body: &Bytes) -> Option<Response> {
    let field =
        |name: &str| form_urlencoded::parse(body).find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
    let action = field("Action")?;
    Some(match action.as_str() {
        "AssumeRole" | "AssumeRoleWithWebIdentity" => assume(&action, &field("RoleArn"), &field("RoleSessionName")),
        "GetCallerIdentity" => {
            let account = caller(headers).account;
            let result = format!(
                "<Arn>arn:aws:sts::{account}:assumed-role/mock/mock</Arn><UserId>AROAMOCK:mock</UserId>\
                 <Account>{account}</Account>"
            );
            xml(StatusCode::OK, &result_of("GetCallerIdentity", &result))
        }
        _ => fault("InvalidAction", &format!("mock-llm has no action {action} of STS.")),
    })
}

fn assume(action: &str, role: &Option<String>, session: &Option<String>) -> Response {
    let (Some(role), Some(session)) = (role, session) else {
        return fault("ValidationError", "RoleArn and RoleSessionName are required.");
    };
    // arn:aws:iam::222222222222:role/NAME
    let mut parts = role.splitn(6, ':').skip(4);
    let account =
        parts.next().filter(|account| account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit()));
    let name = parts.next().and_then(|name| name.strip_prefix("role/")).and_then(|name| name.rsplit('/').next());
    let (Some(account), Some(name)) = (account, name) else {
        return fault("ValidationError", "RoleArn is not the ARN of a role.");
    };
    let expiration = (jiff::Timestamp::now() + jiff::SignedDuration::from_hours(1)).strftime("%Y-%m-%dT%H:%M:%SZ");
    let (name, session) = (escaped(name), escaped(session));
    let result = format!(
        "<Credentials><AccessKeyId>ASIA{account}MOCK</AccessKeyId><SecretAccessKey>mock</SecretAccessKey>\
         <SessionToken>mock</SessionToken><Expiration>{expiration}</Expiration></Credentials><AssumedRoleUser>\
         <Arn>arn:aws:sts::{account}:assumed-role/{name}/{session}</Arn><AssumedRoleId>AROAMOCK:{session}</AssumedRoleId>\
         </AssumedRoleUser>"
    );
    xml(StatusCode::OK, &result_of(action, &result))
}

fn result_of(action: &str, result: &str) -> String {
    format!(
        "<{action}Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><{action}Result>{result}</{action}Result>\
         <ResponseMetadata><RequestId>mock</RequestId></ResponseMetadata></{action}Response>"
    )
}

fn fault(code: &str, message: &str) -> Response {
    let error = format!("<Error><Type>Sender</Type><Code>{code}</Code><Message>{}</Message></Error>", escaped(message));
    let body = format!("<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">{error}</ErrorResponse>");
    xml(StatusCode::BAD_REQUEST, &body)
}

fn escaped(text: &str) -> String {
    quick_xml::escape::escape(text).into_owned()
}

fn xml(status: StatusCode, text: &str) -> Response {
    let mut response = Response::new(Body::from(text.to_owned()));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/xml"));
    response
}
