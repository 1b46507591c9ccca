//! The routes asked for what stands at an address, patiently.

use std::time::Duration;

use actix_web::web;

use super::address::Address;
use crate::app::App;
use crate::error::Result;
use crate::http::in_process::{Answered, InProcess};
use crate::http::limits::Limits;

/// How often it is asked again for what cannot be answered now.
const TRIES: u32 = 20;
/// How long to wait before that.
const PAUSE: Duration = Duration::from_millis(250);
/// Nobody waits for these answers but the export.
const DEADLINE: Duration = Duration::from_secs(600);

/// Asks the routes of an application for answers that include a change.
pub(super) struct Asker {
    routes: InProcess,
    change: i64,
}

impl Asker {
    pub(super) async fn new(app: &web::Data<App>, change: i64) -> Result<Self> {
        let limits = Limits {
            // The paths of redirects may be long, and are longer encoded.
            url: 64 * 1024,
            deadline: DEADLINE,
            ..Limits::default()
        };
        Ok(Self {
            routes: InProcess::new(app.clone(), limits).await?,
            change,
        })
    }

    /// What stands at an address.
    ///
    /// # Errors
    /// When the answer breaks off.
    pub(super) async fn ask(&self, address: &Address) -> Result<Answered> {
        let target = address.target();
        let mut tries = 0;
        loop {
            let answered = self.routes.get(&target, Some(self.change)).await?;
            // One that lacks something for the moment is not what others get a moment later.
            let is_wanting = answered.status == 503 || answered.status == 200 && answered.passing;
            if !is_wanting || tries == TRIES {
                return Ok(answered);
            }
            tries += 1;
            tokio::time::sleep(PAUSE).await;
        }
    }
}
