//! Which services read resources beside the reader that compares them.

use super::watch::{Looked, Owner, Watch};
use crate::drift::{Coverage, Reader};

/// Which services a watch asks, and about what.
pub(in crate::engine) struct Beside(Vec<(Owner, Reader)>);

/// Counts the secrets that were looked at, whichever task is given them.
pub(in crate::engine) fn count_secrets(looked: &Looked, coverage: &mut Coverage) {
    (0..looked.watched.get("secrets").copied().unwrap_or_default())
        .for_each(|_| coverage.read_beside(Reader::SecretsManager));
}

impl Beside {
    /// What a watch asks about. Client VPN and certificates are told of where they are compared.
    pub fn of(watch: &Watch) -> Self {
        let groups = watch.groups.iter().map(|one| (&one.owner, Reader::Ec2));
        let tables = watch.route_tables.iter().map(|one| (&one.owner, Reader::Ec2));
        let balancers = watch.load_balancers.iter().map(|one| (&one.owner, Reader::LoadBalancing));
        let listeners = watch.listeners.iter().map(|one| (&one.owner, Reader::LoadBalancing));
        let roles = watch.roles.iter().map(|one| (&one.owner, Reader::Iam));
        let service = watch.service.iter().map(|one| (&one.owner, Reader::Ecs));
        let logs = watch.log_groups.iter().map(|one| (&one.owner, Reader::Logs));
        let repositories = watch.repositories.iter().map(|one| (&one.owner, Reader::Ecr));
        let all = groups.chain(tables).chain(balancers).chain(listeners).chain(roles).chain(service);
        let all = all.chain(logs).chain(repositories);
        Self(all.map(|(owner, reader)| (owner.clone(), reader)).collect())
    }

    /// Counts what was read: all that was looked at and not refused.
    pub fn count(self, looked: &Looked, coverage: &mut Coverage) {
        let is_refused = |owner: &Owner| looked.skipped.iter().any(|(other, ..)| other == owner);
        for (owner, reader) in self.0 {
            if !is_refused(&owner) {
                coverage.read_beside(reader);
            }
        }
    }
}
