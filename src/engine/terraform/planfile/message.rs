//! The parts of Terraform's `planproto/planfile.proto` that gwinfra reads, as of Terraform 1.11. Numbers of fields are
//! never given away a second time there.

/// Nothing happens.
pub(super) const NO_OP: i32 = 0;
/// Is made.
pub(super) const CREATE: i32 = 1;
/// A data source is read.
pub(super) const READ: i32 = 2;
/// Changes in place.
pub(super) const UPDATE: i32 = 3;
/// Is deleted.
pub(super) const DELETE: i32 = 5;
/// Is deleted, then made anew.
pub(super) const DELETE_THEN_CREATE: i32 = 6;
/// Is made anew, then deleted.
pub(super) const CREATE_THEN_DELETE: i32 = 7;
/// Is no longer managed, and stays.
pub(super) const FORGET: i32 = 8;

/// A plan.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Plan {
    #[prost(uint64, tag = "1")]
    pub version: u64,
    #[prost(message, repeated, tag = "3")]
    pub resource_changes: Vec<ResourceInstanceChange>,
    #[prost(message, repeated, tag = "4")]
    pub output_changes: Vec<OutputChange>,
}

/// What happens to an instance of a resource.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct ResourceInstanceChange {
    #[prost(message, optional, tag = "9")]
    pub change: Option<Change>,
    #[prost(message, repeated, tag = "11")]
    pub required_replace: Vec<Path>,
    #[prost(int32, tag = "12")]
    pub action_reason: i32,
    #[prost(string, tag = "13")]
    pub addr: String,
}

/// What happens, with one value or both.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Change {
    #[prost(int32, tag = "1")]
    pub action: i32,
    #[prost(message, repeated, tag = "2")]
    pub values: Vec<DynamicValue>,
    #[prost(message, repeated, tag = "3")]
    pub before_sensitive_paths: Vec<Path>,
    #[prost(message, repeated, tag = "4")]
    pub after_sensitive_paths: Vec<Path>,
}

/// What happens to an output.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct OutputChange {
    #[prost(string, tag = "1")]
    pub name: String,
    #[prost(message, optional, tag = "2")]
    pub change: Option<Change>,
}

/// A value.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct DynamicValue {
    #[prost(bytes = "vec", tag = "1")]
    pub msgpack: Vec<u8>,
}

/// A way into a value.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Path {
    #[prost(message, repeated, tag = "1")]
    pub steps: Vec<Step>,
}

/// One step of it.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Step {
    #[prost(oneof = "Selector", tags = "1, 2")]
    pub selector: Option<Selector>,
}

/// Where the step goes.
#[derive(Clone, PartialEq, prost::Oneof)]
pub(super) enum Selector {
    /// To an attribute of an object.
    #[prost(string, tag = "1")]
    AttributeName(String),
    /// To an element of a list, a set or a map.
    #[prost(message, tag = "2")]
    ElementKey(DynamicValue),
}
