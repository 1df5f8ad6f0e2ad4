//! What is written while a chat goes on is written here: by one thread, in the order in which it
//! was given. A disk that is full, slow or locked holds nobody up, and nothing is lost in silence:
//! what fails is told, tried again, and named at the end if it did not come about.

use std::collections::VecDeque;
use std::fmt::Display;
use std::io;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use tokio::sync::{Mutex, mpsc, watch};
use tokio::time::timeout;

/// How much may wait; a chat gives a few an hour.
const WAITING_MAX: usize = 64;
/// How much there may be to tell that nobody has read; what is over that adds nothing.
const NEWS_MAX: usize = 16;
/// What failed is tried again after this long.
const AGAIN: Duration = Duration::from_secs(2);

/// The thread that writes. It ends once this is dropped.
#[derive(Debug)]
pub struct Writer {
    jobs: SyncSender<Job>,
    /// What was given and is not written yet, in words.
    waiting: watch::Sender<VecDeque<String>>,
    tell: mpsc::Sender<News>,
    news: Mutex<mpsc::Receiver<News>>,
}

/// What the person ought to know of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// Something could not be written, and why; unless it says otherwise it is tried again.
    Failed(String),
    /// It is written after all.
    Kept(String),
}

/// Gives what went wrong in words, or nothing.
type Job = Box<dyn FnMut() -> Result<(), String> + Send>;

impl Writer {
    /// Starts the thread.
    ///
    /// # Errors
    /// The system's, where it gives no further thread.
    pub fn start() -> io::Result<Self> {
        let (jobs, given) = sync_channel(WAITING_MAX);
        let (tell, news) = mpsc::channel(NEWS_MAX);
        let waiting = watch::Sender::new(VecDeque::new());
        let (done, told) = (waiting.clone(), tell.clone());
        thread::Builder::new()
            .name("disk".into())
            .spawn(move || write_all(&given, &done, &told))?;
        Ok(Self {
            jobs,
            waiting,
            tell,
            news: Mutex::new(news),
        })
    }

    /// Gives it something to write; waits for nothing. `what` names it in a sentence, for whoever
    /// it is about. Work that fails is done again: it must not matter how often.
    pub fn keep<E: Display>(
        &self,
        what: &str,
        mut work: impl FnMut() -> Result<(), E> + Send + 'static,
    ) {
        let job = Box::new(move || work().map_err(|error| error.to_string()));
        // In one step, for the thread takes the names from the front.
        self.waiting.send_modify(|waiting| {
            waiting.push_back(what.to_owned());
            if self.jobs.try_send(job).is_err() {
                waiting.pop_back();
                let why = "too much waits to be written";
                let message = format!("{what} is not kept: {why}");
                let _ = self.tell.try_send(News::Failed(message));
            }
        });
    }

    /// The next thing that the person ought to know. Cancel-safe.
    pub async fn news(&self) -> News {
        match self.news.lock().await.recv().await {
            Some(news) => news,
            None => std::future::pending().await,
        }
    }

    /// Waits until all is written, for so long at most; gives what is not.
    pub async fn finish(&self, within: Duration) -> Vec<String> {
        let mut waiting = self.waiting.subscribe();
        let written = timeout(within, waiting.wait_for(VecDeque::is_empty)).await;
        match written {
            Ok(_) => Vec::new(),
            Err(_) => each_once(&self.waiting.borrow()),
        }
    }
}

/// Of a connection begin and end may wait, which have one name.
fn each_once(waiting: &VecDeque<String>) -> Vec<String> {
    let mut names = Vec::new();
    for name in waiting {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    names
}

fn write_all(
    jobs: &Receiver<Job>,
    waiting: &watch::Sender<VecDeque<String>>,
    tell: &mpsc::Sender<News>,
) {
    for mut job in jobs {
        let mut told = None;
        while let Err(why) = job() {
            if told.as_ref() != Some(&why) {
                let what = waiting.borrow().front().cloned().unwrap_or_default();
                let message = format!("{what} is not kept yet: {why}");
                let _ = tell.try_send(News::Failed(message));
                told = Some(why);
            }
            if tell.is_closed() {
                return;
            }
            thread::sleep(AGAIN);
        }
        let what = waiting.borrow().front().cloned().unwrap_or_default();
        waiting.send_modify(|waiting| drop(waiting.pop_front()));
        if told.is_some() {
            let _ = tell.try_send(News::Kept(format!("{what} is kept now")));
        }
    }
}
