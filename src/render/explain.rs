//! Where a resource comes from: the spec's lines, the blueprint's line, the rendered lines.

use crate::diagnostics::Span;
use crate::spec::SpanIndex;

use super::{ModuleMap, Rendering};

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
    explained.extend(rendering.module_maps.iter().filter_map(|(key, map)| explain_address(key, map, name, spans)));
    explained
}

/// Explains a resource of a root module: `name` is its address, or `module/address`.
fn explain_address(key: &str, map: &ModuleMap, name: &str, spans: &SpanIndex) -> Option<Explanation> {
    let address = name.strip_prefix(key).and_then(|rest| rest.strip_prefix('/')).unwrap_or(name);
    let declaration = map.declaration(address)?;
    let (file, lines) = (declaration.file(), declaration.lines());
    let mut keys = map.spec_paths(address, &[]);
    for key in map.line_spec_paths(file, lines.clone()) {
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    let (first, last) = (*lines.start(), *lines.end());
    let text = declaration.source().text().lines().skip(first as usize - 1).take((last - first + 1) as usize);
    Some(Explanation {
        stack: key.to_owned(),
        logical_id: declaration.address().to_owned(),
        resource_type: declaration.type_name().unwrap_or_default().to_owned(),
        spec: keys.into_iter().map(|key| (key.clone(), spans.nearest(&key))).collect(),
        template: map.template_span(file, first),
        rendered_file: format!("terraform/{file}"),
        rendered_lines: (first, last),
        rendered: text.collect::<Vec<_>>().join("\n"),
    })
}
