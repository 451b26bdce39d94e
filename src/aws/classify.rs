//! What came of a call: whether it may pass, and otherwise which error it is.

use std::error::Error as StdError;

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::retry::Passing;
use super::{Denial, Error};
use crate::render::Target;
use crate::spec::regions::REGIONS;

/// Codes by which services ask to slow down. `LimitExceeded` is not one: it is a quota.
const THROTTLING: &[&str] = &[
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestThrottled",
    "RequestThrottledException",
    "TooManyRequestsException",
    "RequestLimitExceeded",
    "BandwidthLimitExceeded",
    "PriorRequestNotComplete",
    "SlowDown",
    "EC2ThrottledException",
    "TransactionInProgressException",
];

/// Codes of a server's own trouble.
const TRANSIENT: &[&str] = &[
    "RequestTimeout",
    "RequestTimeoutException",
    "InternalError",
    "InternalFailure",
    "InternalServerError",
    "ServiceUnavailable",
    "ServiceUnavailableException",
    "Unavailable",
    "ServerException",
];

const EXPIRED: &[&str] = &["ExpiredToken", "ExpiredTokenException", "RequestExpired"];

const INVALID: &[&str] = &[
    "InvalidClientTokenId",
    "UnrecognizedClientException",
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "InvalidSignatureException",
    "IncompleteSignature",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
    "AuthFailure",
    "InvalidToken",
    "OptInRequired",
    "RegionDisabledException",
];

const DENIED: &[&str] =
    &["AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "UnauthorizedException", "Forbidden"];

/// Longest part of a foreign answer that is shown, in characters.
const EXCERPT: usize = 200;

/// What a call was about.
#[derive(Debug)]
pub(super) struct Context<'a> {
    pub(super) action: String,
    pub(super) service: &'static str,
    pub(super) resource: &'a str,
    pub(super) target: &'a Target,
    pub(super) own_endpoint: bool,
}

/// Whether a failure may pass by itself. A server's trouble without a code is one only by its status.
pub(super) fn passing<E>(error: &SdkError<E, HttpResponse>) -> Option<Passing>
where
    E: ProvideErrorMetadata + StdError + 'static,
{
    match error {
        SdkError::TimeoutError(_) => Some(Passing::Transient),
        SdkError::DispatchFailure(failure) => {
            let text = chain(error);
            // Credentials that are not there do not come, nor does a host of that name.
            let final_answer = find::<Error>(error).is_some()
                || find::<CredentialsError>(error).is_some()
                || failure.is_user()
                || is_name_failure(&text);
            if final_answer {
                None
            } else if text.contains("ConnectError") || text.contains("Connect)") || text.contains("tcp connect error") {
                Some(Passing::NoConnection)
            } else {
                Some(Passing::Transient)
            }
        }
        SdkError::ResponseError(failure) => (failure.raw().status().as_u16() != 500).then_some(Passing::Transient),
        SdkError::ServiceError(failure) => {
            let status = failure.raw().status().as_u16();
            match failure.err().code() {
                Some(code) if THROTTLING.contains(&code) => Some(Passing::Throttling),
                Some(code) if TRANSIENT.contains(&code) => Some(Passing::Transient),
                _ if status == 429 => Some(Passing::Throttling),
                // A gateway on the way. AWS's own 500 has a code; one without is not AWS's and does not pass.
                None if matches!(status, 502..=504) => Some(Passing::Transient),
                Some(_) if matches!(status, 500 | 502..=504) => Some(Passing::Transient),
                _ => None,
            }
        }
        _ => None,
    }
}

/// Why a call failed, in a few words.
pub(super) fn reason<E>(error: &SdkError<E, HttpResponse>) -> String
where
    E: ProvideErrorMetadata + StdError + 'static,
{
    match error {
        SdkError::ServiceError(failure) => match (failure.err().code(), failure.err().message()) {
            (Some(code), Some(message)) => plain(&format!("{code}: {message}")),
            (Some(code), None) => plain(code),
            (None, _) => format!("HTTP {}", failure.raw().status().as_u16()),
        },
        other => chain(other),
    }
}

/// The error that a failure is.
pub(super) fn error_of<E>(error: &SdkError<E, HttpResponse>, context: &Context<'_>, attempts: u32) -> Error
where
    E: ProvideErrorMetadata + StdError + 'static,
{
    let SdkError::ServiceError(failure) = error else { return no_answer(error, context) };
    let status = failure.raw().status().as_u16();
    let code = match (failure.err().code(), status) {
        (Some(code), _) => code,
        // HEAD has no body to name a code.
        (None, 403) if failure.raw().body().bytes().is_none_or(<[u8]>::is_empty) => "AccessDenied",
        (None, 404) if failure.raw().body().bytes().is_none_or(<[u8]>::is_empty) => "NotFound",
        (None, _) => return not_aws(failure.raw(), context),
    };
    let message = plain(failure.err().message().unwrap_or("no further words"));
    let Target { account, region, .. } = context.target.clone();
    if is_clock_skew(code, &message) {
        Error::ClockSkew { region, message }
    } else if EXPIRED.contains(&code) {
        Error::ExpiredCredentials { reason: message, sso: false }
    } else if code == "SignatureDoesNotMatch" && message.contains("scoped to a valid region") {
        Error::UnknownRegion { region, account }
    } else if INVALID.contains(&code) {
        Error::InvalidCredentials { region, code: code.to_owned(), message }
    } else if DENIED.contains(&code) {
        let denial = Denial::parse(&message);
        let resource = denial.as_ref().and_then(|denial| denial.resource.clone());
        Error::AccessDenied {
            action: denial.map_or_else(|| context.action.clone(), |denial| denial.action).into(),
            resource: resource.unwrap_or_else(|| context.resource.to_owned()).into(),
            account: account.into(),
            region: region.into(),
            message: message.into(),
        }
    } else if THROTTLING.contains(&code) {
        Error::Throttled { action: context.action.clone(), account, region, attempts, message }
    } else {
        Error::Service {
            action: context.action.as_str().into(),
            resource: context.resource.into(),
            code: plain(code).into(),
            message: message.into(),
            account: account.into(),
            region: region.into(),
            request_id: failure.err().meta().extra("aws_request_id").map(|id| plain(id).into()),
        }
    }
}

/// Whether AWS took the request for one of another time. EC2 answers the same code for credentials that are over; its words then
/// say no more than that the request has expired.
fn is_clock_skew(code: &str, message: &str) -> bool {
    match code {
        "RequestTimeTooSkewed" => true,
        "SignatureDoesNotMatch" | "InvalidSignatureException" | "AuthFailure" => {
            message.contains("Signature expired") || message.contains("Signature not yet current")
        }
        "RequestExpired" => message.contains("date stamp") || message.contains("in the future"),
        _ => false,
    }
}

/// The error behind a call that got no answer.
fn no_answer<E>(error: &SdkError<E, HttpResponse>, context: &Context<'_>) -> Error
where
    E: ProvideErrorMetadata + StdError + 'static,
{
    // Credentials of an assumed role come from a call of our own, whose error is the one to show.
    if let Some(own) = find::<Error>(error) {
        return own.clone();
    }
    if let Some(credentials) = find::<CredentialsError>(error) {
        let reason = chain(credentials);
        let sso = reason.contains("SSO") || reason.contains("sso");
        return if reason.to_lowercase().contains("expired") {
            Error::ExpiredCredentials { reason, sso }
        } else {
            Error::NoCredentials { reason }
        };
    }
    if let SdkError::ResponseError(failure) = error {
        return not_aws(failure.raw(), context);
    }
    let region = context.target.region.clone();
    let reason = chain(error);
    if is_name_failure(&reason) && !context.own_endpoint && !REGIONS.contains(&region.as_str()) {
        return Error::UnknownRegion { region, account: context.target.account.clone() };
    }
    Error::Unreachable { service: context.service.to_owned(), region, reason }
}

/// The answer of something that is not AWS.
fn not_aws(answer: &HttpResponse, context: &Context<'_>) -> Error {
    let body = answer.body().bytes().map(String::from_utf8_lossy).unwrap_or_default();
    let mut excerpt = String::new();
    let mut markup = false;
    for character in body.chars().take(EXCERPT * 20) {
        match character {
            '<' => markup = true,
            '>' => {
                markup = false;
                excerpt.push(' ');
            }
            _ if !markup => excerpt.push(character),
            _ => {}
        }
    }
    let mut excerpt = excerpt.split_whitespace().collect::<Vec<_>>().join(" ");
    if excerpt.is_empty() {
        excerpt = "no text".to_owned();
    }
    let excerpt = plain(&excerpt).chars().take(EXCERPT).collect();
    Error::NotAws { action: context.action.clone(), status: answer.status().as_u16(), excerpt }
}

/// Whether a host name could not be resolved: the resolver's error has no type of its own.
fn is_name_failure(text: &str) -> bool {
    text.contains("dns error") || text.contains("failed to lookup address")
}

/// The first error of a type among an error's sources.
fn find<'a, T: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a T> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<T>() {
            return Some(found);
        }
        next = error.source();
    }
    None
}

/// An error and its sources, each once.
fn chain(error: &(dyn StdError + 'static)) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        let text = plain(&error.to_string());
        if !parts.iter().any(|part| part.contains(&text)) {
            parts.push(text);
        }
        next = error.source();
    }
    parts.join(": ")
}

/// A text without control characters, which could move a terminal's cursor or hide words.
pub(super) fn plain(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_of_another_time_is_the_clocks_fault() {
        let words =
            "Signature expired: 20260101T000000Z is now earlier than 20260101T000500Z (20260101T001000Z - 5 min.)";
        assert!(is_clock_skew("SignatureDoesNotMatch", words));
        assert!(is_clock_skew("InvalidSignatureException", words));
        let words = "Signature not yet current: 20260101T002000Z is still later than 20260101T001500Z (20260101T001000Z + 5 min.)";
        assert!(is_clock_skew("InvalidSignatureException", words));
        let words = "The difference between the request time and the current time is too large.";
        assert!(is_clock_skew("RequestTimeTooSkewed", words));
    }

    #[test]
    fn a_wrong_key_is_no_matter_of_the_clock() {
        let words = "The request signature we calculated does not match the signature you provided. Check your AWS Secret \
                     Access Key and signing method.";
        assert!(!is_clock_skew("SignatureDoesNotMatch", words));
        assert!(!is_clock_skew("RequestExpired", "Request has expired."));
        assert!(!is_clock_skew("ExpiredToken", "The provided token has expired."));
    }

    #[test]
    fn control_characters_do_not_reach_the_terminal() {
        assert_eq!(plain("a\u{1b}[2Jb\n"), "a [2Jb ");
    }

    #[test]
    fn no_code_is_both_throttling_and_transient() {
        assert!(THROTTLING.iter().all(|code| !TRANSIENT.contains(code)));
    }
}
