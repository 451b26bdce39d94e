//! Where a resource comes from: the spec's lines, the blueprint's line, the rendered lines.

use crate::diagnostics::Span;
use crate::spec::SpanIndex;

use super::Rendering;

/// Where one resource comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// Key of the stack.
    pub stack: String,
    /// Logical id.
    pub logical_id: String,
    /// Resource type.
    pub resource_type: String,
    /// Keys of the spec that feed the resource as a whole, then those of its properties, each with its place. A key
    /// that has its default has the place of the nearest key around it, if any.
    pub spec: Vec<(String, Option<Span>)>,
    /// Line of the blueprint's template.
    pub template: Option<Span>,
    /// Rendered file.
    pub rendered_file: String,
    /// First and last rendered line.
    pub rendered_lines: (u32, u32),
    /// These lines.
    pub rendered: String,
}

/// Explains a resource: one entry for each template that has it. `name` is a logical id, or `stack/LogicalId`.
pub fn explain(rendering: &Rendering, name: &str, spans: &SpanIndex) -> Vec<Explanation> {
    let (wanted, logical_id) = match name.rsplit_once('/') {
        Some((stack, logical_id)) => (Some(stack), logical_id),
        None => (None, name),
    };
    let mut explained = Vec::new();
    for (path, map) in &rendering.source_maps {
        let mut stacks = rendering.bundle.stacks.iter().filter(|stack| stack.template_path == *path);
        let stack = stacks.find(|stack| {
            wanted.is_none_or(|wanted| wanted == stack.key || wanted == stack.name || wanted == stack.kind)
        });
        let (Some(stack), Some(resource)) = (stack, map.template().resource(logical_id)) else { continue };
        let lines = resource.lines();
        let mut keys = map.spec_paths(logical_id, "");
        for key in lines.clone().flat_map(|line| map.line_spec_paths(line)) {
            if !keys.contains(key) {
                keys.push(key.clone());
            }
        }
        let (first, last) = (*lines.start(), *lines.end());
        let text = stack.template.lines().skip(first as usize - 1).take((last - first + 1) as usize);
        explained.push(Explanation {
            stack: stack.key.clone(),
            logical_id: logical_id.to_owned(),
            resource_type: resource.resource_type().to_owned(),
            spec: keys
                .into_iter()
                .map(|key| {
                    let span = spans.nearest(&key);
                    (key, span)
                })
                .collect(),
            template: map.template_place(logical_id, ""),
            rendered_file: path.clone(),
            rendered_lines: (first, last),
            rendered: text.collect::<Vec<_>>().join("\n"),
        });
    }
    explained
}
