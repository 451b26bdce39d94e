//! Stack sets: a stack of CloudFormation makes them on both sides.

use super::{Kind, PLAIN};

pub(super) const KINDS: &[Kind] = &[Kind { cloudformation: "AWS::CloudFormation::StackSet", ..PLAIN }];
