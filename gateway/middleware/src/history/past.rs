//! What a session holds.

use serde::Deserialize;

/// Messages of a session, JSON texts in OpenAI's form, oldest first. Instructions that were replaced are not among them.
#[derive(Debug, Default)]
pub struct Past {
    messages: Vec<String>,
    instruction: Option<usize>,
}

impl Past {
    /// All messages of a session, with the positions of the instructions that its requests gave.
    pub(super) fn new(messages: Vec<String>, instructions: &[i64]) -> Self {
        // What a session of chat requests begins with are its instructions, too.
        let first = messages.first().filter(|message| is_instruction(message)).map(|_| 0);
        let given = instructions.iter().filter_map(|&position| usize::try_from(position).ok());
        let places: Vec<usize> = first.into_iter().chain(given).collect();
        let Some(&last) = places.last() else { return Self { messages, instruction: None } };
        let replaced = |place: &usize| *place != last && places.contains(place);
        let before = (0..last).filter(|place| !replaced(place)).count();
        let messages = messages.into_iter().enumerate().filter(|(place, _)| !replaced(place));
        Self { messages: messages.map(|(_, message)| message).collect(), instruction: Some(before) }
    }

    /// Bytes of all of them.
    pub fn bytes(&self) -> usize {
        self.messages.iter().map(String::len).sum()
    }

    /// All of them, the instructions where they were given.
    pub fn messages(&self) -> &[String] {
        &self.messages
    }

    /// The instructions, if there are any.
    pub fn instruction(&self) -> Option<&str> {
        self.messages.get(self.instruction?).map(String::as_str)
    }

    /// The conversation without the instructions.
    pub fn conversation(&self) -> impl Iterator<Item = &str> {
        let messages = self.messages.iter().enumerate();
        messages.filter(|&(place, _)| Some(place) != self.instruction).map(|(_, message)| message.as_str())
    }
}

fn is_instruction(message: &str) -> bool {
    #[derive(Deserialize)]
    struct Role<'a> {
        role: &'a str,
    }
    serde_json::from_str::<Role<'_>>(message).is_ok_and(|message| matches!(message.role, "system" | "developer"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = r#"{"role":"system","content":"a"}"#;
    const B: &str = r#"{"role":"system","content":"b"}"#;
    const USER: &str = r#"{"role":"user","content":"hi"}"#;

    fn past(messages: &[&str], instructions: &[i64]) -> Past {
        Past::new(messages.iter().map(|&message| message.to_owned()).collect(), instructions)
    }

    #[test]
    fn instructions_that_were_replaced_are_gone() {
        let past = past(&[A, USER, B, USER], &[0, 2]);
        assert_eq!(past.messages(), [USER, B, USER]);
        assert_eq!(past.instruction(), Some(B));
        assert!(past.conversation().eq([USER, USER]));
    }

    #[test]
    fn system_messages_in_the_middle_of_a_conversation_stay() {
        let past = past(&[A, USER, B, USER], &[0]);
        assert_eq!(past.instruction(), Some(A));
        assert!(past.conversation().eq([USER, B, USER]));
    }

    #[test]
    fn what_a_session_begins_with_are_its_instructions() {
        assert_eq!(past(&[A, USER], &[]).instruction(), Some(A));
        assert_eq!(past(&[A, USER, B], &[2]).messages(), [USER, B]);
        assert_eq!(past(&[USER, A], &[]).instruction(), None);
    }
}
