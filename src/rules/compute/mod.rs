//! Rules about tasks, their sizes and schedules.

pub(super) mod fargate_size;
pub(super) mod kubernetes_version;
pub(super) mod schedule_cron;
pub(super) mod schedule_names;
pub(super) mod schedule_range;
pub(super) mod schedule_timezone;
pub(super) mod spot;
pub(super) mod start_again;
pub(super) mod task_range;
pub(super) mod worker_memory;
