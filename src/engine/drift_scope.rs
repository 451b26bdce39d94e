//! What drift was asked to look at, and what of that is out of its reach, for both engines.

use crate::cfn::stack_set::StackSet;
use crate::drift::Coverage;
use crate::engine::{DriftOptions, EngineError};
use crate::render::Bundle;

/// Lists the accounts whose role comes from a stack set as not compared. Gives how many there are.
pub(in crate::engine) fn skip_members(
    bundle: &Bundle,
    options: &DriftOptions,
    sets: &[StackSet],
    coverage: &mut Coverage,
) -> usize {
    let members = bundle.members.iter().filter(|member| options.wants(&member.account));
    members
        .map(|member| {
            let set = sets.iter().find(|set| set.accounts.contains(&member.account));
            let command = match set {
                Some(set) => format!(" --stack-set-name {} --call-as {}", set.name, set.call_as),
                None => String::new(),
            };
            let reason = format!(
                "its role comes from a stack set, which CloudFormation compares: \
                 aws cloudformation detect-stack-set-drift{command}"
            );
            coverage.skip(format!("{}:*", member.account), reason);
        })
        .count()
}

/// The error when none of what was asked for is deployed.
pub(in crate::engine) fn not_deployed(bundle: &Bundle, options: &DriftOptions) -> EngineError {
    EngineError::NotDeployed {
        name: bundle.deployment.prefix.clone(),
        accounts: options.accounts.iter().cloned().collect(),
    }
}
