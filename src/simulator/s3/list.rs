//! Listing objects and versions.

use std::collections::BTreeSet;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::super::clock::iso8601;
use super::super::protocol::{HttpReply, xml};
use super::super::world::World;
use super::bucket::{document, owner};
use super::objects::{self, Version};
use super::{Call, Place, Refused};
use crate::hexadecimal::digits;

/// The largest page of any listing.
const MAXIMUM_KEYS: usize = 1_000;

/// What `encoding-type=url` leaves as it is.
const KEY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/').remove(b'*');

/// What a listing asks for.
struct Query<'a> {
    prefix: &'a str,
    delimiter: &'a str,
    maximum: usize,
    encoded: bool,
}

impl<'a> Query<'a> {
    fn of(call: &Call<'a>) -> Result<Self, Refused> {
        let maximum = match call.http.query("max-keys") {
            None => MAXIMUM_KEYS,
            Some(text) => text.parse::<usize>().map(|number| number.min(MAXIMUM_KEYS)).map_err(|_| {
                Refused::new(400, "InvalidArgument", "Provided max-keys not an integer or within integer range")
            })?,
        };
        Ok(Self {
            prefix: call.http.query("prefix").unwrap_or_default(),
            delimiter: call.http.query("delimiter").unwrap_or_default(),
            maximum,
            encoded: call.http.query("encoding-type") == Some("url"),
        })
    }

    /// The common prefix that stands for a key, if it is rolled up.
    fn common_prefix(&self, key: &str) -> Option<String> {
        let rest = key.strip_prefix(self.prefix)?;
        if self.delimiter.is_empty() {
            return None;
        }
        let (before, _) = rest.split_once(self.delimiter)?;
        Some(format!("{}{before}{}", self.prefix, self.delimiter))
    }

    fn key(&self, key: &str) -> String {
        if self.encoded { utf8_percent_encode(key, KEY).to_string() } else { key.to_owned() }
    }

    fn head(&self, out: &mut String, place: &Place) {
        xml::leaf(out, "Name", &place.bucket);
        xml::leaf(out, "Prefix", &self.key(self.prefix));
        if !self.delimiter.is_empty() {
            xml::leaf(out, "Delimiter", &self.key(self.delimiter));
        }
        xml::leaf(out, "MaxKeys", &self.maximum.to_string());
        if self.encoded {
            xml::leaf(out, "EncodingType", "url");
        }
    }
}

/// One page of current objects and common prefixes.
struct Page {
    objects: Vec<(String, Version)>,
    prefixes: BTreeSet<String>,
    /// The last key or prefix of the page, if more follow.
    truncated_at: Option<String>,
}

fn page(world: &World, place: &Place, query: &Query<'_>, after: &str) -> Result<Page, Refused> {
    let mut page = Page { objects: Vec::new(), prefixes: BTreeSet::new(), truncated_at: None };
    let mut last = String::new();
    for (key, mut versions) in objects::all(place.resource(world)?) {
        let Some(version) = versions.pop().filter(|version| version.blob.is_some()) else { continue };
        if !key.starts_with(query.prefix) || key.as_str() <= after {
            continue;
        }
        let prefix = query.common_prefix(&key);
        // A page that ended with a prefix goes on behind all keys under it.
        if prefix.as_ref().is_some_and(|prefix| page.prefixes.contains(prefix) || prefix.as_str() <= after) {
            continue;
        }
        if page.objects.len() + page.prefixes.len() >= query.maximum {
            page.truncated_at = Some(last);
            break;
        }
        last = prefix.clone().unwrap_or_else(|| key.clone());
        match prefix {
            Some(prefix) => {
                page.prefixes.insert(prefix);
            }
            None => page.objects.push((key, version)),
        }
    }
    Ok(page)
}

fn write_page(out: &mut String, page: &Page, query: &Query<'_>, owner_id: Option<&str>) {
    for (key, version) in &page.objects {
        out.push_str("<Contents>");
        xml::leaf(out, "Key", &query.key(key));
        write_version(out, version);
        if let Some(id) = owner_id {
            out.push_str(&format!("<Owner><ID>{id}</ID></Owner>"));
        }
        out.push_str("</Contents>");
    }
    for prefix in &page.prefixes {
        out.push_str("<CommonPrefixes>");
        xml::leaf(out, "Prefix", &query.key(prefix));
        out.push_str("</CommonPrefixes>");
    }
}

fn write_version(out: &mut String, version: &Version) {
    xml::leaf(out, "LastModified", &iso8601(version.modified));
    xml::leaf(out, "ETag", &format!("\"{}\"", version.etag));
    xml::leaf(out, "Size", &version.size.to_string());
    xml::leaf(out, "StorageClass", version.headers.get("x-amz-storage-class").map_or("STANDARD", String::as_str));
}

pub(super) fn version_2(world: &World, call: &Call<'_>, place: &Place) -> Result<HttpReply, Refused> {
    let query = Query::of(call)?;
    let start_after = call.http.query("start-after").unwrap_or_default();
    let token = call.http.query("continuation-token");
    let after = match token {
        Some(token) => from_hex(token)
            .ok_or_else(|| Refused::new(400, "InvalidArgument", "The continuation token provided is incorrect"))?,
        None => start_after.to_owned(),
    };
    let page = page(world, place, &query, &after)?;
    let mut out = String::new();
    query.head(&mut out, place);
    xml::leaf(&mut out, "KeyCount", &(page.objects.len() + page.prefixes.len()).to_string());
    xml::leaf(&mut out, "IsTruncated", if page.truncated_at.is_some() { "true" } else { "false" });
    if let Some(token) = token {
        xml::leaf(&mut out, "ContinuationToken", token);
    }
    if !start_after.is_empty() {
        xml::leaf(&mut out, "StartAfter", &query.key(start_after));
    }
    if let Some(last) = &page.truncated_at {
        xml::leaf(&mut out, "NextContinuationToken", &to_hex(last));
    }
    let owner_id = owner(&place.account);
    let with_owner = call.http.query("fetch-owner") == Some("true");
    write_page(&mut out, &page, &query, with_owner.then_some(owner_id.as_str()));
    Ok(document("ListBucketResult", &out))
}

pub(super) fn version_1(world: &World, call: &Call<'_>, place: &Place) -> Result<HttpReply, Refused> {
    let query = Query::of(call)?;
    let marker = call.http.query("marker").unwrap_or_default();
    let page = page(world, place, &query, marker)?;
    let mut out = String::new();
    query.head(&mut out, place);
    xml::leaf(&mut out, "Marker", &query.key(marker));
    xml::leaf(&mut out, "IsTruncated", if page.truncated_at.is_some() { "true" } else { "false" });
    if let Some(last) = page.truncated_at.as_ref().filter(|_| !query.delimiter.is_empty()) {
        xml::leaf(&mut out, "NextMarker", &query.key(last));
    }
    write_page(&mut out, &page, &query, Some(&owner(&place.account)));
    Ok(document("ListBucketResult", &out))
}

pub(super) fn versions(world: &World, call: &Call<'_>, place: &Place) -> Result<HttpReply, Refused> {
    let query = Query::of(call)?;
    let key_marker = call.http.query("key-marker").unwrap_or_default();
    let id_marker = call.http.query("version-id-marker").unwrap_or_default();
    let mut prefixes = BTreeSet::new();
    let mut entries: Vec<(String, Version, bool)> = Vec::new();
    let mut next = None;
    // Newest first within a key. The marker of a version leads behind that version, the marker of a key behind all of its versions.
    'keys: for (key, versions) in objects::all(place.resource(world)?) {
        if !key.starts_with(query.prefix) || key.as_str() < key_marker || (key == key_marker && id_marker.is_empty()) {
            continue;
        }
        if let Some(prefix) = query.common_prefix(&key) {
            prefixes.insert(prefix);
            continue;
        }
        let latest = versions.len().saturating_sub(1);
        let mut seen_marker = key != key_marker;
        for (index, version) in versions.into_iter().enumerate().rev() {
            if !seen_marker {
                seen_marker = version.id == id_marker;
                continue;
            }
            if entries.len() >= query.maximum {
                next = entries.last().map(|(key, version, _)| (key.clone(), version.id.clone()));
                break 'keys;
            }
            entries.push((key.clone(), version, index == latest));
        }
    }
    let mut out = String::new();
    query.head(&mut out, place);
    xml::leaf(&mut out, "KeyMarker", &query.key(key_marker));
    xml::leaf(&mut out, "VersionIdMarker", id_marker);
    xml::leaf(&mut out, "IsTruncated", if next.is_some() { "true" } else { "false" });
    if let Some((key, id)) = next {
        xml::leaf(&mut out, "NextKeyMarker", &query.key(&key));
        xml::leaf(&mut out, "NextVersionIdMarker", &id);
    }
    for (key, version, latest) in &entries {
        let element = if version.blob.is_some() { "Version" } else { "DeleteMarker" };
        out.push_str(&format!("<{element}>"));
        xml::leaf(&mut out, "Key", &query.key(key));
        xml::leaf(&mut out, "VersionId", &version.id);
        xml::leaf(&mut out, "IsLatest", if *latest { "true" } else { "false" });
        if version.blob.is_some() {
            write_version(&mut out, version);
        } else {
            xml::leaf(&mut out, "LastModified", &iso8601(version.modified));
        }
        out.push_str(&format!("<Owner><ID>{}</ID></Owner></{element}>", owner(&place.account)));
    }
    for prefix in &prefixes {
        out.push_str("<CommonPrefixes>");
        xml::leaf(&mut out, "Prefix", &query.key(prefix));
        out.push_str("</CommonPrefixes>");
    }
    Ok(document("ListVersionsResult", &out))
}

/// A key as a token: opaque to clients, and free of characters that a query string would change.
fn to_hex(text: &str) -> String {
    digits(text)
}

fn from_hex(token: &str) -> Option<String> {
    let digits: Vec<u8> = token.bytes().collect();
    let bytes: Option<Vec<u8>> =
        digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect();
    String::from_utf8(bytes?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_leads_back_to_its_key() {
        assert_eq!(from_hex(&to_hex("a/b c")).as_deref(), Some("a/b c"));
    }

    #[test]
    fn a_strange_token_is_none() {
        assert_eq!(from_hex("zz"), None);
    }
}
