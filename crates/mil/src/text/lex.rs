use crate::MilError;

#[derive(Clone, Debug, PartialEq)]
pub enum Token<'a> {
    /// Letters, digits, `_`, `.`, `+` and `-`: a name or a number, by where it stands.
    Word(&'a str),
    /// Quoted, with escapes resolved.
    Text(String),
    /// Any other character.
    Mark(char),
    End,
}

impl std::fmt::Display for Token<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Word(word) => write!(f, "`{word}`"),
            Self::Text(text) => write!(f, "{text:?}"),
            Self::Mark(mark) => write!(f, "`{mark}`"),
            Self::End => write!(f, "the end of the text"),
        }
    }
}

pub fn is_word_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'+' | b'-')
}

/// Splits a text into tokens with their byte offsets. The last one is [`Token::End`].
pub fn lex(source: &str) -> Result<Vec<(Token<'_>, usize)>, MilError> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(first) = source[at..].chars().next() {
        let rest = &source[at..];
        let len = if first.is_whitespace() {
            first.len_utf8()
        } else if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if first == '"' {
            let (text, len) = quoted(rest).map_err(|reason| error_at(source, at, reason))?;
            tokens.push((Token::Text(text), at));
            len
        } else if first.is_ascii() && is_word_byte(first as u8) {
            let len = rest.bytes().position(|byte| !is_word_byte(byte)).unwrap_or(rest.len());
            tokens.push((Token::Word(&rest[..len]), at));
            len
        } else {
            tokens.push((Token::Mark(first), at));
            first.len_utf8()
        };
        at += len;
    }
    tokens.push((Token::End, source.len()));
    Ok(tokens)
}

/// The text of a quoted string at the start of `source`, and the length of its spelling.
fn quoted(source: &str) -> Result<(String, usize), String> {
    let mut text = String::new();
    let mut chars = source.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Ok((text, at + 1)),
            '\\' => match chars.next().map(|(_, escape)| escape) {
                Some('n') => text.push('\n'),
                Some('r') => text.push('\r'),
                Some('t') => text.push('\t'),
                Some('u') => {
                    let digits: String =
                        chars.by_ref().map(|(_, digit)| digit).skip(1).take_while(|&digit| digit != '}').collect();
                    let code = u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32);
                    text.push(code.ok_or_else(|| format!("`\\u{{{digits}}}` is no character"))?);
                }
                Some(escaped @ ('"' | '\\')) => text.push(escaped),
                _ => return Err("expected `n`, `r`, `t`, `u{...}`, `\"` or `\\` after a backslash".to_owned()),
            },
            c => text.push(c),
        }
    }
    Err("a string that does not end".to_owned())
}

/// An error at a byte offset.
pub fn error_at(source: &str, at: usize, reason: String) -> MilError {
    let before = &source[..at];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    MilError::Text { line: before.matches('\n').count() + 1, column: before[line_start..].chars().count() + 1, reason }
}
