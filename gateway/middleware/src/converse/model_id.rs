//! The model of a request: what is between `/bedrock/model/` and the operation.

use percent_encoding::percent_decode_str;

use super::limits;
use super::place::Invalid;

/// What is asked of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// A whole answer.
    Converse,
    /// An answer in pieces.
    ConverseStream,
}

/// Reads what follows `/bedrock/model/` in a path that nothing has decoded yet. Ids may hold slashes: an ARN does, and not
/// every client encodes them. `None` for an operation that is not one of Converse.
pub fn parse(rest: &str) -> Option<Result<(String, Operation), Invalid>> {
    let (id, operation) = match rest.rsplit_once('/')? {
        (id, "converse") => (id, Operation::Converse),
        (id, "converse-stream") => (id, Operation::ConverseStream),
        _ => return None,
    };
    Some(decode(id).map(|id| (id, operation)))
}

fn decode(id: &str) -> Result<String, Invalid> {
    let id = percent_decode_str(id).decode_utf8().map_err(|_| Invalid("modelId: is not UTF-8".to_owned()))?;
    let length = id.chars().count();
    if !(1..=limits::MODEL_ID_LENGTH).contains(&length) {
        return Err(Invalid(format!("modelId: has {length} characters; 1 to {} are allowed", limits::MODEL_ID_LENGTH)));
    }
    if id.chars().any(char::is_control) {
        return Err(Invalid("modelId: holds control characters".to_owned()));
    }
    Ok(id.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(rest: &str) -> String {
        parse(rest).expect("an operation").expect("a model").0
    }

    #[test]
    fn an_arn_is_the_same_model_encoded_or_not() {
        let arn = "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.amazon.nova-lite-v1:0";
        assert_eq!(id(&format!("{arn}/converse")), arn);
        let encoded = "arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Ainference-profile%2Fus.amazon.nova-lite-v1%3A0";
        assert_eq!(id(&format!("{encoded}/converse-stream")), arn);
    }

    #[test]
    fn a_name_of_litellm_may_hold_slashes() {
        assert_eq!(id("bedrock/us/claude/converse"), "bedrock/us/claude");
    }

    #[test]
    fn other_operations_are_not_of_converse() {
        for rest in ["m/invoke", "m/invoke-with-response-stream", "converse", "m/converse/", "m/converse-stream2"] {
            assert_eq!(parse(rest), None, "{rest}");
        }
    }

    #[test]
    fn an_id_that_names_nothing_is_refused() {
        for rest in ["/converse", "%FF/converse", "a%00b/converse"] {
            assert!(parse(rest).expect("an operation").is_err(), "{rest}");
        }
        assert!(parse(&format!("{}/converse", "m".repeat(2_049))).expect("an operation").is_err());
    }
}
