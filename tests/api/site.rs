//! The site: what editors set, with what the server is set up to.

use masthead::articles::model::Image;
use masthead::authors::model::Link;
use masthead::site::model::{Contact, Menus, Settings};
use masthead::site::store;

use crate::support::Server;

fn link(label: &str, url: &str) -> Link {
    Link {
        label: label.into(),
        url: url.into(),
    }
}

#[test]
fn an_untouched_site_is_empty() {
    let server = Server::setup().site_url(None).locales(["de"]).start();
    insta::assert_json_snapshot!(server.get("/v1/site").ok(), @r#"
    {
      "name": "",
      "tagline": null,
      "description": null,
      "logo": null,
      "base_url": null,
      "locales": [
        "de"
      ],
      "contact": {
        "email": null,
        "phone": null,
        "address": null,
        "page": null,
        "form": true
      },
      "social": [],
      "menus": {
        "main": [],
        "footer": []
      }
    }
    "#);
}

#[test]
fn shows_every_setting() {
    let server = Server::start();
    let settings = Settings {
        name: "The Open Door".into(),
        tagline: Some("Come in".into()),
        description: Some("A publication".into()),
        logo: Some(Image {
            url: "/logo.png".into(),
            alt: "A door".into(),
            width: Some(64),
            height: Some(64),
        }),
        contact: Contact {
            email: Some("desk@example.org".into()),
            phone: None,
            address: Some("1 Lane\nTown".into()),
            page: Some("/contact".into()),
            form: true,
        },
        social: vec![link("Mastodon", "https://social.example/@door")],
        menus: Menus {
            main: vec![link("Home", "/"), link("About", "/about")],
            footer: vec![],
        },
    };
    let before = server.get("/v1/site");
    let put = settings.clone();
    let first = server.write(move |tx| store::put(tx, &put));
    let after = server.get("/v1/site");
    assert_eq!(after.change(), first.change);
    assert_ne!(after.header("etag"), before.header("etag"));
    insta::assert_json_snapshot!(after.ok(), @r#"
    {
      "name": "The Open Door",
      "tagline": "Come in",
      "description": "A publication",
      "logo": {
        "url": "/logo.png",
        "alt": "A door",
        "width": 64,
        "height": 64
      },
      "base_url": "https://example.org",
      "locales": [
        "en",
        "de"
      ],
      "contact": {
        "email": "desk@example.org",
        "phone": null,
        "address": "1 Lane\nTown",
        "page": "/contact",
        "form": true
      },
      "social": [
        {
          "label": "Mastodon",
          "url": "https://social.example/@door"
        }
      ],
      "menus": {
        "main": [
          {
            "label": "Home",
            "url": "/"
          },
          {
            "label": "About",
            "url": "/about"
          }
        ],
        "footer": []
      }
    }
    "#);
    let mut renamed = settings;
    renamed.name = "Shut".into();
    server.write(move |tx| store::put(tx, &renamed));
    assert_eq!(server.get("/v1/site").ok()["name"], "Shut");
    assert_eq!(server.get("/v1/site").ok()["tagline"], "Come in");
}
