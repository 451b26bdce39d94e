//! Whether the region has the cache's engine version and node type.

use async_trait::async_trait;

use crate::aws::{Result, Session};
use crate::doctor::check::{Area, Check, Needs};
use crate::doctor::finding::Finding;
use crate::doctor::nearest;
use crate::doctor::rendered::resources;
use crate::doctor::subject::Subject;

/// Whether the region has the cache's engine version and node type.
///
/// Versions are known: ElastiCache lists them. Node types are known by their reservations, as ElastiCache lists no others:
/// AWS sells reservations of the node types that it offers, and one of which a region sells none fails. Which zones have a
/// node type it does not say. ElastiCache Serverless has no node types, and which versions it takes is not said either: the
/// region must have some version of the major version.
pub(super) struct CacheNodes;

#[async_trait(?Send)]
impl Check for CacheNodes {
    fn id(&self) -> &'static str {
        "GWD604"
    }

    fn name(&self) -> &'static str {
        "cache-nodes"
    }

    fn area(&self) -> Area {
        Area::Region
    }

    fn needs(&self) -> Needs {
        Needs::Hub
    }

    async fn run(&self, subject: &Subject<'_>) -> Vec<Finding> {
        let mut findings = Vec::new();
        for group in resources(subject, "AWS::ElastiCache::ReplicationGroup") {
            let Some(session) = subject.hub_session(Some(&group.region)) else { continue };
            let (Some(engine), Some(version)) = (group.text("Engine"), group.text("EngineVersion")) else { continue };
            let Some(node_type) = group.text("CacheNodeType") else { continue };
            let wrong = [
                version_of(&session, &engine, &version).await.map(|one| one.at(group.place(subject, "EngineVersion"))),
                node(&session, &node_type).await.map(|one| one.at(group.place(subject, "CacheNodeType"))),
            ];
            let before = findings.len();
            findings.extend(wrong.into_iter().flatten());
            if findings.len() == before {
                let region = &group.region;
                findings.push(Finding::pass(format!(
                    "{engine} {version} and {node_type} offered in {region}; ElastiCache does not say in which zones"
                )));
            }
        }
        for cache in resources(subject, "AWS::ElastiCache::ServerlessCache") {
            let Some(session) = subject.hub_session(Some(&cache.region)) else { continue };
            let (Some(engine), Some(major)) = (cache.text("Engine"), cache.text("MajorEngineVersion")) else {
                continue;
            };
            let wrong = major_version_of(&session, &engine, &major).await;
            findings.push(wrong.map(|one| one.at(cache.place(subject, "Engine"))).unwrap_or_else(|| {
                Finding::pass(format!(
                    "{engine} {major} offered in {}; a serverless cache has no node type",
                    cache.region
                ))
            }));
        }
        if findings.is_empty() { vec![Finding::skip("the spec makes no cache")] } else { findings }
    }
}

/// What is wrong with an engine's version.
async fn version_of(session: &Session, engine: &str, version: &str) -> Option<Finding> {
    let region = &session.target().region;
    match session.elasticache().engine_versions(engine).await {
        Ok(offered) if offered.iter().any(|one| one == version) => None,
        Ok(offered) => {
            let fix = match nearest::versions(version, &offered).as_slice() {
                [] => "choose another engine or region".to_owned(),
                near => format!("set cache.redis.version to one that is offered there: {}", near.join(", ")),
            };
            Some(Finding::fail(format!("{region} does not offer {engine} {version}"), fix))
        }
        Err(error) => Some(Finding::unknown(&format!("whether {region} has {engine} {version}"), &error)),
    }
}

/// What is wrong with an engine's major version.
async fn major_version_of(session: &Session, engine: &str, major: &str) -> Option<Finding> {
    let region = &session.target().region;
    match session.elasticache().engine_versions(engine).await {
        Ok(offered) if offered.iter().any(|one| one.split('.').next() == Some(major)) => None,
        Ok(_) => {
            let fix = "choose another engine or region, or nodes: cache.redis";
            Some(Finding::fail(format!("{region} does not offer {engine} {major}"), fix))
        }
        Err(error) => Some(Finding::unknown(&format!("whether {region} has {engine} {major}"), &error)),
    }
}

/// What is wrong with a node type.
async fn node(session: &Session, node_type: &str) -> Option<Finding> {
    match lacks(session, node_type).await {
        Ok(finding) => finding,
        Err(error) => {
            let region = &session.target().region;
            Some(Finding::unknown(&format!("whether {region} has {node_type}"), &error))
        }
    }
}

async fn lacks(session: &Session, node_type: &str) -> Result<Option<Finding>> {
    let region = &session.target().region;
    if session.elasticache().reserved_node_types(Some(node_type)).await?.contains(node_type) {
        return Ok(None);
    }
    let offered = session.elasticache().reserved_node_types(None).await?;
    let fix = match nearest::classes(node_type, &offered).as_slice() {
        [] => format!(
            "choose another node type: aws elasticache describe-reserved-cache-nodes-offerings --region {region}"
        ),
        near => format!("set cache.redis.node_type to one that is offered there: {}", near.join(", ")),
    };
    let message = format!("{region} does not offer {node_type}: ElastiCache sells no reservation of it there");
    Ok(Some(Finding::fail(message, fix)))
}
