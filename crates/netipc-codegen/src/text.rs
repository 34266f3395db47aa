//! The text tree that printers build: lines, nesting, comments and groups that break when they do not fit.
//!
//! A printer says what belongs together; indentation, wrapping and empty lines are decided here, once, at the end.

/// Widest line that is printed.
pub(crate) const WIDTH: usize = 120;

/// A piece of text to be printed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Text {
    nodes: Vec<Node>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Node {
    Line(String),
    Blank,
    Indent(Text),
    Comment { prefix: &'static str, text: String },
    Group(Group),
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Group {
    /// `left = `, which the group is assigned to, or nothing.
    left: String,
    open: String,
    items: Vec<String>,
    close: String,
    style: Style,
}

/// How a group is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// `f(a, b)`; one item a line when it does not fit.
    Tight,
    /// `S { a, b }`; one item a line when it does not fit.
    Spaced,
    /// `{a, b}`; as many items a line as fit when it does not fit one.
    Fill,
    /// `a.b().c()`; one item a line, indented, when it does not fit.
    Chain,
}

impl Text {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// One line.
    pub fn line(&mut self, line: impl Into<String>) {
        self.nodes.push(Node::Line(line.into()));
    }

    /// An empty line; several in a row, and those at the edges of a block, come out as one or none.
    pub fn blank(&mut self) {
        self.nodes.push(Node::Blank);
    }

    /// `open`, then what `body` adds, indented, then `close`.
    pub fn block(&mut self, open: impl Into<String>, close: &str, body: impl FnOnce(&mut Self)) {
        let mut inner = Self::new();
        body(&mut inner);
        self.line(open);
        self.nodes.push(Node::Indent(inner));
        self.line(close);
    }

    /// What `body` adds, indented; for heads that take several lines.
    pub fn indented(&mut self, body: impl FnOnce(&mut Self)) {
        let mut inner = Self::new();
        body(&mut inner);
        self.nodes.push(Node::Indent(inner));
    }

    /// A comment: paragraphs, separated by empty lines, wrapped behind `prefix`.
    pub fn comment(&mut self, prefix: &'static str, text: impl Into<String>) {
        self.nodes.push(Node::Comment { prefix, text: text.into() });
    }

    /// `open`, the items separated by commas, and `close`; on one line when that fits.
    pub fn group(&mut self, open: impl Into<String>, items: Vec<String>, close: impl Into<String>, style: Style) {
        self.assign("", open, items, close, style);
    }

    /// A group behind `left`, which ends in an equals sign; it starts a new line when it fits that, but not this one.
    pub fn assign(
        &mut self,
        left: impl Into<String>,
        open: impl Into<String>,
        items: Vec<String>,
        close: impl Into<String>,
        style: Style,
    ) {
        let group = Group { left: left.into(), open: open.into(), items, close: close.into(), style };
        self.nodes.push(Node::Group(group));
    }

    /// Another text at the same level.
    pub fn append(&mut self, other: Self) {
        self.nodes.extend(other.nodes);
    }

    /// The finished text.
    #[must_use]
    pub fn render(&self) -> String {
        self.render_within(WIDTH)
    }

    /// The finished text, with lines of at most `width` where they can be broken.
    #[must_use]
    pub fn render_within(&self, width: usize) -> String {
        let mut out = Vec::new();
        self.print(0, width, &mut out);
        while out.last().is_some_and(String::is_empty) {
            out.pop();
        }
        let mut text = out.join("\n");
        text.push('\n');
        text
    }

    fn print(&self, depth: usize, width: usize, out: &mut Vec<String>) {
        let indent = " ".repeat(4 * depth);
        let first = out.len();
        for node in &self.nodes {
            match node {
                Node::Line(line) if line.is_empty() => out.push(String::new()),
                Node::Line(line) => out.push(format!("{indent}{line}")),
                Node::Blank => {
                    if out.len() > first && out.last().is_some_and(|line| !line.is_empty()) {
                        out.push(String::new());
                    }
                }
                Node::Indent(inner) => {
                    inner.print(depth + 1, width, out);
                    while out.len() > first && out.last().is_some_and(String::is_empty) {
                        out.pop();
                    }
                }
                Node::Comment { prefix, text } => comment(&format!("{indent}{prefix}"), text, width, out),
                Node::Group(group) => group.print(&indent, width, out),
            }
        }
    }
}

fn comment(start: &str, text: &str, width: usize, out: &mut Vec<String>) {
    for (index, paragraph) in text.trim().split("\n\n").enumerate() {
        if index > 0 {
            out.push(start.to_owned());
        }
        let mut line = start.to_owned();
        for word in paragraph.split_whitespace() {
            if line.len() + 1 + word.len() > width && line.len() > start.len() {
                out.push(std::mem::replace(&mut line, start.to_owned()));
            }
            line.push(' ');
            line.push_str(word);
        }
        out.push(line);
    }
}

impl Group {
    fn print(&self, indent: &str, width: usize, out: &mut Vec<String>) {
        let Self { left, open, items, close, style } = self;
        let space = if *style == Style::Spaced && !items.is_empty() { " " } else { "" };
        let separator = if *style == Style::Chain { "" } else { ", " };
        let whole = format!("{open}{space}{}{space}{close}", items.join(separator));
        let left = if left.is_empty() { String::new() } else { format!("{left} ") };
        // Rust's formatter breaks calls that `?` follows a little earlier.
        let width = if close.ends_with("?;") { width - 2 } else { width };
        if indent.len() + left.len() + whole.len() <= width {
            out.push(format!("{indent}{left}{whole}"));
            return;
        }
        if !left.is_empty() && *style != Style::Chain && indent.len() + 4 + whole.len() <= width {
            out.push(format!("{indent}{}", left.trim_end()));
            out.push(format!("{indent}    {whole}"));
            return;
        }
        out.push(format!("{indent}{left}{open}"));
        let deeper = format!("{indent}    ");
        match style {
            Style::Chain => {
                out.extend(items.iter().map(|item| format!("{deeper}{}", item.trim_start())));
                if let Some(last) = out.last_mut() {
                    last.push_str(close);
                }
                return;
            }
            Style::Tight | Style::Spaced => out.extend(items.iter().map(|item| format!("{deeper}{item},"))),
            Style::Fill => self.fill(&deeper, width, out),
        }
        out.push(format!("{indent}{close}"));
    }

    fn fill(&self, indent: &str, width: usize, out: &mut Vec<String>) {
        let mut line = indent.to_owned();
        for item in &self.items {
            let space = usize::from(line.len() > indent.len());
            if space == 1 && line.len() + space + item.len() + 1 >= width {
                out.push(std::mem::replace(&mut line, indent.to_owned()));
            } else if space == 1 {
                line.push(' ');
            }
            line.push_str(item);
            line.push(',');
        }
        out.push(line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nests_and_trims_blank_lines() {
        let mut text = Text::new();
        text.blank();
        text.block("a {", "}", |text| {
            text.blank();
            text.line("b;");
            text.blank();
            text.blank();
            text.block("c {", "}", |text| text.line("d;"));
            text.blank();
        });
        text.blank();
        assert_eq!(text.render(), "a {\n    b;\n\n    c {\n        d;\n    }\n}\n");
    }

    #[test]
    fn wraps_comments_by_paragraph() {
        let mut text = Text::new();
        text.comment("///", format!("{} end\n\nnext", "word ".repeat(30).trim()));
        let rendered = text.render();
        let lines: Vec<_> = rendered.lines().collect();
        assert_eq!(lines.len(), 4);
        assert!(lines.iter().all(|line| line.len() <= WIDTH));
        assert_eq!(lines[2..], ["///", "/// next"]);
    }

    #[test]
    fn breaks_groups_only_when_too_wide() {
        let print = |count: usize, style| {
            let mut text = Text::new();
            text.group("f(", vec!["argument_name".to_owned(); count], ")", style);
            text.render()
        };
        assert_eq!(print(2, Style::Tight), "f(argument_name, argument_name)\n");
        assert_eq!(print(9, Style::Tight).lines().count(), 11);
        assert_eq!(print(9, Style::Fill).lines().count(), 4);
        assert_eq!(print(1, Style::Spaced), "f( argument_name )\n");
    }
}
