//! Terraform as an engine.

use async_trait::async_trait;

use super::{TerraformEngine, plan};
use crate::drift::{Document, Finding};
use crate::engine::{
    Applied, ApplyOptions, DestroyOptions, DestroyPlan, DiagnoseOptions, DriftOptions, Engine, EngineError, Outputs,
    Patient, PlanOptions, RecoverOptions, Status, Underway, Unplanned,
};
use crate::plan::{Gate, Plan, SavedPlan};
use crate::render::Bundle;

#[async_trait(?Send)]
impl Engine for TerraformEngine {
    async fn plan(&self, bundle: &Bundle, options: &PlanOptions) -> Result<Plan, Unplanned> {
        self.make_plan(bundle, options).await
    }

    fn plan_offline(&self, bundle: &Bundle, previous: Option<&Bundle>) -> Result<Plan, Box<Unplanned>> {
        plan::offline::plan(bundle, previous, &self.places)
    }

    fn applied(&self) -> Result<Option<Bundle>, EngineError> {
        Ok(self.journal.applied()?)
    }

    fn saved(&self, plan: Plan, bundle: &Bundle) -> Result<SavedPlan, EngineError> {
        self.save(plan, bundle)
    }

    async fn moved(&self, saved: &SavedPlan, bundle_sha256: Option<&str>) -> Result<Vec<String>, EngineError> {
        self.what_moved(saved, bundle_sha256).await
    }

    async fn discard(&self, plan: &Plan) -> Result<(), EngineError> {
        self.remove_plans(plan)
    }

    async fn take_up(&self, bundle: &Bundle) -> Result<(), EngineError> {
        self.wait_for_children(bundle).await
    }

    fn settle(&self, bundle: &Bundle) -> Result<(), EngineError> {
        self.close_journal(bundle)
    }

    async fn apply(&self, saved: &SavedPlan, options: &ApplyOptions) -> Result<Applied, EngineError> {
        self.apply_plan(saved, options).await
    }

    async fn outputs(&self, bundle: &Bundle) -> Result<Outputs, EngineError> {
        self.read_outputs(bundle).await
    }

    async fn status(&self, bundle: &Bundle) -> Result<Status, EngineError> {
        self.look(bundle).await
    }

    async fn drift(&self, bundle: &Bundle, options: &DriftOptions) -> Result<Document, EngineError> {
        self.find_drift(bundle, options).await
    }

    async fn revert(&self, bundle: &Bundle, address: &str, findings: &[Finding]) -> Result<usize, EngineError> {
        self.put_back(bundle, address, findings).await
    }

    async fn diagnose(
        &self,
        bundle: &Bundle,
        options: &DiagnoseOptions,
    ) -> Result<crate::diagnose::Document, EngineError> {
        self.find_failures(bundle, options).await
    }

    async fn plan_destroy(&self, bundle: &Bundle, options: &DestroyOptions) -> Result<DestroyPlan, EngineError> {
        self.find_doomed(bundle, options).await
    }

    async fn destroy(&self, bundle: &Bundle, plan: &DestroyPlan, options: &DestroyOptions) -> Result<(), EngineError> {
        self.take_down(bundle, plan, options).await
    }

    async fn underway(&self, bundle: &Bundle) -> Result<Vec<Underway>, EngineError> {
        self.find_underway(bundle).await
    }

    async fn watch(&self, bundle: &Bundle, underway: &[Underway]) -> Result<(), EngineError> {
        self.follow_all(bundle, underway).await
    }

    async fn cancel(&self, bundle: &Bundle, underway: &[Underway]) -> Result<(), EngineError> {
        self.cancel_all(bundle, underway).await
    }

    async fn patients(&self, bundle: &Bundle) -> Result<Vec<Patient>, EngineError> {
        self.find_patients(bundle).await
    }

    async fn unreconciled(&self, _bundle: &Bundle) -> Result<Vec<Gate>, EngineError> {
        // Terraform never rolls back.
        Ok(Vec::new())
    }

    async fn recover(
        &self,
        bundle: &Bundle,
        patients: &[Patient],
        _options: &RecoverOptions,
    ) -> Result<(), EngineError> {
        self.treat(bundle, patients).await
    }
}
