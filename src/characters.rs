//! Characters that people type in place of others, in their ASCII forms.

/// The form in which a character is read: digits of other scripts as ours, blanks of one kind, letters
/// small; `None` for one that is not seen.
pub fn plain(c: char) -> Option<char> {
    let digit = |zero: u32| char::from_digit(u32::from(c).wrapping_sub(zero), 10);
    Some(match c {
        '\u{ad}'
        | '\u{61c}'
        | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{2069}'
        | '\u{feff}' => return None,
        '\u{660}'..='\u{669}' => digit(0x660)?,
        '\u{6f0}'..='\u{6f9}' => digit(0x6f0)?,
        '\u{966}'..='\u{96f}' => digit(0x966)?,
        '\u{ff10}'..='\u{ff19}' => digit(0xff10)?,
        '＋' => '+',
        c if c.is_whitespace() => ' ',
        c => c.to_ascii_lowercase(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_read_in_ascii() {
        let read = |text: &str| text.chars().filter_map(plain).collect::<String>();
        assert_eq!(read("\u{feff}＋٤۴४４\u{a0}\u{202f}Ab\u{200b}É\u{2069}"), "+4444  abÉ");
    }
}
