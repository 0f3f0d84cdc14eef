//! What is to be done now and then, and at the end.

use std::{collections::HashSet, sync::Arc, time::Duration};

use futures_util::future;
use jiff::{Timestamp, ToSpan};
use sottovoce_history::{MessageState, TEND_INTERVAL};
use uuid::Uuid;

use super::Assistant;
use crate::http::Failure;

/// How often conversations that are too old are looked for.
const EXPIRE_EVERY: Duration = Duration::from_secs(24 * 60 * 60);
/// How long answers in the making may go on when the server is to stop.
const DRAIN: Duration = Duration::from_secs(20);

impl Assistant {
    /// Shows other servers that this one lives, marks what dead ones left behind, and removes what is too old; never ends.
    pub async fn keep_up(self: Arc<Self>) {
        // A database that fails now may be there the next time; whoever asks for something is told.
        let tending = async {
            loop {
                drop(self.history.tend().await);
                tokio::time::sleep(TEND_INTERVAL).await;
            }
        };
        let expiring = async {
            loop {
                drop(self.expire().await);
                // States of what other servers removed go too, once there is a model that has some.
                drop(self.backend.wait().await);
                drop(self.forget_others().await);
                tokio::time::sleep(EXPIRE_EVERY).await;
            }
        };
        let ((), ()) = future::join(tending, expiring).await;
    }

    /// Removes conversations that have not been touched for longer than the settings say.
    async fn expire(&self) -> Result<(), Failure> {
        if let Some(days) = self.settings().await?.retention_days {
            let hours = i64::from(days) * 24;
            // Before the beginning of time there is nothing.
            let before = Timestamp::now().checked_sub(hours.hours()).unwrap_or(Timestamp::MIN);
            self.history.expire(before).await?;
        }
        Ok(())
    }

    /// Removes what the model keeps of a conversation that was deleted or has lost a message.
    pub(super) async fn forget(&self, conversation: Uuid) {
        if let Ok(chat) = self.backend.chat() {
            chat.forget(conversation).await;
        }
    }

    /// Removes what the model keeps of conversations that are not there any more, whoever deleted them.
    pub(super) async fn forget_others(&self) -> Result<(), Failure> {
        let there: HashSet<Uuid> = self.history.ids().await?.into_iter().collect();
        if let Ok(chat) = self.backend.chat() {
            chat.retain(&there).await;
        }
        Ok(())
    }

    /// Lets answers in the making come to their end for a while, and marks those that do not as interrupted.
    pub async fn drain(&self) {
        if tokio::time::timeout(DRAIN, self.drafts.wait_for_none()).await.is_err() {
            self.drafts.ask_all_to_end(MessageState::Interrupted);
            self.drafts.wait_for_none().await;
        }
    }

    /// Closes the history, and keeps on disk what the model has computed of conversations.
    pub async fn close(&self) {
        self.history.close().await;
        if let Ok(chat) = self.backend.chat() {
            chat.close().await;
        }
    }
}
