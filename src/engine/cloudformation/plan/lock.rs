//! Who is at work on a stack, as far as AWS tells.

use crate::aws::cloudformation::{CloudFormation, Stack, StackEvent};
use crate::engine::EngineError;

/// The error for a stack that an operation is working on.
pub(in crate::engine::cloudformation) async fn locked(client: &CloudFormation, stack: &Stack) -> EngineError {
    let mut start: Option<StackEvent> = None;
    // The operation began with the newest event of the stack that has its status.
    let read = client
        .events(&stack.id, |event| {
            let begins = event.is_of_stack(&stack.id) && event.is_plain() && event.status == stack.status;
            if begins && start.is_none() {
                start = Some(event.clone());
            }
            begins
        })
        .await;
    // Who it is matters less than that it is: a caller that may not read events still learns of the lock.
    let start = if read.is_ok() { start } else { None };
    EngineError::Locked {
        stack: stack.name.clone(),
        status: stack.status.clone(),
        who: start.as_ref().and_then(|event| event.token.as_deref()).map(who),
        since: start.map(|event| event.at).or_else(|| stack.updated.clone()).or_else(|| stack.created.clone()),
    }
}

/// Who a request token stands for. The console and gwinfra name themselves in theirs.
fn who(token: &str) -> String {
    match token.strip_prefix("gwinfra-") {
        Some(run) => format!("gwinfra (run {run})"),
        None if token.starts_with("Console-") => "somebody in the AWS console".to_owned(),
        None => format!("a request with the token {token}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_tell_who_it_is() {
        assert_eq!(who("gwinfra-20260102T030405Z-ab-network"), "gwinfra (run 20260102T030405Z-ab-network)");
        assert_eq!(who("Console-CreateStack-0a1b"), "somebody in the AWS console");
        assert_eq!(who("0a1b"), "a request with the token 0a1b");
    }
}
