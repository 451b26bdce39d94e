//! The functions of Terraform's language.

use std::ops::RangeInclusive;

/// A scalar that a function gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    String,
    /// A number.
    Number,
    /// `true` or `false`.
    Bool,
}

/// A function: how many arguments it takes, and what it gives when that is always the same scalar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function {
    /// Its name.
    pub name: &'static str,
    /// How many arguments it takes.
    pub arguments: RangeInclusive<usize>,
    /// What it gives, `None` when that depends on the arguments or is a collection.
    pub gives: Option<Kind>,
}

/// The function of that name.
pub fn function(name: &str) -> Option<Function> {
    let at = FUNCTIONS.binary_search_by(|(own, ..)| (*own).cmp(name)).ok()?;
    let (name, least, most, gives) = FUNCTIONS[at];
    Some(Function { name, arguments: least..=most.unwrap_or(usize::MAX), gives })
}

/// The names of all functions, sorted.
pub fn names() -> impl Iterator<Item = &'static str> {
    FUNCTIONS.iter().map(|(name, ..)| *name)
}

/// The functions that the AWS provider adds, `provider::aws::NAME`.
pub const OF_PROVIDER: &[&str] = &["arn_build", "arn_parse", "trim_iam_role_path"];

/// Terraform 1.11, `terraform metadata functions -json`: name, fewest and most arguments, and what it gives.
#[rustfmt::skip]
const FUNCTIONS: &[(&str, usize, Option<usize>, Option<Kind>)] = &[
    ("abs", 1, Some(1), Some(Kind::Number)),
    ("abspath", 1, Some(1), Some(Kind::String)),
    ("alltrue", 1, Some(1), Some(Kind::Bool)),
    ("anytrue", 1, Some(1), Some(Kind::Bool)),
    ("base64decode", 1, Some(1), Some(Kind::String)),
    ("base64encode", 1, Some(1), Some(Kind::String)),
    ("base64gzip", 1, Some(1), Some(Kind::String)),
    ("base64sha256", 1, Some(1), Some(Kind::String)),
    ("base64sha512", 1, Some(1), Some(Kind::String)),
    ("basename", 1, Some(1), Some(Kind::String)),
    ("bcrypt", 1, Some(2), Some(Kind::String)),
    ("can", 1, Some(1), Some(Kind::Bool)),
    ("ceil", 1, Some(1), Some(Kind::Number)),
    ("chomp", 1, Some(1), Some(Kind::String)),
    ("chunklist", 2, Some(2), None),
    ("cidrhost", 2, Some(2), Some(Kind::String)),
    ("cidrnetmask", 1, Some(1), Some(Kind::String)),
    ("cidrsubnet", 3, Some(3), Some(Kind::String)),
    ("cidrsubnets", 1, None, None),
    ("coalesce", 1, None, None),
    ("coalescelist", 1, None, None),
    ("compact", 1, Some(1), None),
    ("concat", 0, None, None),
    ("contains", 2, Some(2), None),
    ("csvdecode", 1, Some(1), None),
    ("dirname", 1, Some(1), Some(Kind::String)),
    ("distinct", 1, Some(1), None),
    ("element", 2, Some(2), None),
    ("endswith", 2, Some(2), Some(Kind::Bool)),
    ("ephemeralasnull", 1, Some(1), None),
    ("file", 1, Some(1), Some(Kind::String)),
    ("filebase64", 1, Some(1), Some(Kind::String)),
    ("filebase64sha256", 1, Some(1), Some(Kind::String)),
    ("filebase64sha512", 1, Some(1), Some(Kind::String)),
    ("fileexists", 1, Some(1), Some(Kind::Bool)),
    ("filemd5", 1, Some(1), Some(Kind::String)),
    ("fileset", 2, Some(2), None),
    ("filesha1", 1, Some(1), Some(Kind::String)),
    ("filesha256", 1, Some(1), Some(Kind::String)),
    ("filesha512", 1, Some(1), Some(Kind::String)),
    ("flatten", 1, Some(1), None),
    ("floor", 1, Some(1), Some(Kind::Number)),
    ("format", 1, None, None),
    ("formatdate", 2, Some(2), Some(Kind::String)),
    ("formatlist", 1, None, None),
    ("indent", 2, Some(2), Some(Kind::String)),
    ("index", 2, Some(2), None),
    ("issensitive", 1, Some(1), Some(Kind::Bool)),
    ("join", 1, None, Some(Kind::String)),
    ("jsondecode", 1, Some(1), None),
    ("jsonencode", 1, Some(1), Some(Kind::String)),
    ("keys", 1, Some(1), None),
    ("length", 1, Some(1), Some(Kind::Number)),
    ("log", 2, Some(2), Some(Kind::Number)),
    ("lookup", 2, Some(3), None),
    ("lower", 1, Some(1), Some(Kind::String)),
    ("matchkeys", 3, Some(3), None),
    ("max", 1, None, Some(Kind::Number)),
    ("md5", 1, Some(1), Some(Kind::String)),
    ("merge", 0, None, None),
    ("min", 1, None, Some(Kind::Number)),
    ("nonsensitive", 1, Some(1), None),
    ("one", 1, Some(1), None),
    ("parseint", 2, Some(2), None),
    ("pathexpand", 1, Some(1), Some(Kind::String)),
    ("plantimestamp", 0, Some(0), Some(Kind::String)),
    ("pow", 2, Some(2), Some(Kind::Number)),
    ("range", 1, Some(3), None),
    ("regex", 2, Some(2), None),
    ("regexall", 2, Some(2), None),
    ("replace", 3, Some(3), Some(Kind::String)),
    ("reverse", 1, Some(1), None),
    ("rsadecrypt", 2, Some(2), Some(Kind::String)),
    ("sensitive", 1, Some(1), None),
    ("setintersection", 1, None, None),
    ("setproduct", 0, None, None),
    ("setsubtract", 2, Some(2), None),
    ("setunion", 1, None, None),
    ("sha1", 1, Some(1), Some(Kind::String)),
    ("sha256", 1, Some(1), Some(Kind::String)),
    ("sha512", 1, Some(1), Some(Kind::String)),
    ("signum", 1, Some(1), Some(Kind::Number)),
    ("slice", 3, Some(3), None),
    ("sort", 1, Some(1), None),
    ("split", 2, Some(2), None),
    ("startswith", 2, Some(2), Some(Kind::Bool)),
    ("strcontains", 2, Some(2), Some(Kind::Bool)),
    ("strrev", 1, Some(1), Some(Kind::String)),
    ("substr", 3, Some(3), Some(Kind::String)),
    ("sum", 1, Some(1), None),
    ("templatefile", 2, Some(2), None),
    ("templatestring", 2, Some(2), Some(Kind::String)),
    ("textdecodebase64", 2, Some(2), Some(Kind::String)),
    ("textencodebase64", 2, Some(2), Some(Kind::String)),
    ("timeadd", 2, Some(2), Some(Kind::String)),
    ("timecmp", 2, Some(2), Some(Kind::Number)),
    ("timestamp", 0, Some(0), Some(Kind::String)),
    ("title", 1, Some(1), Some(Kind::String)),
    ("tobool", 1, Some(1), Some(Kind::Bool)),
    ("tolist", 1, Some(1), None),
    ("tomap", 1, Some(1), None),
    ("tonumber", 1, Some(1), Some(Kind::Number)),
    ("toset", 1, Some(1), None),
    ("tostring", 1, Some(1), Some(Kind::String)),
    ("transpose", 1, Some(1), None),
    ("trim", 2, Some(2), Some(Kind::String)),
    ("trimprefix", 2, Some(2), Some(Kind::String)),
    ("trimspace", 1, Some(1), Some(Kind::String)),
    ("trimsuffix", 2, Some(2), Some(Kind::String)),
    ("try", 1, None, None),
    ("upper", 1, Some(1), Some(Kind::String)),
    ("urlencode", 1, Some(1), Some(Kind::String)),
    ("uuid", 0, Some(0), Some(Kind::String)),
    ("uuidv5", 2, Some(2), Some(Kind::String)),
    ("values", 1, Some(1), None),
    ("yamldecode", 1, Some(1), None),
    ("yamlencode", 1, Some(1), Some(Kind::String)),
    ("zipmap", 2, Some(2), None),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted() {
        assert!(FUNCTIONS.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }

    #[test]
    fn a_function_knows_its_number_of_arguments() {
        assert_eq!(function("lookup").map(|it| it.arguments), Some(2..=3));
        assert_eq!(function("merge").map(|it| it.arguments), Some(0..=usize::MAX));
    }

    #[test]
    fn a_name_that_terraform_lacks_is_no_function() {
        assert_eq!(function("json_encode"), None);
    }
}
