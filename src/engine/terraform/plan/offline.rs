//! Root modules against the bundle that was applied last, without a call and without Terraform: both are evaluated as far
//! as their text goes, and every member of a family is compared by itself.

use std::collections::{BTreeMap, BTreeSet};

use hcl_edit::Span as _;
use hcl_edit::structure::Structure;
use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::evaluated::{instances, parse, plain, values};
use super::members::{self, Stack};
use super::values::{aligned, differences};
use super::{ModulePlan, blank, gone, put_together};
use crate::diagnostics::{Diagnostic, Report};
use crate::engine::opened::opened;
use crate::engine::resolve::Resolved;
use crate::engine::{EngineError, Places, Unplanned};
use crate::plan::{Change, Plan, SeenBy, SourcePlace, StackAction, is_stateful};
use crate::render::{Bundle, RenderedModule};
use crate::tf::evaluate::Instance;
use crate::tf::registry::Registry;
use crate::tf::{Declaration, Kind, Module};

const TEXT_ONLY: &str = "offline: the files are compared; what is replaced, and what follows something that AWS names \
                         anew, Terraform only says online";

/// Plans all root modules of a bundle, and the deletion of those that only the previous one has.
pub(in crate::engine::terraform) fn plan(
    bundle: &Bundle,
    previous: Option<&Bundle>,
    places: &Places,
) -> Result<Plan, Box<Unplanned>> {
    let (mut plans, mut refused) = (Vec::new(), Vec::new());
    for module in &bundle.modules {
        let before = previous.and_then(|previous| previous.modules.iter().find(|other| other.key == module.key));
        match (Pair { bundle, previous, module, before, places }).plan() {
            Ok(plan) => plans.push(plan),
            Err(findings) => refused.extend(findings),
        }
    }
    for module in previous.into_iter().flat_map(|previous| gone(previous, bundle)) {
        let mut plan = match (Pair { bundle, previous, module, before: None, places }).plan() {
            Ok(plan) => plan,
            Err(findings) => {
                refused.extend(findings);
                continue;
            }
        };
        plan.planned.action = StackAction::Delete;
        for row in &mut plan.rows {
            row.actions = vec!["delete".to_owned()];
            row.before = row.after.take();
        }
        plans.push(plan);
    }
    let resolved = Resolved { images: bundle.images.clone(), ..Resolved::default() };
    let mut plan = put_together(bundle, plans, resolved);
    plan.offline = true;
    if refused.is_empty() {
        return Ok(plan);
    }
    let error = EngineError::Invalid(Box::new(Report { diagnostics: refused, ..Report::default() }));
    Err(Box::new(Unplanned { error, known: Box::new(plan) }))
}

struct Pair<'a> {
    bundle: &'a Bundle,
    previous: Option<&'a Bundle>,
    module: &'a RenderedModule,
    before: Option<&'a RenderedModule>,
    places: &'a Places,
}

impl Pair<'_> {
    fn plan(&self) -> Result<ModulePlan, Vec<Diagnostic>> {
        let after = parse(self.module)?;
        let before = self.before.map(parse).transpose()?;
        let moved = self.moved(before.as_ref(), &after);
        let tagged =
            before.as_ref().filter(|before| default_tags(before) != default_tags(&after)).map(|_| tagged(&after));
        let tagged = tagged.unwrap_or_default();
        let now = instances(&after, self.module, &values(Some(self.bundle), Some(self.module)));
        let old = before.as_ref().zip(self.before);
        let old = old.map(|(before, rendered)| instances(before, rendered, &values(self.previous, self.before)));
        let old = old.unwrap_or_default();
        let mut rows: Vec<Change> = now
            .values()
            .filter_map(|new| match old.get(&new.address) {
                None => Some(self.row("create", None, Some(new))),
                Some(old) => self.updated(&after, old, new, &moved, &tagged),
            })
            .collect();
        for gone in old.values().filter(|old| !now.contains_key(&old.address)) {
            rows.push(self.row("delete", Some(gone), None));
        }
        self.add_members(&old, &now, &mut rows);
        let mut planned = blank(self.module);
        planned.changes = rows.len();
        planned.template_only = (!rows.is_empty()).then(|| TEXT_ONLY.to_owned());
        planned.action = match (&before, rows.is_empty()) {
            (None, _) => StackAction::Create,
            (Some(_), true) => StackAction::NoOp,
            (Some(_), false) => StackAction::Update,
        };
        let output = |module: &Module, name: &str| module.outputs().find(|output| output.name() == name).map(texts);
        let outputs: BTreeSet<&str> = after.outputs().map(Declaration::name).collect();
        let output_changes = outputs
            .into_iter()
            .filter(|name| before.as_ref().and_then(|before| output(before, name)) != output(&after, name))
            .map(|name| format!("{}/{name}", self.module.key))
            .collect();
        Ok(ModulePlan { planned, rows, output_changes, notes: Vec::new() })
    }

    /// Adds what stack sets change in the accounts.
    fn add_members(&self, old: &IndexMap<String, Instance>, now: &IndexMap<String, Instance>, rows: &mut Vec<Change>) {
        let body = |own: Option<&Instance>| Some(plain(own?.arguments.get("template_body")?).to_string());
        let gone = old.values().filter(|own| !now.contains_key(&own.address));
        for own in now.values().chain(gone).filter(|own| own.type_name == members::STACK) {
            let (before, after) = (body(old.get(&own.address)), body(now.get(&own.address)));
            let stack = Stack {
                module: self.module,
                hub: &self.bundle.deployment.hub,
                address: &own.address,
                before: before.as_deref(),
                after: after.as_deref(),
            };
            stack.add_members(self.places, &BTreeMap::new(), rows);
        }
    }

    /// Variables and local values that are not what they were, and what is made from them.
    fn moved(&self, before: Option<&Module>, after: &Module) -> BTreeSet<String> {
        let Some(before) = before else { return BTreeSet::new() };
        let mut moved: BTreeSet<String> = after
            .locals()
            .chain(after.variables())
            .filter(|now| {
                let old = before.get(now.address()).and_then(Declaration::value).map(text_of);
                old != now.value().map(text_of)
            })
            .map(|now| now.address().to_owned())
            .collect();
        let old = values(self.previous, self.before);
        let new = values(Some(self.bundle), Some(self.module));
        moved.extend(
            new.iter().filter(|(name, value)| old.get(*name) != Some(*value)).map(|(name, _)| format!("var.{name}")),
        );
        loop {
            let follows = |local: &&Declaration| {
                !moved.contains(local.address())
                    && after.references(local.address()).iter().any(|source| moved.contains(source))
            };
            let more: Vec<String> = after.locals().filter(follows).map(|local| local.address().to_owned()).collect();
            if more.is_empty() {
                return moved;
            }
            moved.extend(more);
        }
    }

    fn updated(
        &self,
        after: &Module,
        old: &Instance,
        new: &Instance,
        moved: &BTreeSet<String>,
        tagged: &BTreeSet<String>,
    ) -> Option<Change> {
        let (mut before_values, mut after_values) = (Map::new(), Map::new());
        let mut paths = Vec::new();
        let names: BTreeSet<&String> = old.arguments.keys().chain(new.arguments.keys()).collect();
        for name in names {
            let value = |own: &Instance| opened(&plain(own.arguments.get(name).unwrap_or(&Value::Null)));
            let now = value(new);
            let before = aligned(value(old), &now);
            let others = paths.len();
            differences(&before, &now, &mut vec![name.clone()], &mut paths);
            if paths.len() > others {
                before_values.insert(name.clone(), before);
                after_values.insert(name.clone(), now);
            }
        }
        if tagged.contains(&new.declaration) && !before_values.contains_key("tags") {
            paths.push(vec!["tags_all".to_owned()]);
        }
        if paths.is_empty() {
            return None;
        }
        let mut row = self.row("update", Some(old), Some(new));
        row.before = Some(Value::Object(before_values));
        row.after = Some(Value::Object(after_values));
        row.paths = paths;
        row.source = self.source(&new.address, &row.paths);
        let from: Vec<String> =
            after.references(&new.declaration).into_iter().filter(|source| moved.contains(source)).collect();
        row.note = (!from.is_empty()).then(|| format!("follows {}", from.join(", ")));
        Some(row)
    }

    fn row(&self, action: &str, old: Option<&Instance>, new: Option<&Instance>) -> Change {
        let nodes = &self.bundle.nodes;
        let address = new.or(old).map(|own| own.address.as_str()).unwrap_or_default();
        let resource_type = new.or(old).map(|own| own.type_name.as_str()).unwrap_or_default();
        let value = |own: Option<&Instance>| own.map(|own| plain(&Value::Object(own.arguments.clone())));
        Change {
            address: format!("{}/{address}", self.module.key),
            node: nodes.iter().find_map(|node| node.of_address(address)).map(|found| found.name),
            stack: self.module.key.clone(),
            account: self.module.target.account.clone(),
            resource_type: resource_type.to_owned(),
            actions: vec![action.to_owned()],
            replace: None,
            stateful: is_stateful(resource_type),
            before: value(old),
            after: value(new),
            paths: Vec::new(),
            seen_by: vec![SeenBy::TemplateDiff],
            source: self.source(address, &[]),
            policy: None,
            note: None,
        }
    }

    fn source(&self, address: &str, paths: &[Vec<String>]) -> Vec<SourcePlace> {
        let mut found: Vec<SourcePlace> = Vec::new();
        for place in paths.iter().flat_map(|path| (self.places)(&self.module.key, address, path)) {
            if !found.contains(&place) {
                found.push(place);
            }
        }
        if paths.is_empty() { (self.places)(&self.module.key, address, &[]) } else { found }
    }
}

/// The tags that the provider gives to everything, as text.
fn default_tags(module: &Module) -> Option<String> {
    texts(module.of_kind(Kind::Provider).next()?).remove("default_tags")
}

/// Addresses of the resources that have the provider's tags.
fn tagged(module: &Module) -> BTreeSet<String> {
    let registry = Registry::builtin();
    let has_tags = |resource: &&Declaration| {
        let schema = resource.type_name().and_then(|name| registry.get(Kind::Resource, name));
        let own_provider = texts(resource).contains_key("override_provider");
        !own_provider && schema.is_some_and(|schema| schema.block().attributes.contains_key("tags_all"))
    };
    module.resources().filter(has_tags).map(|resource| resource.address().to_owned()).collect()
}

/// Arguments and blocks of a declaration as text, by name.
fn texts(declaration: &Declaration) -> BTreeMap<String, String> {
    let mut texts: BTreeMap<String, String> = BTreeMap::new();
    for structure in declaration.body().into_iter().flatten() {
        let (name, text) = match structure {
            Structure::Attribute(attribute) => (attribute.key.as_str().to_owned(), text_of(&attribute.value)),
            Structure::Block(block) => {
                let text = declaration.source().slice(block.span().unwrap_or_default());
                (block.ident.as_str().to_owned(), text_of(&text))
            }
        };
        texts.entry(name).and_modify(|all| *all = format!("{all} {text}")).or_insert(text);
    }
    if declaration.kind() == Kind::Output {
        texts.retain(|name, _| name == "value");
    }
    texts
}

/// A piece of HCL without its layout.
fn text_of(piece: &impl ToString) -> String {
    piece.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::render::ModuleState;

    fn bundle(text: &str) -> Bundle {
        let mut bundle = Bundle::of_nothing("terraform");
        bundle.modules.push(RenderedModule {
            key: "hub".into(),
            target: bundle.deployment.hub.clone(),
            files: BTreeMap::from([("main.tf".to_owned(), text.into())]),
            variables: BTreeMap::new(),
            state: ModuleState::Local,
            outputs: BTreeMap::new(),
        });
        bundle
    }

    fn planned(before: Option<&str>, after: &str) -> Plan {
        let places: Places = Arc::new(|_, _, _| Vec::new());
        let before = before.map(bundle);
        plan(&bundle(after), before.as_ref(), &places).unwrap()
    }

    const LOGS: &str = "locals {\n  days = 7\n}\nresource \"aws_cloudwatch_log_group\" \"main\" {\n  name = \"a\"\n  \
                        retention_in_days = local.days\n}\n";

    #[test]
    fn without_a_last_apply_everything_is_made() {
        let plan = planned(None, LOGS);
        assert_eq!(plan.changes[0].actions, ["create"]);
        assert_eq!(plan.changes[0].address, "hub/aws_cloudwatch_log_group.main");
    }

    #[test]
    fn another_layout_is_no_change() {
        assert!(planned(Some(LOGS), &LOGS.replace("  name = ", "  name              = ")).is_empty());
    }

    #[test]
    fn a_changed_argument_is_a_row_with_both_values() {
        let plan = planned(Some(LOGS), &LOGS.replace("\"a\"", "\"b\""));
        let row = &plan.changes[0];
        assert_eq!(
            (row.actions.as_slice(), row.paths.as_slice()),
            (&["update".to_owned()][..], &[vec!["name".to_owned()]][..])
        );
        assert_eq!(row.after, Some(serde_json::json!({"name": "b"})));
    }

    #[test]
    fn what_is_made_from_a_changed_local_changes_with_it() {
        let plan = planned(Some(LOGS), &LOGS.replace("days = 7", "days = 14"));
        assert_eq!(plan.changes[0].note.as_deref(), Some("follows local.days"));
    }

    #[test]
    fn a_changed_tag_of_the_provider_is_a_row_of_everything_that_has_tags() {
        let text = |team: &str| {
            format!(
                "provider \"aws\" {{\n  default_tags {{\n    tags = {{ team = \"{team}\" }}\n  }}\n}}\nresource \"aws_vpc\" \
                 \"main\" {{}}\nresource \"aws_route\" \"main\" {{}}\n"
            )
        };
        let plan = planned(Some(&text("platform")), &text("gateway"));
        let [row] = plan.changes.as_slice() else { panic!("{:?}", plan.changes) };
        assert_eq!((row.address.as_str(), &row.paths), ("hub/aws_vpc.main", &vec![vec!["tags_all".to_owned()]]));
    }

    const SUBNETS: &str = "locals {\n  zones = { a = \"10.0.1.0/24\", b = \"10.0.2.0/24\" }\n}\nresource \"aws_subnet\" \"private\" \
                           {\n  for_each = local.zones\n  cidr_block = each.value\n  vpc_id = aws_vpc.main.id\n}\nresource \
                           \"aws_eip\" \"nat\" {\n  count = 1\n}\n";

    fn told(plan: &Plan) -> Vec<(&str, &str)> {
        plan.changes.iter().map(|row| (row.address.as_str(), row.actions[0].as_str())).collect()
    }

    #[test]
    fn each_member_of_a_family_is_a_row_with_its_own_values() {
        let plan = planned(None, SUBNETS);
        let made = [
            ("hub/aws_subnet.private[\"a\"]", "create"),
            ("hub/aws_subnet.private[\"b\"]", "create"),
            ("hub/aws_eip.nat[0]", "create"),
        ];
        assert_eq!(told(&plan), made);
        let after = serde_json::json!({"cidr_block": "10.0.2.0/24", "vpc_id": "aws_vpc.main.id"});
        assert_eq!(plan.changes[1].after, Some(after));
    }

    #[test]
    fn only_the_members_that_change_are_rows() {
        let changed = SUBNETS.replace("10.0.2.0/24", "10.0.3.0/24").replace("count = 1", "count = 0");
        let plan = planned(Some(SUBNETS), &changed.replace("a = ", "c = "));
        let rows = [
            ("hub/aws_subnet.private[\"b\"]", "update"),
            ("hub/aws_subnet.private[\"c\"]", "create"),
            ("hub/aws_subnet.private[\"a\"]", "delete"),
            ("hub/aws_eip.nat[0]", "delete"),
        ];
        assert_eq!(told(&plan), rows);
        assert_eq!(plan.changes[0].before, Some(serde_json::json!({"cidr_block": "10.0.2.0/24"})));
    }

    #[test]
    fn a_family_whose_members_only_aws_tells_is_one_row() {
        let plan =
            planned(None, "resource \"aws_route\" \"own\" {\n  for_each = toset(data.aws_route_tables.all.ids)\n}\n");
        assert_eq!(told(&plan), [("hub/aws_route.own", "create")]);
    }

    #[test]
    fn what_can_be_planned_is_known_although_a_root_module_cannot_be_read() {
        let mut both = bundle(LOGS);
        let files = BTreeMap::from([("main.tf".to_owned(), "resource {".into())]);
        both.modules.push(RenderedModule { key: "accounts/one".into(), files, ..both.modules[0].clone() });
        let places: Places = Arc::new(|_, _, _| Vec::new());
        let unplanned = plan(&both, None, &places).unwrap_err();
        assert!(matches!(unplanned.error, EngineError::Invalid(_)), "{unplanned}");
        assert_eq!(told(&unplanned.known), [("hub/aws_cloudwatch_log_group.main", "create")]);
    }

    #[test]
    fn what_is_no_longer_there_is_deleted() {
        let plan = planned(Some(LOGS), "locals {\n  days = 7\n}\n");
        assert_eq!(plan.changes[0].actions, ["delete"]);
    }
}
