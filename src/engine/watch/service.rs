//! What the service runs: as many tasks as autoscaling may, and the images that were deployed.

use serde_json::json;

use super::{Looked, Owner};
use crate::aws::ecs::Container;
use crate::aws::{Error, Session};
use crate::drift::Reader;

/// A service of ECS.
#[derive(Debug, Clone)]
pub(in crate::engine) struct Service {
    pub owner: Owner,
    /// The task definition.
    pub task: Owner,
    /// The property of the number of tasks.
    pub count: &'static str,
    /// The property of containers.
    pub containers: &'static str,
    /// Name or ARN of the cluster.
    pub cluster: String,
    /// Name or ARN of the service.
    pub service: String,
    /// Images of the deployed task definition by container.
    pub images: Vec<(String, String)>,
    /// How many tasks autoscaling may run.
    pub range: Option<(u64, u64)>,
}

pub(super) async fn look(session: &Session, service: Option<&Service>) -> Looked {
    let mut looked = Looked::default();
    let Some(service) = service else { return looked };
    let ecs = session.ecs();
    let (now, tasks) = futures::join!(
        ecs.service(&service.cluster, &service.service),
        ecs.tasks(&service.cluster, &service.service, false)
    );
    match now {
        Ok(Some(now)) => {
            looked.count("services", 1);
            let desired = u64::from(now.tasks.0);
            if let Some((least, most)) = service.range
                && !(least..=most).contains(&desired)
            {
                let sides = (json!(format!("{least} to {most}")), json!(desired));
                looked.runtime(&service.owner, vec![service.count.to_owned()], sides, Reader::Ecs);
            }
        }
        Ok(None) => {}
        Err(error) => looked.skip(&service.owner, "tasks", error),
    }
    let tasks = match tasks {
        Ok(tasks) => tasks,
        Err(error) => {
            if !is_gone(&error) {
                looked.skip(&service.owner, "images", error);
            }
            return looked;
        }
    };
    let mut told = Vec::new();
    for container in tasks.into_iter().flat_map(|task| task.containers) {
        let Some((_, wanted)) = service.images.iter().find(|(name, _)| *name == container.name) else { continue };
        let Some(sides) = differs(wanted, &container) else { continue };
        // All tasks of one revision run the same.
        if !told.contains(&(container.name.clone(), sides.1.clone())) {
            told.push((container.name.clone(), sides.1.clone()));
            let path = vec![service.containers.to_owned(), container.name, "Image".to_owned()];
            looked.runtime(&service.task, path, (json!(sides.0), json!(sides.1)), Reader::Ecs);
        }
    }
    looked
}

/// The image that was deployed and the one that runs, if they differ: by digest where it was deployed by that, or else by
/// name, because the digest of a tag is not known here.
fn differs(wanted: &str, container: &Container) -> Option<(String, String)> {
    match (wanted.rsplit_once('@'), container.digest.as_deref().filter(|digest| !digest.is_empty())) {
        (Some((_, pinned)), Some(digest)) => (digest != pinned).then(|| (pinned.to_owned(), digest.to_owned())),
        (Some(_), None) => None,
        (None, _) => (container.image != wanted).then(|| (wanted.to_owned(), container.image.clone())),
    }
}

/// Whether what is asked about is not there, which is told of as that.
fn is_gone(error: &Error) -> bool {
    ["ClusterNotFoundException", "ServiceNotFoundException"].iter().any(|code| error.is(code))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(wanted: &str, image: &str, digest: Option<&str>) -> bool {
        let container = Container {
            name: "litellm".into(),
            image: image.into(),
            digest: digest.map(ToOwned::to_owned),
            exit_code: None,
            reason: None,
        };
        differs(wanted, &container).is_none()
    }

    #[test]
    fn an_image_by_digest_is_the_same_under_another_name() {
        assert!(runs("a/b@sha256:1", "c/d:2", Some("sha256:1")));
        assert!(!runs("a/b@sha256:1", "a/b@sha256:1", Some("sha256:2")));
    }

    #[test]
    fn an_image_by_tag_is_the_same_by_name() {
        assert!(runs("a/b:1", "a/b:1", Some("sha256:1")));
        assert!(!runs("a/b:1", "a/b:2", Some("sha256:1")));
    }

    #[test]
    fn a_container_that_is_not_started_yet_runs_nothing_else() {
        assert!(runs("a/b@sha256:1", "a/b@sha256:1", None));
    }
}
