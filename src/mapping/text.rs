//! Forms of plain text: its kept form, one line, cutting to a length.

/// A text in the form it is compared and kept in: one kind of line break and of blank, no blanks at the
/// ends of lines, no runs of blank lines.
pub fn tidy(text: &str) -> String {
    const BREAKS: [char; 4] = ['\r', '\u{85}', '\u{2028}', '\u{2029}'];
    if text.contains(BREAKS) || text.contains('\u{a0}') {
        let text = text.replace("\r\n", "\n").replace(BREAKS, "\n");
        return tidy(&text.replace('\u{a0}', " "));
    }
    let mut out = String::with_capacity(text.len());
    let mut blank = 0;
    for line in text.split('\n') {
        let line = line.trim_end();
        if line.is_empty() {
            blank += 1;
            continue;
        }
        if !out.is_empty() {
            out.push_str(if blank > 0 { "\n\n" } else { "\n" });
        }
        blank = 0;
        out.push_str(line);
    }
    out
}

/// The beginning of a text on one line, cut to at most `limit` characters.
pub fn beginning(text: &str, limit: usize) -> String {
    let mut out = String::new();
    for word in text.split_whitespace() {
        // A character has at most four bytes: what follows would be cut off.
        if out.len() > limit * 4 {
            break;
        }
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    cut(&out, limit)
}

/// The text in at most `limit` characters: whole if it fits, else cut at a word and ended by "…".
pub fn cut(text: &str, limit: usize) -> String {
    if text.chars().count() <= limit {
        return text.to_owned();
    }
    let room = limit.saturating_sub(1);
    let end = text.char_indices().nth(room).map_or(text.len(), |(index, _)| index);
    let head = text.get(..end).unwrap_or_default();
    // A word of over half the room is cut inside; otherwise the text ends at a word.
    let ends_at_word = text.get(end..).is_some_and(|rest| rest.starts_with(char::is_whitespace));
    let word =
        head.rfind(char::is_whitespace).filter(|index| !ends_at_word && *index >= head.len() / 2);
    let mut out = head.get(..word.unwrap_or(head.len())).unwrap_or_default().trim_end().to_owned();
    if limit > 0 {
        out.push('…');
    }
    out
}

/// One line: every run of white space becomes one space.
pub fn one_line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_kept_in_one_form() {
        assert_eq!(tidy("one\r\ntwo\n\n\n\nthree  "), "one\ntwo\n\nthree");
        assert_eq!(tidy("\n a\u{a0} b\t\rc\u{2028}d\u{85}e\n"), " a  b\nc\nd\ne");
    }

    #[test]
    fn a_beginning_is_that_of_the_whole_line() {
        let long = "字".repeat(300);
        for text in ["", " a\n b ", "one two three four five", &long, &long.replace("字字", "字 ")]
        {
            for limit in [1, 12, 60] {
                assert_eq!(beginning(text, limit), cut(&one_line(text), limit), "{text} {limit}");
            }
        }
    }

    #[test]
    fn cutting_counts_characters_and_ends_at_a_word() {
        assert_eq!(cut("short", 255), "short");
        assert_eq!(cut("one two three four", 14), "one two three…");
        assert_eq!(cut("one two three four", 12), "one two…");
        let long = "字".repeat(300);
        assert_eq!(cut(&long, 255).chars().count(), 255);
        assert_eq!(cut("anything", 0), "");
    }
}
