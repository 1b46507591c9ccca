//! The server: listens, hands each connection to a worker, and ends without cutting anyone off.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use actix_http::HttpService;
use actix_server::{Server, ServerHandle};
use actix_service::{ServiceFactory, ServiceFactoryExt, fn_service, map_config};
use actix_web::body::BoxBody;
use actix_web::dev::{AppConfig, ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_MAX_AGE, ALLOW,
};
use actix_web::rt::net::TcpStream;
use actix_web::{App as ActixApp, HttpRequest, HttpResponse, web};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::sync::watch;

use super::envelope::Envelope;
use super::error::{Code, Problem, Refusal};
use super::known;
use super::limits::Limits;
use super::wire::Wire;
use crate::app::App;

/// The bounds of the server.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Threads that serve requests.
    pub workers: usize,
    /// Connections at once.
    pub connections: usize,
    /// How long the head of a request may take.
    pub head_timeout: Duration,
    /// How long a peer may take nothing of an answer.
    pub write_timeout: Duration,
    /// How long a connection may stay without a request.
    pub keep_alive: Duration,
    /// How long what is in flight may take after the order to stop.
    pub shutdown: Duration,
    /// Bounds of each request.
    pub limits: Limits,
}

/// A server that listens.
pub struct Running {
    /// Where.
    pub address: SocketAddr,
    /// Ends when the server has.
    pub server: Server,
    handle: ServerHandle,
    app: web::Data<App>,
    draining: watch::Sender<bool>,
}

impl Running {
    /// A handle to stop it with.
    #[must_use]
    pub fn stopper(&self) -> Stopper {
        Stopper {
            handle: self.handle.clone(),
            app: self.app.clone(),
            draining: self.draining.clone(),
        }
    }
}

/// Stops a server.
#[derive(Clone)]
pub struct Stopper {
    handle: ServerHandle,
    app: web::Data<App>,
    draining: watch::Sender<bool>,
}

impl Stopper {
    /// Not ready any more; no new connections; what is in flight is finished, idle connections are closed.
    pub async fn stop(&self) {
        self.app.stop();
        self.draining.send_replace(true);
        self.handle.stop(true).await;
    }
}

/// Listens on an address.
///
/// # Errors
/// When it cannot be had.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    // A restart must not wait for the old connections to be forgotten.
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(1024)?;
    Ok(socket.into())
}

/// Serves the application on a listener.
///
/// # Errors
/// When the listener cannot be used.
pub fn start(
    app: web::Data<App>,
    listener: TcpListener,
    settings: &Settings,
) -> io::Result<Running> {
    let address = listener.local_addr()?;
    let (draining, drained) = watch::channel(false);
    let Settings {
        workers,
        connections,
        head_timeout,
        write_timeout,
        keep_alive,
        shutdown,
        limits,
    } = settings.clone();
    let shared = app.clone();
    let server = Server::build()
        .workers(workers)
        .max_concurrent_connections(connections.div_ceil(workers))
        .shutdown_timeout(shutdown.as_secs())
        .disable_signals()
        .listen("http", listener, move || {
            let app = application(shared.clone(), limits);
            let drained = drained.clone();
            let http = HttpService::build()
                .keep_alive(keep_alive)
                .client_request_timeout(head_timeout)
                .client_disconnect_timeout(Duration::from_secs(1))
                .on_connect_ext(|wire: &Wire, data| {
                    data.insert(wire.last_answer());
                    data.insert(wire.hangup());
                })
                .graceful_shutdown_signal(move || {
                    let mut drained = drained.clone();
                    async move {
                        // An error means that the sender has gone, and with it the server.
                        let _gone = drained.wait_for(|draining| *draining).await;
                    }
                })
                .h1(map_config(app, |()| AppConfig::default()));
            fn_service(move |stream: TcpStream| async move {
                let peer = stream.peer_addr().ok();
                // Without it anything sent in two parts waits 40 ms for an acknowledgement.
                let _best_effort = stream.set_nodelay(true);
                Ok((Wire::new(stream, write_timeout), peer))
            })
            .and_then(http)
        })?
        .run();
    let handle = server.handle();
    Ok(Running {
        address,
        server,
        handle,
        app,
        draining,
    })
}

/// The routes of an application, in their envelope.
pub(super) fn application(
    app: web::Data<App>,
    limits: Limits,
) -> ActixApp<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<BoxBody>,
        Error = actix_web::Error,
        InitError = (),
        Future: 'static,
    >,
> {
    ActixApp::new()
        .app_data(app)
        .app_data(limits)
        .configure(super::routes)
        .default_service(web::to(no_route))
        .wrap(Envelope(limits))
}

/// That the routes of this path have no such method, where that is so.
pub(super) fn lacks(path: &str, method: &Method) -> Option<Problem> {
    let methods = known::methods_of(path);
    if methods.is_empty() || methods.contains(&method.as_str()) {
        return None;
    }
    let detail = format!("this route has no method {method}");
    Some(Problem {
        header: Some(Box::new((ALLOW, methods.join(", ")))),
        ..Problem::new(Code::MethodNotAllowed, detail)
    })
}

/// Answers what no route took: another method of a known path, or an unknown path.
async fn no_route(request: HttpRequest) -> Result<HttpResponse, Refusal> {
    let path = request.match_info().as_str();
    if request.method() == Method::OPTIONS {
        let methods = known::methods_of(path);
        if !methods.is_empty() {
            return Ok(preflight(&methods.join(", ")));
        }
    }
    if let Some(problem) = lacks(path, request.method()) {
        return Err(problem.into());
    }
    let hint = crate::error::closest(path, known::paths())
        .map(|near| format!("; did you mean {near}?"))
        .unwrap_or_default();
    Err(Problem::new(Code::UnknownRoute, format!("no route has this path{hint}")).into())
}

fn preflight(allow: &str) -> HttpResponse {
    HttpResponse::NoContent()
        .insert_header((ALLOW, allow))
        .insert_header((ACCESS_CONTROL_ALLOW_METHODS, allow))
        // `*` would not stand for Authorization (Fetch standard, CORS-preflight fetch).
        .insert_header((
            ACCESS_CONTROL_ALLOW_HEADERS,
            "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, Last-Event-ID, Min-Change",
        ))
        .insert_header((ACCESS_CONTROL_MAX_AGE, "86400"))
        .finish()
}
