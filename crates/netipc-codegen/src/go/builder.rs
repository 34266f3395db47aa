//! What a handler fills to make a reply.

use super::names::local;
use super::write::{closed, has_rules, header_values, kept, len_of, setter};
use super::{Shape, value_doc};
use crate::model::{Field, Kind, Place};
use crate::text::Text;

/// How a reply that is written in one go gets its values.
pub(super) enum Set<'m> {
    /// There are none.
    Nothing,
    /// There is one, passed bare.
    One(&'m Field),
    /// There are several, passed as a struct.
    All(Vec<&'m Field>),
}

impl<'m> Set<'m> {
    pub(super) fn of(shape: &Shape<'m>) -> Self {
        let values: Vec<_> = shape.record.values().collect();
        match values.as_slice() {
            [] => Self::Nothing,
            [one] => Self::One(one),
            _ => Self::All(values),
        }
    }
}

pub(super) fn print(shape: &Shape<'_>, text: &mut Text) {
    match (shape.item(), Set::of(shape)) {
        (Some(item), _) => list(shape, &item, text),
        (None, Set::Nothing) => fixed(shape, text),
        (None, set) => whole(shape, &set, text),
    }
}

const RESET_DOC: &str = "Reset starts a reply at the end of dst, of at most budget bytes. What the builder was used for before \
                         does not matter.";

pub(super) const FINISH_DOC: &str =
    "Finish ends the reply and returns dst, longer by the reply. When there is an error that is dst as it was:";

/// What goes behind the errors that there always may be, when values can break rules.
const INVALID: &str = ", or a [*codec.InvalidError] when a rule is broken";

/// The builder of a record without any value: there is nothing to fill.
fn fixed(shape: &Shape<'_>, text: &mut Text) {
    let builder = shape.builder();
    head(shape, &[("out", "codec.Writer")], text);
    text.comment("//", RESET_DOC);
    text.block(format!("func (b *{builder}) Reset(dst []byte, budget int) {{"), "}", |text| {
        text.line("b.out = codec.NewWriter(dst, budget)");
        text.comment("//", "The writer remembers what did not fit, and Finish reports it.");
        text.line(format!("_ = new({}).write(&b.out)", shape.values()));
    });
    text.blank();
    text.comment("//", format!("{FINISH_DOC} a [*codec.OverflowError]."));
    text.line(format!("func (b *{builder}) Finish() ([]byte, error) {{ return b.out.Finish(nil) }}"));
    text.blank();
    encode(shape, text, |_| {});
}

/// The builder of a record that is written in one go.
fn whole(shape: &Shape<'_>, set: &Set<'_>, text: &mut Text) {
    let builder = shape.builder();
    head(shape, &[("out", "codec.Writer"), ("written", "bool")], text);
    text.comment("//", RESET_DOC);
    text.block(format!("func (b *{builder}) Reset(dst []byte, budget int) {{"), "}", |text| {
        text.line(format!("*b = {builder}{{out: codec.NewWriter(dst, budget)}}"));
    });
    text.blank();
    let errors = errors(has_rules(shape));
    let (field, call) = match set {
        Set::Nothing => return,
        Set::One(field) => {
            set_one(shape, field, &errors, text);
            let is_placed = matches!(&field.kind, Kind::String(rule) if rule.place != Place::Rest);
            if is_placed && !has_rules(shape) {
                room(shape, field, text);
            }
            (*field, format!("b.{}(fields.{})", setter(field), shape.member(field)))
        }
        Set::All(fields) => {
            text.comment("//", format!("Set writes the record; the reply consists of the last call. {errors}"));
            text.block(format!("func (b *{builder}) Set(fields {}) error {{", shape.values()), "}", |text| {
                set_body(shape, text);
            });
            text.blank();
            let Some(first) = fields.first() else { return };
            (*first, "b.Set(fields)".to_owned())
        }
    };
    finish_whole(shape, &field.name, text);
    encode(shape, text, |text| {
        text.block(format!("if err := {call}; err != nil {{"), "}", |text| {
            text.line("return b.out.Finish(err)");
        });
    });
}

fn errors(rules: bool) -> String {
    let invalid = if rules { INVALID } else { "" };
    format!("It returns a [*codec.OverflowError] when it does not fit{invalid}.")
}

fn set_one(shape: &Shape<'_>, field: &Field, errors: &str, text: &mut Text) {
    let (name, parameter) = (setter(field), local(&field.name));
    let doc = value_doc(field);
    text.comment("//", format!("{name} sets the value; the reply consists of the last call. {errors}\n\n{doc}"));
    let head = format!("func (b *{}) {name}({parameter} {}) error {{", shape.builder(), shape.input_type(field));
    text.block(head, "}", |text| {
        text.line(format!("fields := {}{{{}: {parameter}}}", shape.values(), shape.member(field)));
        set_body(shape, text);
    });
    text.blank();
}

fn set_body(shape: &Shape<'_>, text: &mut Text) {
    if has_rules(shape) {
        text.block("if err := fields.check(); err != nil {", "}", |text| text.line("return err"));
    }
    text.line("b.out.Restart()");
    text.line("b.written = true");
    text.line("return fields.write(&b.out)");
}

/// Lends the place of the string, so that a handler can compute it there.
fn room(shape: &Shape<'_>, field: &Field, text: &mut Text) {
    let (name, setter) = (format!("{}Room", shape.member(field)), setter(field));
    text.comment(
        "//",
        format!(
            "{name} is like {setter}, but returns n zero bytes to be filled in place; they are valid until the next call. {}",
            errors(false)
        ),
    );
    text.block(format!("func (b *{}) {name}(n int) ([]byte, error) {{", shape.builder()), "}", |text| {
        text.line("n = max(n, 0)");
        text.line("b.out.Restart()");
        text.line("b.written = true");
        text.line(format!("record, err := b.out.Extend(codec.Sum({}, n, 1))", shape.size()));
        text.block("if err != nil {", "}", |text| text.line("return nil, err"));
        text.line(format!("new({}).put(record)", shape.values()));
        text.line(format!("return codec.PutRoom(record, {}, {}, n), nil", field.at, shape.size()));
    });
    text.blank();
}

fn finish_whole(shape: &Shape<'_>, field: &str, text: &mut Text) {
    text.comment(
        "//",
        format!(
            "{FINISH_DOC} a [*codec.OverflowError] when something did not fit, also when that error was ignored, or a \
             [*codec.MissingError] when nothing was written."
        ),
    );
    text.block(format!("func (b *{}) Finish() ([]byte, error) {{", shape.builder()), "}", |text| {
        text.block("if !b.written {", "}", |text| {
            let error = shape.error_name();
            text.line(format!("return b.out.Finish(&codec.MissingError{{Record: {error}, Field: \"{field}\"}})"));
        });
        text.line("return b.out.Finish(nil)");
    });
    text.blank();
}

/// The builder of a record with a list: header values in any order, items one by one.
fn list(shape: &Shape<'_>, item: &Shape<'_>, text: &mut Text) {
    let header: Vec<_> = header_values(shape.record).collect();
    let builder = shape.builder();
    let mut members =
        vec![("out".to_owned(), "codec.Writer".to_owned()), ("items".to_owned(), "codec.ItemsWriter".to_owned())];
    members.extend(header.iter().map(|field| (kept(field), format!("codec.Value[{}]", shape.value_type(field)))));
    head(shape, &members, text);
    text.comment("//", RESET_DOC);
    text.block(format!("func (b *{builder}) Reset(dst []byte, budget int) {{"), "}", |text| {
        text.line(format!("*b = {builder}{{out: codec.NewWriter(dst, budget)}}"));
        text.comment("//", "The writer remembers what did not fit, and Finish reports it.");
        text.line(format!("_, _ = b.out.Extend({})", shape.size()));
        text.line("b.items = codec.NewItemsWriter(&b.out)");
    });
    text.blank();
    for field in &header {
        set_value(shape, field, text);
    }
    add(shape, item, text);
    finish_list(shape, &header, text);
    encode_list(shape, &header, item, text);
}

/// The method that keeps one value for the fixed part.
pub(super) fn set_value(shape: &Shape<'_>, field: &Field, text: &mut Text) {
    let (name, parameter) = (setter(field), local(&field.name));
    text.comment("//", format!("{name} sets the value, which must be done before the end.\n\n{}", value_doc(field)));
    let head = format!("func (b *{}) {name}({parameter} {}) {{", shape.builder(), shape.value_type(field));
    text.block(head, "}", |text| text.line(format!("b.{}.Set({parameter})", kept(field))));
    text.blank();
}

fn add(shape: &Shape<'_>, item: &Shape<'_>, text: &mut Text) {
    let builder = shape.builder();
    text.comment(
        "//",
        "Grow makes room for n more items at once; that saves moving bytes later, and changes no result.",
    );
    text.line(format!("func (b *{builder}) Grow(n int) {{ b.items.Grow(&b.out, n) }}"));
    text.blank();
    let rules = has_rules(item);
    let invalid = if rules { "; without an item whose rule is broken the reply can go on" } else { "" };
    text.comment(
        "//",
        format!(
            "Add appends an item. {} After an overflow nothing fits any more, so that no item is left out unnoticed{invalid}.",
            errors(rules)
        ),
    );
    text.block(format!("func (b *{builder}) Add(item {}) error {{", item.values()), "}", |text| {
        if rules {
            text.block("if err := item.check(); err != nil {", "}", |text| text.line("return err"));
        }
        text.line(format!("buf, err := b.items.Add(&b.out, {})", len_of(item, "item")));
        text.block("if err != nil {", "}", |text| text.line("return err"));
        text.line("item.put(buf)");
        text.line("return nil");
    });
    text.blank();
}

fn finish_list(shape: &Shape<'_>, header: &[&Field], text: &mut Text) {
    let (builder, error) = (shape.builder(), shape.error_name());
    let missing = if header.is_empty() { "" } else { ", or a [*codec.MissingError] when a field was given no value" };
    let invalid = if closed(shape).next().is_some() { INVALID } else { "" };
    text.comment(
        "//",
        format!(
            "{FINISH_DOC} a [*codec.OverflowError] when something did not fit, also when that error was ignored{missing}{invalid}."
        ),
    );
    text.line(format!("func (b *{builder}) Finish() ([]byte, error) {{ return b.out.Finish(b.close()) }}"));
    text.blank();
    text.block(format!("func (b *{builder}) close() error {{"), "}", |text| {
        for field in header {
            let (name, kept) = (local(&field.name), kept(field));
            text.line(format!("{name}, ok := b.{kept}.Get()"));
            text.block("if !ok {", "}", |text| {
                text.line(format!("return &codec.MissingError{{Record: {error}, Field: \"{}\"}}", field.name));
            });
        }
        check_header(shape, text);
        text.line("count := b.items.Finish(&b.out)");
        text.block(format!("if head := b.out.Head({}); head != nil {{", shape.size()), "}", |text| {
            text.line(format!("put{}Head({})", shape.view, head_arguments(header, "count")));
        });
        text.line("return nil");
    });
    text.blank();
}

/// Closed enumerations in the fixed part.
fn check_header(shape: &Shape<'_>, text: &mut Text) {
    let closed: Vec<_> = closed(shape).collect();
    if closed.is_empty() {
        return;
    }
    text.line(format!("c := codec.NewChecker({})", shape.error_name()));
    for (field, codes) in closed {
        text.line(format!("c.Listed(\"{}\", uint64({}), {codes})", field.name, local(&field.name)));
    }
    text.block("if err := c.Err(); err != nil {", "}", |text| text.line("return err"));
}

fn head_arguments(header: &[&Field], count: &str) -> String {
    let mut arguments = vec!["head".to_owned()];
    arguments.extend(header.iter().map(|field| local(&field.name)));
    arguments.push(count.to_owned());
    arguments.join(", ")
}

/// The function that encodes a whole reply of its values.
fn encode(shape: &Shape<'_>, text: &mut Text, body: impl FnOnce(&mut Text)) {
    encode_head(shape, text, |text| {
        text.line(format!("var b {}", shape.builder()));
        text.line("b.Reset(dst, budget)");
        body(text);
        text.line("return b.Finish()");
    });
}

/// The function around `body`, which encodes `fields`.
pub(super) fn encode_head(shape: &Shape<'_>, text: &mut Text, body: impl FnOnce(&mut Text)) {
    let view = &shape.view;
    let invalid = if has_rules(shape) || shape.item().is_some_and(|item| has_rules(&item)) { INVALID } else { "" };
    text.comment(
        "//",
        format!(
            "Encode{view} appends a whole reply to dst, of at most budget bytes, and returns the longer buffer. When there is \
             an error that is dst as it was: a [*codec.OverflowError]{invalid}."
        ),
    );
    let fields = if shape.record.values().next().is_none() { "_" } else { "fields" };
    let head = format!("func Encode{view}(dst []byte, budget int, {fields} {}) ([]byte, error) {{", shape.values());
    text.block(head, "}", body);
    text.blank();
}

fn encode_list(shape: &Shape<'_>, header: &[&Field], item: &Shape<'_>, text: &mut Text) {
    let Some(list) = shape.record.list() else { return };
    let member = shape.member(list);
    encode(shape, text, |text| {
        for field in header {
            text.line(format!("b.{}(fields.{})", setter(field), shape.member(field)));
        }
        text.line(format!("b.Grow(len(fields.{member}))"));
        add_all(item, &format!("fields.{member}"), "b.items.Add(&b.out, ", "b.out.Finish(err)", text);
    });
}

/// Adds all items of a slice. What does not fit is counted on, so that the error tells what all of it takes.
pub(super) fn add_all(item: &Shape<'_>, items: &str, add: &str, fail: &str, text: &mut Text) {
    text.block(format!("for i := range {items} {{"), "}", |text| {
        text.line(format!("item := &{items}[i]"));
        if has_rules(item) {
            text.block("if err := item.check(); err != nil {", "}", |text| text.line(format!("return {fail}")));
        }
        text.comment("//", "What does not fit is counted on, so that the error tells what all of it takes.");
        text.block(format!("if buf, err := {add}{}); err == nil {{", len_of(item, "item")), "}", |text| {
            text.line("item.put(buf)");
        });
    });
}

fn head<S: AsRef<str>>(shape: &Shape<'_>, members: &[(S, S)], text: &mut Text) {
    let builder = shape.builder();
    text.comment(
        "//",
        format!(
            "{builder} builds {} within a byte budget. Reset makes it ready; before that it has no room.",
            shape.link()
        ),
    );
    text.block(format!("type {builder} struct {{"), "}", |text| {
        let rows: Vec<_> =
            members.iter().map(|(name, ty)| (name.as_ref().to_owned(), ty.as_ref().to_owned())).collect();
        super::members(&rows, text);
    });
    text.blank();
}
