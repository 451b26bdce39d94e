//! The codes of findings about the two engines, GW1500 to GW1599, and what `gwinfra explain` says.

/// A fact that the engines, or the model, say differently.
pub const DIFFERS: &str = "GW1500";
/// A fact that one engine does not have.
pub const MISSING: &str = "GW1501";
/// A resource that one engine does not have.
pub const RESOURCE: &str = "GW1502";
/// A resource that the blueprint's map does not name.
pub const UNMAPPED: &str = "GW1503";
/// A rendered file that could not be read back.
pub const UNREADABLE: &str = "GW1504";

/// Code, title, and explanation in Markdown.
pub const CODES: &[(&str, &str, &str)] = &[
    (
        DIFFERS,
        "The engines do not build the same",
        "The spec was rendered for CloudFormation and for Terraform. Both have this fact of the resource, and they, or what the model expects, do not agree on its value.\n\nThe places are the lines of the two templates and of the spec. Change the template that is wrong.",
    ),
    (
        MISSING,
        "A fact that one engine does not have",
        "One engine, or the model, says something about the resource that the other engine's template leaves to AWS's default, and the default is not known to be the same.\n\nWrite it in the other template too.",
    ),
    (
        RESOURCE,
        "A resource that one engine does not have",
        "`blueprint.yaml` gives the resource a logical id and addresses, and only one engine's template makes it from this spec.\n\nAdd it to the other template. Something that only Terraform has on purpose stands below `terraform: only` in `blueprint.yaml`, with the reason.",
    ),
    (
        UNMAPPED,
        "A resource that the blueprint's map does not name",
        "No entry below `resources` of a stack in `blueprint.yaml` stands for this logical id or address, so that it cannot be compared with the other engine's.\n\nAdd an entry: the logical id as the key, and the addresses in Terraform as `terraform`.",
    ),
    (
        UNREADABLE,
        "A rendered file that cannot be compared",
        "The file was rendered and checked, and could not be read a second time to be compared. This is a mistake of gwinfra: please report it.",
    ),
];
