//! Backing up, as a job.

use super::{Task, in_words, private_folder};
use crate::backup::Failed;
use crate::backup::write::{self, Progress, Source};
use crate::error::{Error, Result};
use crate::tasks::model::{BackupReport, JobFile, JobState, Report};
use crate::tasks::store::Ended;

pub(super) fn run(task: &mut Task<'_>) -> Ended {
    let failed = |state, error| Ended {
        state,
        report: None,
        error,
        file: None,
    };
    match back_up(task) {
        Ok((report, file)) => Ended {
            state: JobState::Done,
            report: Some(Report::Backup(report)),
            error: None,
            file: Some(file),
        },
        Err(Failed::Cancelled) => failed(JobState::Cancelled, None),
        Err(Failed::Refused(why)) => failed(JobState::Failed, Some(why)),
        Err(Failed::Database(error)) => failed(JobState::Failed, Some(in_words(&error, task.id))),
        Err(error) => {
            let error = Error::internal(error.to_string());
            failed(JobState::Failed, Some(in_words(&error, task.id)))
        }
    }
}

fn back_up(task: &mut Task<'_>) -> Result<(BackupReport, JobFile), Failed> {
    let app = task.app;
    let work = &app.work;
    let kept = work.settings.backups.is_some();
    let folder = match &work.settings.backups {
        Some(folder) => {
            private_folder(folder)?;
            folder.clone()
        }
        None => work.folder()?,
    };
    let now = app.db.now().to_string().replace(['-', ':'], "");
    let name = format!(
        "masthead-{}Z-{}.tar.zst",
        now.get(..15).unwrap_or_default(),
        task.id.short()
    );
    let source = Source {
        database: app.db.settings(),
        data: work.data()?,
        media: work.settings.media.as_deref(),
    };
    let mut watch = |Progress { done, total }| task.goes_on(done, Some(total));
    let written = write::to_file(source, &folder.join(&name), &mut watch)?;
    task.note(written.content, Some(written.content));
    Ok((
        BackupReport {
            change: written.manifest.change,
            files: written.files,
            content_bytes: written.content,
        },
        JobFile {
            name,
            bytes: written.bytes,
            sha256: written.sha256,
            kept,
        },
    ))
}
