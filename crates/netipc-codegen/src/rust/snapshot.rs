//! Snapshots: the descriptor by which caches are generic over services.

use super::{Shape, Uses, camel};
use crate::model::{Field, Kind};
use crate::text::Text;

/// What the reply of a snapshot has beside what every reply with a list has.
pub(super) fn print(reply: &Shape<'_>, text: &mut Text, uses: &mut Uses) {
    let service = reply.service;
    let Some(key) = &service.snapshot else { return };
    let (Some(item), Some(list)) = (reply.item(), reply.record.list()) else { return };
    let Some(hash) = item.record.field(&key.hash) else { return };
    uses.codec(&["Items", "fixed_part", "load"]);
    uses.service.insert("Snapshot");

    text.block(format!("impl Snapshot for {} {{", camel(&service.name)), "}", |text| {
        text.line(format!("type Item<'a> = {};", item.view_type("'a")));
        text.line(format!("type Hash = {};", item.value_type(hash, "")));
        text.blank();
        let items = format!("Items<'a, {}>", item.view_type("'a"));
        method(format!("fn items<'a>(reply: &Self::Reply<'a>) -> {items} {{"), format!("reply.{}()", list.name), text);
        let head = format!("fn hash(item: &{}) -> Self::Hash {{", item.view_type("'_"));
        method(head, format!("item.{}()", key.hash), text);
        // Through `Self`, so that the lifetime is bound as in the trait.
        let head = "fn name<'a>(item: &Self::Item<'a>) -> &'a [u8] {".to_owned();
        method(head, format!("item.{}()", key.name), text);
        if let Some(generation) = key.generation.as_ref().and_then(|name| reply.record.field(name)) {
            let head = format!("fn generation(reply: &{}) -> Option<u64> {{", reply.view_type("'_"));
            method(head, format!("Some({})", widened(reply, generation)), text);
        }
        view(reply, list, text, uses);
    });
    text.blank();
}

/// The view of a payload that is known to be sound, whose items are not looked at again.
fn view(reply: &Shape<'_>, list: &Field, text: &mut Text, uses: &mut Uses) {
    let Kind::List { count, .. } = &list.kind else { return };
    let Some(counter) = reply.record.field(count) else { return };
    let size = reply.record.size_field();
    text.line("#[inline]");
    text.block(format!("fn view_reply(payload: &[u8]) -> {} {{", reply.view_type("'_")), "}", |text| {
        text.line(format!("let fixed: &[u8; {}] = fixed_part(payload);", reply.known_size()));
        let behind = if let Some(size) = size {
            uses.codec(&["grown_part"]);
            text.line(format!("let grown = grown_part(payload, {});", reply.at(size)));
            "grown.len()".to_owned()
        } else {
            reply.constant("SIZE")
        };
        text.line(format!("let items = Items::view(payload, {behind}, load(fixed, {}));", reply.at(counter)));
        let items = if list.name == "items" { "items".to_owned() } else { format!("{}: items", list.name) };
        let fixed = if super::record::reads_fixed(reply.record) { "fixed, " } else { "" };
        let grown = if super::record::has_added(reply.record) { "grown, " } else { "" };
        text.line(format!("{} {{ {fixed}{grown}{items} }}", reply.view));
    });
}

/// The value of a number, as a u64.
fn widened(reply: &Shape<'_>, field: &Field) -> String {
    let value = format!("reply.{}()", field.name);
    if reply.value_type(field, "") == "u64" { value } else { format!("{value}.into()") }
}

fn method(head: String, body: String, text: &mut Text) {
    text.line("#[inline]");
    text.block(head, "}", |text| text.line(body));
    text.blank();
}
