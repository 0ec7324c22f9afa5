//! Many askers, one statement: whatever is asked while a group is being answered makes the next
//! group. So a lone asker waits for nobody, and a crowd pays for one commit.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

/// Questions in one group: what one transaction answers in a few milliseconds.
const MOST: usize = 128;

/// Those who ask the same kind of thing; clones share the groups.
#[derive(Debug)]
pub(in crate::db) struct Group<Q, A>(Arc<Mutex<Waiting<Q, A>>>);

#[derive(Debug)]
struct Waiting<Q, A> {
    asked: Vec<(Q, oneshot::Sender<A>)>,
    is_answered: bool,
}

impl<Q: Send + 'static, A: Send + 'static> Group<Q, A> {
    /// The answer, by `work`, which answers each question of a group in their order. Nothing where
    /// the group was given up before it was answered.
    pub(super) async fn ask<F>(
        &self,
        question: Q,
        work: impl Fn(Vec<Q>) -> F + Send + 'static,
    ) -> Option<A>
    where
        F: Future<Output = Vec<A>> + Send + 'static,
    {
        let (sender, answer) = oneshot::channel();
        if self.join(question, sender) {
            // A task of its own: whoever asked first may hang up, the others wait all the same.
            tokio::spawn(self.clone().answer(work));
        }
        answer.await.ok()
    }

    /// Joins the next group; whether somebody has to begin to answer.
    fn join(&self, question: Q, sender: oneshot::Sender<A>) -> bool {
        let mut waiting = self.waiting();
        waiting.asked.push((question, sender));
        !std::mem::replace(&mut waiting.is_answered, true)
    }

    async fn answer<F>(self, work: impl Fn(Vec<Q>) -> F)
    where
        F: Future<Output = Vec<A>> + Send,
    {
        let mut turn = Turn {
            group: self,
            has_ended: false,
        };
        while let Some((questions, senders)) = turn.next() {
            let answers = work(questions).await;
            for (sender, answer) in senders.into_iter().zip(answers) {
                // Whoever hung up does not hear it.
                drop(sender.send(answer));
            }
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting<Q, A>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The right to answer. Given up half-way (the runtime stops, the work panics), it passes to the
/// next who asks, and those who wait hear that there is no answer.
struct Turn<Q: Send + 'static, A: Send + 'static> {
    group: Group<Q, A>,
    has_ended: bool,
}

impl<Q: Send + 'static, A: Send + 'static> Turn<Q, A> {
    fn next(&mut self) -> Option<(Vec<Q>, Vec<oneshot::Sender<A>>)> {
        let mut waiting = self.group.waiting();
        let count = waiting.asked.len().min(MOST);
        if count == 0 {
            waiting.is_answered = false;
            self.has_ended = true;
            return None;
        }
        Some(waiting.asked.drain(..count).unzip())
    }
}

impl<Q: Send + 'static, A: Send + 'static> Drop for Turn<Q, A> {
    fn drop(&mut self) {
        if !self.has_ended {
            let mut waiting = self.group.waiting();
            waiting.is_answered = false;
            waiting.asked.clear();
        }
    }
}

impl<Q, A> Default for Group<Q, A> {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Waiting {
            asked: Vec::new(),
            is_answered: false,
        })))
    }
}

// Not derived: questions and answers are not cloned.
impl<Q, A> Clone for Group<Q, A> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::future::join_all;

    use super::*;

    #[tokio::test]
    async fn a_crowd_is_answered_in_few_groups_and_each_hears_its_own_answer() {
        let group = Group::<usize, usize>::default();
        let rounds = Arc::new(AtomicUsize::new(0));
        let askers = (0..300).map(|number| {
            let rounds = Arc::clone(&rounds);
            group.ask(number, move |questions| {
                rounds.fetch_add(1, Ordering::SeqCst);
                async move {
                    tokio::task::yield_now().await;
                    assert!(questions.len() <= MOST);
                    questions.into_iter().map(|number| number * 2).collect()
                }
            })
        });

        let answers = join_all(askers).await;

        let doubled: Vec<Option<usize>> = (0..300).map(|number| Some(number * 2)).collect();
        assert_eq!(answers, doubled);
        assert_eq!(rounds.load(Ordering::SeqCst), 3);
    }

    #[tokio::test]
    async fn a_group_that_panics_answers_nobody_and_the_next_is_answered() {
        let group = Group::<bool, ()>::default();
        let work = |questions: Vec<bool>| async move {
            assert!(!questions.contains(&true), "as told");
            vec![(); questions.len()]
        };
        let both = tokio::join!(group.ask(true, work), group.ask(false, work));

        assert_eq!(both, (None, None));
        assert_eq!(group.ask(false, work).await, Some(()));
    }
}
