//! HTTP: the one list of routes, and what is common to them. [`routes`] is what actix serves and what the OpenAPI document
//! is made of; there is no other way to add a route.

mod code;
pub mod docs;
pub mod envelope;
pub mod error;
pub mod extract;
pub mod health;
pub mod in_process;
mod kept;
mod known;
pub mod limits;
pub mod list;
pub mod metrics;
pub mod negotiate;
pub mod openapi;
pub mod peer;
pub mod problems;
pub mod protect;
pub mod query;
pub mod respond;
pub mod server;
pub mod upload;
pub(crate) mod wire;

use actix_web::dev::HttpServiceFactory;
use actix_web::web;
use utoipa_actix_web::OpenApiFactory;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::{
    articles, auth, authors, batch, changes, crawlers, feeds, keys, mail, media, messages,
    previews, redirects, resolve, search, site, tags, tasks, users, webhooks,
};

/// What takes the list of routes: the router of a worker, or the document.
pub trait Routes {
    /// Takes one.
    fn service<F: HttpServiceFactory + OpenApiFactory + 'static>(&mut self, route: F) -> &mut Self;
}

impl Routes for web::ServiceConfig {
    fn service<F: HttpServiceFactory + OpenApiFactory + 'static>(&mut self, route: F) -> &mut Self {
        Self::service(self, route)
    }
}

impl Routes for ServiceConfig<'_> {
    fn service<F: HttpServiceFactory + OpenApiFactory + 'static>(&mut self, route: F) -> &mut Self {
        Self::service(self, route)
    }
}

/// Every route, those asked for most first: the router tries them in this order.
pub fn routes<R: Routes>(config: &mut R) {
    config
        .service(resolve::http::resolve_path)
        .service(articles::http::list_articles)
        .service(articles::http::get_article)
        .service(articles::http::get_article_text)
        .service(search::http::search_texts)
        .service(search::http::suggest_texts)
        .service(search::http::list_related_articles)
        .service(changes::http::stream::stream_changes)
        .service(changes::http::sync::get_changes)
        .service(site::http::get_site)
        .service(tags::http::list_tags)
        .service(tags::http::get_tag)
        .service(authors::http::list_authors)
        .service(authors::http::get_author)
        .service(media::http::files::get_media_file)
        .service(articles::http::list_pages)
        .service(articles::http::get_page)
        .service(articles::http::get_page_text)
        .service(feeds::http::get_feed)
        .service(crawlers::http::get_sitemap)
        .service(crawlers::http::get_sitemap_part)
        .service(crawlers::http::get_robots)
        .service(crawlers::http::get_llms)
        .service(previews::http::get_preview)
        .service(messages::http::create_message)
        .service(health::get_live)
        .service(health::get_ready)
        .service(metrics::get_metrics)
        .service(openapi::get_openapi)
        .service(docs::get_docs_address)
        .service(docs::get_docs)
        .service(docs::get_docs_file)
        .service(problems::get_problem);
    for_editors(config);
}

/// The routes for editors.
fn for_editors<R: Routes>(config: &mut R) {
    use articles::http::edit as texts;
    config
        .service(auth::http::sign_in::begin_session)
        .service(auth::http::sign_in::renew_session)
        .service(auth::http::sign_in::end_session)
        .service(auth::http::accept_link)
        .service(mail::http::begin_reset)
        .service(auth::http::me::get_me)
        .service(auth::http::me::update_me)
        .service(auth::http::me::set_password)
        .service(auth::http::second_factor::begin_totp)
        .service(auth::http::second_factor::accept_totp)
        .service(auth::http::second_factor::renew_recovery_codes)
        .service(auth::http::second_factor::end_totp)
        .service(auth::http::me::list_sessions)
        .service(auth::http::me::delete_session)
        .service(texts::list_all_articles)
        .service(texts::create_article)
        .service(texts::get_any_article)
        .service(texts::update_article)
        .service(texts::replace_article)
        .service(texts::delete_article)
        .service(texts::move_article)
        .service(articles::http::retag::retag_articles)
        .service(texts::pages::list_all_pages)
        .service(texts::pages::create_page)
        .service(texts::pages::get_any_page)
        .service(texts::pages::update_page)
        .service(texts::pages::replace_page)
        .service(texts::pages::delete_page)
        .service(texts::pages::move_page)
        .service(articles::http::review::submit_article)
        .service(articles::http::review::send_article_back)
        .service(articles::http::review::list_article_review_notes)
        .service(articles::http::review::submit_page)
        .service(articles::http::review::send_page_back)
        .service(articles::http::review::list_page_review_notes)
        .service(articles::http::schedule::list_schedule)
        .service(articles::http::schedule::schedule_article)
        .service(articles::http::schedule::schedule_page)
        .service(previews::http::list_article_previews)
        .service(previews::http::create_article_preview)
        .service(previews::http::delete_article_preview)
        .service(previews::http::list_page_previews)
        .service(previews::http::create_page_preview)
        .service(previews::http::delete_page_preview)
        .service(articles::http::revisions::list_article_revisions)
        .service(articles::http::revisions::get_article_revision)
        .service(articles::http::revisions::get_article_revision_diff)
        .service(articles::http::revisions::restore_article_revision)
        .service(articles::http::revisions::list_page_revisions)
        .service(articles::http::revisions::get_page_revision)
        .service(articles::http::revisions::get_page_revision_diff)
        .service(articles::http::revisions::restore_page_revision)
        .service(articles::http::working_copies::get_article_working_copy)
        .service(articles::http::working_copies::update_article_working_copy)
        .service(articles::http::working_copies::replace_article_working_copy)
        .service(articles::http::working_copies::delete_article_working_copy)
        .service(articles::http::working_copies::publish_article_working_copy)
        .service(articles::http::working_copies::pages::get_page_working_copy)
        .service(articles::http::working_copies::pages::update_page_working_copy)
        .service(articles::http::working_copies::pages::replace_page_working_copy)
        .service(articles::http::working_copies::pages::delete_page_working_copy)
        .service(articles::http::working_copies::pages::publish_page_working_copy)
        .service(tags::http::edit::list_all_tags)
        .service(tags::http::edit::create_tag)
        .service(tags::http::edit::get_any_tag)
        .service(tags::http::edit::update_tag)
        .service(tags::http::edit::replace_tag)
        .service(tags::http::edit::delete_tag)
        .service(tags::http::merge::merge_tag)
        .service(authors::http::edit::list_all_authors)
        .service(authors::http::edit::create_author)
        .service(authors::http::edit::get_any_author)
        .service(authors::http::edit::update_author)
        .service(authors::http::edit::replace_author)
        .service(authors::http::edit::delete_author)
        .service(site::http::edit::get_site_settings)
        .service(site::http::edit::update_site)
        .service(site::http::edit::replace_site)
        .service(redirects::http::list_redirects)
        .service(redirects::http::create_redirect)
        .service(redirects::http::get_redirect)
        .service(redirects::http::update_redirect)
        .service(redirects::http::replace_redirect)
        .service(redirects::http::delete_redirect)
        .service(media::http::list_media)
        .service(media::http::upload::create_medium)
        .service(media::http::delete_unused_media)
        .service(media::http::get_medium)
        .service(media::http::update_medium)
        .service(media::http::delete_medium)
        .service(messages::http::inbox::list_messages)
        .service(messages::http::inbox::get_messages_table)
        .service(messages::http::inbox::get_message)
        .service(messages::http::inbox::update_message)
        .service(messages::http::inbox::delete_message)
        .service(batch::http::run_batch)
        .service(tasks::http::begin_import)
        .service(tasks::http::begin_backup)
        .service(tasks::http::list_jobs)
        .service(tasks::http::get_job)
        .service(tasks::http::get_job_file)
        .service(tasks::http::end_job)
        .service(users::http::list_users)
        .service(users::http::create_user)
        .service(users::http::get_user)
        .service(users::http::update_user)
        .service(users::http::delete_user)
        .service(users::http::create_user_link)
        .service(users::http::list_user_sessions)
        .service(users::http::delete_user_sessions)
        .service(auth::http::second_factor::delete_user_totp)
        .service(keys::http::list_api_keys)
        .service(keys::http::create_api_key)
        .service(keys::http::get_api_key)
        .service(keys::http::update_api_key)
        .service(keys::http::delete_api_key)
        .service(webhooks::http::list_webhooks)
        .service(webhooks::http::create_webhook)
        .service(webhooks::http::get_webhook)
        .service(webhooks::http::update_webhook)
        .service(webhooks::http::delete_webhook)
        .service(webhooks::http::rotate_webhook_secret)
        .service(webhooks::http::sent::ping_webhook)
        .service(webhooks::http::sent::list_deliveries)
        .service(webhooks::http::sent::replay_delivery)
        .service(changes::http::list_changes)
        .service(changes::http::list_security_events);
}
