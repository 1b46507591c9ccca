//! The sample magazine: texts and what stands beside them, as files.

pub(super) const SITE: &str = include_str!("site.json");
pub(super) const TAGS: &str = include_str!("tags.json");
pub(super) const AUTHORS: &str = include_str!("authors.json");
pub(super) const REDIRECTS: &str = include_str!("redirects.json");
pub(super) const MESSAGES: &str = include_str!("messages.json");
pub(super) const TEXTS: &[(&str, &str)] = &[
    (
        "articles/a-small-toolkit-for-hard-moments.md",
        include_str!("articles/a-small-toolkit-for-hard-moments.md"),
    ),
    (
        "articles/aus-der-ferne-fuer-die-eltern-da-sein.md",
        include_str!("articles/aus-der-ferne-fuer-die-eltern-da-sein.md"),
    ),
    (
        "articles/caring-for-a-parent-from-afar.md",
        include_str!("articles/caring-for-a-parent-from-afar.md"),
    ),
    (
        "articles/closeness-after-trauma.md",
        include_str!("articles/closeness-after-trauma.md"),
    ),
    (
        "articles/die-kunst-der-entschuldigung.md",
        include_str!("articles/die-kunst-der-entschuldigung.md"),
    ),
    (
        "articles/draft-what-to-write-in-a-letter-of-condolence.md",
        include_str!("articles/draft-what-to-write-in-a-letter-of-condolence.md"),
    ),
    (
        "articles/grief-keeps-no-timetable.md",
        include_str!("articles/grief-keeps-no-timetable.md"),
    ),
    (
        "articles/how-to-read-a-health-headline.md",
        include_str!("articles/how-to-read-a-health-headline.md"),
    ),
    (
        "articles/how-we-measure-reading-time.md",
        include_str!("articles/how-we-measure-reading-time.md"),
    ),
    (
        "articles/lonely-in-a-full-office.md",
        include_str!("articles/lonely-in-a-full-office.md"),
    ),
    (
        "articles/naehe-nach-dem-trauma.md",
        include_str!("articles/naehe-nach-dem-trauma.md"),
    ),
    (
        "articles/shift-work-and-the-body-clock.md",
        include_str!("articles/shift-work-and-the-body-clock.md"),
    ),
    (
        "articles/still-holding-hands.md",
        include_str!("articles/still-holding-hands.md"),
    ),
    (
        "articles/the-art-of-the-apology.md",
        include_str!("articles/the-art-of-the-apology.md"),
    ),
    (
        "articles/trauer-kennt-keinen-fahrplan.md",
        include_str!("articles/trauer-kennt-keinen-fahrplan.md"),
    ),
    (
        "articles/warum-wir-um-vier-aufwachen.md",
        include_str!("articles/warum-wir-um-vier-aufwachen.md"),
    ),
    (
        "articles/what-a-good-walk-does.md",
        include_str!("articles/what-a-good-walk-does.md"),
    ),
    (
        "articles/why-fingers-wrinkle-in-the-bath.md",
        include_str!("articles/why-fingers-wrinkle-in-the-bath.md"),
    ),
    (
        "articles/why-we-wake-at-four.md",
        include_str!("articles/why-we-wake-at-four.md"),
    ),
    (
        "articles/wie-wir-die-lesezeit-messen.md",
        include_str!("articles/wie-wir-die-lesezeit-messen.md"),
    ),
    ("pages/about.md", include_str!("pages/about.md")),
    ("pages/contact.md", include_str!("pages/contact.md")),
    ("pages/kontakt.md", include_str!("pages/kontakt.md")),
    ("pages/ueber-uns.md", include_str!("pages/ueber-uns.md")),
];

/// The token of the sample's preview link. Everybody knows it, and it shows nothing but a sample.
pub(super) const PREVIEW: &str = "mhv_c2FtcGxlLXByZXZpZXctb2YtdGhlLWRlbW8tb25seSE";

/// One of the articles, with what it said before in place of some of its words: it has two revisions.
pub(super) const FORMER: (&str, &[(&str, &str)]) = (
    "articles/why-fingers-wrinkle-in-the-bath.md",
    &[
        (
            "A child’s question with a grown-up’s answer",
            "A small mystery",
        ),
        (
            "It sounds right. It is at best a small part of the story, and doctors",
            "It sounds right, and it is not. Doctors",
        ),
    ],
);

/// Another, with what its working copy says in place of some of its words.
pub(super) const COPIED: (&str, &[(&str, &str)]) = (
    "articles/what-a-good-walk-does.md",
    &[(
        "title: \"What a good walk does\"",
        "title: \"What a good walk does for you\"",
    )],
);
