//! A server that is killed at any moment loses nothing that it has acknowledged.

use std::{
    collections::HashMap,
    env,
    io::{BufRead, BufReader},
    process::{Command, Stdio},
};

use sottovoce_history::{Continue, Ending, History, Location, Message, MessageState, Purpose, Role, open};
use sottovoce_testkit::Random;
use sqlx::{Connection, SqliteConnection};
use uuid::Uuid;

use crate::{Place, block_on, conversation, new, say, search};

/// Names the history for [`the_server`].
const VARIABLE: &str = "SOTTOVOCE_TEST_KILLED_HISTORY";
const KILLS: usize = 36;
/// Most acknowledgements before a server is killed.
const PATIENCE: usize = 40;
/// Words of an answer.
const WORDS: usize = 6;

/// The text of an answer after so many words.
fn text(words: usize) -> String {
    (0..words).map(|word| format!("word{word} ")).collect()
}

/// Makes answers until it is killed, and says what it has done.
#[test]
#[ignore = "a program that the test below runs and kills"]
fn the_server() {
    let location: Location = env::var(VARIABLE).unwrap().parse().unwrap();
    block_on(async {
        let history = open(&location, Purpose::Serve).await.unwrap();
        let id = conversation(&*history, "talk").await.id;
        println!("\nconversation {id}");
        let mut parent = None;
        loop {
            let question = say(&*history, id, parent, "question").await;
            println!("question {}", question.id);
            let streaming = new(id, Some(question.id), Role::Assistant, "", MessageState::Streaming);
            let answer = history.append(streaming).await.unwrap().id;
            println!("words {answer} 0");
            for words in 1..WORDS {
                assert_eq!(history.write(answer, &text(words)).await.unwrap(), Continue::Yes);
                println!("words {answer} {words}");
            }
            let ending = Ending { text: text(WORDS), state: MessageState::Complete, usage: None };
            history.finish(answer, ending).await.unwrap();
            println!("words {answer} {WORDS}");
            parent = Some(answer);
        }
    });
}

/// What servers have acknowledged.
#[derive(Default)]
struct Acknowledged {
    /// Questions of each conversation, and how many words of which answers.
    conversations: HashMap<Uuid, (Vec<Uuid>, HashMap<Uuid, usize>)>,
    last: Uuid,
}

impl Acknowledged {
    fn note(&mut self, line: &str) {
        let words: Vec<_> = line.split_whitespace().collect();
        let id = |text: &str| text.parse().expect("an identifier");
        match words[..] {
            ["conversation", conversation] => {
                self.last = id(conversation);
                self.conversations.insert(self.last, Default::default());
            }
            ["question", question] => self.last().0.push(id(question)),
            ["words", answer, count] => {
                self.last().1.insert(id(answer), count.parse().unwrap());
            }
            _ => {}
        }
    }

    fn last(&mut self) -> &mut (Vec<Uuid>, HashMap<Uuid, usize>) {
        self.conversations.get_mut(&self.last).expect("a conversation before its messages")
    }

    async fn check(&self, history: &dyn History) {
        for (id, (questions, answers)) in &self.conversations {
            let transcript = history.transcript(*id).await.unwrap();
            let by_id: HashMap<Uuid, &Message> =
                transcript.messages.iter().map(|message| (message.id, message)).collect();
            for question in questions {
                assert_eq!(
                    (by_id[question].text.as_str(), by_id[question].state),
                    ("question", MessageState::Complete)
                );
            }
            for (answer, &words) in answers {
                let message = by_id[answer];
                // What was under way when the server died may have come to its end unheard.
                let next = (words + 1).min(WORDS);
                let whole = message.state == MessageState::Complete && message.text == text(WORDS) && next == WORDS;
                let part = message.state == MessageState::Interrupted
                    && words < WORDS
                    && (message.text == text(words) || message.text == text(next));
                assert!(whole || part, "{words} words were acknowledged: {message:?}");
            }
        }
        let found = search::found(history, "question").await.len();
        let expected = self.conversations.values().filter(|(questions, _)| !questions.is_empty()).count();
        assert!(found >= expected, "{found} conversations are found of {expected}");
    }
}

pub async fn nothing_acknowledged_is_lost(place: Place) {
    let mut random = Random::from_env(2_026);
    let mut acknowledged = Acknowledged::default();
    for _ in 0..KILLS {
        let location = match &place.location {
            Location::File(path) => path.display().to_string(),
            Location::Postgres(url) => url.clone(),
        };
        let mut server = Command::new(env::current_exe().unwrap())
            .args(["--exact", "kills::the_server", "--ignored", "--nocapture"])
            .env(VARIABLE, location)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(server.stdout.take().unwrap()).lines();
        for line in lines.by_ref().take(random.below(PATIENCE)) {
            acknowledged.note(&line.unwrap());
        }
        // Anywhere between this acknowledgement and the next.
        for _ in 0..random.below(100_000) {
            std::hint::spin_loop();
        }
        server.kill().unwrap();
        server.wait().unwrap();
        // It may have said more before it died.
        lines.for_each(|line| acknowledged.note(&line.unwrap()));
        place.let_leases_end().await;
        let next = place.serve().await;
        acknowledged.check(&*next).await;
        next.close().await;
        integrity(&place).await;
    }
    let answers: usize = acknowledged.conversations.values().map(|(_, answers)| answers.len()).sum();
    assert!(answers > KILLS, "only {answers} answers were begun");
}

/// SQLite's own opinion of the file. PostgreSQL's server was not killed, only its client.
async fn integrity(place: &Place) {
    let Location::File(path) = &place.location else { return };
    let mut connection = SqliteConnection::connect(path.to_str().unwrap()).await.unwrap();
    let checks = "SELECT integrity_check FROM pragma_integrity_check UNION ALL SELECT 'foreign key' FROM pragma_foreign_key_check";
    let rows: Vec<(String,)> = sqlx::query_as(checks).fetch_all(&mut connection).await.unwrap();
    assert_eq!(rows, [("ok".to_owned(),)]);
}
