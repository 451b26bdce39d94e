//! ElastiCache: users and their groups, as a template would write them.

use aws_sdk_elasticache::types::{User, UserGroup};
use serde_json::{Value, json};

use super::Result;
use super::elasticache::ElastiCache;
use super::elasticache_groups::object;

impl ElastiCache {
    /// A user, in the words of `AWS::ElastiCache::User`; `None` when it is not there. Passwords are told of by their number,
    /// `PasswordCount` in `AuthenticationMode`.
    ///
    /// # Errors
    /// When the call fails for another reason.
    pub async fn user(&self, id: &str) -> Result<Option<Value>> {
        let send = || self.client.describe_users().user_id(id).send();
        match self.caller.call("DescribeUsers", id, send).await {
            Ok(answer) => Ok(answer.users.unwrap_or_default().first().map(properties)),
            Err(error) if error.is("UserNotFound") => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// A group of users, in the words of `AWS::ElastiCache::UserGroup`; `None` when it is not there.
    ///
    /// # Errors
    /// When the call fails for another reason.
    pub async fn user_group(&self, id: &str) -> Result<Option<Value>> {
        let send = || self.client.describe_user_groups().user_group_id(id).send();
        match self.caller.call("DescribeUserGroups", id, send).await {
            Ok(answer) => Ok(answer.user_groups.unwrap_or_default().first().map(members)),
            Err(error) if error.is("UserGroupNotFound") => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Sets what a user may do. Its passwords stay.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn set_access(&self, user: &str, access: &str) -> Result<()> {
        let send = || self.client.modify_user().user_id(user).access_string(access).send();
        self.caller.call("ModifyUser", user, send).await.map(drop)
    }
}

fn properties(user: &User) -> Value {
    let authentication = user.authentication.as_ref();
    let mode = authentication.map(|one| {
        let kind = one.r#type.as_ref().map(|kind| match kind.as_str() {
            "no-password" | "no_password" => "no-password-required",
            other => other,
        });
        object(json!({"Type": kind, "PasswordCount": one.password_count}))
    });
    object(json!({
        "UserName": user.user_name,
        "Engine": user.engine.as_ref().map(|engine| engine.to_lowercase()),
        "AccessString": user.access_string,
        "AuthenticationMode": mode,
    }))
}

fn members(group: &UserGroup) -> Value {
    object(json!({
        "Engine": group.engine.as_ref().map(|engine| engine.to_lowercase()),
        "UserIds": group.user_ids,
    }))
}

#[cfg(test)]
mod tests {
    use aws_sdk_elasticache::types::Authentication;

    use super::*;

    fn user(kind: &str, passwords: Option<i32>) -> Value {
        let authentication = Authentication::builder().r#type(kind.into()).set_password_count(passwords).build();
        properties(&User::builder().engine("REDIS").access_string("off -@all").authentication(authentication).build())
    }

    #[test]
    fn how_a_user_is_let_in_is_spelled_as_in_templates() {
        assert_eq!(user("password", Some(2))["AuthenticationMode"], json!({"Type": "password", "PasswordCount": 2}));
        for kind in ["no-password", "no_password"] {
            assert_eq!(user(kind, None)["AuthenticationMode"], json!({"Type": "no-password-required"}));
        }
    }

    #[test]
    fn an_engine_is_spelled_as_in_templates() {
        assert_eq!(user("iam", None)["Engine"], "redis");
    }
}
