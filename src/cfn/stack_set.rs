//! Stack sets that a template has.

use serde_json::Value;

use super::template::Template;

/// The type of a stack set in a template.
pub const TYPE: &str = "AWS::CloudFormation::StackSet";

/// A stack set as a template declares it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StackSet {
    /// Logical id.
    pub logical_id: String,
    /// Name.
    pub name: String,
    /// `SELF` or `DELEGATED_ADMIN`: as what the hub calls.
    pub call_as: String,
    /// Account ids.
    pub accounts: Vec<String>,
    /// Units or root that hold them.
    pub units: Vec<String>,
    /// The template that it brings into the accounts.
    pub template: String,
}

/// The stack sets of a template, in its order. A text that is no template has none.
pub fn of_template(text: &str) -> Vec<StackSet> {
    // Most templates have none, and need not be read for that.
    if !text.contains(TYPE) {
        return Vec::new();
    }
    let Ok(template) = Template::parse("template", text) else { return Vec::new() };
    let json = template.to_json();
    let resources = json.get("Resources").and_then(Value::as_object);
    resources.into_iter().flatten().filter_map(|(id, resource)| of_resource(id, resource)).collect()
}

fn of_resource(logical_id: &str, resource: &Value) -> Option<StackSet> {
    if resource.get("Type")?.as_str()? != TYPE {
        return None;
    }
    let properties = resource.get("Properties")?;
    let text = |name: &str| properties.get(name).and_then(Value::as_str).map(str::to_owned);
    let groups = || properties.get("StackInstancesGroup").and_then(Value::as_array).into_iter().flatten();
    let targets = |name: &str| -> Vec<String> {
        let lists = groups().filter_map(|group| group.get("DeploymentTargets")?.get(name)?.as_array());
        lists.flatten().filter_map(|item| item.as_str().map(str::to_owned)).collect()
    };
    Some(StackSet {
        logical_id: logical_id.to_owned(),
        name: text("StackSetName")?,
        call_as: text("CallAs").unwrap_or_else(|| "SELF".to_owned()),
        accounts: targets("Accounts"),
        units: targets("OrganizationalUnitIds"),
        template: text("TemplateBody").unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEMPLATE: &str = "
Resources:
  Topic: {Type: AWS::SNS::Topic}
  Access:
    Type: AWS::CloudFormation::StackSet
    Properties:
      StackSetName: acme-access
      PermissionModel: SERVICE_MANAGED
      CallAs: DELEGATED_ADMIN
      StackInstancesGroup:
        - DeploymentTargets:
            OrganizationalUnitIds: [ou-ab12-cdefgh34]
            Accounts: ['222222222222', '333333333333']
          Regions: [us-east-1]
      TemplateBody: 'Resources: {}'
";

    #[test]
    fn a_stack_set_is_read_from_the_template() {
        let sets = of_template(TEMPLATE);
        assert_eq!(sets.len(), 1);
        assert_eq!((sets[0].name.as_str(), sets[0].call_as.as_str()), ("acme-access", "DELEGATED_ADMIN"));
        assert_eq!(sets[0].accounts, ["222222222222", "333333333333"]);
        assert_eq!(sets[0].units, ["ou-ab12-cdefgh34"]);
        assert_eq!(sets[0].template, "Resources: {}");
    }

    #[test]
    fn a_template_without_one_has_none() {
        assert!(of_template("Resources: {Topic: {Type: 'AWS::SNS::Topic'}}").is_empty());
    }
}
