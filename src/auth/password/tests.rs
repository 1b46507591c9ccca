use futures_util::FutureExt;

use super::*;

const GOOD: &str = "tundra violin mosaic pepper glacier";

fn codes(text: &str) -> Vec<FaultCode> {
    let about = [
        "Alice Miller",
        "alice.miller@example.org",
        "The Daily Heron",
    ];
    match NewPassword::parse(text, &about) {
        Ok(_) => Vec::new(),
        Err(faults) => faults.into_iter().map(|(code, _)| code).collect(),
    }
}

fn password(text: &str) -> NewPassword {
    NewPassword::parse(text, &[]).unwrap()
}

/// So many different characters from the first one on.
fn run_of(first: char, count: u32) -> String {
    (0..count)
        .filter_map(|n| char::from_u32(u32::from(first) + n * 7))
        .collect()
}

#[test]
fn takes_what_is_hard_to_guess_of_any_kind() {
    for good in [
        GOOD,
        "tundraviolinmosaicpepperglacier",
        "x9$kQ2!vLm7@pR4#tZ8&",
        "kqzvxwjyfhbnpdmgtrsl",
        "  spaces   count, within and without ",
        "we ate 17 green pears on the roof",
        "我们今天去公园散步看见很多花开得真好",
        "Überfahrt nach Grönland im Nebel",
        "\u{1F980}\u{1F419}\u{1F991}\u{1F421} harbour lantern",
        &run_of('\u{1F400}', 64),
        &run_of('北', 64),
        &run_of('北', 256),
        "tab\tand\u{7}bell and\nnew line",
    ] {
        assert_eq!(codes(good), [], "{good}");
    }
}

#[test]
fn refuses_what_is_easy_to_guess() {
    for weak in [
        "passwordpassword",
        "P@ssw0rdP@ssw0rd",
        "Password1234567",
        "aaaaaaaaaaaaaaaa",
        "aaaabbbbccccdddd",
        "abcabcabcabcabcabc",
        "abcdefghijklmnop",
        "123456789012345",
        "111111111111111",
        "qwertyuiopasdfgh",
        "qazwsxedcrfvtgb",
        "1q2w3e4r5t6y7u8i",
        "iloveyouiloveyou",
        "monkeydragonfootball",
        "letmeinletmein123",
        "administrator2026",
        "correcthorsebatterystaple",
        "correct horse battery staple",
        "Correct Horse Battery Staple",
        "mastheadmasthead",
        "masthead12345678",
        "alice.miller@example.org",
        "Alice.Miller@Example.Org1",
        "alicemiller2026",
        "millermilleralice",
        "thedailyheron123",
        "The Daily Heron",
        &"🦀".repeat(64),
        &"é".repeat(20),
        &"北京".repeat(20),
        &"a".repeat(256),
        &"password".repeat(32),
        &"qwertyuiop".repeat(20),
    ] {
        assert_eq!(codes(weak), [FaultCode::NotAllowed], "{weak}");
    }
    // What is known of one user is a good password of another.
    assert!(NewPassword::parse("Nkwelle Ezunaka Grzegorz", &[]).is_ok());
    assert!(NewPassword::parse("Nkwelle Ezunaka Grzegorz", &["Nkwelle Ezunaka Grzegorz"]).is_err());
}

#[test]
fn counts_characters_once_composed() {
    let letters = run_of('北', 300);
    let first = |count: usize| letters.chars().take(count).collect::<String>();
    assert_eq!(codes(&first(14)), [FaultCode::TooSmall]);
    assert_eq!(codes(&first(15)), []);
    assert_eq!(codes(&first(256)), []);
    assert_eq!(codes(&first(257)), [FaultCode::TooLarge]);
    assert_eq!(codes(""), [FaultCode::TooSmall]);
    assert_eq!(codes(&"x".repeat(1 << 20)), [FaultCode::TooLarge]);
    // 14 letters once composed, 28 before.
    assert_eq!(codes(&"e\u{301}".repeat(14)), [FaultCode::TooSmall]);
    assert_eq!(
        codes("\0short"),
        [FaultCode::Malformed, FaultCode::TooSmall]
    );
    assert_eq!(codes(&format!("{GOOD}\0")), [FaultCode::Malformed]);
}

#[test]
fn faults_name_numbers_and_no_password() {
    let faults = NewPassword::parse("hunter2hunter2", &[]).unwrap_err();
    assert_eq!(
        faults,
        [(
            FaultCode::TooSmall,
            "has 14 characters; at least 15 are needed".to_owned()
        )]
    );
    assert_eq!(format!("{:?}", password(GOOD)), "NewPassword");
}

#[tokio::test]
async fn a_password_is_known_again_however_it_is_typed() {
    let hasher = Hasher::new(2, 8);
    let composed = "Grönland, Überfahrt und Nebel";
    let decomposed: String = composed.nfd().collect();
    assert_ne!(composed, decomposed);
    for (chosen, typed) in [(composed, decomposed.as_str()), (&decomposed, composed)] {
        let stored = hasher.hash(password(chosen)).await.unwrap();
        let verify = |attempt: &str| hasher.verify(Some(stored.clone()), attempt.to_owned());
        assert!(verify(chosen).await.unwrap() && verify(typed).await.unwrap());
        for wrong in [
            "",
            "Gronland, Uberfahrt und Nebel",
            "grönland, überfahrt und nebel",
            "Grönland, Überfahrt und Nebel ",
        ] {
            assert!(!verify(wrong).await.unwrap(), "{wrong}");
        }
    }
}

#[tokio::test]
async fn the_longest_password_is_known_in_pieces_and_nothing_longer() {
    let hasher = Hasher::new(1, 1);
    // 256 syllables: 768 bytes, and 2,304 in pieces.
    let longest = run_of('각', 256);
    let pieces: String = longest.nfd().collect();
    assert!(pieces.len() > MAX_BYTES);
    let stored = hasher.hash(password(&longest)).await.unwrap();
    assert!(hasher.verify(Some(stored.clone()), pieces).await.unwrap());
    assert!(
        !hasher
            .verify(Some(stored), format!("{longest}a"))
            .await
            .unwrap()
    );

    // Four bytes each: what is cut off is not forgiven.
    let longest = run_of('\u{20000}', 256);
    assert_eq!(longest.len(), MAX_BYTES);
    let stored = hasher.hash(password(&longest)).await.unwrap();
    assert!(
        hasher
            .verify(Some(stored.clone()), longest.clone())
            .await
            .unwrap()
    );
    assert!(
        !hasher
            .verify(Some(stored.clone()), format!("{longest}a"))
            .await
            .unwrap()
    );
    assert!(
        !hasher
            .verify(Some(stored), longest.repeat(1000))
            .await
            .unwrap()
    );
}

#[tokio::test]
async fn nobody_has_no_password_and_costs_the_same() {
    let hasher = Hasher::new(1, 1);
    for attempt in ["", GOOD, "nobody knows the password of thi"] {
        assert!(!hasher.verify(None, attempt.to_owned()).await.unwrap());
    }
    let nobody = PasswordHash::new(NOBODY).unwrap();
    let stored = hash_blocking(&password(GOOD)).unwrap();
    let stored = PasswordHash::new(&stored).unwrap();
    assert_eq!(nobody.algorithm, stored.algorithm);
    assert_eq!(nobody.version, stored.version);
    assert_eq!(nobody.params, stored.params);
    assert_eq!(nobody.salt.unwrap().len(), stored.salt.unwrap().len());
    assert_eq!(nobody.hash.unwrap().len(), stored.hash.unwrap().len());
}

#[tokio::test]
async fn two_hashes_of_one_password_differ_and_say_how_they_were_made() {
    let one = hash_blocking(&password(GOOD)).unwrap();
    let other = hash_blocking(&password(GOOD)).unwrap();
    assert_ne!(one, other);
    assert!(one.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{one}");
    let hasher = Hasher::new(1, 1);
    let broken = hasher.verify(Some("plain text".to_owned()), GOOD.to_owned());
    assert!(matches!(broken.await, Err(Error::Internal(_))));
}

#[tokio::test]
async fn so_many_wait_and_more_are_told_to_come_back() {
    let hasher = Hasher::new(2, 1);
    // Nobody's turn comes while the test holds both.
    let turns = Arc::clone(&hasher.turns)
        .acquire_many_owned(2)
        .await
        .unwrap();
    let mut waiting: Vec<_> = (0..3)
        .map(|_| Box::pin(hasher.verify(None, GOOD.to_owned())))
        .collect();
    for attempt in &mut waiting {
        assert!(attempt.now_or_never().is_none());
    }
    let refused = hasher.verify(None, GOOD.to_owned()).now_or_never();
    assert!(
        matches!(refused, Some(Err(Error::Unavailable { .. }))),
        "{refused:?}"
    );

    // Whoever leaves the queue makes room for another.
    waiting.pop();
    let mut next = Box::pin(hasher.verify(None, GOOD.to_owned()));
    assert!((&mut next).now_or_never().is_none());
    drop(turns);
    for attempt in waiting {
        assert!(!attempt.await.unwrap());
    }
    assert!(!next.await.unwrap());
    assert_eq!(hasher.places.available_permits(), 3);
}

#[tokio::test]
async fn whoever_leaves_keeps_the_place_until_the_work_is_done() {
    let hasher = Hasher::new(1, 0);
    let (begin, begun) = std::sync::mpsc::channel::<()>();
    let (done, wait) = std::sync::mpsc::channel::<()>();
    let mut work = Box::pin(hasher.run(move || {
        begin.send(()).unwrap();
        Ok(wait.recv().is_ok())
    }));
    assert!((&mut work).now_or_never().is_none());
    begun.recv().unwrap();
    drop(work);
    assert!(hasher.verify(None, GOOD.to_owned()).await.is_err());
    done.send(()).unwrap();
    let _turn = hasher.turns.acquire().await.unwrap();
    let _place = hasher.places.acquire().await.unwrap();
}
