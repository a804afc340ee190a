//! What is known of the request being answered, wherever in its course: its id, and how problems are addressed.

use std::sync::Arc;

use crate::layer::request_id::RequestId;
use crate::problem::ProblemCode;

/// The request being answered.
#[derive(Debug, Clone)]
pub(crate) struct Context {
    request_id: RequestId,
    public_url: Arc<str>,
}

tokio::task_local! {
    static CURRENT: Context;
}

impl Context {
    pub(super) fn new(request_id: RequestId, public_url: Arc<str>) -> Self {
        Self {
            request_id,
            public_url,
        }
    }

    /// The `X-Request-Id`.
    pub(crate) fn request_id(&self) -> &str {
        self.request_id.as_str()
    }

    /// The `type` of a problem: the address of the page that explains its code.
    pub(crate) fn problem_type(&self, code: ProblemCode) -> String {
        format!("{}/docs/errors/{}", self.public_url, code.as_str())
    }

    /// Answers within this context.
    pub(super) fn scope<F: Future>(self, answer: F) -> impl Future<Output = F::Output> {
        CURRENT.scope(self, answer)
    }

    /// Does something within this context.
    pub(super) fn within<T>(self, act: impl FnOnce() -> T) -> T {
        CURRENT.sync_scope(self, act)
    }
}

/// The context, if a request is being answered.
pub(crate) fn current() -> Option<Context> {
    CURRENT.try_with(Clone::clone).ok()
}
