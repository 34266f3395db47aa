//! Copies that outlive the payload.

use super::{Out, Shape, member};
use crate::model::Kind;
use crate::text::Text;

pub(super) fn print(shape: &Shape<'_>, out: &mut Out<'_>) {
    if shape.record.is_plain() {
        return;
    }
    let ty = shape.ty();
    let (view, copy) = (format!("const {ty} *view"), format!("{ty} *copy"));
    let doc = format!(
        "Makes a copy that outlives the payload, with one allocation.\n\n@return false when there is no memory. Else free it \
         with `{ty}_free`."
    );
    out.function(&doc, "bool", &format!("{ty}_clone"), &[&view, &copy], |text| clone(shape, text));
    let doc = format!("Frees what `{ty}_clone` made, and nothing else.");
    out.function(&doc, "void", &format!("{ty}_free"), &[&copy], |text| {
        let memory = owner(shape).unwrap_or_else(|| {
            shape.record.strings().next().map_or_else(String::new, |(field, _)| member(&field.name))
        });
        text.line(format!("free((void *)copy->{memory}.data);"));
        text.line("memset(copy, 0, sizeof *copy);");
    });
}

/// The member that knows all bytes of the record, when there is one.
fn owner(shape: &Shape<'_>) -> Option<String> {
    let mut fields = shape.record.values();
    let field = fields.find(|field| matches!(field.kind, Kind::List { .. } | Kind::Table { .. }))?;
    Some(format!("{}.record", member(&field.name)))
}

fn clone(shape: &Shape<'_>, text: &mut Text) {
    if let Some(owner) = owner(shape) {
        text.line(format!("netipc_bytes record = view->{owner};"));
        text.line("uint8_t *memory = malloc(record.len);");
        text.block("if (memory == NULL) {", "}", |text| text.line("return false;"));
        text.line("memcpy(memory, record.data, record.len);");
        text.line(format!("*copy = {}((netipc_bytes){{.data = memory, .len = record.len}});", shape.private("view")));
        text.line("return true;");
        return;
    }
    let strings: Vec<_> = shape.record.strings().map(|(field, _)| member(&field.name)).collect();
    let terms: Vec<_> = strings.iter().map(|name| format!("view->{name}.len + 1")).collect();
    text.line(format!("uint8_t *memory = malloc({});", terms.join(" + ")));
    text.block("if (memory == NULL) {", "}", |text| text.line("return false;"));
    text.line("*copy = *view;");
    let last = strings.len().saturating_sub(1);
    for (index, name) in strings.iter().enumerate() {
        text.line(format!("copy->{name} = netipc_string_copy(view->{name}, memory);"));
        if index < last {
            text.line(format!("memory += view->{name}.len + 1;"));
        }
    }
    text.line("return true;");
}
