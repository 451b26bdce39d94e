//! What a refresh does not see of a root module.

use std::collections::BTreeMap;

use super::super::TerraformEngine;
use super::super::watch::{self, Held};
use super::refreshed::Output;
use crate::drift::{Coverage, Finding, Reader, level};
use crate::engine::beside::{Beside, count_secrets};
use crate::engine::certificates::Certificates;
use crate::engine::configuration::Deployed;
use crate::engine::nearest_places;
use crate::engine::watch::{Looked, Seen, object, secrets};
use crate::plan::SourcePlace;
use crate::render::{Bundle, RenderedModule};

/// The variable of the tasks that names LiteLLM's configuration, as a text of a file.
const CONFIG_KEY: &str = "\"CONFIG_KEY\"";

impl TerraformEngine {
    /// Looks at what Terraform does not: what was added inside resources, what runs, and what has an end.
    pub(super) async fn look_beside(
        &self,
        bundle: &Bundle,
        module: &RenderedModule,
        held: &[Held],
        outputs: &BTreeMap<String, Output>,
        certificates: &Certificates,
        coverage: &mut Coverage,
    ) -> Looked {
        let session = self.clients.session(&module.target);
        let places = watch::watch(held);
        let uses = watch::secrets(held);
        let text = |(name, output): (&String, &Output)| Some((name.clone(), output.value.as_str()?.to_owned()));
        let outputs = BTreeMap::from([(module.key.clone(), outputs.iter().filter_map(text).collect())]);
        let deployed = Deployed::of(&outputs).filter(|_| module.target == bundle.deployment.hub);
        let object = async {
            match (watch::task(held), &deployed) {
                (Some(task), Some(deployed)) => object(&session, &task, deployed).await,
                _ => Looked::default(),
            }
        };
        let beside = Beside::of(&places);
        let (mut looked, secrets, object) =
            futures::join!(places.look(&session, certificates), secrets(&session, &uses), object);
        beside.count(&looked, coverage);
        count_secrets(&secrets, coverage);
        looked.add(secrets);
        looked.add(object);
        looked
    }

    /// What was seen beside the arguments, as a finding.
    pub(super) fn seen(&self, module: &RenderedModule, seen: Seen) -> Finding {
        let Seen { owner, kind, difference, reader, level: own, addition } = seen;
        let finding = Finding {
            address: format!("{}/{}", module.key, owner.id),
            stack: module.key.clone(),
            account: module.target.account.clone(),
            region: module.target.region.clone(),
            severity: own.unwrap_or_else(|| level(&owner.resource_type, kind, &difference.path)),
            source: match reader {
                // The object is no argument of the tasks: a variable of theirs names it.
                Reader::S3 => self.configuration_source(module),
                _ => nearest_places(self.places.as_ref(), &module.key, &owner.id, &[&difference.path]),
            },
            resource_type: owner.resource_type,
            kind,
            path: difference.path,
            expected: difference.expected,
            actual: difference.actual,
            reader,
            accepted_by: None,
            id: None,
            command: None,
            by_change_set: false,
        };
        finding.of_addition(addition)
    }

    /// Where the spec makes LiteLLM's configuration: where the line comes from that names it to the tasks.
    fn configuration_source(&self, module: &RenderedModule) -> Vec<SourcePlace> {
        let files = module.files.iter().filter(|(file, _)| file.ends_with(".tf"));
        let lines =
            files.flat_map(|(file, text)| (1..).zip(text.lines()).map(move |(number, line)| (file, number, line)));
        let naming = lines.filter(|(_, _, line)| line.contains(CONFIG_KEY));
        naming.filter_map(|(file, number, _)| (self.lines)(&module.key, file, number)).take(1).collect()
    }
}
