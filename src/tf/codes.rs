//! The codes of findings in Terraform modules, GW1100 to GW1199, and what `gwinfra explain` says about each.

use crate::diagnostics::Code;

/// The text is no HCL.
pub const SYNTAX: &str = "GW1100";
/// A type that is not known.
pub const UNKNOWN_TYPE: &str = "GW1101";
/// An argument or block that the type does not have.
pub const UNKNOWN_ARGUMENT: &str = "GW1102";
/// An argument or block that the type needs.
pub const MISSING_ARGUMENT: &str = "GW1103";
/// An attribute that only the provider sets.
pub const READ_ONLY: &str = "GW1104";
/// An argument where a block stands, or the other way round.
pub const BLOCK_OR_ARGUMENT: &str = "GW1105";
/// Too few or too many blocks.
pub const BLOCK_COUNT: &str = "GW1106";
/// A value of the wrong type.
pub const WRONG_TYPE: &str = "GW1107";
/// An argument or block that is deprecated.
pub const DEPRECATED: &str = "GW1108";
/// A meta-argument that is wrongly used.
pub const META_ARGUMENT: &str = "GW1109";
/// A `dynamic` block that is wrongly written.
pub const DYNAMIC_BLOCK: &str = "GW1110";
/// A block or argument that is wrongly declared.
pub const DECLARATION: &str = "GW1111";
/// A reference to nothing.
pub const UNRESOLVED: &str = "GW1120";
/// An attribute that is not there.
pub const UNKNOWN_ATTRIBUTE: &str = "GW1121";
/// An instance key that is missing or that should not be there.
pub const INSTANCE_KEY: &str = "GW1122";
/// `each`, `count` or `self` where it has no meaning.
pub const SCOPE: &str = "GW1123";
/// A function that is not known or wrongly called.
pub const FUNCTION: &str = "GW1124";
/// An ephemeral value where it would be stored.
pub const EPHEMERAL: &str = "GW1125";
/// An address or name that is declared twice.
pub const DUPLICATE: &str = "GW1126";
/// Declarations that wait for each other.
pub const CYCLE: &str = "GW1127";
/// A variable, local value or data source that nothing uses.
pub const UNUSED: &str = "GW1128";

/// Code, title, and explanation in Markdown.
pub const CODES: &[Code] = &[
    (
        SYNTAX,
        "The text is no HCL",
        "The rendered text could not be read as a Terraform configuration. Each file is read up to its first error.\n\nA name may be set once in a block, strings are in double quotes, and `$${` is the text `${`.",
    ),
    (
        UNKNOWN_TYPE,
        "Unknown type of resource or data source",
        "The type is not among those whose schemas gwinfra carries (`schemas/vendor/terraform`), so nothing about it could be checked.\n\nMost often it is misspelt, or a data source is declared as a resource. A fork that needs a further type of the AWS provider adds its schema with `scripts/vendor-schemas --terraform FILE --add resource/TYPE`.",
    ),
    (
        UNKNOWN_ARGUMENT,
        "Unknown argument or block",
        "The type has no such argument or nested block, and Terraform refuses what it does not know: `Unsupported argument`, `Unsupported block type`. Each name belongs to one level of nesting.",
    ),
    (MISSING_ARGUMENT, "Missing argument", "The type needs this argument, and it is not there or is `null`."),
    (
        READ_ONLY,
        "Attribute that only the provider sets",
        "The provider computes this attribute. It can be read, `aws_vpc.main.arn`, and cannot be set.",
    ),
    (
        BLOCK_OR_ARGUMENT,
        "Block instead of an argument, or the other way round",
        "An argument is written `name = value` and a nested block `name { }`. The provider's schema says which of the two it is; `dynamic \"name\" { }` makes blocks from a list.",
    ),
    (
        BLOCK_COUNT,
        "Too few or too many blocks",
        "The nested block has to stand a certain number of times. Blocks that `dynamic` makes are not counted, because their number is known when Terraform runs.",
    ),
    (
        WRONG_TYPE,
        "Value of the wrong type",
        "The schema asks for another type, and Terraform cannot convert this one. It does convert `\"5\"` to a number, `\"true\"` to a bool, numbers and bools to text, and lists to sets. It does not make a list of one value, and no object of a list.",
    ),
    (
        DEPRECATED,
        "Deprecated argument or block",
        "The provider still takes it and will not in a later major version. Use what its documentation names instead.",
    ),
    (
        META_ARGUMENT,
        "Meta-argument",
        "`count`, `for_each`, `depends_on`, `provider` and `lifecycle` are read by Terraform itself. A resource has `count` or `for_each` but not both; `for_each` takes a map or a set of strings, and `toset([...])` makes a set of a list; `depends_on` takes addresses; `prevent_destroy` and `create_before_destroy` are written out, not computed.",
    ),
    (
        DYNAMIC_BLOCK,
        "Dynamic block",
        "`dynamic \"name\"` has one label, the nested block that it makes, an argument `for_each`, and one block `content`. Inside `content`, `name.key` and `name.value` are the current item, or those of the symbol that `iterator` sets.",
    ),
    (
        DECLARATION,
        "Wrong declaration",
        "At the top level stand blocks that Terraform knows, each with its number of labels: `resource \"type\" \"name\"`, `variable \"name\"`, `locals`. A name is letters, digits, `_` and `-`, and starts with no digit.\n\nBlueprints are complete in themselves: they call no modules, because a module from a registry is code that nobody here reviewed.",
    ),
    (
        UNRESOLVED,
        "Reference to nothing",
        "The expression names something that the module does not declare. Terraform refuses it: `Reference to undeclared resource`.\n\nA variable is `var.NAME`, a local value `local.NAME`, a data source `data.TYPE.NAME`, and a resource `TYPE.NAME`.",
    ),
    (
        UNKNOWN_ATTRIBUTE,
        "Unknown attribute",
        "The type has no such attribute. What a nested block sets is read through the block: with an index when the block repeats, `aws_lb.main.subnet_mapping[0].subnet_id`.",
    ),
    (
        INSTANCE_KEY,
        "Instance key",
        "A resource with `count` or `for_each` has instances, and an attribute is read from one of them: `aws_subnet.private[\"a\"].id`, `aws_eip.nat[0].id`, or from all, `aws_eip.nat[*].id`. A resource without has one instance and takes no key.",
    ),
    (
        SCOPE,
        "Name that has no meaning here",
        "`each.key` and `each.value` exist in a block with `for_each`, `count.index` in one with `count`, and `self` in provisioners and postconditions. `path` has `module`, `root` and `cwd`; `terraform` has `workspace`.",
    ),
    (
        FUNCTION,
        "Function",
        "Terraform 1.11 has no function of that name, or it takes another number of arguments. Modules cannot define functions.",
    ),
    (
        EPHEMERAL,
        "Ephemeral value where it would be stored",
        "An ephemeral value never reaches the state or a plan. It may stand in write-only arguments, whose names end in `_wo`, in blocks `provider` and `ephemeral`, and in local values.",
    ),
    (
        DUPLICATE,
        "Declared twice",
        "An address, a variable, a local value, an output or a provider alias is declared once in a module, whatever file it stands in.",
    ),
    (
        CYCLE,
        "Circular dependency",
        "These resources or local values wait for each other, so none can come first. Every reference is a dependency, like `depends_on`.\n\nThe usual way out is a resource that only connects two others: `aws_vpc_security_group_ingress_rule` instead of a rule inside the security group.",
    ),
    (
        UNUSED,
        "Declared but not used",
        "Nothing refers to this variable, local value or data source. It can go, or a reference to it was forgotten.",
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
