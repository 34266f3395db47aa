//! The row of a table: a struct of borrowed strings, and one that owns them.

use super::record::{debug, string_rules};
use super::{Shape, Uses, capitalised, value_doc, with_requirements};
use crate::text::{Style, Text};

pub(super) fn print(shape: &Shape<'_>, text: &mut Text, uses: &mut Uses) {
    uses.codec(&["Quoted", "Row", "RowRule"]);
    uses.vec = true;
    constants(shape, text, uses);
    view(shape, text);
    debug(shape, text, uses);
    row(shape, text);
    owned(shape, text);
}

fn constants(shape: &Shape<'_>, text: &mut Text, uses: &mut Uses) {
    let record = shape.record;
    text.comment("///", format!("Layout of [`{}`].", shape.view));
    text.block(format!("mod {} {{", record.name), "}", |text| {
        text.line("use super::RowRule;");
        text.blank();
        text.comment("///", "What errors call it.");
        text.line(format!("pub(super) const RECORD: &str = \"{} {}\";", shape.service.name, record.name));
        text.comment("///", "Its rules, in the order of its strings.");
        let strings =
            record.strings().map(|(field, _)| format!("(\"{0}\", rule::{1})", field.name, field.name.to_uppercase()));
        let strings: Vec<_> = strings.collect();
        let members = vec!["record: RECORD".to_owned(), format!("strings: &[{}]", strings.join(", "))];
        text.assign("pub(super) const ROW: RowRule =", "RowRule {", members, "};", Style::Spaced);
        string_rules(record, text, uses);
    });
    text.blank();
}

fn view(shape: &Shape<'_>, text: &mut Text) {
    let record = shape.record;
    text.comment("///", with_requirements(record.doc.clone(), &record.requirements));
    text.line("#[derive(Clone, Copy, PartialEq, Eq)]");
    text.block(format!("pub struct {}<'a> {{", shape.view), "}", |text| {
        for (field, _) in record.strings() {
            text.comment("///", value_doc(field));
            text.line(format!("pub {}: &'a [u8],", field.name));
        }
    });
    text.blank();
    text.block(format!("impl {}<'_> {{", shape.view), "}", |text| {
        text.comment("///", "A copy that outlives the payload.");
        text.line("#[must_use]");
        text.block(format!("pub fn into_owned(self) -> {} {{", shape.owned()), "}", |text| {
            let values = record.strings().map(|(field, _)| format!("{0}: self.{0}.to_vec()", field.name));
            text.group(format!("{} {{", shape.owned()), values.collect(), "}", Style::Spaced);
        });
    });
    text.blank();
}

fn row(shape: &Shape<'_>, text: &mut Text) {
    let names: Vec<_> = shape.record.strings().map(|(field, _)| &field.name).collect();
    text.block(format!("impl<'a> Row<'a> for {}<'a> {{", shape.view), "}", |text| {
        text.line(format!("const STRINGS: usize = {};", names.len()));
        text.blank();
        text.line("#[inline]");
        text.block("fn view(string: impl Fn(usize) -> &'a [u8]) -> Self {", "}", |text| {
            let values = names.iter().enumerate().map(|(index, name)| format!("{name}: string({index})")).collect();
            text.group("Self {", values, "}", Style::Spaced);
        });
        text.blank();
        text.line("#[inline]");
        text.block("fn string(&self, index: usize) -> &'a [u8] {", "}", |text| {
            let values = names.iter().map(|name| format!("self.{name}")).collect();
            text.group("[", values, "][index]", Style::Tight);
        });
    });
    text.blank();
}

fn owned(shape: &Shape<'_>, text: &mut Text) {
    let record = shape.record;
    text.comment("///", format!("{} that owns its bytes.", capitalised(&shape.link())));
    text.line("#[derive(Debug, Clone, PartialEq, Eq)]");
    text.block(format!("pub struct {} {{", shape.owned()), "}", |text| {
        for (field, _) in record.strings() {
            text.comment("///", value_doc(field));
            text.line(format!("pub {}: Vec<u8>,", field.name));
        }
    });
    text.blank();
    text.block(format!("impl {} {{", shape.owned()), "}", |text| {
        text.comment("///", "The strings, as a builder takes them.");
        text.line("#[must_use]");
        text.block(format!("pub fn view(&self) -> {}<'_> {{", shape.view), "}", |text| {
            let values = record.strings().map(|(field, _)| format!("{0}: &self.{0}", field.name)).collect();
            text.group(format!("{} {{", shape.view), values, "}", Style::Spaced);
        });
    });
    text.blank();
}
