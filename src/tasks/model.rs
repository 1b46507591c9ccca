//! What a job is.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::articles::model::State;
use crate::auth::model::{Action, Principal};
use crate::id::Id;
use crate::names::names;
use crate::time::Time;
use crate::users::model::UserRef;

/// Jobs of one process that may wait.
pub const MAX_WAITING: i64 = 16;
/// Items of each list in a report.
pub const LISTED: usize = 100;
/// How long a job that has ended is remembered.
pub const REMEMBERED: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// How long the file of a job can be had.
pub const FILE_KEPT: Duration = Duration::from_secs(24 * 60 * 60);

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum JobKind {
    /// Bring content in.
    Import,
    /// Back the site up.
    Backup,
}

names!(JobKind {
    Import => "import",
    Backup => "backup",
});

impl JobKind {
    /// What whoever asks for it must be allowed to do.
    #[must_use]
    pub const fn needs(self) -> Action {
        match self {
            Self::Import => Action::Import,
            Self::Backup => Action::Administer,
        }
    }
}

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    /// It waits for others.
    Queued,
    /// It is being done.
    Running,
    /// It was done.
    Done,
    /// It came to no end.
    Failed,
    /// Somebody wanted it no more.
    Cancelled,
}

names!(JobState {
    Queued => "queued",
    Running => "running",
    Done => "done",
    Failed => "failed",
    Cancelled => "cancelled",
});

/// The files that can be brought in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ImportFormat {
    /// JSON objects, one a line.
    Jsonl,
    /// An export of WordPress (WXR).
    Wordpress,
    /// An export of Ghost.
    Ghost,
}

names!(ImportFormat {
    Jsonl => "jsonl",
    Wordpress => "wordpress",
    Ghost => "ghost",
});

/// The state of what comes in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum ImportStatus {
    /// As the source says; what says nothing is published.
    #[default]
    #[serde(rename = "as-is")]
    AsIs,
    /// All drafts.
    #[serde(rename = "draft")]
    Draft,
    /// All published.
    #[serde(rename = "published")]
    Published,
}

names!(ImportStatus {
    AsIs => "as-is",
    Draft => "draft",
    Published => "published",
});

impl ImportStatus {
    /// The state; none where the source says it.
    #[must_use]
    pub const fn state(self) -> Option<State> {
        match self {
            Self::AsIs => None,
            Self::Draft => Some(State::Draft),
            Self::Published => Some(State::Published),
        }
    }
}

/// How an import is to be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportWish {
    /// What the file is.
    pub format: ImportFormat,
    /// The name under which the next import knows its items again.
    pub source: String,
    /// The state of what comes in.
    pub status: ImportStatus,
    /// Look and report only.
    pub dry_run: bool,
}

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// An import.
    Import(ImportWish),
    /// A backup.
    Backup,
}

impl Wish {
    /// Its kind.
    #[must_use]
    pub const fn kind(&self) -> JobKind {
        match self {
            Self::Import(_) => JobKind::Import,
            Self::Backup => JobKind::Backup,
        }
    }
}

/// Something that a report says of one item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Remark {
    /// Where it is in the file.
    pub origin: String,
    /// What is to be said.
    pub reason: String,
}

/// What became of what is no text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportCounts {
    /// New here.
    #[schema(minimum = 0)]
    pub created: usize,
    /// Changed in the source since the last import, or filled up where they said nothing.
    #[schema(minimum = 0)]
    pub updated: usize,
    /// As they are here.
    #[schema(minimum = 0)]
    pub unchanged: usize,
    /// Changed by hand here, and kept so.
    #[schema(minimum = 0)]
    pub kept: usize,
}

/// Things that have no place here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LeftOut {
    /// What they are, in the plural.
    #[schema(example = "comments")]
    pub what: String,
    /// How many.
    #[schema(minimum = 0)]
    pub count: u64,
}

/// What became of the items of an import. Of each list the first 100; the counts are of all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportReport {
    /// New here.
    #[schema(minimum = 0)]
    pub created: usize,
    /// Changed in the source since the last import.
    #[schema(minimum = 0)]
    pub updated: usize,
    /// As at the last import.
    #[schema(minimum = 0)]
    pub unchanged: usize,
    /// Changed in the source and by hand here, and kept as they are here.
    #[schema(minimum = 0)]
    pub kept: usize,
    /// No articles.
    #[schema(minimum = 0)]
    pub skipped: usize,
    /// Not brought in.
    #[schema(minimum = 0)]
    pub broken: usize,
    /// Brought in, but not quite as they were.
    #[schema(minimum = 0)]
    pub warnings: usize,
    /// Tags that the file describes; those that only texts name are not among them.
    pub tags: ImportCounts,
    /// Authors that the file describes.
    pub authors: ImportCounts,
    /// Redirects that stand for themselves.
    pub redirects: ImportCounts,
    /// The settings of the site.
    pub site: ImportCounts,
    /// Pictures.
    pub media: ImportCounts,
    /// What has no place here.
    pub left_out: Vec<LeftOut>,
    /// Which were kept.
    #[schema(max_items = 100)]
    pub kept_items: Vec<String>,
    /// Which were skipped, and why.
    #[schema(max_items = 100)]
    pub skipped_items: Vec<Remark>,
    /// Which were broken, and how.
    #[schema(max_items = 100)]
    pub broken_items: Vec<Remark>,
    /// Which came in otherwise, and how.
    #[schema(max_items = 100)]
    pub warned_items: Vec<Remark>,
}

/// What is in a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BackupReport {
    /// The last change in it.
    #[schema(minimum = 0)]
    pub change: i64,
    /// Files in it, the database among them.
    #[schema(minimum = 0)]
    pub files: u64,
    /// Bytes of these.
    #[schema(minimum = 0)]
    pub content_bytes: u64,
}

/// What came of a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Report {
    /// Of an import.
    Import(Box<ImportReport>),
    /// Of a backup.
    Backup(BackupReport),
}

/// A file that a job made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct JobFile {
    /// Its name.
    pub name: String,
    /// Its length.
    #[schema(minimum = 0)]
    pub bytes: u64,
    /// Its SHA-256, in hexadecimal.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    pub sha256: String,
    /// It stays where the server puts backups, and is not removed after a day.
    pub kept: bool,
}

/// How much of it is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct JobProgress {
    /// Done: bytes of the file or the site.
    #[schema(minimum = 0)]
    pub done: i64,
    /// Of about so many; null where that is not known yet.
    #[schema(minimum = 0)]
    pub total: Option<i64>,
}

/// A job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Job {
    /// Its id.
    #[schema(value_type = uuid::Uuid)]
    pub id: Id,
    /// What is done.
    pub kind: JobKind,
    /// How far it is.
    pub state: JobState,
    /// Who asked for it; null where the account is gone.
    pub user: Option<UserRef>,
    /// How the import is done; null where it is none.
    pub import: Option<ImportWish>,
    /// How much of it is done.
    pub progress: JobProgress,
    /// What became of the items of an import; where it failed or was cancelled, of those before that.
    pub import_report: Option<ImportReport>,
    /// What is in the backup that was made.
    pub backup_report: Option<BackupReport>,
    /// Why it failed.
    pub error: Option<String>,
    /// The file that it made, at the address of the job with `/file` at its end.
    pub file: Option<JobFile>,
    /// How often it was changed.
    #[schema(minimum = 1)]
    pub version: i64,
    /// When it was asked for.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Time,
    /// When it began.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub started_at: Option<Time>,
    /// When it ended.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ended_at: Option<Time>,
}

impl Job {
    /// Whether nothing comes of it any more.
    #[must_use]
    pub const fn has_ended(&self) -> bool {
        matches!(
            self.state,
            JobState::Done | JobState::Failed | JobState::Cancelled
        )
    }
}

/// Whose jobs are shown: admins see all, others the imports that they asked for themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Viewer {
    /// Who looks.
    pub user: Id,
    /// All jobs, and not their own imports alone.
    pub all: bool,
}

impl From<&Principal> for Viewer {
    fn from(who: &Principal) -> Self {
        Self {
            user: who.user,
            all: who.may(Action::Administer),
        }
    }
}
