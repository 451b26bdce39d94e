//! Routes in our route tables that nobody declared.

use super::{Looked, Owner};
use crate::aws::Session;
use crate::drift::{Addition, Reader};

/// A route table, and the routes that are declared for it.
#[derive(Debug, Clone)]
pub(in crate::engine) struct RouteTable {
    pub owner: Owner,
    /// Its id.
    pub id: String,
    /// Where declared routes lead to.
    pub destinations: Vec<String>,
}

pub(super) async fn look(session: &Session, tables: &[RouteTable]) -> Looked {
    let mut looked = Looked::default();
    if tables.is_empty() {
        return looked;
    }
    let ids: Vec<&str> = tables.iter().map(|table| table.id.as_str()).collect();
    match session.ec2().routes(&ids).await {
        Ok(routes) => {
            for table in tables {
                let own = routes.iter().filter(|route| route.table == table.id);
                for route in own.filter(|route| !table.destinations.contains(&route.destination)) {
                    let more = (route.properties(), Addition::route(&table.id, &route.destination));
                    looked.added(&table.owner, "Routes", more, Reader::Ec2);
                }
            }
        }
        Err(error) => tables.iter().for_each(|table| looked.skip(&table.owner, "routes", &error)),
    }
    looked
}
