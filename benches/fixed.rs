//! The measure of all: an actix server that answers prepared bytes under prepared headers, and nothing more. It runs in a
//! process of its own, which is this benchmark's program started in another mode, so that its CPU time stands apart.

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::web::{self, Bytes};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use serde::{Deserialize, Serialize};

/// One answer, as it came from the real server.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Prepared {
    pub(crate) target: String,
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

struct Answer {
    status: StatusCode,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Bytes,
}

type Answers = HashMap<String, Answer>;

/// Serves what stands in this file, until the process is ended.
pub(crate) fn serve(file: &Path) {
    let prepared: Vec<Prepared> = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let answers = prepared.into_iter().map(|prepared| {
        let headers = prepared.headers.iter();
        let headers = headers.map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        let answer = Answer {
            status: StatusCode::from_u16(prepared.status).unwrap(),
            headers: headers.collect(),
            body: prepared.body.into(),
        };
        (prepared.target, answer)
    });
    let answers: web::Data<Answers> = web::Data::new(answers.collect());
    let run = async move {
        let server = HttpServer::new(move || {
            App::new()
                .app_data(answers.clone())
                .default_service(web::to(answer))
        });
        let server = server
            .workers(std::thread::available_parallelism().unwrap().get())
            .tcp_nodelay(true)
            .bind("127.0.0.1:0")
            .unwrap();
        println!("listening on http://{}", server.addrs()[0]);
        server.run().await.unwrap();
    };
    actix_web::rt::System::new().block_on(run);
}

async fn answer(request: HttpRequest, answers: web::Data<Answers>) -> HttpResponse {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let target = request.uri().path_and_query().unwrap().as_str();
    let Some(answer) = answers.get(target) else {
        return HttpResponse::NotFound().finish();
    };
    let mut response = HttpResponse::build(answer.status);
    for header in &answer.headers {
        response.insert_header(header.clone());
    }
    let id = format!("{:016x}", NEXT.fetch_add(1, Ordering::Relaxed));
    response.insert_header(("x-request-id", id));
    if answer.body.is_empty() {
        response.finish()
    } else {
        response.body(answer.body.clone())
    }
}
