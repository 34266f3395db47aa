//! The text tree that printers build: lines, nesting, comments and groups that break when they do not fit.
//!
//! A printer says what belongs together; indentation, wrapping and empty lines are decided here, once, at the end.

/// Widest line that is printed.
pub(crate) const WIDTH: usize = 120;

/// How a language lays out its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// What one level of nesting puts before a line.
    pub indent: &'static str,
    /// How many columns that takes.
    pub indent_width: usize,
    /// Widest line, where lines can be broken.
    pub width: usize,
}

impl Layout {
    /// As Rust's formatter has it.
    pub const RUST: Self = Self { indent: "    ", indent_width: 4, width: WIDTH };

    /// As Go's formatter has it; that has no opinion on width.
    pub const GO: Self = Self { indent: "\t", indent_width: 4, width: WIDTH };

    fn columns(&self, line: &str) -> usize {
        let mut levels = 0;
        let mut rest = line;
        while let Some(inner) = rest.strip_prefix(self.indent) {
            levels += 1;
            rest = inner;
        }
        levels * self.indent_width + rest.len()
    }
}

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
    BlockComment(String),
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
    /// `f(a, b)`; when it does not fit, lines that begin where the first item does, and no comma at the end.
    Aligned,
    /// `S{a: 1, b: 2}`; one item a line, the values below each other, when it does not fit.
    Keyed,
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
    pub fn block(&mut self, open: impl Into<String>, close: impl Into<String>, body: impl FnOnce(&mut Self)) {
        let mut inner = Self::new();
        body(&mut inner);
        self.line(open);
        self.indent(inner);
        self.line(close);
    }

    /// A text one level deeper.
    pub fn indent(&mut self, inner: Self) {
        self.nodes.push(Node::Indent(inner));
    }

    /// What `body` adds, indented; for heads that take several lines.
    pub fn indented(&mut self, body: impl FnOnce(&mut Self)) {
        let mut inner = Self::new();
        body(&mut inner);
        self.indent(inner);
    }

    /// A comment: paragraphs, separated by empty lines, wrapped behind `prefix`.
    pub fn comment(&mut self, prefix: &'static str, text: impl Into<String>) {
        self.nodes.push(Node::Comment { prefix, text: text.into() });
    }

    /// A comment between `/**` and `*/`, on one line when that fits; paragraphs are separated by empty lines.
    pub fn block_comment(&mut self, text: impl Into<String>) {
        self.nodes.push(Node::BlockComment(text.into()));
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

    /// The finished text, laid out as Rust.
    #[must_use]
    pub fn render(&self) -> String {
        self.render_as(&Layout::RUST)
    }

    /// The finished text, as Rust with lines of at most `width` where they can be broken.
    #[must_use]
    pub fn render_within(&self, width: usize) -> String {
        self.render_as(&Layout { width, ..Layout::RUST })
    }

    /// The finished text.
    #[must_use]
    pub fn render_as(&self, layout: &Layout) -> String {
        let mut out = Vec::new();
        self.print(0, layout, &mut out);
        while out.last().is_some_and(String::is_empty) {
            out.pop();
        }
        let mut text = out.join("\n");
        text.push('\n');
        text
    }

    fn print(&self, depth: usize, layout: &Layout, out: &mut Vec<String>) {
        let indent = layout.indent.repeat(depth);
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
                    inner.print(depth + 1, layout, out);
                    while out.len() > first && out.last().is_some_and(String::is_empty) {
                        out.pop();
                    }
                }
                Node::Comment { prefix, text } => comment(&format!("{indent}{prefix}"), text, layout, out),
                Node::Group(group) => group.print(&indent, layout, out),
                Node::BlockComment(text) => block_comment(&indent, text, layout, out),
            }
        }
    }
}

fn comment(start: &str, text: &str, layout: &Layout, out: &mut Vec<String>) {
    for (index, paragraph) in text.trim().split("\n\n").enumerate() {
        if index > 0 {
            out.push(start.to_owned());
        }
        let mut line = start.to_owned();
        for word in paragraph.split_whitespace() {
            if layout.columns(&line) + 1 + word.len() > layout.width && line.len() > start.len() {
                out.push(std::mem::replace(&mut line, start.to_owned()));
            }
            line.push(' ');
            line.push_str(word);
        }
        out.push(line);
    }
}

fn block_comment(indent: &str, text: &str, layout: &Layout, out: &mut Vec<String>) {
    // What would end the comment early.
    let text = text.trim().replace("*/", "* /");
    let line = format!("{indent}/** {} */", text.split_whitespace().collect::<Vec<_>>().join(" "));
    if line.len() <= layout.width && !text.contains("\n\n") {
        out.push(line);
        return;
    }
    out.push(format!("{indent}/**"));
    comment(&format!("{indent} *"), &text, layout, out);
    out.push(format!("{indent} */"));
}

impl Group {
    fn print(&self, indent: &str, layout: &Layout, out: &mut Vec<String>) {
        if self.style == Style::Aligned {
            self.print_aligned(indent, layout.width, out);
            return;
        }
        let Self { left, open, items, close, style } = self;
        let space = if *style == Style::Spaced && !items.is_empty() { " " } else { "" };
        let separator = if *style == Style::Chain { "" } else { ", " };
        let whole = format!("{open}{space}{}{space}{close}", items.join(separator));
        let left = if left.is_empty() { String::new() } else { format!("{left} ") };
        // Rust's formatter breaks calls that `?` follows a little earlier.
        let width = if close.ends_with("?;") { layout.width - 2 } else { layout.width };
        let start = layout.columns(indent);
        if start + left.len() + whole.len() <= width {
            out.push(format!("{indent}{left}{whole}"));
            return;
        }
        let deeper = format!("{indent}{}", layout.indent);
        if !left.is_empty() && *style != Style::Chain && start + layout.indent_width + whole.len() <= width {
            out.push(format!("{indent}{}", left.trim_end()));
            out.push(format!("{deeper}{whole}"));
            return;
        }
        out.push(format!("{indent}{left}{open}"));
        match style {
            Style::Chain => {
                out.extend(items.iter().map(|item| format!("{deeper}{}", item.trim_start())));
                if let Some(last) = out.last_mut() {
                    last.push_str(close);
                }
                return;
            }
            Style::Aligned => {}
            Style::Tight | Style::Spaced => out.extend(items.iter().map(|item| format!("{deeper}{item},"))),
            Style::Keyed => out.extend(aligned(items).iter().map(|item| format!("{deeper}{item},"))),
            Style::Fill => self.fill(&deeper, layout, width, out),
        }
        out.push(format!("{indent}{close}"));
    }

    fn print_aligned(&self, indent: &str, width: usize, out: &mut Vec<String>) {
        let left = if self.left.is_empty() { String::new() } else { format!("{} ", self.left) };
        let mut line = format!("{indent}{left}{}", self.open);
        let column = if line.len() > width / 2 { indent.len() + 8 } else { line.len() };
        for (index, item) in self.items.iter().enumerate() {
            let end = if index + 1 == self.items.len() { self.close.len() } else { 1 };
            let space = usize::from(index > 0);
            if index > 0 && line.len() + space + item.len() + end > width {
                out.push(std::mem::replace(&mut line, " ".repeat(column)));
            } else if index > 0 {
                line.push(' ');
            }
            line.push_str(item);
            if index + 1 < self.items.len() {
                line.push(',');
            }
        }
        line.push_str(&self.close);
        out.push(line);
    }

    fn fill(&self, indent: &str, layout: &Layout, width: usize, out: &mut Vec<String>) {
        let mut line = indent.to_owned();
        for item in &self.items {
            let space = usize::from(line.len() > indent.len());
            if space == 1 && layout.columns(&line) + space + item.len() + 1 >= width {
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

/// Items `key: value` with their values below each other.
fn aligned(items: &[String]) -> Vec<String> {
    let pairs: Vec<_> = items.iter().map(|item| item.split_once(' ').unwrap_or((item, ""))).collect();
    columns(&pairs)
}

/// Two columns of words, each line free of space at its end.
pub(crate) fn columns<S: AsRef<str>>(rows: &[(S, S)]) -> Vec<String> {
    let width = rows.iter().map(|(left, _)| left.as_ref().len()).max().unwrap_or(0);
    let row = |(left, right): &(S, S)| format!("{:width$} {}", left.as_ref(), right.as_ref()).trim_end().to_owned();
    rows.iter().map(row).collect()
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
    fn block_comments_take_one_line_when_they_can() {
        let mut text = Text::new();
        text.block_comment("one\nline");
        text.block_comment("two\n\nparagraphs");
        text.block("{", "}", |text| text.block_comment("word ".repeat(30)));
        let rendered = text.render();
        let lines: Vec<_> = rendered.lines().collect();
        assert_eq!(lines[..6], ["/** one line */", "/**", " * two", " *", " * paragraphs", " */"]);
        assert_eq!((lines[7], lines[10]), ("    /**", "     */"));
        assert!(lines.iter().all(|line| line.len() <= WIDTH));
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
        let aligned = print(9, Style::Aligned);
        assert_eq!(aligned.lines().map(str::len).collect::<Vec<_>>(), [106, 31]);
        assert!(aligned.ends_with("\n  argument_name, argument_name)\n"), "{aligned}");
    }

    #[test]
    fn indents_as_the_language_does() {
        let mut text = Text::new();
        text.block("func f() {", "}", |text| text.comment("//", "word ".repeat(24)));
        let rendered = text.render_as(&Layout::GO);
        let lines: Vec<_> = rendered.lines().collect();
        assert_eq!(lines[1], format!("\t// {}", "word ".repeat(22).trim()));
        assert_eq!(lines[2..], ["\t// word word", "}"]);
    }
}
