//! Where a request meets the cache: what is kept is answered without a look at the routes, and what they answer is kept.

use std::sync::Arc;
use std::time::Duration;

use actix_web::body::BoxBody;
use actix_web::dev::{Service, ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::{HttpResponse, web};

use super::error::{Problem, Refusal};
use super::negotiate::codings;
use super::protect::Readers;
use super::respond::Finished;
use crate::app::App;
use crate::cache::{self, Flight, Hit};

/// The application and the path and query, where the answer to them may be kept.
fn kept<'r>(
    request: &'r ServiceRequest,
    readers: &Readers,
) -> Option<(&'r web::Data<App>, &'r str)> {
    // These tell of the moment, and must not wait for anything; and files are kept where they are.
    const OF_THE_MOMENT: [&str; 4] = ["/health/", "/metrics", "/v1/changes/stream", "/media/"];
    let is_delivery = !readers.are_editors()
        && *request.method() == Method::GET
        && !OF_THE_MOMENT
            .iter()
            .any(|path| request.path().starts_with(path));
    let app = request.app_data::<web::Data<App>>();
    let app = app.filter(|app| is_delivery && app.cache.is_on())?;
    Some((app, request.uri().path_and_query()?.as_str()))
}

/// A request whose answer may be kept.
pub(super) struct Kept {
    app: web::Data<App>,
    key: Box<str>,
}

impl Kept {
    /// `None` where it may not.
    pub(super) fn of(request: &ServiceRequest, readers: &Readers) -> Option<Self> {
        let (app, target) = kept(request, readers)?;
        Some(Self {
            app: app.clone(),
            key: cache::key(target).into(),
        })
    }

    /// What is kept of a request, if that is fresh and may be answered as it is.
    pub(super) fn at_once(request: &ServiceRequest, readers: &Readers) -> Option<Hit> {
        let (app, target) = kept(request, readers)?;
        if app.cache.proves() {
            return None;
        }
        let codes = codings(request.headers()).next().is_some();
        app.cache.get(&cache::key(target), codes)
    }

    /// For tests: whether what is kept is made anew all the same.
    pub(super) fn is_proved(&self) -> bool {
        self.app.cache.proves()
    }

    fn hit(&self, request: &ServiceRequest) -> Option<Hit> {
        let codes = codings(request.headers()).next().is_some();
        self.app.cache.get(&self.key, codes)
    }

    /// The answer of what is kept.
    pub(super) fn of_hit(hit: &Hit, request: &ServiceRequest) -> HttpResponse {
        let response = hit.finished.respond(request.headers(), hit.change);
        response.unwrap_or_else(HttpResponse::from_error)
    }

    /// For tests: an answer that is kept, compared with one that is made anew.
    async fn proved<S>(
        &self,
        service: &S,
        request: ServiceRequest,
        hit: Hit,
    ) -> Result<ServiceResponse<BoxBody>, actix_web::Error>
    where
        S: Service<ServiceRequest, Response = ServiceResponse<BoxBody>, Error = actix_web::Error>,
    {
        let headers = request.headers().clone();
        let anew = service.call(request).await?;
        let is_other = |anew: &Arc<Finished>| anew.identity() != hit.finished.identity();
        let is_wrong = anew
            .response()
            .extensions()
            .get::<Arc<Finished>>()
            .is_some_and(is_other);
        // A write that is on disk and not told of yet is in what was made anew.
        tokio::time::sleep(Duration::from_millis(if is_wrong { 100 } else { 0 })).await;
        if is_wrong && !self.app.cache.has_changed_since(&hit) {
            let problem = Problem::internal(format!("what is kept of {} is not so", self.key));
            let refused = HttpResponse::from_error(Refusal::from(problem));
            return Ok(anew.into_response(refused));
        }
        let response = hit.finished.respond(&headers, hit.change);
        Ok(anew.into_response(response.unwrap_or_else(HttpResponse::from_error)))
    }

    /// Waits for who reads the same already, or has it read and keeps the answer. `looked` says that nothing was kept a
    /// moment ago.
    pub(super) async fn through<S>(
        self,
        service: &S,
        request: ServiceRequest,
        looked: bool,
    ) -> Result<ServiceResponse<BoxBody>, actix_web::Error>
    where
        S: Service<ServiceRequest, Response = ServiceResponse<BoxBody>, Error = actix_web::Error>,
    {
        if !looked && let Some(hit) = self.hit(&request) {
            if self.app.cache.proves() {
                return self.proved(service, request, hit).await;
            }
            let response = Self::of_hit(&hit, &request);
            return Ok(request.into_response(response));
        }
        let own = match self.app.cache.begin(&self.key) {
            Some(Flight::Others(wait)) => {
                wait.over().await;
                None
            }
            Some(Flight::Own(own)) => Some(own),
            None => None,
        };
        // Who read it meanwhile has kept it, also where that was over before this one could wait for it.
        let codes = codings(request.headers()).next().is_some();
        if let Some(hit) = self.app.cache.again(&self.key, codes) {
            let response = Self::of_hit(&hit, &request);
            return Ok(request.into_response(response));
        }
        let response = service.call(request).await?;
        if let Some(finished) = response.response().extensions().get::<Arc<Finished>>() {
            self.app.cache.put(&self.key, Arc::clone(finished));
        }
        drop(own);
        Ok(response)
    }
}
