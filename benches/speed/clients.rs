//! Many callers at once of one use case, in this process.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::time::Instant;

use crate::table::Done;

/// Has `clients` callers do the numbered things between them, each one after another.
pub(crate) async fn at_once<F, W>(clients: usize, count: usize, work: F) -> Done
where
    F: Fn(usize) -> W + Clone + Send + 'static,
    W: Future<Output = ()> + Send,
{
    let next = Arc::new(AtomicUsize::new(0));
    let began = Instant::now();
    let callers = (0..clients).map(|_| {
        let (next, work) = (Arc::clone(&next), work.clone());
        tokio::spawn(async move {
            let mut each = Vec::new();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= count {
                    return each;
                }
                let began = Instant::now();
                work(number).await;
                each.push(began.elapsed());
            }
        })
    });
    let callers: Vec<_> = callers.collect();
    let mut each = Vec::with_capacity(count);
    for caller in callers {
        each.extend(caller.await.unwrap());
    }
    Done {
        took: began.elapsed(),
        each,
    }
}
