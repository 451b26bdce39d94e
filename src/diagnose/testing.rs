//! Reports for tests.

use super::{Cause, Document, Evidence, Failure, Outcome, SCHEMA};
use crate::drift::Source;

/// A report of these failures.
pub(super) fn document(failures: Vec<Failure>) -> Document {
    Document {
        schema: SCHEMA.to_owned(),
        deployment: Source {
            name: "acme".to_owned(),
            engine: "cloudformation".to_owned(),
            account: "111122223333".to_owned(),
            region: "us-east-1".to_owned(),
        },
        run: None,
        failures,
        notes: Vec::new(),
    }
}

/// A service that could not be updated, why, and what its container wrote.
pub(super) fn failure(reason: &str, log: Vec<String>) -> Failure {
    let cause = Cause {
        address: "acme-gateway/Service".to_owned(),
        logical_id: "Service".to_owned(),
        resource_type: "AWS::ECS::Service".to_owned(),
        physical_id: None,
        status: "UPDATE_FAILED".to_owned(),
        at: None,
        reason: reason.to_owned(),
        source: Vec::new(),
    };
    let logs = Evidence { from: "logs".to_owned(), fact: "the container wrote".to_owned(), lines: log };
    Failure {
        stack: "gateway".to_owned(),
        name: "acme-gateway".to_owned(),
        account: "111122223333".to_owned(),
        region: "us-east-1".to_owned(),
        status: "UPDATE_ROLLBACK_COMPLETE".to_owned(),
        outcome: Outcome::RolledBack,
        operation: None,
        cause: Some(cause),
        also: Vec::new(),
        evidence: vec![logs],
        guesses: Vec::new(),
        consequences: Vec::new(),
        next: vec!["gwinfra plan".to_owned()],
    }
}
