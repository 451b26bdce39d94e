//! The codes of findings in blueprints and their templates, GW0800 to GW0899, and what `gwinfra explain` says.

/// The template is no minijinja.
pub const TEMPLATE_SYNTAX: &str = "GW0801";
/// A name that the context does not have.
pub const UNDEFINED: &str = "GW0802";
/// A template that the blueprint does not have.
pub const TEMPLATE_NOT_FOUND: &str = "GW0803";
/// A template that takes too many steps, or includes itself.
pub const RUNAWAY: &str = "GW0804";
/// A filter, function, test or method that templates do not have.
pub const UNKNOWN_FUNCTION: &str = "GW0805";
/// An operation or call that failed.
pub const OPERATION: &str = "GW0806";
/// A value that cannot be placed.
pub const VALUE: &str = "GW0807";
/// An expression that fills only a part of a value.
pub const PARTIAL_VALUE: &str = "GW0808";
/// A dynamic reference written out.
pub const RESOLVE: &str = "GW0809";
/// `sub` with a text that is not written out.
pub const SUB_TEXT: &str = "GW0810";
/// A spec annotation in the wrong place.
pub const ANNOTATION: &str = "GW0811";
/// A blueprint that does not exist.
pub const UNKNOWN_BLUEPRINT: &str = "GW0820";
/// A blueprint's file that cannot be read.
pub const UNREADABLE: &str = "GW0821";
/// A manifest that is no YAML.
pub const MANIFEST_SYNTAX: &str = "GW0822";
/// A key that the manifest does not have.
pub const MANIFEST_KEY: &str = "GW0823";
/// A value of the manifest that is missing or of the wrong kind.
pub const MANIFEST_VALUE: &str = "GW0824";
/// A blueprint for another version of gwinfra.
pub const REQUIRES: &str = "GW0825";
/// A path that leaves the blueprint.
pub const CONFINEMENT: &str = "GW0826";
/// A file or blueprint that is too big.
pub const TOO_BIG: &str = "GW0827";
/// A manifest that names a stack or output that is not there.
pub const MANIFEST_REFERENCE: &str = "GW0828";
/// A parameter without a value.
pub const PARAMETER: &str = "GW0830";
/// A bundle that could not be written or read.
pub const BUNDLE_FILE: &str = "GW0840";

/// Code, title, and explanation in Markdown.
pub const CODES: &[(&str, &str, &str)] = &[
    (
        TEMPLATE_SYNTAX,
        "The template cannot be read",
        "Templates are minijinja: `{{ value }}`, `{% if condition %}`, `{# comment #}`. A tag was not closed, or what is inside is no expression.",
    ),
    (
        UNDEFINED,
        "Undefined name in a template",
        "The template uses a name that the render context does not have. Nothing is ever rendered as empty text instead.\n\nThe context is the model that gwinfra computes from the spec; each field of the types in `src/model` is a name. Ask for one that may be missing with `{% if name is defined %}`.",
    ),
    (
        TEMPLATE_NOT_FOUND,
        "Template not found",
        "A manifest, `include` or `import` names a template that the blueprint does not have. Paths are relative to the blueprint's root, with `/`, and may not leave it.",
    ),
    (
        RUNAWAY,
        "Template runs away",
        "Each template has a limit of steps and of depth, so that a loop over too much or a template that includes itself ends with this finding instead of never.",
    ),
    (
        UNKNOWN_FUNCTION,
        "Unknown filter, function or test",
        "Templates only place values and select blocks, so they have few filters and functions: `ref`, `getatt`, `sub`, `secret_ref`, `block`, `json` and `range` beside the filters that choose and order. `safe`, `escape` and `tojson` do not exist: every value is escaped for the place that it fills.",
    ),
    (
        OPERATION,
        "Operation failed in a template",
        "An expression could not be computed: wrong arguments of a function, or values of the wrong kind.",
    ),
    (
        VALUE,
        "Value that cannot be placed",
        "The value holds something that no template may carry: a character that gwinfra uses to trace lines (planes of private use), or `{{resolve:`, which CloudFormation would take for a dynamic reference and replace by a secret. Only `secret_ref` makes dynamic references.",
    ),
    (
        PARTIAL_VALUE,
        "Expression that fills a part of a value",
        "`{{ x }}` fills exactly one value, key or list item, and is quoted when that value needs it. `prefix-{{ x }}` or `\"{{ x }}\"` would quote twice or not at all.\n\nCompute the whole value in one expression, `{{ \"prefix-\" ~ x }}`, or with references in it, `{{ sub(\"prefix-${x}\", x=x) }}`.",
    ),
    (
        RESOLVE,
        "Dynamic reference written out",
        "`{{resolve:...}}` looks like an expression to the template engine. Write `{{ secret_ref(arn, \"key\") }}`, which makes the dynamic reference.",
    ),
    (
        SUB_TEXT,
        "Text of `sub` is not written out",
        "The first argument of `sub` is a text in the template itself, so that no value of the spec can bring a `${Reference}` with it. Values come in as variables: `{{ sub(\"${name}-role\", name=prefix) }}`.",
    ),
    (
        ANNOTATION,
        "Misplaced annotation",
        "`{#: path.in.the.spec #}` says which key of the spec feeds a line. It stands at the end of the line, or alone on the line above. Several paths are separated by commas.",
    ),
    (
        UNKNOWN_BLUEPRINT,
        "Unknown blueprint",
        "`blueprint` in the spec is the name of a built-in blueprint (`gateway`) or the path of a fork, which begins with `./`, `../` or `/` and holds a `blueprint.yaml`.",
    ),
    (UNREADABLE, "Blueprint cannot be read", "A file of the blueprint could not be read, or is not UTF-8 text."),
    (MANIFEST_SYNTAX, "Manifest cannot be read", "`blueprint.yaml` is no YAML, has a key twice, or uses anchors."),
    (MANIFEST_KEY, "Unknown key in the manifest", "`blueprint.yaml` has a key that gwinfra does not know."),
    (
        MANIFEST_VALUE,
        "Wrong value in the manifest",
        "A key of `blueprint.yaml` is missing, or its value is of the wrong kind.",
    ),
    (
        REQUIRES,
        "Blueprint for another version of gwinfra",
        "`requires` of the blueprint excludes this version of gwinfra. Use a version that it names. To bring a fork up to date, take what has changed in the blueprint that it is a copy of: blueprints/README.md says how.",
    ),
    (
        CONFINEMENT,
        "Path that leaves the blueprint",
        "A blueprint reads only its own files: no `..`, no absolute path, no symbolic link to a place outside.",
    ),
    (
        TOO_BIG,
        "Blueprint too big",
        "A file of a blueprint has at most 1 MiB, and a blueprint at most 200 files and 60,000 lines.",
    ),
    (
        MANIFEST_REFERENCE,
        "Manifest refers to nothing",
        "`depends_on` and `output` name stacks that stand before in the manifest, and outputs that those list.",
    ),
    (
        PARAMETER,
        "Parameter without a value",
        "The rendered template declares a parameter without a default, and the manifest names no source for it, or the source gives nothing: a context path that is not there, an output that the other stack does not have.",
    ),
    (
        BUNDLE_FILE,
        "Bundle cannot be written or read",
        "The directory of the rendered bundle could not be written, read or replaced.",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_sorted_and_unique() {
        assert!(CODES.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }
}
