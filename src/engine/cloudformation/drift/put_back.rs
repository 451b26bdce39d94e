//! What puts a resource of a stack back.

use serde_json::Value;

use super::shown::{self, accepted, changed_since, goes_along, is_gone, is_open, told};
use super::stack::{Judged, Read, ReadStack};
use super::topic_policy;
use super::{record, users, waf};
use crate::aws::route53::WritableRecord;
use crate::cfn::registry::{Registry, ResourceSchema};
use crate::drift::{Difference, Finding, Reader, fold, patch};
use crate::engine::EngineError;

/// What puts a resource back.
pub(in crate::engine) struct Patch {
    pub write: Write,
    /// How many properties it puts back.
    pub count: usize,
}

/// The call that puts a resource back.
pub(in crate::engine) enum Write {
    /// By the Cloud Control API: what is set, by a JSON patch.
    Properties { type_name: String, identifier: String, operations: Value },
    /// By Route 53: the record as a whole.
    Record(WritableRecord),
    /// By ElastiCache, which leaves the passwords as they are: an update through the Cloud Control API takes away what it does
    /// not say, and nobody here knows them.
    Access { user: String, access: String },
    /// By AWS WAF: an association is never updated.
    WebAcl { resource: String, web_acl: String },
    /// By the Cloud Control API: what was added goes.
    Deletion { type_name: &'static str, identifier: String },
    /// By the Cloud Control API: what is gone is made again.
    Creation { type_name: String, desired: Value },
}

impl ReadStack {
    /// What puts those declared properties of a resource back that findings tell of.
    ///
    /// # Errors
    /// When they are not as the findings tell, or what is accepted would be put back with them.
    pub fn patch(
        &self,
        registry: &Registry,
        logical_id: &str,
        findings: &[Finding],
    ) -> Result<Option<Patch>, EngineError> {
        let Some(resource) = self.resources.iter().find(|resource| resource.logical_id == logical_id) else {
            return Ok(None);
        };
        let (Some(schema), Some(read)) = (registry.get(&resource.resource_type), self.read.get(logical_id)) else {
            return Ok(None);
        };
        match resource.resource_type.as_str() {
            record::RECORD => return self.record_patch(schema, logical_id, read, findings),
            users::USER => return self.access_patch(schema, logical_id, read, findings),
            waf::ASSOCIATION => return self.association_patch(schema, logical_id, read, findings),
            _ => {}
        }
        let (Read::There(live, Reader::CloudControl), Some(identifier)) = (read, self.identifiers.get(logical_id))
        else {
            return Ok(None);
        };
        let Judged { declared, differences: all, .. } = self.judged(schema, logical_id, live, Reader::CloudControl);
        let (by_itself, all): (Vec<Difference>, Vec<Difference>) =
            all.into_iter().partition(|one| fold(&resource.resource_type, &declared, one).is_some());
        // A patch begins with what the Cloud Control API gives.
        let is_given = |one: &&Difference| !self.is_only_given(schema, logical_id, &one.path);
        let told = told(all.iter().filter(is_given), findings)?;
        let wanted = shown::left(declared, &by_itself);
        let (base, told) = match self.given.get(logical_id) {
            Some(given) => given.to_write(&wanted, live, told),
            None => (live.clone(), told),
        };
        let patch = patch(schema, &wanted, &base, &told);
        if let Some(kept) = accepted(findings).find(|finding| patch.touches(&finding.path)) {
            return Err(goes_along(kept));
        }
        if let Some(other) = all.iter().find(|one| patch.touches(&one.path) && !shown::is_shown(one, findings)) {
            return Err(changed_since(findings, other));
        }
        Ok((!patch.operations.is_empty()).then(|| Patch {
            write: Write::Properties {
                type_name: topic_policy::written_as(&resource.resource_type).to_owned(),
                identifier: identifier.clone(),
                operations: Value::Array(patch.operations),
            },
            count: patch.count,
        }))
    }

    /// What gives a user of a cache back what it may do.
    ///
    /// # Errors
    /// When that is not as the findings tell.
    fn access_patch(
        &self,
        schema: &ResourceSchema,
        logical_id: &str,
        read: &Read,
        findings: &[Finding],
    ) -> Result<Option<Patch>, EngineError> {
        let Read::There(live, reader) = read else { return Ok(None) };
        let Judged { declared, differences, .. } = self.judged(schema, logical_id, live, *reader);
        let told = told(differences.iter().filter(|one| one.path == [users::ACCESS]), findings)?;
        let user = self.of_type(users::USER).find(|(own, _)| *own == logical_id).map(|(_, user)| user.to_owned());
        let access = declared.get(users::ACCESS).and_then(Value::as_str).map(ToOwned::to_owned);
        let write = user.zip(access).filter(|_| !told.is_empty()).map(|(user, access)| Write::Access { user, access });
        Ok(write.map(|write| Patch { write, count: told.len() }))
    }

    /// What gives a load balancer back the web ACL of the template, also where it has none.
    ///
    /// # Errors
    /// When that is not as the findings tell.
    fn association_patch(
        &self,
        schema: &ResourceSchema,
        logical_id: &str,
        read: &Read,
        findings: &[Finding],
    ) -> Result<Option<Patch>, EngineError> {
        let declared = self.declared(logical_id).unwrap_or_default();
        let is_wanted = match read {
            Read::There(live, reader) => {
                !told(&self.judged(schema, logical_id, live, *reader).differences, findings)?.is_empty()
            }
            Read::Gone(_) => findings.iter().any(|finding| is_open(finding) && is_gone(finding)),
            Read::Unread(_) => false,
        };
        let text = |name: &str| declared.get(name).and_then(Value::as_str).map(ToOwned::to_owned);
        let both = text("ResourceArn").zip(text("WebACLArn")).filter(|_| is_wanted);
        Ok(both.map(|(resource, web_acl)| Patch { write: Write::WebAcl { resource, web_acl }, count: 1 }))
    }

    /// What puts a record of DNS back that findings tell of, also one that is gone: all of it is written.
    ///
    /// # Errors
    /// When it is not as the findings tell, or something of it is accepted.
    fn record_patch(
        &self,
        schema: &ResourceSchema,
        logical_id: &str,
        read: &Read,
        findings: &[Finding],
    ) -> Result<Option<Patch>, EngineError> {
        let (declared, count) = match read {
            Read::There(live, Reader::Route53) => {
                let Judged { declared, differences, .. } = self.judged(schema, logical_id, live, Reader::Route53);
                let told = told(&differences, findings)?;
                if let Some(kept) = accepted(findings).next() {
                    return Err(goes_along(kept));
                }
                if let Some(other) = differences.iter().find(|difference| !told.contains(difference)) {
                    return Err(changed_since(findings, other));
                }
                (declared, told.len())
            }
            Read::Gone(Reader::Route53) if findings.iter().any(|finding| is_open(finding) && is_gone(finding)) => {
                let declared = self.declared(logical_id).unwrap_or_default();
                let count = declared.as_object().map_or(0, serde_json::Map::len);
                (declared, count)
            }
            _ => return Ok(None),
        };
        let record = WritableRecord::of(&declared).filter(|_| count > 0);
        Ok(record.map(|record| Patch { write: Write::Record(record), count }))
    }
}
