//! Whether every region has the resource types that are made there.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use futures::StreamExt;

use crate::aws::Error;
use crate::cfn::template::Template;
use crate::doctor::check::{Area, Check, Needs};
use crate::doctor::finding::Finding;
use crate::doctor::subject::Subject;
use crate::plan::count;

/// Calls of the registry at the same time.
const AT_ONCE: usize = 4;

/// Whether every region has the resource types that are made there.
pub(super) struct ResourceTypes;

#[async_trait(?Send)]
impl Check for ResourceTypes {
    fn id(&self) -> &'static str {
        "GWD601"
    }

    fn name(&self) -> &'static str {
        "resource-types"
    }

    fn area(&self) -> Area {
        Area::Region
    }

    fn needs(&self) -> Needs {
        Needs::Hub
    }

    async fn run(&self, subject: &Subject<'_>) -> Vec<Finding> {
        let mut findings = Vec::new();
        // What a region has is the same for every account.
        for (region, types) in types(subject) {
            let Some(session) = subject.hub_session(Some(&region)) else { continue };
            let session = &session;
            let asked = types
                .iter()
                .map(|(name, maker)| async move { (name, maker, session.cloudformation().has_type(name).await) });
            let answers: Vec<_> = futures::stream::iter(asked).buffered(AT_ONCE).collect().await;
            let (mut missing, mut unknown) = (Vec::new(), Vec::new());
            for (name, (stack, id), answer) in answers {
                match answer {
                    Ok(true) => {}
                    Ok(false) => missing.push((name, (subject.places)(stack, id, &[]))),
                    Err(error) => unknown.push((name.clone(), error)),
                }
            }
            if let Some(finding) = not_known(&region, types.len(), &unknown) {
                findings.push(finding);
            } else if missing.is_empty() {
                let services: BTreeSet<&str> = types.keys().filter_map(|name| name.split("::").nth(1)).collect();
                findings.push(Finding::pass(format!(
                    "{region} has all {} of {}",
                    count(types.len(), "resource type"),
                    count(services.len(), "service")
                )));
            }
            findings.extend(missing.into_iter().map(|(name, mut places)| {
                places.truncate(1);
                let fix = "choose another region, or switch off what needs it";
                Finding::fail(format!("{region} has no {name}"), fix).at(places)
            }));
        }
        findings
    }
}

/// That some types, or all of them, could not be asked about; `None` when all could. What keeps one from being asked about
/// mostly keeps all.
fn not_known(region: &str, all: usize, unknown: &[(String, Error)]) -> Option<Finding> {
    let (first, error) = unknown.first()?;
    if unknown.len() == 1 {
        return Some(Finding::unknown(&format!("whether {region} has {first}"), error));
    }
    let error = match error.clone() {
        Error::AccessDenied { action, account, region, message, .. } => {
            Error::AccessDenied { action, resource: "*".into(), account, region, message }
        }
        other => other,
    };
    let which = if unknown.len() == all { "all".to_owned() } else { format!("{} of", unknown.len()) };
    let what = format!("whether {region} has {which} {}", count(all, "resource type"));
    let names = unknown.iter().map(|(name, _)| name.clone()).collect();
    Some(Finding::unknown(&what, &error).with_details(names))
}

/// The types by region, each with the first resource of it: stack key and logical id.
fn types(subject: &Subject<'_>) -> BTreeMap<String, BTreeMap<String, (String, String)>> {
    let mut all: BTreeMap<String, BTreeMap<String, (String, String)>> = BTreeMap::new();
    let mut read: BTreeSet<(&str, &str)> = BTreeSet::new();
    for stack in &subject.bundle.stacks {
        // Stacks of many accounts share a template.
        if !read.insert((&stack.target.region, &stack.template_path)) {
            continue;
        }
        let Ok(template) = Template::parse(stack.template_path.as_str(), &stack.template) else { continue };
        let types = all.entry(stack.target.region.clone()).or_default();
        for resource in template.resources().filter(|resource| resource.resource_type().starts_with("AWS::")) {
            let maker = || (stack.key.clone(), resource.logical_id.to_owned());
            types.entry(resource.resource_type().to_owned()).or_insert_with(maker);
        }
    }
    all
}
