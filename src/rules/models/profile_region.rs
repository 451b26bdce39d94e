//! Cross-region inference profiles against regions.

use super::geography::{covers, prefix_of};
use crate::diagnostics::Diagnostic;
use crate::model::invoke::profile;
use crate::rules::{Rule, Subject};
use crate::spec::types::Region;

/// The rule.
pub static RULE: Rule = Rule {
    code: "GW0328",
    title: "Inference profiles are called in their geography",
    explanation: include_str!("profile_region.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let bedrock = subject.bedrock();
    for (index, model) in subject.spec.models.iter().enumerate() {
        let Some(source) = &model.bedrock else { continue };
        let Some((geography, id)) = profile(&source.model) else { continue };
        let targets: Vec<_> = bedrock.serving(source).collect();
        let outside =
            targets.iter().flat_map(|target| target.regions.iter().map(|region| (target.name.as_str(), region)));
        // A region of another partition is another rule's finding.
        let partition = subject.spec.hub.region.partition();
        let Some((account, region)) = outside
            .filter(|(_, region)| Region((*region).clone()).partition() == partition)
            .find(|(_, region)| !covers(geography, region))
        else {
            continue;
        };
        let message = format!("`{geography}.` profiles cannot be called in {region}, where `{account}` serves");
        let help = match prefix_of(region) {
            Some(prefix) => {
                format!("in {region} the profile would be `{prefix}.{id}`; or name other accounts or regions")
            }
            None => "name other accounts or regions".to_owned(),
        };
        findings.push(RULE.error(subject, format!("models.{index}.bedrock.model"), message).with_help(help));
    }
}
