//! Where a text stands, and the ways from there.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::names::names;

/// Where a text stands between an idea and the bin. Delivery shows `published` alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Being written.
    Draft,
    /// Handed to an editor.
    InReview,
    /// Will be published when its time comes.
    Scheduled,
    /// Out.
    Published,
    /// Was out, kept, no longer shown.
    Archived,
    /// In the bin, restorable.
    Trashed,
}

/// The ways from one [`State`] to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Transition {
    /// Hand it to an editor.
    Submit,
    /// An editor hands it back.
    SendBack,
    /// Set a time.
    Schedule,
    /// Put it out now.
    Publish,
    /// Take it back to draft.
    Unpublish,
    /// Take it out of sight and keep it.
    Archive,
    /// Into the bin.
    Trash,
    /// Out of the bin.
    Restore,
}

names!(State {
    Draft => "draft",
    InReview => "in_review",
    Scheduled => "scheduled",
    Published => "published",
    Archived => "archived",
    Trashed => "trashed",
});

impl State {
    /// Delivery shows it.
    #[must_use]
    pub const fn is_public(self) -> bool {
        matches!(self, Self::Published)
    }

    /// The way that leads from here to another state, or `None` where there is none.
    #[must_use]
    pub fn way_to(self, state: Self) -> Option<Transition> {
        let leads = |way: &&Transition| self.after(**way) == Some(state);
        Transition::ALL.iter().find(leads).copied()
    }

    /// The state that a transition leads to from here, or `None` where there is no such way. Each leads somewhere else:
    /// publishing what is published is no transition.
    #[must_use]
    pub const fn after(self, transition: Transition) -> Option<Self> {
        use State::{Archived, Draft, InReview, Published, Scheduled, Trashed};
        match (transition, self) {
            (Transition::Submit, Draft) => Some(InReview),
            (Transition::SendBack, InReview) => Some(Draft),
            (Transition::Schedule, Draft | InReview | Archived) => Some(Scheduled),
            (Transition::Publish, Draft | InReview | Scheduled | Archived) => Some(Published),
            (Transition::Unpublish, Scheduled | Published | Archived) => Some(Draft),
            (Transition::Archive, Published) => Some(Archived),
            (Transition::Trash, Draft | InReview | Scheduled | Published | Archived) => {
                Some(Trashed)
            }
            (Transition::Restore, Trashed) => Some(Draft),
            _ => None,
        }
    }
}

names!(Transition {
    Submit => "submit",
    SendBack => "send_back",
    Schedule => "schedule",
    Publish => "publish",
    Unpublish => "unpublish",
    Archive => "archive",
    Trash => "trash",
    Restore => "restore",
});

impl Transition {
    /// What the log says when it was gone.
    #[must_use]
    pub const fn done(self) -> &'static str {
        match self {
            Self::Submit => "submitted",
            Self::SendBack => "sent_back",
            Self::Schedule => "scheduled",
            Self::Publish => "published",
            Self::Unpublish => "unpublished",
            Self::Archive => "archived",
            Self::Trash => "trashed",
            Self::Restore => "restored",
        }
    }

    /// The state it leads to, wherever from.
    #[must_use]
    pub const fn leads_to(self) -> State {
        match self {
            Self::Submit => State::InReview,
            Self::SendBack | Self::Unpublish | Self::Restore => State::Draft,
            Self::Schedule => State::Scheduled,
            Self::Publish => State::Published,
            Self::Archive => State::Archived,
            Self::Trash => State::Trashed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_transition_stands_still_and_every_state_can_be_left() {
        for state in State::ALL {
            let ways: Vec<State> = Transition::ALL
                .iter()
                .filter_map(|way| state.after(*way))
                .collect();
            assert!(
                !ways.is_empty() && !ways.contains(state),
                "{state:?} leads to {ways:?}"
            );
        }
    }

    #[test]
    fn each_way_leads_where_it_says() {
        for (state, way) in State::ALL
            .iter()
            .flat_map(|state| Transition::ALL.iter().map(move |way| (state, way)))
        {
            let after = state.after(*way);
            assert!(
                after.is_none_or(|after| after == way.leads_to()),
                "{state:?} {way:?}"
            );
        }
    }

    #[test]
    fn the_bin_is_left_as_a_draft_only() {
        let ways: Vec<_> = Transition::ALL
            .iter()
            .filter_map(|way| State::Trashed.after(*way))
            .collect();
        assert_eq!(ways, [State::Draft]);
        assert!(
            State::ALL
                .iter()
                .filter(|state| state.is_public())
                .eq([&State::Published])
        );
    }
}
