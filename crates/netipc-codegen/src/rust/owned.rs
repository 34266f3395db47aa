//! Forms that own their bytes.

use super::{Shape, capitalised, value_doc};
use crate::model::{Field, Kind};
use crate::text::{Style, Text};

pub(super) fn print(shape: &Shape<'_>, text: &mut Text) {
    let record = shape.record;
    text.comment("///", format!("{} that owns its bytes.", capitalised(&shape.link())));
    text.line("#[derive(Debug, Clone, PartialEq, Eq)]");
    text.block(format!("pub struct {} {{", shape.owned()), "}", |text| {
        for field in record.values() {
            text.comment("///", value_doc(field));
            text.line(format!("pub {}: {},", field.name, owned_type(shape, field)));
        }
    });
    text.blank();
    if !shape.has_fields() {
        return;
    }
    text.block(format!("impl {} {{", shape.owned()), "}", |text| {
        text.comment("///", "All values at once, as a builder takes them.");
        text.line("#[must_use]");
        text.block(format!("pub fn fields(&self) -> {} {{", shape.fields_type("'_")), "}", |text| {
            let values = record.values().map(|field| match field.kind {
                Kind::String(_) => format!("{0}: &self.{0}", field.name),
                _ => format!("{0}: self.{0}", field.name),
            });
            text.group(format!("{} {{", shape.fields_name()), values.collect(), "}", Style::Spaced);
        });
    });
    text.blank();
}

/// The method that makes the owned form of a view.
pub(super) fn into_owned(shape: &Shape<'_>, text: &mut Text) {
    text.comment("///", "A copy that outlives the payload.");
    text.line("#[must_use]");
    text.block(format!("pub fn into_owned(self) -> {} {{", shape.owned()), "}", |text| {
        let values = shape.record.values().map(|field| match &field.kind {
            Kind::String(_) => format!("{0}: self.{0}().to_vec()", field.name),
            Kind::List { .. } => match shape.item() {
                Some(item) if !item.record.is_plain() => {
                    format!("{0}: self.{0}.iter().map(|item| item.into_owned()).collect()", field.name)
                }
                _ => format!("{0}: self.{0}.iter().collect()", field.name),
            },
            Kind::Table { .. } => format!("{0}: self.{0}().iter().map(|row| row.into_owned()).collect()", field.name),
            Kind::Number { .. }
            | Kind::Enum { .. }
            | Kind::Constant { .. }
            | Kind::Size { .. }
            | Kind::Count { .. } => {
                format!("{0}: self.{0}()", field.name)
            }
        });
        text.group(format!("{} {{", shape.owned()), values.collect(), "}", Style::Spaced);
    });
    text.blank();
}

fn owned_type(shape: &Shape<'_>, field: &Field) -> String {
    match &field.kind {
        Kind::String(_) => "Vec<u8>".to_owned(),
        Kind::List { .. } | Kind::Table { .. } => {
            format!("Vec<{}>", shape.items_of(field).map_or_else(String::new, |item| item.owned()))
        }
        Kind::Number { .. } | Kind::Enum { .. } | Kind::Constant { .. } | Kind::Size { .. } | Kind::Count { .. } => {
            shape.value_type(field, "")
        }
    }
}
