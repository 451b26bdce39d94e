//! Whether the region has the database's engine version and instance classes, in enough zones.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;

use crate::aws::{Result, Session};
use crate::doctor::check::{Area, Check, Needs};
use crate::doctor::finding::Finding;
use crate::doctor::nearest;
use crate::doctor::rendered::{Rendered, resources};
use crate::doctor::subject::Subject;
use crate::doctor::zones::{self, Tier};
use crate::plan::count;

/// What can be done where a class is not to be had with any version.
const ELSEWHERE: &str = "choose another region, or name a database of your own: database.external";

/// Whether the region has the database's engine version and instance classes, in enough zones. RDS says what can be ordered,
/// not whether a zone has room for it at the moment.
pub(super) struct DatabaseClasses;

#[async_trait(?Send)]
impl Check for DatabaseClasses {
    fn id(&self) -> &'static str {
        "GWD603"
    }

    fn name(&self) -> &'static str {
        "database-classes"
    }

    fn area(&self) -> Area {
        Area::Region
    }

    fn needs(&self) -> Needs {
        Needs::Hub
    }

    async fn run(&self, subject: &Subject<'_>) -> Vec<Finding> {
        let clusters = resources(subject, "AWS::RDS::DBCluster");
        let instances = resources(subject, "AWS::RDS::DBInstance");
        let mut findings = Vec::new();
        for cluster in &clusters {
            let Some(session) = subject.hub_session(Some(&cluster.region)) else { continue };
            let (Some(engine), Some(version)) = (cluster.text("Engine"), cluster.text("EngineVersion")) else {
                continue;
            };
            for (class, instances) in classes(cluster, &instances) {
                let wanted = Wanted { engine: &engine, version: &version, class: &class, instances };
                let place = cluster.place(subject, "EngineVersion");
                findings.extend(
                    look(subject, &session, &wanted)
                        .await
                        .into_iter()
                        .map(|finding| if finding.source.is_empty() { finding.at(place.clone()) } else { finding }),
                );
            }
        }
        if findings.is_empty() { vec![Finding::skip("the spec makes no database")] } else { findings }
    }
}

/// What is to be ordered.
struct Wanted<'a> {
    engine: &'a str,
    version: &'a str,
    class: &'a str,
    /// How many instances of the class.
    instances: usize,
}

/// The classes of a cluster's instances, each with how many there are.
fn classes(cluster: &Rendered, instances: &[Rendered]) -> BTreeMap<String, usize> {
    let mut classes = BTreeMap::new();
    let own = instances.iter().filter(|one| one.stack == cluster.stack && one.region == cluster.region);
    for class in own.filter_map(|instance| instance.text("DBInstanceClass")) {
        *classes.entry(class).or_default() += 1;
    }
    classes
}

async fn look(subject: &Subject<'_>, session: &Session, wanted: &Wanted<'_>) -> Vec<Finding> {
    let region = &session.target().region;
    let Wanted { engine, version, class, .. } = wanted;
    let offering = match offering(session, wanted).await {
        Ok(offering) => offering,
        Err(error) => {
            let what = format!("where {region} has {class} for {engine} {version}");
            let mut findings = vec![Finding::unknown(&what, &error)];
            // The version can be known without the class.
            findings.extend(missing_version(session, wanted).await.ok().flatten());
            return findings;
        }
    };
    if offering.is_empty() {
        return vec![why_not(session, wanted).await];
    }
    match zones::zones(subject, Tier::Data).await {
        Ok(zones) if zones.is_empty() => {
            let message = "none of the data subnets is there: in which zones the database would be is not known";
            let place = subject.place(zones::place(subject, Tier::Data));
            vec![Finding::warn(message, "name subnets of the VPC, in its account and region").at(place)]
        }
        Ok(zones) => {
            let finding = judge(wanted, region, &zones, &offering);
            let place = subject.place(zones::place(subject, Tier::Data));
            vec![if finding.fix.is_some() { finding.at(place) } else { finding }]
        }
        Err(error) => vec![Finding::unknown("which zones the database is in", &error)],
    }
}

/// The zones in which it can be ordered.
async fn offering(session: &Session, wanted: &Wanted<'_>) -> Result<BTreeSet<String>> {
    let found = session.rds().orderable(wanted.engine, Some(wanted.version), wanted.class).await?;
    Ok(found.into_values().flatten().collect())
}

/// Why nothing can be ordered: the version, or the class with it.
async fn why_not(session: &Session, wanted: &Wanted<'_>) -> Finding {
    let region = &session.target().region;
    let Wanted { engine, version, class, .. } = wanted;
    match missing_version(session, wanted).await {
        Ok(Some(finding)) => return finding,
        Ok(None) => {}
        Err(error) => return Finding::unknown(&format!("why {region} has no {class} for {engine} {version}"), &error),
    }
    // With which versions it is to be had is only a hint: without an answer there is none.
    let others = session.rds().orderable(engine, None, class).await.unwrap_or_default();
    let others: Vec<String> = others.into_keys().map(|(version, _)| version).collect();
    let fix = match nearest::versions(version, &others).as_slice() {
        [] => ELSEWHERE.to_owned(),
        near => format!("set database.aurora_postgres.version to one that has it there: {}", near.join(", ")),
    };
    Finding::fail(format!("{region} does not offer {class} for {engine} {version}"), fix)
}

/// That the region does not have the version; `None` when it has.
async fn missing_version(session: &Session, wanted: &Wanted<'_>) -> Result<Option<Finding>> {
    let region = &session.target().region;
    let Wanted { engine, version, .. } = wanted;
    let offered = session.rds().engine_versions(engine).await?;
    if offered.iter().any(|one| one == version) {
        return Ok(None);
    }
    let fix = match nearest::versions(version, &offered).as_slice() {
        [] => ELSEWHERE.to_owned(),
        near => format!("set database.aurora_postgres.version to one that is offered there: {}", near.join(", ")),
    };
    Ok(Some(Finding::fail(format!("{region} does not offer {engine} {version} for new databases"), fix)))
}

/// Instances are spread over the zones that can have them. A cluster of two or more that has only one such zone does not
/// survive it.
fn judge(wanted: &Wanted<'_>, region: &str, zones: &BTreeSet<String>, offering: &BTreeSet<String>) -> Finding {
    let what = format!("{} for {} {}", wanted.class, wanted.engine, wanted.version);
    let (having, lacking): (Vec<&str>, Vec<&str>) =
        zones.iter().map(String::as_str).partition(|zone| offering.contains(*zone));
    let offering: Vec<&str> = offering.iter().map(String::as_str).collect();
    let fix = format!("put the data subnets into zones of {region} that offer it: {}", offering.join(", "));
    match having.as_slice() {
        [] => Finding::fail(format!("none of {} offers {what}", lacking.join(", ")), fix),
        [only] if wanted.instances > 1 => {
            let all = count(wanted.instances, "instance");
            Finding::warn(format!("only {only} offers {what}: all {all} of the database would be there"), fix)
        }
        _ => {
            let not = if lacking.is_empty() { String::new() } else { format!(", not in {}", lacking.join(", ")) };
            Finding::pass(format!("{what} offered in {}/{} zones{not}", having.len(), zones.len()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::Status;

    fn judged(instances: usize, offering: &[&str]) -> Finding {
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
        let wanted = Wanted { engine: "aurora-postgresql", version: "16.6", class: "db.serverless", instances };
        judge(&wanted, "us-east-1", &set(&["a", "b", "c"]), &set(offering))
    }

    #[test]
    fn two_zones_are_enough() {
        let finding = judged(2, &["a", "b", "x"]);
        assert_eq!(finding.status, Status::Pass);
        assert_eq!(finding.message, "db.serverless for aurora-postgresql 16.6 offered in 2/3 zones, not in c");
    }

    #[test]
    fn one_zone_is_enough_for_one_instance_only() {
        assert_eq!(judged(1, &["a"]).status, Status::Pass);
        assert_eq!(judged(2, &["a"]).status, Status::Warn);
    }

    #[test]
    fn without_a_zone_of_its_own_no_database_is_made() {
        let finding = judged(2, &["x"]);
        assert_eq!(
            (finding.status, finding.message.as_str()),
            (Status::Fail, "none of a, b, c offers db.serverless for aurora-postgresql 16.6")
        );
    }
}
