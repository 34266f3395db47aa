//! The struct of values of a record: what builders take, and what copies of views are.

use super::{Shape, Uses, value_doc};
use crate::model::{Field, Kind};
use crate::text::{Style, Text};

pub(super) fn print(shape: &Shape<'_>, text: &mut Text, uses: &mut Uses) {
    if shape.record.is_plain() {
        return;
    }
    let (view, values) = (&shape.view, shape.values());
    let fields: Vec<_> = shape.record.values().collect();
    text.comment("//", format!("{values} has the values of {}.", shape.link()));
    members(shape, &fields, &values, text);
    text.blank();
    let receiver = shape.receiver();
    if shape.has_fields() {
        text.comment("//", "Fields returns all values at once; they borrow from the payload.");
        text.block(format!("func ({receiver} {view}) Fields() {values} {{"), "}", |text| {
            let members = fields.iter().map(|field| format!("{0}: {receiver}.{0}()", shape.member(field))).collect();
            text.group(format!("return {values}{{"), members, "}", Style::Keyed);
        });
        text.blank();
    }
    clone(shape, &fields, text, uses);
    equal(shape, &fields, text, uses);
}

/// A struct of some values of a record.
pub(super) fn members(shape: &Shape<'_>, fields: &[&Field], name: &str, text: &mut Text) {
    text.block(format!("type {name} struct {{"), "}", |text| {
        for field in fields {
            text.comment("//", value_doc(field));
            text.line(format!("{} {}", shape.member(field), shape.input_type(field)));
        }
    });
}

fn clone(shape: &Shape<'_>, fields: &[&Field], text: &mut Text, uses: &mut Uses) {
    let (view, values, receiver) = (&shape.view, shape.values(), shape.receiver());
    text.comment("//", "Clone returns a copy that outlives the payload.");
    text.block(format!("func ({receiver} {view}) Clone() {values} {{"), "}", |text| {
        let is_many = |field: &&&Field| matches!(field.kind, Kind::List { .. } | Kind::Table { .. });
        let mut variable = None;
        for field in fields.iter().filter(is_many) {
            let Some(item) = shape.items_of(field) else { continue };
            let (name, member) = (super::names::local(&field.name), shape.member(field));
            let copy = if item.record.is_plain() { "item" } else { "item.Clone()" };
            let ty = shape.input_type(field);
            text.line(format!("{name} := make({ty}, 0, {receiver}.{member}().Len())"));
            text.block(format!("for item := range {receiver}.{member}().All() {{"), "}", |text| {
                text.line(format!("{name} = append({name}, {copy})"));
            });
            variable = Some(name);
        }
        let members = fields.iter().map(|field| {
            let member = shape.member(field);
            match (&field.kind, &variable) {
                (Kind::String(_), _) => {
                    uses.standard.insert("bytes");
                    format!("{member}: bytes.Clone({receiver}.{member}())")
                }
                (Kind::List { .. } | Kind::Table { .. }, Some(variable)) => format!("{member}: {variable}"),
                _ => format!("{member}: {receiver}.{member}()"),
            }
        });
        text.group(format!("return {values}{{"), members.collect(), "}", Style::Keyed);
    });
    text.blank();
}

fn equal(shape: &Shape<'_>, fields: &[&Field], text: &mut Text, uses: &mut Uses) {
    let values = shape.values();
    text.comment("//", "Equal reports whether f and other have the same values.");
    text.block(format!("func (f {values}) Equal(other {values}) bool {{"), "}", |text| {
        let terms: Vec<_> = fields
            .iter()
            .map(|field| {
                let member = shape.member(field);
                match &field.kind {
                    Kind::String(_) => {
                        uses.standard.insert("bytes");
                        format!("bytes.Equal(f.{member}, other.{member})")
                    }
                    Kind::List { .. } | Kind::Table { .. } => {
                        uses.standard.insert("slices");
                        let item = shape.items_of(field);
                        match item.filter(|item| !item.record.is_plain()) {
                            Some(item) => {
                                let ty = if shape.service.is_row(&item.record.name) {
                                    item.view.clone()
                                } else {
                                    item.values()
                                };
                                format!("slices.EqualFunc(f.{member}, other.{member}, {ty}.Equal)")
                            }
                            None => format!("slices.Equal(f.{member}, other.{member})"),
                        }
                    }
                    _ => format!("f.{member} == other.{member}"),
                }
            })
            .collect();
        conjunction(&terms, text);
    });
    text.blank();
}

/// `return a && b`, one term a line.
pub(super) fn conjunction(terms: &[String], text: &mut Text) {
    match terms {
        [] => text.line("return true"),
        [one] => text.line(format!("return {one}")),
        [first, middle @ .., last] => {
            text.line(format!("return {first} &&"));
            let mut rest = Text::new();
            for term in middle {
                rest.line(format!("{term} &&"));
            }
            rest.line(last);
            text.indent(rest);
        }
    }
}
