//! The JSON form of the site's settings, as a file or the admin API sends it.

use serde_json::Value;

use super::model::{Contact, Menus, Settings};
use crate::articles::input::image;
use crate::articles::new::{LINK_RULE, MAX_PARAGRAPH, MAX_TITLE, is_link};
use crate::authors::model::Link;
use crate::error::{Fault, FaultCode};
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

fn contact(fields: &mut Fields<'_>) -> Contact {
    Contact {
        email: fields.string("email"),
        phone: fields.string("phone"),
        address: fields.string("address"),
        page: fields.string("page"),
    }
}

fn menus(fields: &mut Fields<'_>) -> Menus {
    Menus {
        main: fields.objects("main", link).unwrap_or_default(),
        footer: fields.objects("footer", link).unwrap_or_default(),
    }
}

fn link(fields: &mut Fields<'_>) -> Option<Link> {
    let (label, url) = (
        fields.required_string("label"),
        fields.required_string("url"),
    );
    label.zip(url).map(|(label, url)| Link { label, url })
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
}
