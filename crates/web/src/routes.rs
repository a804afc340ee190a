//! One list of routes, read in three ways: to serve them, to describe them, and to know their paths.
//!
//! The description of all routes is several megabytes of small values, and a server that starts has no use for it: it
//! serves the committed document. So the list is generic over who reads it, and only [`Described`] makes descriptions.

use axum::Router;
use axum::handler::Handler;
use axum::routing::{MethodFilter, MethodRouter, on};
use utoipa::__dev::{SchemaReferences, Tags};
use utoipa::Path;
use utoipa::openapi::path::Paths;
use utoipa::openapi::{HttpMethod, OpenApi};

use crate::App;

/// What `utoipa::path` says of a handler.
pub(crate) trait Documentation: Path + for<'t> Tags<'t> + SchemaReferences {}

impl<P: Path + for<'t> Tags<'t> + SchemaReferences> Documentation for P {}

/// Who reads the list of routes.
pub(crate) trait Routes: Sized {
    /// The handler of a route whose path and methods its documentation `P` says.
    fn documented<P, H, T>(self, handler: H) -> Self
    where
        P: Documentation,
        H: Handler<T, App>,
        T: 'static;

    /// A route that is part of a page, like a picture, and not of the API. Whoever does not serve it need not know it.
    fn undocumented(self, _path: &'static str, _handler: fn() -> MethodRouter<App>) -> Self {
        self
    }
}

/// Serves the routes.
pub(crate) struct Served(pub(crate) Router<App>);

impl Routes for Served {
    fn documented<P, H, T>(self, handler: H) -> Self
    where
        P: Documentation,
        H: Handler<T, App>,
        T: 'static,
    {
        let methods = P::methods()
            .iter()
            .fold(MethodRouter::new(), |methods, method| {
                methods.merge(on(filter(method), handler.clone()))
            });
        Self(self.0.route(&P::path(), methods))
    }

    fn undocumented(self, path: &'static str, handler: fn() -> MethodRouter<App>) -> Self {
        Self(self.0.route(path, handler()))
    }
}

/// The documented paths, a path that has several methods once for each.
pub(crate) struct Named(pub(crate) Vec<String>);

impl Routes for Named {
    fn documented<P, H, T>(mut self, _handler: H) -> Self
    where
        P: Documentation,
        H: Handler<T, App>,
        T: 'static,
    {
        self.0.push(P::path());
        self
    }
}

/// Describes the routes.
pub(crate) struct Described(pub(crate) OpenApi);

impl Routes for Described {
    fn documented<P, H, T>(mut self, _handler: H) -> Self
    where
        P: Documentation,
        H: Handler<T, App>,
        T: 'static,
    {
        let mut operation = P::operation();
        operation.tags = Some(P::tags().into_iter().map(str::to_owned).collect());
        let mut paths = Paths::new();
        paths.add_path_operation(P::path(), P::methods(), operation);
        let mut schemas = Vec::new();
        P::schemas(&mut schemas);

        self.0.paths.merge(paths);
        let components = self.0.components.get_or_insert_default();
        components.schemas.extend(schemas);
        self
    }
}

fn filter(method: &HttpMethod) -> MethodFilter {
    match method {
        HttpMethod::Get => MethodFilter::GET,
        HttpMethod::Put => MethodFilter::PUT,
        HttpMethod::Post => MethodFilter::POST,
        HttpMethod::Head => MethodFilter::HEAD,
        HttpMethod::Patch => MethodFilter::PATCH,
        HttpMethod::Trace => MethodFilter::TRACE,
        HttpMethod::Delete => MethodFilter::DELETE,
        HttpMethod::Options => MethodFilter::OPTIONS,
    }
}

/// Adds handlers, each by its path, to a list of routes.
macro_rules! routes {
    ($list:expr; $($($part:ident)::+),+ $(,)?) => {{
        let list = $list;
        $(let list = $crate::routes::routes!(@add list [] $($part)::+);)+
        list
    }};
    // The documentation of `a::b` is a type `a::__path_b` beside it.
    (@add $list:ident [$($module:ident)*] $handler:ident) => {
        pastey::paste! {
            $crate::routes::Routes::documented::<$($module::)* [<__path_ $handler>], _, _>($list, $($module::)* $handler)
        }
    };
    (@add $list:ident [$($module:ident)*] $next:ident :: $($rest:tt)+) => {
        $crate::routes::routes!(@add $list [$($module)* $next] $($rest)+)
    };
}
pub(crate) use routes;
