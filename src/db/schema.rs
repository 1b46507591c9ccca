//! The tables, as Diesel sees them on both databases. A test selects every column of each on both.
#![expect(missing_docs, reason = "the tables are documented in migrations/")]

diesel::table! {
    meta (one) {
        one -> Integer,
        epoch -> Binary,
        change -> BigInt,
        public_change -> BigInt,
        names -> BigInt,
    }
}

diesel::table! {
    changes (number, position) {
        number -> BigInt,
        position -> Integer,
        at -> BigInt,
        actor -> Text,
        action -> Text,
        resource -> Text,
        resource_id -> Binary,
        tags_before -> Text,
        tags_after -> Text,
        was_public -> Bool,
        is_public -> Bool,
        actor_id -> Nullable<Binary>,
        key_id -> Nullable<Binary>,
        peer -> Nullable<Text>,
        request_id -> Nullable<Text>,
        detail -> Nullable<Text>,
    }
}

diesel::table! {
    articles (id) {
        id -> Binary,
        kind -> Text,
        state -> Text,
        locale -> Text,
        slug -> Text,
        title -> Text,
        title_key -> Text,
        subtitle -> Nullable<Text>,
        standfirst -> Nullable<Text>,
        excerpt -> Text,
        cover -> Nullable<Text>,
        featured -> Bool,
        content_notice -> Nullable<Text>,
        audience -> Text,
        citations -> Text,
        word_count -> Integer,
        reading_minutes -> Integer,
        translation_key -> Nullable<Text>,
        source -> Nullable<Text>,
        external_id -> Nullable<Text>,
        owner -> Nullable<Binary>,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
        published_at -> Nullable<BigInt>,
        tag_ids -> Binary,
        author_ids -> Binary,
        number -> BigInt,
    }
}

diesel::table! {
    article_bodies (article_id) {
        article_id -> Binary,
        sanitizer_version -> Integer,
        format -> Text,
        toc -> Text,
        seo -> Text,
        metadata -> Text,
        html -> Text,
        source -> Text,
        text -> Text,
        number -> BigInt,
    }
}

diesel::table! {
    article_slugs (slug, locale) {
        slug -> Text,
        locale -> Text,
        article_id -> Binary,
        current -> Bool,
        number -> BigInt,
    }
}

diesel::table! {
    tags (id) {
        id -> Binary,
        slug -> Text,
        name -> Text,
        name_key -> Text,
        description -> Nullable<Text>,
        parent_id -> Nullable<Binary>,
        article_count -> BigInt,
        subtree_count -> BigInt,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    tag_aliases (slug) {
        slug -> Text,
        name_key -> Text,
        tag_id -> Binary,
    }
}

diesel::table! {
    authors (id) {
        id -> Binary,
        slug -> Text,
        name -> Text,
        name_key -> Text,
        bio -> Nullable<Text>,
        avatar -> Nullable<Text>,
        links -> Text,
        article_count -> BigInt,
        public_count -> BigInt,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
        user_id -> Nullable<Binary>,
    }
}

diesel::table! {
    article_tags (article_id, position) {
        article_id -> Binary,
        position -> Integer,
        tag_id -> Binary,
        kind -> Text,
        published_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    article_authors (article_id, position) {
        article_id -> Binary,
        position -> Integer,
        author_id -> Binary,
        kind -> Text,
        published_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    published_counts (kind, locale) {
        kind -> Text,
        locale -> Text,
        count -> BigInt,
    }
}

diesel::table! {
    imports (source, external_id) {
        source -> Text,
        external_id -> Text,
        article_id -> Binary,
        digest -> Binary,
        version -> BigInt,
    }
}

diesel::table! {
    imported (source, kind, external_id) {
        source -> Text,
        kind -> Text,
        external_id -> Text,
        resource_id -> Binary,
        digest -> Binary,
        version -> BigInt,
    }
}

diesel::table! {
    site (one) {
        one -> Integer,
        settings -> Text,
        version -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    redirects (id) {
        id -> Binary,
        path -> Text,
        target -> Nullable<Text>,
        article_id -> Nullable<Binary>,
        status -> Integer,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    users (id) {
        id -> Binary,
        email -> Text,
        email_key -> Text,
        name -> Text,
        role -> Text,
        suspended -> Bool,
        password -> Nullable<Text>,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
        signed_in_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    user_links (user_id) {
        user_id -> Binary,
        hash -> Binary,
        expires_at -> BigInt,
    }
}

diesel::table! {
    totp_secrets (user_id) {
        user_id -> Binary,
        sealed -> Binary,
        begun_at -> BigInt,
        confirmed_at -> Nullable<BigInt>,
        last_step -> BigInt,
    }
}

diesel::table! {
    recovery_codes (hash) {
        hash -> Binary,
        user_id -> Binary,
    }
}

diesel::table! {
    sessions (id) {
        id -> Binary,
        user_id -> Binary,
        peer -> Text,
        user_agent -> Nullable<Text>,
        created_at -> BigInt,
        used_at -> BigInt,
        expires_at -> BigInt,
    }
}

diesel::table! {
    refresh_tokens (hash) {
        hash -> Binary,
        session_id -> Binary,
        used_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    api_keys (id) {
        id -> Binary,
        name -> Text,
        hash -> Binary,
        scopes -> Text,
        user_id -> Binary,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
        expires_at -> Nullable<BigInt>,
        used_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    idempotency_keys (id) {
        id -> Binary,
        digest -> Binary,
        at -> BigInt,
        change -> BigInt,
        status -> Integer,
        location -> Nullable<Text>,
        etag -> Nullable<Text>,
        body -> Nullable<Text>,
        secret -> Bool,
    }
}

diesel::table! {
    security_events (id) {
        id -> Binary,
        at -> BigInt,
        kind -> Text,
        user_id -> Nullable<Binary>,
        peer -> Text,
        request_id -> Text,
    }
}

diesel::table! {
    followers (name) {
        name -> Text,
        change -> BigInt,
        mark -> Text,
    }
}

diesel::table! {
    schedules (article_id, action) {
        article_id -> Binary,
        action -> Text,
        at -> BigInt,
        user_id -> Nullable<Binary>,
    }
}

diesel::table! {
    review_notes (id) {
        id -> Binary,
        article_id -> Binary,
        action -> Text,
        note -> Text,
        at -> BigInt,
        user_id -> Nullable<Binary>,
    }
}

diesel::table! {
    preview_links (id) {
        id -> Binary,
        article_id -> Binary,
        hash -> Binary,
        user_id -> Binary,
        created_at -> BigInt,
        expires_at -> BigInt,
    }
}

diesel::table! {
    messages (id) {
        id -> Binary,
        status -> Text,
        name -> Text,
        email -> Text,
        subject -> Nullable<Text>,
        message -> Text,
        caught_by -> Nullable<Text>,
        version -> BigInt,
        received_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    revisions (article_id, number) {
        article_id -> Binary,
        number -> BigInt,
        version -> BigInt,
        started_at -> BigInt,
        at -> BigInt,
        change -> BigInt,
        actor -> Text,
        actor_id -> Nullable<Binary>,
        key_id -> Nullable<Binary>,
        action -> Text,
        state -> Text,
        published_at -> Nullable<BigInt>,
        owner -> Nullable<Binary>,
        title -> Text,
        note -> Nullable<Text>,
    }
}

diesel::table! {
    mails (id) {
        id -> Binary,
        kind -> Text,
        resource_id -> Binary,
        user_id -> Binary,
        address -> Text,
        attempts -> Integer,
        queued_at -> BigInt,
        due_at -> BigInt,
    }
}

diesel::table! {
    revision_texts (article_id, number) {
        article_id -> Binary,
        number -> BigInt,
        fields -> Text,
        source -> Text,
    }
}

diesel::table! {
    revision_losses (article_id, version, what, lost_id) {
        article_id -> Binary,
        version -> BigInt,
        what -> Text,
        position -> Integer,
        lost_id -> Binary,
        name -> Text,
    }
}

diesel::table! {
    working_copies (article_id) {
        article_id -> Binary,
        version -> BigInt,
        based_on -> BigInt,
        updated_at -> BigInt,
        actor_id -> Nullable<Binary>,
        fields -> Nullable<Text>,
        source -> Nullable<Text>,
    }
}

diesel::table! {
    jobs (id) {
        id -> Binary,
        kind -> Text,
        state -> Text,
        node -> Binary,
        seen_at -> BigInt,
        user_id -> Nullable<Binary>,
        key_id -> Nullable<Binary>,
        wanted -> Text,
        done -> BigInt,
        total -> Nullable<BigInt>,
        report -> Nullable<Text>,
        error -> Nullable<Text>,
        file -> Nullable<Text>,
        cancelled -> Bool,
        created_at -> BigInt,
        started_at -> Nullable<BigInt>,
        ended_at -> Nullable<BigInt>,
        version -> BigInt,
    }
}

diesel::joinable!(api_keys -> users (user_id));
diesel::joinable!(article_bodies -> articles (article_id));
diesel::joinable!(article_slugs -> articles (article_id));
diesel::joinable!(article_tags -> articles (article_id));
diesel::joinable!(article_tags -> tags (tag_id));
diesel::joinable!(article_authors -> articles (article_id));
diesel::joinable!(article_authors -> authors (author_id));
diesel::joinable!(imports -> articles (article_id));
diesel::joinable!(jobs -> users (user_id));
diesel::joinable!(preview_links -> users (user_id));
diesel::joinable!(refresh_tokens -> sessions (session_id));
diesel::joinable!(review_notes -> users (user_id));
diesel::joinable!(schedules -> articles (article_id));
diesel::joinable!(schedules -> users (user_id));
diesel::joinable!(sessions -> users (user_id));
diesel::joinable!(totp_secrets -> users (user_id));
diesel::joinable!(revisions -> articles (article_id));
diesel::joinable!(revision_texts -> articles (article_id));
diesel::joinable!(revision_losses -> articles (article_id));
diesel::joinable!(tag_aliases -> tags (tag_id));
diesel::joinable!(working_copies -> articles (article_id));
diesel::allow_tables_to_appear_in_same_query!(
    articles,
    article_bodies,
    article_slugs,
    article_tags,
    article_authors,
    tags,
    tag_aliases,
    authors,
    imports,
    revisions,
    revision_texts,
    revision_losses,
    working_copies,
);
diesel::allow_tables_to_appear_in_same_query!(
    users,
    sessions,
    refresh_tokens,
    api_keys,
    preview_links,
    totp_secrets
);
diesel::allow_tables_to_appear_in_same_query!(articles, schedules);
diesel::allow_tables_to_appear_in_same_query!(jobs, users);
diesel::allow_tables_to_appear_in_same_query!(schedules, users);
diesel::allow_tables_to_appear_in_same_query!(review_notes, users);
diesel::allow_tables_to_appear_in_same_query!(articles, users);

diesel::table! {
    webhooks (id) {
        id -> Binary,
        name -> Text,
        url -> Text,
        events -> Text,
        tag_id -> Nullable<Binary>,
        enabled -> Bool,
        disabled_reason -> Nullable<Text>,
        salt -> Binary,
        former_salt -> Nullable<Binary>,
        rotated_at -> Nullable<BigInt>,
        since -> BigInt,
        failing_since -> Nullable<BigInt>,
        leased_until -> BigInt,
        next_at -> Nullable<BigInt>,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    webhook_deliveries (id) {
        id -> Binary,
        webhook_id -> Binary,
        change -> BigInt,
        position -> Nullable<Integer>,
        event -> Text,
        resource_id -> Binary,
        status -> Text,
        attempts -> Integer,
        began_at -> BigInt,
        next_at -> Nullable<BigInt>,
        last_status -> Nullable<Integer>,
        error -> Nullable<Text>,
        created_at -> BigInt,
        attempted_at -> Nullable<BigInt>,
        ended_at -> Nullable<BigInt>,
    }
}

diesel::joinable!(webhook_deliveries -> webhooks (webhook_id));
diesel::allow_tables_to_appear_in_same_query!(webhook_deliveries, webhooks);

diesel::table! {
    media (id) {
        id -> Binary,
        hash -> Binary,
        name -> Text,
        media_type -> Text,
        file_name -> Nullable<Text>,
        bytes -> BigInt,
        width -> BigInt,
        height -> BigInt,
        alt -> Text,
        title -> Nullable<Text>,
        credit -> Nullable<Text>,
        focal_point -> Nullable<Text>,
        blurhash -> Nullable<Text>,
        variants -> Text,
        animation -> Nullable<Text>,
        owner -> Nullable<Binary>,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    media_uses (media_id, resource, resource_id, place) {
        media_id -> Binary,
        resource -> Text,
        resource_id -> Binary,
        place -> Text,
    }
}

diesel::joinable!(media_uses -> media (media_id));
diesel::allow_tables_to_appear_in_same_query!(media, media_uses, articles);
