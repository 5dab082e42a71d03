//! Tables in markdown, in columns that a terminal shows straight too.

use super::tables::Table;

/// A heading and the table.
pub(super) fn table(table: &Table) -> String {
    let head = cells(&table.head);
    let body: Vec<Vec<String>> = table.body.iter().map(|line| cells(line)).collect();
    let widths: Vec<usize> = (0..head.len())
        .map(|column| {
            let lines = body.iter().chain([&head]);
            let width = lines
                .filter_map(|line| line.get(column))
                .map(|cell| width(cell))
                .max();
            width.unwrap_or(0).max(2)
        })
        .collect();
    let rule: Vec<String> = widths
        .iter()
        .enumerate()
        .map(|(column, width)| match column {
            0 => "-".repeat(*width),
            _ => format!("{}:", "-".repeat(width - 1)),
        })
        .collect();
    let mut text = format!("### {}\n\n", table.title);
    for line in [&head, &rule].into_iter().chain(&body) {
        text.push_str(&joined(line, &widths));
    }
    text
}

/// Text that is the same in a table's cell as outside of markdown.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\\' | '|' | '<' | '`' | '*' | '[' => escaped.extend(['\\', character]),
            // Neither a broken table nor an order to the terminal.
            _ if character.is_control() => escaped.push(' '),
            _ => escaped.push(character),
        }
    }
    escaped
}

fn cells(line: &[String]) -> Vec<String> {
    line.iter().map(|cell| escape(cell)).collect()
}

fn width(cell: &str) -> usize {
    cell.chars().count()
}

fn joined(line: &[String], widths: &[usize]) -> String {
    let mut text = String::from("|");
    for (column, (cell, width)) in line.iter().zip(widths).enumerate() {
        let padded = match column {
            0 => format!(" {cell:<width$} |"),
            _ => format!(" {cell:>width$} |"),
        };
        text.push_str(&padded);
    }
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_a_meaning_in_markdown_is_escaped() {
        let cases = [
            ("wasm net", "wasm net"),
            ("a|b", "a\\|b"),
            ("<b>", "\\<b>"),
            ("a\\|b", "a\\\\\\|b"),
            ("a\nb\u{1b}[31m", "a b \\[31m"),
        ];
        for (text, expected) in cases {
            assert_eq!(escape(text), expected);
        }
    }
}
