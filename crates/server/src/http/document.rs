//! The OpenAPI document of what this server answers.

use std::collections::BTreeMap;

use utoipa::{
    IntoResponses, Modify, OpenApi, PartialSchema, ToSchema,
    openapi::{
        self, Ref, RefOr, Schema,
        schema::AllOfBuilder,
        security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};

use super::reply::{ErrorBody, Failure, Json};

/// What is said of all routes; the routes add themselves.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "sottovoce",
        description = "A language model on this machine, in the interface of OpenAI's clients. Errors have OpenAI's shape. A \
                       server that was started with a token wants it as `Authorization: Bearer TOKEN`.",
        license(name = "MIT OR Apache-2.0")
    ),
    security((), ("token" = [])),
    tags(
        (name = "OpenAI", description = "The interface of OpenAI's clients, whose base URL ends with `/v1`"),
        (name = "Assistant", description = "Conversations that are kept: what the page is made of"),
        (name = "Operation", description = "How the server is"),
    ),
    modifiers(&Common)
)]
pub struct Document;

struct Common;

impl Modify for Common {
    fn modify(&self, document: &mut openapi::OpenApi) {
        // That of the crate's authors, whom nobody should write to about a server of somebody else.
        document.info.contact = None;
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("token", SecurityScheme::Http(scheme));
        let mut errors = vec![(ErrorBody::name().into_owned(), ErrorBody::schema())];
        ErrorBody::schemas(&mut errors);
        components.schemas.extend(errors);
    }
}

impl IntoResponses for Failure {
    fn responses() -> BTreeMap<String, RefOr<openapi::Response>> {
        let body = Ref::from_schema_name(ErrorBody::name());
        let content = openapi::ContentBuilder::new().schema(Some(body)).build();
        let response =
            openapi::ResponseBuilder::new().description("What went wrong").content("application/json", content);
        BTreeMap::from([("default".to_owned(), response.build().into())])
    }
}

impl<A: ToSchema, B: ToSchema> PartialSchema for Json<A, B> {
    fn schema() -> RefOr<Schema> {
        AllOfBuilder::new().item(A::schema()).item(B::schema()).into()
    }
}

impl<A: ToSchema, B: ToSchema> ToSchema for Json<A, B> {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        A::schemas(schemas);
        B::schemas(schemas);
    }
}

/// The document as JSON.
pub fn text(document: &openapi::OpenApi) -> String {
    let mut text = document.to_pretty_json().unwrap_or_else(|error| unreachable!("every key is a string: {error}"));
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs, path::Path};

    use super::*;
    use crate::http::routes;

    #[test]
    fn the_document_in_docs_is_what_is_served() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
        let made = text(&routes().into_openapi());
        if std::env::var_os("SOTTOVOCE_UPDATE").is_some() {
            fs::write(&path, &made).unwrap();
        }
        let kept = fs::read_to_string(&path).unwrap_or_default();
        assert!(
            kept == made,
            "docs/openapi.json is out of date; SOTTOVOCE_UPDATE=1 cargo test -p sottovoce-server document writes it anew"
        );
    }

    #[test]
    fn every_route_is_in_the_document() {
        let (router, document) = routes().split_for_parts();
        // axum tells its paths only here.
        let router = format!("{router:?}");
        let quoted = router.split('"').skip(1).step_by(2).filter(|text| text.starts_with('/'));
        // The two of a fallback are axum's own.
        let routes: BTreeSet<&str> = quoted.filter(|text| *text != "/" && !text.contains("__private__axum")).collect();
        for known in ["/v1/chat/completions", "/v1/realtime", "/api/messages/{id}/events"] {
            assert!(routes.contains(known), "{router}");
        }
        assert_eq!(routes, document.paths.paths.keys().map(String::as_str).collect());
    }

    #[test]
    fn every_reference_leads_somewhere_and_every_operation_has_a_name_of_its_own() {
        let document: serde_json::Value = serde_json::from_str(&text(&routes().into_openapi())).unwrap();
        let operations =
            document["paths"].as_object().unwrap().values().flat_map(|path| path.as_object().unwrap().values());
        let names: Vec<&str> = operations.map(|operation| operation["operationId"].as_str().unwrap()).collect();
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "{names:?}");
        let mut pending = vec![&document];
        while let Some(value) = pending.pop() {
            if let Some(reference) = value.get("$ref").and_then(serde_json::Value::as_str) {
                let pointer = reference.strip_prefix('#').unwrap();
                assert!(document.pointer(pointer).is_some(), "{reference}");
            }
            match value {
                serde_json::Value::Object(members) => pending.extend(members.values()),
                serde_json::Value::Array(items) => pending.extend(items),
                _ => {}
            }
        }
    }
}
