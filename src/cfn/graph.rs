//! Which resource needs which: the order in which CloudFormation creates, and the reverse of that in which it deletes.

use indexmap::{IndexMap, IndexSet};
use thiserror::Error;

use super::intrinsic::{Target, references};
use super::template::Template;

/// Logical ids and what each depends on, in template order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Graph {
    nodes: IndexMap<String, IndexSet<String>>,
}

/// Resources that wait for each other.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{} depends on itself: {}", ids.first().map_or("", String::as_str), ids.join(" -> "))]
pub struct Cycle {
    /// The logical ids in the order of dependency; the first is repeated at the end.
    pub ids: Vec<String>,
}

impl Graph {
    /// The dependencies of a template's resources: `DependsOn`, and every `Ref`, `Fn::GetAtt` and `Fn::Sub` of another
    /// resource, in both branches of an `Fn::If`. References to nothing are left out.
    pub fn of(template: &Template) -> Self {
        let nodes = template
            .resources()
            .map(|resource| {
                let mut needs = IndexSet::new();
                let mut add = |id: &str| {
                    if template.resource(id).is_some() {
                        needs.insert(id.to_owned());
                    }
                };
                resource.depends_on().iter().for_each(|(id, _)| add(id));
                references(resource.node, &mut |reference| match reference.target {
                    Target::Name(id) | Target::Attribute(id, _) => add(id),
                    Target::Condition(_) | Target::Mapping(..) => {}
                });
                (resource.logical_id.to_owned(), needs)
            })
            .collect();
        Self { nodes }
    }

    /// A graph of given edges, `(id, what it depends on)`. A dependency that is no id itself is left out.
    pub fn from_edges(edges: impl IntoIterator<Item = (String, Vec<String>)>) -> Self {
        let mut nodes: IndexMap<String, IndexSet<String>> =
            edges.into_iter().map(|(id, needs)| (id, needs.into_iter().collect())).collect();
        let ids: IndexSet<String> = nodes.keys().cloned().collect();
        nodes.values_mut().for_each(|needs| needs.retain(|id| ids.contains(id)));
        Self { nodes }
    }

    /// All logical ids, in template order.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.nodes.keys().map(String::as_str)
    }

    /// What a resource depends on directly.
    pub fn dependencies(&self, id: &str) -> impl Iterator<Item = &str> {
        self.nodes.get(id).into_iter().flatten().map(String::as_str)
    }

    /// What depends directly on a resource.
    pub fn dependents<'a>(&'a self, id: &'a str) -> impl Iterator<Item = &'a str> {
        self.nodes.iter().filter(move |(_, needs)| needs.contains(id)).map(|(own, _)| own.as_str())
    }

    /// The logical ids so that each comes after all that it depends on; otherwise in template order.
    ///
    /// # Errors
    /// When resources wait for each other.
    pub fn topological(&self) -> Result<Vec<&str>, Cycle> {
        let mut waits: Vec<usize> = self.nodes.values().map(IndexSet::len).collect();
        let mut dependents: Vec<Vec<usize>> = vec![Vec::new(); self.nodes.len()];
        for (at, needs) in self.nodes.values().enumerate() {
            for need in needs {
                if let Some(needed) = self.nodes.get_index_of(need) {
                    dependents[needed].push(at);
                }
            }
        }
        let mut ready: std::collections::BTreeSet<usize> = (0..waits.len()).filter(|at| waits[*at] == 0).collect();
        let mut order = Vec::with_capacity(waits.len());
        while let Some(at) = ready.pop_first() {
            order.push(at);
            for dependent in &dependents[at] {
                waits[*dependent] -= 1;
                if waits[*dependent] == 0 {
                    ready.insert(*dependent);
                }
            }
        }
        if order.len() < waits.len() {
            return Err(self.cycle_among(&waits));
        }
        Ok(order.into_iter().filter_map(|at| self.nodes.get_index(at)).map(|(id, _)| id.as_str()).collect())
    }

    /// Follows dependencies among the nodes that still wait: each has one that waits too, so the walk comes back.
    fn cycle_among(&self, waits: &[usize]) -> Cycle {
        let waiting = |id: &str| self.nodes.get_index_of(id).is_some_and(|at| waits[at] > 0);
        let mut walk: IndexSet<&str> = IndexSet::new();
        let mut next = self.ids().find(|id| waiting(id));
        while let Some(id) = next {
            if let Some(start) = walk.get_index_of(id) {
                let mut ids: Vec<String> = walk.iter().skip(start).map(|id| (*id).to_owned()).collect();
                ids.push(id.to_owned());
                return Cycle { ids };
            }
            walk.insert(id);
            next = self.dependencies(id).find(|need| waiting(need));
        }
        Cycle { ids: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(edges: &[(&str, &[&str])]) -> Graph {
        Graph::from_edges(
            edges.iter().map(|(id, needs)| ((*id).to_owned(), needs.iter().map(|need| (*need).to_owned()).collect())),
        )
    }

    #[test]
    fn what_is_needed_comes_first() {
        let graph = graph(&[("a", &["c"]), ("b", &[]), ("c", &["b"])]);
        assert_eq!(graph.topological().unwrap(), ["b", "c", "a"]);
    }

    #[test]
    fn what_is_independent_keeps_its_order() {
        assert_eq!(graph(&[("b", &[]), ("a", &[])]).topological().unwrap(), ["b", "a"]);
    }

    #[test]
    fn a_cycle_is_listed_from_and_to_the_same_id() {
        let graph = graph(&[("x", &["a"]), ("a", &["b"]), ("b", &["c"]), ("c", &["a"])]);
        assert_eq!(graph.topological().unwrap_err().ids, ["a", "b", "c", "a"]);
    }

    #[test]
    fn a_resource_that_needs_itself_is_a_cycle() {
        assert_eq!(graph(&[("a", &["a"])]).topological().unwrap_err().to_string(), "a depends on itself: a -> a");
    }

    #[test]
    fn references_of_every_form_are_edges() {
        let template = Template::parse(
            "t",
            "Parameters: {P: {Type: String}}
Resources:
  A: {Type: T, DependsOn: B, Properties: {R: !Ref C, G: !GetAtt D.Arn, S: !Sub '${E}-${F.Arn}-${!G}-${P}'}}
  B: {Type: T}
  C: {Type: T}
  D: {Type: T}
  E: {Type: T}
  F: {Type: T}
  G: {Type: T}
",
        )
        .unwrap();
        let graph = Graph::of(&template);
        assert_eq!(graph.dependencies("A").collect::<Vec<_>>(), ["B", "C", "D", "E", "F"]);
        assert_eq!(graph.dependents("F").collect::<Vec<_>>(), ["A"]);
    }
}
