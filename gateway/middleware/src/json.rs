//! JSON that is not looked into: texts that go on as they were written, and bounds of what a tree of values would take.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::ser::SerializeMap as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;

/// Most members of an object of which each may have any name.
const MEMBERS: usize = 1_000;

/// A value as it was written: its numbers keep their digits, and it takes no more memory than its text.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Json(Box<RawValue>);

impl Json {
    /// A value as text.
    pub fn of(value: &impl Serialize) -> serde_json::Result<Self> {
        serde_json::value::to_raw_value(value).map(Self)
    }

    /// Reads a text.
    pub fn parse(text: &str) -> serde_json::Result<Self> {
        serde_json::from_str(text)
    }

    /// The text.
    pub fn get(&self) -> &str {
        self.0.get()
    }

    /// Whether it is an object.
    pub fn is_object(&self) -> bool {
        self.get().starts_with('{')
    }
}

impl Default for Json {
    fn default() -> Self {
        Self(RawValue::NULL.to_owned())
    }
}

impl PartialEq for Json {
    fn eq(&self, other: &Self) -> bool {
        self.get() == other.get()
    }
}

impl From<Value> for Json {
    fn from(value: Value) -> Self {
        // A value is always a text; its text is always a value.
        Self::of(&value).unwrap_or_default()
    }
}

/// The members of an object, in order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Members(Vec<(String, Json)>);

impl Members {
    /// The member of that name.
    pub fn get(&self, name: &str) -> Option<&Json> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// Bytes of all names and values.
    pub fn bytes(&self) -> usize {
        self.0.iter().map(|(name, value)| name.len() + value.get().len()).sum()
    }

    /// The names of all members.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    /// Whether there is a member of that name.
    pub fn contains(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Adds a member, or replaces the one of that name.
    pub fn insert(&mut self, name: impl Into<String>, value: impl Into<Json>) {
        let (name, value) = (name.into(), value.into());
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => *known = value,
            None => self.0.push((name, value)),
        }
    }

    /// Takes the member of that name out.
    pub fn remove(&mut self, name: &str) -> Option<Json> {
        let index = self.0.iter().position(|(known, _)| known == name)?;
        Some(self.0.remove(index).1)
    }
}

impl IntoIterator for Members {
    type Item = (String, Json);
    type IntoIter = std::vec::IntoIter<(String, Json)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl Serialize for Members {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Members;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Members::default();
                while let Some((name, value)) = map.next_entry::<String, Json>()? {
                    if members.0.len() == MEMBERS {
                        return Err(A::Error::custom(format_args!("has more than {MEMBERS} members")));
                    }
                    members.insert(name, value);
                }
                Ok(members)
            }
        }

        deserializer.deserialize_map(Object)
    }
}

/// The entries of an object whose members may have any name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entries<T>(pub BTreeMap<String, T>);

impl<T> Default for Entries<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Entries<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Object<T> {
            type Value = Entries<T>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries<T>, A::Error> {
                let mut entries = BTreeMap::new();
                while let Some((name, value)) = map.next_entry()? {
                    if entries.len() == MEMBERS {
                        return Err(A::Error::custom(format_args!("has more than {MEMBERS} members")));
                    }
                    entries.insert(name, value);
                }
                Ok(Entries(entries))
            }
        }

        deserializer.deserialize_map(Object(PhantomData))
    }
}

/// A list of which no more than `N` and one elements are kept, however many there are: enough to see that there are too many.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Few<T, const N: usize>(pub Vec<T>);

impl<'de, T: Deserialize<'de>, const N: usize> Deserialize<'de> for Few<T, N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List<T, const N: usize>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>, const N: usize> Visitor<'de> for List<T, N> {
            type Value = Few<T, N>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a sequence")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Few<T, N>, A::Error> {
                let mut few = Vec::new();
                while few.len() <= N
                    && let Some(element) = list.next_element()?
                {
                    few.push(element);
                }
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Few(few))
            }
        }

        deserializer.deserialize_seq(List(PhantomData))
    }
}

/// How many objects a text of JSON has at most. Each block of a message is one, and costs memory beside its text.
pub fn objects(json: &[u8]) -> usize {
    let (mut objects, mut quoted, mut escaped) = (0, false, false);
    for &byte in json {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'{' if !quoted => objects += 1,
            _ => {}
        }
    }
    objects
}

/// A member that an answer may do without: what has another form than it should counts as none.
///
/// # Errors
/// If it is not JSON.
pub fn lenient<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: serde::de::DeserializeOwned,
    D: Deserializer<'de>,
{
    let value = Box::<RawValue>::deserialize(deserializer)?;
    Ok(serde_json::from_str::<Option<T>>(value.get()).ok().flatten())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_digits() {
        let text = r#"{"a":123456789012345678901234567890,"b":[1.10]}"#;
        let members: Members = serde_json::from_str(text).expect("an object");
        assert_eq!(serde_json::to_string(&members).expect("JSON"), text);
    }

    #[test]
    fn a_member_that_is_given_twice_is_the_last_one() {
        let members: Members = serde_json::from_str(r#"{"a":1,"b":2,"a":3}"#).expect("an object");
        assert_eq!(serde_json::to_string(&members).expect("JSON"), r#"{"a":3,"b":2}"#);
    }

    #[test]
    fn an_object_of_too_many_members_is_refused() {
        let of = |count: usize| {
            let members: Vec<String> = (0..count).map(|number| format!("\"{number}\":0")).collect();
            serde_json::from_str::<Members>(&format!("{{{}}}", members.join(",")))
        };
        assert!(of(MEMBERS).is_ok() && of(MEMBERS + 1).is_err());
    }

    #[test]
    fn of_a_long_list_no_more_is_kept_than_tells_that_it_is_too_long() {
        let few = |text: &str| serde_json::from_str::<Few<u8, 2>>(text).map(|few| few.0);
        assert_eq!(few("[1,2]").expect("a list"), [1, 2]);
        assert_eq!(few("[1,2,3,4,5]").expect("a list"), [1, 2, 3]);
        assert!(few("{}").is_err() && few("[1,2,3,4").is_err());
    }

    #[test]
    fn objects_in_texts_are_none() {
        assert_eq!(objects(br#"{"a":"{{","b":{"\"{":[{},{}]},"\\":{}}"#), 5);
        assert_eq!(objects(b"[1,2,3]"), 0);
    }
}
