//! Short queries as people type them, on a real blog: what anybody would expect stands on top.

use crate::support::{Server, corpus};

/// A query, how far down a right hit may stand, and the slugs of the right hits.
const QUERIES: &[(&str, usize, &[&str])] = &[
    ("emoji", 1, &["using-emoji-for-knowledge-sharing"]),
    ("kanban", 1, &["kanban-for-government"]),
    ("myusa", 1, &["myusa"]),
    (
        "elasticsearch",
        1,
        &["how-we-get-high-availability-with-elasticsearch-and-ruby-on-rails"],
    ),
    ("foia", 1, &["a-new-look-at-the-freedom-of-information-act"]),
    ("meetings", 1, &["how-to-run-an-efficient-meeting"]),
    (
        "acronyms",
        1,
        &["whats-in-a-name-understanding-and-using-gov-acronyms"],
    ),
    (
        "fbopen",
        1,
        &[
            "announcing-fbopen-government-opportunities-made-easier",
            "18f-shows-what-is-possible-in-government-with-fbopen",
        ],
    ),
    (
        "fedramp",
        1,
        &[
            "cloud-gov-is-now-fedramp-authorized",
            "cloud-gov-full-steam-ahead-fedramp-assessment-process",
        ],
    ),
    ("privacy", 1, &["a-dashboard-for-privacy-offices"]),
    (
        "spreadsheets",
        1,
        &["three-ways-to-write-fearless-spreadsheet-formulas"],
    ),
    (
        "slack",
        3,
        &[
            "how-bot-named-dolores-landingham-transformed-18fs-onboarding",
            "how-18f-handles-information-security-and-third-party-applications",
        ],
    ),
    (
        "technical debt",
        1,
        &[
            "what-is-technical-debt",
            "managing-technical-debt",
            "preventing-technical-debt",
            "technical-debt-1",
        ],
    ),
    (
        "pair programming",
        1,
        &["pair-programming-why-two-heads-are-better-than-one"],
    ),
    (
        "mobile app",
        1,
        &["why-your-agency-doesnt-need-a-mobile-app"],
    ),
    (
        "bug bounty",
        1,
        &["the-next-steps-towards-bug-bounty-program-for-technology-transformation-service"],
    ),
    (
        "machine learning",
        1,
        &["automating-easy-government-decisions-with-machine-learning"],
    ),
    (
        "post office",
        1,
        &["thinking-about-the-future-of-the-post-office-an-interview-with-amanda-weaver"],
    ),
    (
        "plain language",
        1,
        &[
            "new-home-for-the-federal-plain-language-community",
            "ask-18f-plain-language-government-terms",
            "using-plain-language-to-bridge-the-gap-between-government-and-industry",
            "plain-language-betafec-new-content-design",
        ],
    ),
    (
        "stakeholder interviews",
        1,
        &[
            "build-empathy-with-stakeholder-interviews-part-1-preparation",
            "building-empathy-with-stakeholder-interviews-part-2-conversation",
        ],
    ),
    (
        "release notes",
        1,
        &["life-changing-magic-writing-release-notes"],
    ),
    (
        "style guide",
        1,
        &[
            "introducing-the-css-coding-style-guide",
            "style-guide-for-open-source-documentation",
        ],
    ),
    (
        "child welfare",
        1,
        &[
            "mississippi-agile-modular-techniques-child-welfare-system",
            "helping-california-buy-a-new-child-welfare-system",
            "leadership-innovation-california-child-welfare-services",
        ],
    ),
    (
        "social media",
        1,
        &[
            "what-we-can-learn-from-the-interiors-social-feeds",
            "new-us-digital-registry-authenticates-official-public-service-accounts",
        ],
    ),
    (
        "remote usability testing",
        1,
        &[
            "introduction-to-remote-moderated-usability-testing-part-1",
            "introduction-to-remote-moderated-usability-testing-part-2-how",
        ],
    ),
    (
        "change control board",
        1,
        &["using-agile-and-devops-to-get-better-results-than-a-change-control-board"],
    ),
    (
        "infrastructure as code",
        1,
        &["shared-infrastructure-as-code"],
    ),
    ("designing for kids", 1, &["every-kid-in-a-park"]),
    (
        "moving to https",
        3,
        &[
            "the-us-government-is-moving-to-https-everywhere",
            "tracking-the-us-governments-progress-on-moving-https",
        ],
    ),
    ("christmas tree permits", 1, &["open-forest-launch-post"]),
    (
        "robin carnahan",
        1,
        &[
            "california-takes-new-approach-procurement",
            "modular-procurement-state-local-government",
            "pulling-back-the-curtain-on-it-procurement",
            "budgeting-handbook",
        ],
    ),
    (
        "clinton troxel",
        1,
        &[
            "getting-devops-buy-in",
            "moving-a-legacy-microsoft-environment-to-the-azure-cloud",
        ],
    ),
    (
        "qituwra anderson",
        1,
        &[
            "7-tips-on-facilitating-unplanned-topics-in-meetings",
            "sharing-artifacts-and-outputs-from-research",
        ],
    ),
    (
        "matt cloyd",
        1,
        &[
            "working-with-oracle-databases-in-open-source-projects",
            "three-ways-to-write-fearless-spreadsheet-formulas",
            "how-we-measure-coaching",
        ],
    ),
    (
        "checklistom",
        1,
        &["checklistomania-makes-it-easy-to-keep-track-of-relative-tasks"],
    ),
    ("protosk", 1, &["how-to-protosketch", "protosketch"]),
    ("cloud migrat", 1, &["avoiding-cloudfall"]),
    (
        "earthqake",
        1,
        &[
            "national-earthquake-information-centers-open-source-team",
            "moveforward-map-give-video",
        ],
    ),
    (
        "bureacracy",
        1,
        &["hacking-bureaucracy-improving-hiring-and-software"],
    ),
    (
        "vulnerabilty disclosure",
        1,
        &["a-vulnerability-disclosure-policy-for-the-technology-transformation-service"],
    ),
];

#[test]
fn short_queries_of_a_blog_find_what_is_expected() {
    let server = Server::start();
    crate::imports::import_blog(&server, &corpus("markdown-blog/18f-yaml"));
    let mut wrong = Vec::new();
    for (query, places, expected) in QUERIES {
        let words = query.replace(' ', "+");
        let path = format!("/v1/search?q={words}&limit=5&fields=slug");
        let answer = server.search(&path).ok();
        let items = answer["items"].as_array().unwrap();
        let slugs: Vec<&str> = items
            .iter()
            .map(|item| item["slug"].as_str().unwrap())
            .collect();
        if !slugs
            .iter()
            .take(*places)
            .any(|slug| expected.contains(slug))
        {
            wrong.push(format!("{query}: {slugs:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(QUERIES.len(), 40);
}
