//! The codes of findings in templates, GW0900 to GW0999, and what `gwinfra explain` says about each.

/// The text is no template.
pub const TEMPLATE_SYNTAX: &str = "GW0900";
/// A resource type that is not known.
pub const UNKNOWN_TYPE: &str = "GW0901";
/// A property that the type does not have.
pub const UNKNOWN_PROPERTY: &str = "GW0902";
/// A property that the type needs.
pub const MISSING_PROPERTY: &str = "GW0903";
/// A value of the wrong JSON type.
pub const WRONG_TYPE: &str = "GW0904";
/// A value that is not among those allowed.
pub const ENUM: &str = "GW0905";
/// A value that does not match its pattern or format.
pub const PATTERN: &str = "GW0906";
/// A value, text or list that is too small or too big.
pub const SIZE: &str = "GW0907";
/// Properties that exclude or need each other.
pub const GROUP: &str = "GW0908";
/// A property that only AWS sets.
pub const READ_ONLY: &str = "GW0909";
/// An attribute of a resource that is not known, or its value.
pub const RESOURCE_ATTRIBUTE: &str = "GW0910";
/// A type that the region does not have.
pub const ABSENT_TYPE: &str = "GW0911";
/// An intrinsic function that is not known, misplaced or wrongly called.
pub const FUNCTION: &str = "GW0912";
/// A list that has an item twice.
pub const DUPLICATE_ITEM: &str = "GW0913";
/// A reference to nothing.
pub const UNRESOLVED: &str = "GW0920";
/// An attribute that the type does not offer.
pub const UNKNOWN_ATTRIBUTE: &str = "GW0921";
/// A condition that is not declared.
pub const UNKNOWN_CONDITION: &str = "GW0922";
/// A mapping, or a key of one, that is not declared.
pub const UNKNOWN_MAPPING: &str = "GW0923";
/// A parameter or condition that nothing uses.
pub const UNUSED: &str = "GW0924";
/// Resources or conditions that wait for each other.
pub const CYCLE: &str = "GW0925";
/// A name that CloudFormation does not take.
pub const NAME: &str = "GW0926";
/// A parameter or output that is wrongly declared.
pub const DECLARATION: &str = "GW0927";
/// A body that is too big.
pub const BODY_SIZE: &str = "GW0940";
/// Too many resources, parameters, outputs or mappings.
pub const COUNT: &str = "GW0941";
/// A description or parameter value that is too long.
pub const TEXT_SIZE: &str = "GW0942";
/// Too many dynamic references.
pub const DYNAMIC_REFERENCES: &str = "GW0943";

/// Code, title, and explanation in Markdown.
pub const CODES: &[(&str, &str, &str)] = &[
    (
        TEMPLATE_SYNTAX,
        "The text is no CloudFormation template",
        "The rendered text could not be read as YAML or JSON, or lacks the shape of a template: a map of sections, at least one resource, a `Type` in each.\n\nCloudFormation reads YAML 1.1 without anchors, aliases and merge keys: write such values out. Indent with spaces. A key may stand once in its map.",
    ),
    (
        UNKNOWN_TYPE,
        "Unknown resource type",
        "The type is not among those whose schemas gwinfra carries (`schemas/vendor/cloudformation`), so nothing about it could be checked.\n\nMost often it is misspelt: types are case-sensitive. A fork that needs a further type adds its schema with `scripts/vendor-schemas --add TYPE`.",
    ),
    (
        UNKNOWN_PROPERTY,
        "Unknown property",
        "The resource type has no such property, and CloudFormation refuses what it does not know: `Encountered unsupported property`.\n\nProperty names are case-sensitive, and each belongs to one level of nesting.",
    ),
    (
        MISSING_PROPERTY,
        "Missing property",
        "The resource type needs this property. A property whose value is `AWS::NoValue` is missing; one that an `Fn::If` may leave out is taken to be there.",
    ),
    (
        WRONG_TYPE,
        "Value of the wrong type",
        "The schema asks for another JSON type: a list where one string stands, a map where a list stands, and so on.\n\nCloudFormation turns scalars into one another, so `\"5\"` is an integer, `\"true\"` a boolean and `5` a string. It does not make a list of one value. `null` is never a value: leave the property out, or use `AWS::NoValue`.",
    ),
    (ENUM, "Value that is not allowed", "The property takes one of a fixed set of values, written exactly so."),
    (
        PATTERN,
        "Value that does not match",
        "The property's value must match the pattern or format of the schema. Patterns are searched for, as in JSON Schema, so only `^` and `$` anchor them. Values with `{{resolve:...}}` and values that functions compute are not compared.",
    ),
    (
        SIZE,
        "Too small or too big",
        "The number, the length of the text in characters, or the number of items is outside the range of the schema. Items that an `Fn::If` may leave out count for the minimum only.",
    ),
    (
        GROUP,
        "Properties that exclude or need each other",
        "Some properties come together, and of some groups exactly one, or at least one, must be set. The groups are those of the registry and of cfn-lint. A property that an `Fn::If` may leave out satisfies a group and conflicts with nothing.",
    ),
    (
        READ_ONLY,
        "Property that only AWS sets",
        "AWS computes this property. It can be read with `Fn::GetAtt` and cannot be set.",
    ),
    (
        RESOURCE_ATTRIBUTE,
        "Attribute of a resource",
        "Beside `Type` and `Properties`, a resource has `DependsOn`, `Condition`, `DeletionPolicy`, `UpdateReplacePolicy`, `Metadata`, `CreationPolicy`, `UpdatePolicy` and `Version`.\n\n`DeletionPolicy` is `Delete`, `Retain`, `RetainExceptOnCreate` or `Snapshot`; `Snapshot` only for types that have snapshots. A property that stands beside `Properties` instead of inside it gives this finding.",
    ),
    (
        ABSENT_TYPE,
        "Type that the region does not have",
        "CloudFormation's registry in this region lacks the resource type. Choose another region, or switch off the feature that needs it.",
    ),
    (
        FUNCTION,
        "Intrinsic function",
        "The function does not exist, takes other arguments, or cannot stand here. `Fn::Equals`, `Fn::And`, `Fn::Or` and `Fn::Not` stand in conditions only.",
    ),
    (
        DUPLICATE_ITEM,
        "Item that is there twice",
        "The schema says that the items of this list differ, or differ in their key, such as the name of an environment variable.",
    ),
    (
        UNRESOLVED,
        "Reference to nothing",
        "`Ref`, `Fn::GetAtt`, `Fn::Sub` or `DependsOn` names something that the template does not declare. CloudFormation refuses the template: `Unresolved resource dependencies`.\n\nIn `Fn::Sub`, `${!Name}` is the text `${Name}`. Conditions and rules see parameters only, never resources.",
    ),
    (
        UNKNOWN_ATTRIBUTE,
        "Unknown attribute",
        "`Fn::GetAtt` offers what the resource type computes (its read-only properties). What `Ref` returns, and most properties that the template sets itself, are not among them.",
    ),
    (
        UNKNOWN_CONDITION,
        "Unknown condition",
        "A resource, output or `Fn::If` names a condition that the section `Conditions` does not declare.",
    ),
    (
        UNKNOWN_MAPPING,
        "Unknown mapping or key",
        "`Fn::FindInMap` names a mapping, or a key of one, that the section `Mappings` does not declare.",
    ),
    (
        UNUSED,
        "Declared but not used",
        "Nothing refers to this parameter or condition. It can go, or a reference to it was forgotten.",
    ),
    (
        CYCLE,
        "Circular dependency",
        "These resources wait for each other, so none can be created first. Every `Ref`, `Fn::GetAtt` and `Fn::Sub` of a resource is a dependency, like `DependsOn`.\n\nThe usual way out is a resource that only connects two others: `AWS::EC2::SecurityGroupIngress` instead of a rule inside the security group.",
    ),
    (
        NAME,
        "Name that CloudFormation does not take",
        "Logical ids and the names of parameters, outputs and conditions are letters and digits, at most 255, and a parameter may not be called like a resource.",
    ),
    (
        DECLARATION,
        "Wrong declaration",
        "A parameter needs a `Type` that CloudFormation knows, and its default must be among its allowed values; an output needs a `Value`.",
    ),
    (
        BODY_SIZE,
        "Template too big",
        "A request carries at most 51,200 bytes of template itself, and CloudFormation reads at most 1 MB from S3. Bytes count, not characters. Split the stack, or shorten what it embeds.",
    ),
    (
        COUNT,
        "Too many members",
        "A template has at most 500 resources, 200 parameters, 200 outputs and 200 mappings of 200 attributes each.",
    ),
    (TEXT_SIZE, "Text too long", "A description has at most 1,024 bytes, and the value of a parameter at most 4,096."),
    (
        DYNAMIC_REFERENCES,
        "Too many dynamic references",
        "A template has at most 60 `{{resolve:...}}`. ECS reads secrets itself: use the container's `Secrets` instead.",
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
