//! The JSON form of the site's settings, as a file or the admin API sends it.

use serde_json::Value;

use super::model::{AdminSite, Contact, Menus, Settings};
use crate::articles::input::image;
use crate::articles::new::{LINK_RULE, MAX_PARAGRAPH, MAX_TITLE, is_link};
use crate::authors::input::link;
use crate::error::{Error, Fault, FaultCode};
use crate::json::Fields;

/// Reads the settings, whole: what is not given is empty.
///
/// # Errors
/// All the faults at once, each with the pointer of its field.
pub fn settings(value: &Value) -> Result<Settings, Vec<Fault>> {
    let mut faults = Vec::new();
    let mut fields = Fields::new(value, "", &mut faults);
    let name = fields.required_string("name").unwrap_or_default();
    let settings = Settings {
        name,
        tagline: fields.string("tagline"),
        description: fields.string("description"),
        logo: fields.object("logo", image).flatten(),
        contact: fields.object("contact", contact).unwrap_or_default(),
        social: fields.objects("social", link).unwrap_or_default(),
        menus: fields.object("menus", menus).unwrap_or_default(),
    };
    fields.finish();
    check(&settings, &mut faults);
    if faults.is_empty() {
        Ok(settings)
    } else {
        Err(faults)
    }
}

/// The whole that a PATCH stands for (RFC 7396): the logo, the contact and the menus are merged field by field.
///
/// # Errors
/// When the settings cannot be written as JSON, which is a fault of ours.
pub fn patched(present: &AdminSite, sent: &Value) -> Result<Value, Error> {
    if !sent.is_object() {
        // Merged, it would take the place of the whole; it is refused for what it is.
        return Ok(sent.clone());
    }
    let mut whole = serde_json::to_value(present.settings())
        .map_err(|error| Error::internal(format!("the settings of the site: {error}")))?;
    crate::json::merge_named(&mut whole, sent, &[]);
    Ok(whole)
}

fn contact(fields: &mut Fields<'_>) -> Contact {
    Contact {
        email: fields.string("email"),
        phone: fields.string("phone"),
        address: fields.string("address"),
        page: fields.string("page"),
        form: fields.bool("form").unwrap_or(true),
    }
}

fn menus(fields: &mut Fields<'_>) -> Menus {
    Menus {
        main: fields.objects("main", link).unwrap_or_default(),
        footer: fields.objects("footer", link).unwrap_or_default(),
    }
}

fn check(settings: &Settings, faults: &mut Vec<Fault>) {
    let Settings {
        name,
        tagline,
        description,
        logo,
        contact,
        social,
        menus,
    } = settings;
    let texts = [
        ("/name", Some(name), MAX_TITLE),
        ("/tagline", tagline.as_ref(), MAX_TITLE),
        ("/description", description.as_ref(), MAX_PARAGRAPH),
        (
            "/logo/alt",
            logo.as_ref().map(|logo| &logo.alt),
            MAX_PARAGRAPH,
        ),
        ("/contact/email", contact.email.as_ref(), MAX_TITLE),
        ("/contact/phone", contact.phone.as_ref(), MAX_TITLE),
        ("/contact/address", contact.address.as_ref(), MAX_PARAGRAPH),
    ];
    for (pointer, text, max) in texts {
        let length = text.map_or(0, |text| text.chars().count());
        if length > max {
            let detail = format!("has {length} characters; at most {max} are allowed");
            faults.push(Fault::at(pointer, FaultCode::TooLarge, detail));
        }
    }
    let lists = [
        ("/social", social),
        ("/menus/main", &menus.main),
        ("/menus/footer", &menus.footer),
    ];
    let listed = lists.into_iter().flat_map(|(list, links)| {
        links
            .iter()
            .enumerate()
            .map(move |(index, link)| (format!("{list}/{index}/url"), &link.url))
    });
    let single = [
        ("/logo/url", logo.as_ref().map(|logo| &logo.url)),
        ("/contact/page", contact.page.as_ref()),
    ];
    let single = single
        .into_iter()
        .filter_map(|(pointer, url)| url.map(|url| (pointer.to_owned(), url)));
    for (pointer, url) in single.chain(listed) {
        if !is_link(url) {
            faults.push(Fault::at(pointer, FaultCode::Malformed, LINK_RULE));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_all_the_faults_at_once() {
        let faults = settings(&json!({
            "nam": "x",
            "logo": {"url": "javascript:alert(1)"},
            "menus": {"main": [{"label": "Home", "url": "//elsewhere"}, {"label": 1, "url": "/"}]},
        }));
        let found: Vec<_> = faults
            .unwrap_err()
            .into_iter()
            .map(|fault| (fault.pointer.unwrap(), fault.code))
            .collect();
        assert_eq!(
            found,
            [
                ("/name".to_owned(), FaultCode::Missing),
                ("/menus/main/1/label".to_owned(), FaultCode::WrongType),
                ("/nam".to_owned(), FaultCode::Unknown),
                ("/logo/url".to_owned(), FaultCode::Malformed),
                ("/menus/main/0/url".to_owned(), FaultCode::Malformed),
            ]
        );
    }

    #[test]
    fn reads_what_it_prints() {
        let whole = settings(
            &json!({"name": "The Door", "menus": {"main": [{"label": "Home", "url": "/"}]}}),
        )
        .unwrap();
        assert_eq!(settings(&serde_json::to_value(&whole).unwrap()), Ok(whole));
    }

    #[test]
    fn a_patch_merges_what_is_nested() {
        let site = json!({
            "name": "The Door",
            "logo": {"url": "/logo.png", "alt": "A door", "width": 64},
            "contact": {"email": "desk@example.org", "phone": "1"},
            "menus": {"main": [{"label": "Home", "url": "/"}], "footer": [{"label": "About", "url": "/about"}]},
        });
        let present = AdminSite::new(settings(&site).unwrap(), 3, None);
        let sent = json!({
            "logo": {"width": null, "height": 9}, "contact": {"phone": null, "page": "/contact"},
            "menus": {"main": []}, "tagline": "Come in",
        });
        let merged = settings(&patched(&present, &sent).unwrap()).unwrap();
        let logo = merged.logo.unwrap();
        assert_eq!(
            (logo.url.as_str(), logo.width, logo.height),
            ("/logo.png", None, Some(9))
        );
        assert_eq!(merged.contact.email.as_deref(), Some("desk@example.org"));
        assert_eq!(
            (merged.contact.phone, merged.contact.page.as_deref()),
            (None, Some("/contact"))
        );
        assert_eq!((merged.menus.main.len(), merged.menus.footer.len()), (0, 1));
        assert_eq!(merged.tagline.as_deref(), Some("Come in"));

        let cleared =
            settings(&patched(&present, &json!({"logo": null, "menus": null})).unwrap()).unwrap();
        assert_eq!((cleared.logo, cleared.menus), (None, Menus::default()));
        let nameless = settings(&patched(&present, &json!({"name": null})).unwrap()).unwrap_err();
        assert_eq!(
            (nameless[0].pointer.as_deref(), nameless[0].code),
            (Some("/name"), FaultCode::Missing)
        );
        assert!(settings(&patched(&present, &json!("x")).unwrap()).is_err());
    }
}
