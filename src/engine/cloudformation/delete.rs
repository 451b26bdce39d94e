//! Deletes one stack and waits until it is gone.

use super::apply::{Apply, StepError, token};
use super::stack_set::Progress;
use super::status_table;
use super::watch::Watch;
use super::{CloudFormationEngine, now};
use crate::aws::cloudformation::Deletion;
use crate::engine::journal::{Record, Run};
use crate::engine::{EngineError, StackFailure};
use crate::plan::PlannedStack;
use crate::render::{RenderedStack, Target};

/// A stack that is to go.
pub(super) struct Doomed<'a> {
    /// Key under which events are shown.
    pub key: &'a str,
    /// Name in CloudFormation.
    pub name: &'a str,
    /// Where it is.
    pub target: Target,
    /// The stack as rendered, if it still is.
    pub rendered: Option<&'a RenderedStack>,
    /// Logical ids that are left behind.
    pub retain: Vec<String>,
    /// Whether whatever cannot be deleted is left behind.
    pub force: bool,
}

/// Deletes a stack that a plan no longer wants.
pub(super) async fn stack(apply: &Apply<'_>, planned: &PlannedStack) -> Result<String, StepError> {
    let doomed = Doomed {
        key: &planned.key,
        name: &planned.name,
        target: planned.target(),
        rendered: apply.rendered(&planned.key),
        retain: Vec::new(),
        force: false,
    };
    delete(apply.engine, apply.run, &doomed).await
}

/// Deletes a stack and waits until it is gone. One that is not there is no error.
pub(super) async fn delete(engine: &CloudFormationEngine, run: &Run, doomed: &Doomed<'_>) -> Result<String, StepError> {
    let session = engine.session(&doomed.target);
    let client = session.cloudformation();
    let Some(found) = client.stack(doomed.name).await.map_err(EngineError::from)? else {
        return Ok("not there".to_owned());
    };
    if found.termination_protection {
        client.set_termination_protection(&found.id, false).await.map_err(EngineError::from)?;
    }
    let token = token(&run.id, &format!("delete-{}", doomed.key));
    run.write(&Record::Executing {
        step: format!("delete {}", doomed.key),
        at: now(),
        stack_id: found.id.clone(),
        change_set: None,
        token: token.clone(),
    })
    .map_err(EngineError::from)?;
    let sets = Progress::begin(engine, client, doomed.rendered, doomed.key).await;
    // AWS leaves something behind only for a stack whose deletion has failed before.
    let failed_before = found.status == "DELETE_FAILED";
    let retain = if failed_before { doomed.retain.clone() } else { Vec::new() };
    let deletion = Deletion { retain, force: doomed.force && failed_before };
    client.delete_stack(&found.id, &token, &deletion).await.map_err(EngineError::from)?;
    let watch = Watch {
        engine,
        client,
        rendered: doomed.rendered,
        key: doomed.key,
        stack_id: &found.id,
        before: &found.status,
        token: &token,
        since: None,
    };
    let rest = watch.to_rest(sets).await?;
    match rest.stack {
        None => Ok("deleted".to_owned()),
        Some(left) => Err(StepError::Stack(Box::new(StackFailure {
            stack: left.name,
            account: doomed.target.account.clone(),
            next: status_table::lookup(&left.status).next.to_owned(),
            status: left.status,
            rolled_back: false,
            causes: rest.causes,
            reason: left.reason,
        }))),
    }
}
