//! The routes asked without a connection: the same handlers in the same envelope, for what this program reads of itself.

use actix_http::{BoxedPayloadStream, Request};
use actix_service::boxed::{self, BoxService};
use actix_service::{IntoServiceFactory, Service, ServiceFactory};
use actix_web::body::{BoxBody, to_bytes};
use actix_web::dev::{AppConfig, ServiceResponse};
use actix_web::http::Uri;
use actix_web::http::header::{CACHE_CONTROL, HeaderValue, LOCATION};
use actix_web::web;
use bytes::Bytes;

use super::extract::MIN_CHANGE;
use super::limits::Limits;
use super::server::application;
use crate::app::App;
use crate::error::{Error, Result};

/// The routes of an application, to be asked on one thread.
pub struct InProcess(
    BoxService<Request<BoxedPayloadStream>, ServiceResponse<BoxBody>, actix_web::Error>,
);

/// What was answered.
#[derive(Debug)]
pub struct Answered {
    /// The status.
    pub status: u16,
    /// The content, in no coding.
    pub bytes: Bytes,
    /// Where to go instead, where the status says so.
    pub location: Option<String>,
    /// It is of this moment only, for something that was missing in it.
    pub passing: bool,
}

impl InProcess {
    /// Those of this application.
    ///
    /// # Errors
    /// When they cannot be set up, which is a fault of ours.
    pub async fn new(app: web::Data<App>, limits: Limits) -> Result<Self> {
        let factory = application(app, limits).into_factory();
        let service = factory.new_service(AppConfig::default()).await;
        let service = service.map_err(|()| Error::internal("the routes could not be set up"))?;
        Ok(Self(boxed::service(service)))
    }

    /// Asks for a path and query by GET, from a state that includes a change where one is named.
    ///
    /// # Errors
    /// When the path and query are none, or the answer breaks off.
    pub async fn get(&self, target: &str, change: Option<i64>) -> Result<Answered> {
        let mut request = Request::new();
        let head = request.head_mut();
        head.uri = Uri::try_from(target)
            .map_err(|error| Error::internal(format!("`{target}` cannot be asked for: {error}")))?;
        if let Some(change) = change {
            head.headers.insert(MIN_CHANGE, HeaderValue::from(change));
        }
        let answered = self.0.call(request).await;
        let response = match answered {
            Ok(response) => response.into_parts().1,
            Err(error) => error.error_response(),
        };
        let header = |name| {
            let value: Option<&HeaderValue> = response.headers().get(name);
            value.and_then(|value| value.to_str().ok())
        };
        let location = header(LOCATION).map(str::to_owned);
        let passing = header(CACHE_CONTROL).is_some_and(|value| value.contains("no-store"));
        let status = response.status().as_u16();
        let bytes = to_bytes(response.into_body())
            .await
            .map_err(|error| Error::internal(format!("the answer to {target}: {error}")))?;
        Ok(Answered {
            status,
            bytes,
            location,
            passing,
        })
    }
}
