//! HTTP: the one list of routes, and what is common to them. [`routes`] is what actix serves and what the OpenAPI document
//! is made of; there is no other way to add a route.

pub mod docs;
pub mod envelope;
pub mod error;
pub mod health;
pub mod list;
pub mod openapi;
pub mod problems;
pub mod query;
pub mod respond;
pub mod server;
mod wire;

use utoipa_actix_web::service_config::ServiceConfig;

use crate::{articles, authors, site, tags};

/// Every route, those asked for most first: the router tries them in this order.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(articles::http::list_articles)
        .service(articles::http::get_article_text)
        .service(articles::http::get_article)
        .service(site::http::get_site)
        .service(tags::http::list_tags)
        .service(tags::http::get_tag)
        .service(authors::http::list_authors)
        .service(authors::http::get_author)
        .service(articles::http::list_pages)
        .service(articles::http::get_page_text)
        .service(articles::http::get_page)
        .service(health::get_live)
        .service(health::get_ready)
        .service(openapi::get_openapi)
        .service(docs::get_docs_address)
        .service(docs::get_docs)
        .service(docs::get_docs_file)
        .service(problems::get_problem);
}
