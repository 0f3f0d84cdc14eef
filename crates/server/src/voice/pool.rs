//! Parts that work for one caller at a time.

use std::sync::{Arc, Mutex, PoisonError};

use sottovoce_voice::VoiceError;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::ServerError;

/// Makes a part.
pub type Make<T> = Arc<dyn Fn() -> Result<Box<T>, VoiceError> + Send + Sync>;

/// A limited number of equal parts, made when they are first needed.
pub struct Pool<T: ?Sized> {
    make: Make<T>,
    idle: Arc<Mutex<Vec<Box<T>>>>,
    free: Arc<Semaphore>,
}

impl<T: ?Sized + Send + 'static> Pool<T> {
    /// A pool of at most `count` parts. `first` is one of them.
    pub fn new(count: usize, first: Box<T>, make: Make<T>) -> Self {
        Self { make, idle: Arc::new(Mutex::new(vec![first])), free: Arc::new(Semaphore::new(count)) }
    }

    /// Has a part do `work` on a thread of its own, once one is free.
    ///
    /// # Errors
    /// A part cannot be made, or `work` fails.
    pub async fn run<R: Send + 'static>(
        &self,
        work: impl FnOnce(&mut T) -> Result<R, VoiceError> + Send + 'static,
    ) -> Result<R, ServerError> {
        let permit = self.free.clone().acquire_owned().await.map_err(ServerError::work_failed)?;
        self.begin(permit, work).await
    }

    /// The same at once, if another part stays free for whoever cannot wait; nothing otherwise.
    pub fn run_spare<R: Send + 'static, W: FnOnce(&mut T) -> Result<R, VoiceError> + Send + 'static>(
        &self,
        work: W,
    ) -> Option<impl Future<Output = Result<R, ServerError>> + Send + use<T, R, W>> {
        let permit = self.free.clone().try_acquire_owned().ok()?;
        (self.free.available_permits() > 0).then(|| self.begin(permit, work))
    }

    fn begin<R: Send + 'static, W: FnOnce(&mut T) -> Result<R, VoiceError> + Send + 'static>(
        &self,
        permit: OwnedSemaphorePermit,
        work: W,
    ) -> impl Future<Output = Result<R, ServerError>> + Send + use<T, R, W> {
        let (make, idle) = (self.make.clone(), self.idle.clone());
        let working = tokio::task::spawn_blocking(move || {
            // Nothing panics while it holds the lock.
            let lock = || idle.lock().unwrap_or_else(PoisonError::into_inner);
            let part = lock().pop();
            let mut part = part.map_or_else(|| make(), Ok)?;
            let result = work(&mut part);
            lock().push(part);
            // Nobody may wait for this any more, but the part was at work until now.
            drop(permit);
            result
        });
        async { Ok(working.await.map_err(ServerError::work_failed)??) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn spare_work_leaves_a_part_for_others() {
        let pool: Pool<u8> = Pool::new(2, Box::new(0), Arc::new(|| Ok(Box::new(0))));
        let (release, released) = std::sync::mpsc::channel::<()>();
        let spare = pool.run_spare(move |_| Ok(released.recv().is_ok())).expect("both are free");
        assert!(pool.run_spare(|_| Ok(())).is_none(), "the last one is for those who cannot wait");
        pool.run(|_| Ok(())).await.unwrap();
        release.send(()).unwrap();
        assert!(spare.await.unwrap());
        assert!(pool.run_spare(|_| Ok(())).is_some());
    }
}
