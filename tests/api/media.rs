//! Media: what is put in, what readers get of it, and the texts that show it.

mod files;
mod kept;
mod s3;
mod texts;
mod upload;

use masthead::media::files::Files;
use masthead::media::library::{Library, Settings};
use serde_json::Value;

use crate::cli::program::{on, run};
use crate::support::{Database, Server};

/// The list of media.
const MEDIA: &str = "/v1/admin/media";

/// A server whose media are in this folder.
fn server_in(folder: &std::path::Path) -> Server {
    let files = Files::in_folder(folder).unwrap();
    let library = Library::new(files, Settings::default());
    Server::setup().app(|setup| setup.library = library).start()
}

/// The token of an editor in this database.
fn token_on(database: &Database) -> String {
    let email = "ada@example.org";
    let create = [
        "user", "create", "--email", email, "--name", "Ada", "--role", "editor",
    ];
    run(on(database, &create)).ok();
    let token = on(database, &["token", email, "--access-token-minutes", "600"]);
    run(token).ok().trim().to_owned()
}

/// Where a medium is for editors.
fn path_of(medium: &Value) -> String {
    format!("{MEDIA}/{}", medium["id"].as_str().unwrap())
}

/// The files of a medium: the last part of each address.
fn files_of(medium: &Value) -> Vec<String> {
    let variants = medium["variants"].as_array().unwrap().iter();
    let last = |variant: &Value| {
        let url = variant["url"].as_str().unwrap();
        url.rsplit('/').next().unwrap().to_owned()
    };
    variants.map(last).collect()
}
