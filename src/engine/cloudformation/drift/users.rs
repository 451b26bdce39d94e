//! Users of a cache and their groups. What a user may do, and how it is let in, the Cloud Control API can only write:
//! ElastiCache tells of it, and never of passwords, but of how many there are.

use futures::StreamExt;
use serde_json::{Value, json};

use super::access_string;
use super::given::{Answers, Told};
use super::stack::ReadStack;
use crate::aws::Session;
use crate::drift::{Difference, Reader};

/// The type of a user.
pub(super) const USER: &str = "AWS::ElastiCache::User";
/// The type of a group of users.
pub(super) const GROUP: &str = "AWS::ElastiCache::UserGroup";

/// What is read of a user. The Cloud Control API gives its name and tags.
pub(super) const USER_COVERED: [&str; 3] = [ACCESS, MODE, "Engine"];
/// What is read of a group. The Cloud Control API gives its tags.
pub(super) const GROUP_COVERED: [&str; 2] = ["Engine", "UserIds"];

/// What a user may do.
pub(super) const ACCESS: &str = "AccessString";
const MODE: &str = "AuthenticationMode";
const PASSWORDS: &str = "Passwords";

/// The most users and groups of a stack that are asked about at the same time.
const AT_ONCE: usize = 2;

/// Reads the users of a stack and their groups.
pub(super) async fn read(session: &Session, stack: &ReadStack) -> Answers {
    let of_kind = |kind| stack.of_type(kind).map(move |(logical_id, name)| (kind, logical_id, name));
    let own: Vec<(&str, &str, &str)> = [USER, GROUP].into_iter().flat_map(of_kind).collect();
    let asked = futures::stream::iter(own).map(|(kind, logical_id, name)| async move {
        let elasticache = session.elasticache();
        let answer = if kind == USER {
            elasticache.user(name).await.map(|user| user.map(Told::User))
        } else {
            let told = |group| Told::Instead(Reader::ElastiCache, &GROUP_COVERED, group);
            elasticache.user_group(name).await.map(|group| group.map(told))
        };
        (logical_id.to_owned(), answer)
    });
    asked.buffered(AT_ONCE).collect().await
}

/// Adds to what the Cloud Control API has given what ElastiCache gives of a user. Gives the names of what counts now.
pub(super) fn merge(user: &Value, declared: &Value, actual: &mut Value) -> Vec<&'static str> {
    let Some(actual) = actual.as_object_mut() else { return Vec::new() };
    for name in USER_COVERED {
        let Some(mut value) = user.get(name).cloned() else { continue };
        if name == ACCESS
            && let (Some(wanted), Some(found)) = (declared.get(name).and_then(Value::as_str), value.as_str())
            && access_string::is_same(wanted, found)
        {
            value = json!(wanted);
        }
        let _ = actual.entry(name).or_insert(value);
    }
    USER_COVERED.to_vec()
}

/// Takes the passwords out, which nobody gives back. Gives their path, if there are some.
pub(super) fn hide(declared: &mut Value) -> Option<Vec<String>> {
    declared.get_mut(MODE)?.as_object_mut()?.shift_remove(PASSWORDS)?;
    Some(vec![MODE.to_owned(), PASSWORDS.to_owned()])
}

/// Another number of passwords than the template has: one more is a second way in.
pub(super) fn more(declared: &Value, actual: &Value) -> Vec<Difference> {
    const COUNT: &str = "PasswordCount";
    let wanted = declared.get(MODE).and_then(|mode| mode.get(PASSWORDS)?.as_array()).map(Vec::len);
    let found = actual.get(MODE).and_then(|mode| mode.get(COUNT));
    let (Some(wanted), Some(found)) = (wanted.map(|count| json!(count)), found) else { return Vec::new() };
    if wanted == *found {
        return Vec::new();
    }
    let path = vec![MODE.to_owned(), COUNT.to_owned()];
    vec![Difference { path, expected: Some(wanted), actual: Some(found.clone()) }]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn declared() -> Value {
        let mode = json!({"Type": "password", "Passwords": ["{{resolve:secretsmanager:a}}"]});
        json!({"AccessString": "off +get ~a", "AuthenticationMode": mode})
    }

    fn merged(access: &str, passwords: usize) -> Value {
        let user = json!({
            "AccessString": access, "Engine": "redis",
            "AuthenticationMode": {"Type": "password", "PasswordCount": passwords},
        });
        let mut actual = json!({"Engine": "valkey", "UserId": "a"});
        merge(&user, &declared(), &mut actual);
        actual
    }

    #[test]
    fn what_may_be_done_is_spelled_as_the_template_does_where_it_means_the_same() {
        assert_eq!(merged("off ~a -@all +get", 1)["AccessString"], "off +get ~a");
        assert_eq!(merged("on ~a -@all +get", 1)["AccessString"], "on ~a -@all +get");
    }

    #[test]
    fn what_the_cloud_control_api_has_given_of_a_user_stays() {
        assert_eq!(merged("off", 1)["Engine"], "valkey");
    }

    #[test]
    fn passwords_are_counted_and_not_compared() {
        let mut own = declared();
        assert_eq!(hide(&mut own), Some(vec![MODE.to_owned(), PASSWORDS.to_owned()]));
        assert_eq!(own["AuthenticationMode"], json!({"Type": "password"}));
        assert_eq!(hide(&mut own), None);
        assert_eq!(more(&declared(), &merged("off", 1)), []);
        let found = more(&declared(), &merged("off", 2));
        assert_eq!((&found[0].expected, &found[0].actual), (&Some(json!(1)), &Some(json!(2))));
    }
}
