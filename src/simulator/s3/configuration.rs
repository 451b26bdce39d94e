//! How a bucket is set up: S3's XML documents, kept as the properties that CloudFormation has for them.

use serde_json::{Map, Value, json};

use super::super::protocol::{HttpReply, Lists, xml};
use super::super::world::World;
use super::bucket::document;
use super::{Call, Place, Refused};

/// One document of a bucket.
pub(super) struct Configuration {
    /// Root element.
    root: &'static str,
    /// Property of `AWS::S3::Bucket`.
    property: &'static str,
    /// Error code where nothing is set; `None` where S3 sets a default on every bucket.
    absent: Option<&'static str>,
    /// What every bucket has that says nothing.
    default: fn() -> Value,
    /// From the document to the property; `None` for what is not modelled.
    read: fn(&Value) -> Option<Value>,
    /// From the property to the document.
    write: fn(&Value) -> Value,
}

/// Every bucket encrypts with keys of S3 since January 2023.
pub(super) const ENCRYPTION: Configuration = Configuration {
    root: "ServerSideEncryptionConfiguration",
    property: "BucketEncryption",
    absent: None,
    default: || {
        let default = json!({"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": false});
        json!({"ServerSideEncryptionConfiguration": [default]})
    },
    read: |document| {
        let rules: Option<Vec<Value>> = list(document, "Rule")
            .map(|rule| {
                renamed(rule, &[("ApplyServerSideEncryptionByDefault", "ServerSideEncryptionByDefault"), SAME_KEY])
            })
            .collect();
        Some(json!({"ServerSideEncryptionConfiguration": rules?}))
    },
    write: |property| {
        let rules = property.get("ServerSideEncryptionConfiguration").and_then(Value::as_array);
        let rules: Vec<Value> = rules
            .into_iter()
            .flatten()
            .filter_map(|rule| {
                renamed(rule, &[("ServerSideEncryptionByDefault", "ApplyServerSideEncryptionByDefault"), SAME_KEY])
            })
            .collect();
        json!({"Rule": rules})
    },
};

const SAME_KEY: (&str, &str) = ("BucketKeyEnabled", "BucketKeyEnabled");

/// Every new bucket is private since April 2023.
pub(super) const PUBLIC_ACCESS: Configuration = Configuration {
    root: "PublicAccessBlockConfiguration",
    property: "PublicAccessBlockConfiguration",
    absent: None,
    default: || {
        json!({"BlockPublicAcls": true, "IgnorePublicAcls": true, "BlockPublicPolicy": true,
            "RestrictPublicBuckets": true})
    },
    read: |document| Some(typed(document)),
    write: Value::clone,
};

/// Every new bucket is without access lists since April 2023.
pub(super) const OWNERSHIP: Configuration = Configuration {
    root: "OwnershipControls",
    property: "OwnershipControls",
    absent: None,
    default: || json!({"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}),
    read: |document| Some(json!({"Rules": list(document, "Rule").cloned().collect::<Vec<_>>()})),
    write: |property| json!({"Rule": property.get("Rules")}),
};

/// Rules about versions, expiry in days and uploads; transitions and dates are not modelled.
pub(super) const LIFECYCLE: Configuration = Configuration {
    root: "LifecycleConfiguration",
    property: "LifecycleConfiguration",
    absent: Some("NoSuchLifecycleConfiguration"),
    default: || Value::Null,
    read: |document| {
        let rules: Option<Vec<Value>> = list(document, "Rule").map(lifecycle_property).collect();
        Some(json!({"Rules": rules?}))
    },
    write: |property| {
        let rules = property.get("Rules").and_then(Value::as_array);
        json!({"Rule": rules.into_iter().flatten().map(lifecycle_element).collect::<Vec<_>>()})
    },
};

/// Only written: tags are read from wherever a resource has them.
pub(super) const TAGGING: Configuration = Configuration {
    root: "Tagging",
    property: "Tags",
    absent: Some("NoSuchTagSet"),
    default: || Value::Null,
    read: |document| Some(Value::Array(list(document.get("TagSet")?, "Tag").cloned().collect())),
    write: |property| json!({"TagSet": {"Tag": property}}),
};

impl Configuration {
    /// Answers with the document.
    pub(super) fn get(&self, world: &World, place: &Place) -> Result<HttpReply, Refused> {
        let found = place.resource(world)?.property(self.property).cloned();
        let property = match (found, self.absent) {
            (Some(found), _) => found,
            (None, None) => (self.default)(),
            (None, Some(code)) => {
                let words = format!("The {} does not exist", self.root);
                return Err(Refused::new(404, code, words).with_element("BucketName", &place.bucket));
            }
        };
        let mut out = String::new();
        if let Value::Object(members) = (self.write)(&property) {
            xml::write_members(&mut out, &members, Lists::Repeated);
        }
        Ok(document(self.root, &out))
    }

    /// Keeps the document of a request.
    pub(super) fn put(&self, world: &mut World, call: &Call<'_>, place: &Place) -> Result<HttpReply, Refused> {
        let malformed = || {
            let words = "The XML you provided was not well-formed or did not validate against our published schema";
            Refused::new(400, "MalformedXML", words)
        };
        let text = std::str::from_utf8(&call.http.body).map_err(|_| malformed())?;
        let (root, body) = xml::read(text).map_err(|_| malformed())?;
        if root != self.root {
            return Err(malformed());
        }
        let property = (self.read)(&body).ok_or_else(|| {
            Refused::new(501, "NotImplemented", format!("this {} has parts that are not simulated", self.root))
        })?;
        if let Some(properties) = place.resource_mut(world)?.properties.as_object_mut() {
            properties.insert(self.property.to_owned(), property);
        }
        Ok(HttpReply::status(200))
    }
}

/// The elements of a name: none, one or several.
fn list<'a>(parent: &'a Value, name: &str) -> std::slice::Iter<'a, Value> {
    match parent.get(name) {
        Some(Value::Array(items)) => items.iter(),
        Some(one) => std::slice::from_ref(one).iter(),
        None => [].iter(),
    }
}

/// Texts as the numbers and flags that they are.
fn typed(value: &Value) -> Value {
    match value {
        Value::String(text) => match text.as_str() {
            "true" => json!(true),
            "false" => json!(false),
            number => number.parse::<u32>().map_or_else(|_| value.clone(), |number| json!(number)),
        },
        Value::Object(members) => members.iter().map(|(name, value)| (name.clone(), typed(value))).collect(),
        other => other.clone(),
    }
}

/// An object with other names for its members; `None` if it has one without a name.
fn renamed(value: &Value, names: &[(&str, &str)]) -> Option<Value> {
    let mut out = Map::new();
    for (name, value) in value.as_object()? {
        let (_, other) = names.iter().find(|(known, _)| known == name)?;
        // Keys of KMS may be all digits; only flags are no texts.
        let flag = matches!(value.as_str(), Some("true" | "false"));
        out.insert((*other).to_owned(), if flag { typed(value) } else { value.clone() });
    }
    Some(Value::Object(out))
}

fn lifecycle_property(rule: &Value) -> Option<Value> {
    let mut out = Map::new();
    for (name, value) in rule.as_object()? {
        match name.as_str() {
            "ID" => out.insert("Id".to_owned(), value.clone()),
            "Status" => out.insert("Status".to_owned(), value.clone()),
            "Prefix" => out.insert("Prefix".to_owned(), value.clone()),
            // An empty filter is the whole bucket.
            "Filter" => match value.as_object().filter(|filter| !filter.is_empty()) {
                None => continue,
                Some(filter) if filter.len() == 1 => out.insert("Prefix".to_owned(), filter.get("Prefix")?.clone()),
                Some(_) => return None,
            },
            "Expiration" => out.insert("ExpirationInDays".to_owned(), typed(value.get("Days")?)),
            "NoncurrentVersionExpiration" | "AbortIncompleteMultipartUpload" => out.insert(name.clone(), typed(value)),
            _ => return None,
        };
    }
    Some(Value::Object(out))
}

fn lifecycle_element(rule: &Value) -> Value {
    let mut out = Map::new();
    for (name, value) in rule.as_object().into_iter().flatten() {
        match name.as_str() {
            "Id" => out.insert("ID".to_owned(), value.clone()),
            "Prefix" => out.insert("Filter".to_owned(), json!({"Prefix": value})),
            "ExpirationInDays" => out.insert("Expiration".to_owned(), json!({"Days": value})),
            _ => out.insert(name.clone(), value.clone()),
        };
    }
    // Every rule says what it is about, if only everything.
    if !out.contains_key("Filter") {
        out.insert("Filter".to_owned(), json!({"Prefix": ""}));
    }
    Value::Object(out)
}
