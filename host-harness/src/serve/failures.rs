//! The last answers that were failures, for the dashboard.

use std::collections::VecDeque;
use std::sync::Mutex;

use serde::Serialize;

use crate::sync::lock;

/// How many are kept.
const KEPT: usize = 50;

/// One failure; the field names are a contract with the dashboard.
#[derive(Clone, Debug, Serialize)]
pub(super) struct FailedRequest {
    /// Seconds since 1970.
    pub(super) time: f64,
    pub(super) id: String,
    pub(super) status: u16,
    pub(super) code: String,
    pub(super) path: String,
    pub(super) ms: f64,
}

/// The last requests that failed, oldest first.
#[derive(Default)]
pub(super) struct FailedRequests(Mutex<VecDeque<FailedRequest>>);

impl FailedRequests {
    pub(super) fn add(&self, failure: FailedRequest) {
        let mut kept = lock(&self.0);
        kept.push_back(failure);
        if kept.len() > KEPT {
            kept.pop_front();
        }
    }

    /// A JSON array.
    pub(super) fn json(&self) -> String {
        let kept = lock(&self.0);
        serde_json::to_string(&*kept).unwrap_or_else(|_| "[]".to_owned())
    }
}
