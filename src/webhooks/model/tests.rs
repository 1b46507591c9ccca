use super::*;

fn event(resource: Resource, action: &str, tags: &str) -> Event {
    Event {
        change: 1,
        position: 0,
        at: at(0),
        action: action.to_owned(),
        resource,
        id: Id([1; 16]),
        public: true,
        tags: tags.to_owned(),
    }
}

fn at(millis: i64) -> Time {
    Time::from_millis(millis).unwrap()
}

fn hook(events: &[&str], tag: Option<Id>) -> Webhook {
    Webhook {
        id: Id([9; 16]),
        name: "a hook".into(),
        url: "https://example.org".into(),
        events: events.iter().map(|event| (*event).to_owned()).collect(),
        tag,
        enabled: true,
        disabled_reason: None,
        rotated_at: None,
        version: 1,
        created_at: at(0),
        updated_at: at(0),
    }
}

#[test]
fn a_webhook_wants_what_it_names() {
    let published = event(Resource::Article, "published", "a-01010101 list-t-02020202");
    for (events, wanted) in [
        (&["*"][..], true),
        (&["article.*"], true),
        (&["tag.created", "article.published"], true),
        (&["article.updated"], false),
        (&["tag.*"], false),
    ] {
        assert_eq!(hook(events, None).wants(&published), wanted, "{events:?}");
    }
    assert!(hook(&["*"], Some(Id([2; 16]))).wants(&published));
    assert!(!hook(&["*"], Some(Id([3; 16]))).wants(&published));
    let tag = event(Resource::Tag, "updated", "t-02020202 list-tags");
    assert!(hook(&["*"], Some(Id([2; 16]))).wants(&tag));
}

#[test]
fn every_event_can_be_named_and_nothing_else() {
    let names = event_names();
    assert!(names.len() > 30 && names.contains(&"user.link_made".to_owned()));
    let sent: Vec<_> = names.iter().map(String::as_str).enumerate().collect();
    assert_eq!(events(&sent).unwrap(), names);
    for unknown in [
        "",
        "article",
        "article.",
        "*.published",
        "ping",
        "article.Published",
    ] {
        assert!(events(&[(0, unknown)]).is_err(), "{unknown}");
    }
}

#[test]
fn it_is_tried_for_a_day_at_growing_distances() {
    let id = Id([7; 16]);
    let (mut now, mut waits) = (at(0), Vec::new());
    loop {
        let attempt = Attempt {
            at: now,
            status: Some(500),
            retry_after: None,
            error: None,
        };
        let before = i32::try_from(waits.len()).unwrap();
        match attempt.verdict(id, before, at(0)) {
            Verdict::Again(next) => {
                waits.push(next.millis() - now.millis());
                now = next;
            }
            verdict => {
                assert_eq!(verdict, Verdict::Failed);
                break;
            }
        }
    }
    for (index, wait) in waits.iter().enumerate() {
        let middle = i64::try_from(BACKOFF[index.min(7)] * 1000).unwrap();
        assert!(
            (middle * 8 / 10..=middle * 12 / 10).contains(wait),
            "{waits:?}"
        );
    }
    assert!((10..=13).contains(&waits.len()), "{waits:?}");
    let hours = now.millis() / 3_600_000;
    assert!((18..24).contains(&hours), "{waits:?}");
}

#[test]
fn the_receiver_has_a_say() {
    let attempt = |status, seconds: u64| Attempt {
        at: at(0),
        status: Some(status),
        retry_after: Some(Duration::from_secs(seconds)),
        error: None,
    };
    let verdict = |status, seconds| attempt(status, seconds).verdict(Id([7; 16]), 0, at(0));
    assert_eq!(verdict(204, 60), Verdict::Delivered);
    assert_eq!(verdict(410, 60), Verdict::Gone);
    assert_eq!(verdict(429, 60), Verdict::Again(at(60_000)));
    assert_eq!(verdict(503, 1_000_000), Verdict::Again(at(3_600_000)));
    assert!(matches!(verdict(503, 0), Verdict::Again(next) if next < at(7_000)));
    assert!(matches!(verdict(302, 0), Verdict::Again(_)));
}
