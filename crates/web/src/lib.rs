//! Speaking HTTP: routes, extractors, problem+json, OpenAPI
