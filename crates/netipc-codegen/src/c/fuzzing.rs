//! Entry points for fuzzers: bytes in, every invariant of the codec asserted.

use super::lookup::Lookup;
use super::record::at_function;
use super::{Options, Shape, enums, function, generated_from, member, snake, write};
use crate::model::{Field, Kind, LookupParts, Service};
use crate::text::Text;

/// The file with the entry point of one service, whose records cannot grow: what is encoded again fits where it came from.
#[must_use]
pub fn fuzzing(service: &Service, options: &Options) -> String {
    let mut text = Text::new();
    generated_from(&service.source, &mut text);
    let name = snake(&service.name);
    text.line(format!("#include \"{}{name}.h\"", options.include));
    text.blank();
    text.line("#include \"fuzz.h\"");
    text.blank();
    let shape = |role: &str| service.record(role).map(|record| Shape { service, record, options });
    let (Some(request), Some(reply)) = (shape(&service.request), shape(&service.reply)) else { return text.render() };
    if let Some(parts) = service.lookup_parts() {
        let lookup = Lookup::new(&reply, &parts);
        fields(&lookup.item, &mut text);
        keys(&lookup, &mut text);
        items(&lookup, &mut text);
        answers(&lookup, &parts, &mut text);
    } else {
        values(&request, "request", &mut text);
        match reply.record.list().and_then(|list| Some((list, reply.items_of(list)?))) {
            Some((list, item)) => {
                fields(&item, &mut text);
                list_values(&reply, list, &item, &mut text);
            }
            None => values(&reply, "reply", &mut text),
        }
    }
    text.line(format!("fuzz_entry fuzz_{name};"));
    text.blank();
    function(&mut text, "void", &format!("fuzz_{name}"), &["const uint8_t *data", "size_t len"], |text| {
        text.line("fuzz_request(data, len);");
        text.line("fuzz_reply(data, len);");
        if service.lookup.is_some() {
            text.line("fuzz_answers(data, len);");
        }
    });
    text.render()
}

/// The list of all entry points, for tests.
#[must_use]
pub fn fuzzing_list(services: &[Service], source: &str) -> String {
    let mut text = Text::new();
    generated_from(source, &mut text);
    text.line("#include \"fuzz.h\"");
    text.blank();
    let mut names: Vec<_> = services.iter().map(|service| snake(&service.name)).collect();
    names.sort();
    for name in &names {
        text.line(format!("fuzz_entry fuzz_{name};"));
    }
    text.blank();
    text.block("const fuzz_target fuzz_targets[] = {", "};", |text| {
        for name in &names {
            text.line(format!("{{\"{name}\", fuzz_{name}}},"));
        }
        text.line("{NULL, NULL},");
    });
    text.render()
}

const PARAMETERS: [&str; 2] = ["const uint8_t *data", "size_t len"];

fn decode(shape: &Shape<'_>, text: &mut Text) {
    text.line(format!("{} view;", shape.ty()));
    text.block(format!("if (!{}_decode(data, len, &view, NULL)) {{", shape.ty()), "}", |text| text.line("return;"));
}

/// The values of an item, as it is written from them.
fn fields(shape: &Shape<'_>, text: &mut Text) {
    if !shape.has_fields() {
        return;
    }
    let view = format!("const {} *item", shape.ty());
    function(text, &format!("static {}", shape.fields_ty()), "fuzz_fields", &[&view], |text| {
        if let Some(table) = shape.record.table()
            && let Some(row) = shape.items_of(table)
        {
            let count = format!("item->{}.count", member(&table.name));
            text.line(format!("{0} *rows = fuzz_memory({count} * sizeof({0}));", row.ty()));
            text.block(format!("for (size_t i = 0; i < {count}; i++) {{"), "}", |text| {
                text.line(format!("FUZZ_CHECK({}(item, i, &rows[i]));", at_function(shape, table)));
            });
        }
        text.block(format!("return ({}){{", shape.fields_ty()), "};", |text| {
            for field in shape.record.values() {
                let name = member(&field.name);
                if matches!(field.kind, Kind::Table { .. }) {
                    text.line(format!(".{name} = rows,"));
                    text.line(format!(".{}_count = item->{name}.count,", field.name));
                } else {
                    text.line(format!(".{name} = item->{name},"));
                }
            }
        });
    });
}

/// A record that is written in one go.
fn values(shape: &Shape<'_>, role: &str, text: &mut Text) {
    let ty = shape.ty();
    function(text, "static void", &format!("fuzz_{role}"), &PARAMETERS, |text| {
        decode(shape, text);
        text.line("netipc_writer out = fuzz_writer(len);");
        text.line(format!("FUZZ_CHECK({ty}_encode(&view, &out, NULL));"));
        text.line(format!("{ty} again;"));
        text.line(format!("FUZZ_CHECK({ty}_decode(out.data, out.len, &again, NULL));"));
        text.line("netipc_writer twice = fuzz_writer(len);");
        text.line(format!("FUZZ_CHECK({ty}_encode(&again, &twice, NULL));"));
        text.line("FUZZ_CHECK(fuzz_same(&out, &twice));");
        text.line("fuzz_free();");
    });
}

/// A reply that is a list.
fn list_values(shape: &Shape<'_>, list: &Field, item: &Shape<'_>, text: &mut Text) {
    let ty = shape.ty();
    let parameters = [&format!("const {ty} *view"), "netipc_writer *out"];
    function(text, "static void", "fuzz_build", &parameters, |text| {
        text.line(format!("{ty}_builder builder;"));
        text.line(format!("{ty}_builder_start(&builder, out);"));
        for field in shape.record.values().filter(|field| field.name != list.name) {
            text.line(format!("{ty}_builder_set_{}(&builder, view->{});", field.name, member(&field.name)));
        }
        each(shape, list, item, "view", text, |text| {
            text.line(format!("FUZZ_CHECK({ty}_builder_push(&builder, &fields, NULL));"));
        });
        text.line(format!("FUZZ_CHECK({ty}_builder_finish(&builder, NULL));"));
    });
    function(text, "static void", "fuzz_reply", &PARAMETERS, |text| {
        decode(shape, text);
        text.line("netipc_writer out = fuzz_writer(len);");
        text.line("fuzz_build(&view, &out);");
        text.line(format!("{ty} again;"));
        text.line(format!("FUZZ_CHECK({ty}_decode(out.data, out.len, &again, NULL));"));
        text.line("netipc_writer twice = fuzz_writer(len);");
        text.line("fuzz_build(&again, &twice);");
        text.line("FUZZ_CHECK(fuzz_same(&out, &twice));");
        text.line("fuzz_free();");
    });
}

/// Goes over the items of a view, each as `item` and as `fields`.
fn each(shape: &Shape<'_>, list: &Field, item: &Shape<'_>, view: &str, text: &mut Text, body: impl FnOnce(&mut Text)) {
    text.line(format!("{} item;", item.ty()));
    text.block(format!("for (size_t i = 0; {}({view}, i, &item); i++) {{", at_function(shape, list)), "}", |text| {
        let value = if item.has_fields() { "fuzz_fields(&item)" } else { "item" };
        text.line(format!("const {} fields = {value};", item.fields_ty()));
        body(text);
    });
}

/// The keys of a request encode to themselves.
fn keys(lookup: &Lookup<'_>, text: &mut Text) {
    let (ty, key) = (lookup.request.ty(), lookup.key.ty());
    let keys = member(&lookup.parts.lookup.keys);
    let Some(list) = lookup.request.record.list() else { return };
    let at = at_function(&lookup.request, list);
    let parameters = [&format!("const {ty} *view"), "netipc_writer *out"];
    function(text, "static void", "fuzz_encode", &parameters, |text| {
        text.line(format!("{key} *keys = fuzz_memory(view->{keys}.count * sizeof({key}));"));
        text.block(format!("for (size_t i = 0; i < view->{keys}.count; i++) {{"), "}", |text| {
            text.line(format!("FUZZ_CHECK({at}(view, i, &keys[i]));"));
        });
        text.line(format!("FUZZ_CHECK({ty}_encode(keys, view->{keys}.count, out, NULL));"));
    });
    function(text, "static void", "fuzz_request", &PARAMETERS, |text| {
        decode(&lookup.request, text);
        text.line("netipc_writer out = fuzz_writer(len);");
        text.line("fuzz_encode(&view, &out);");
        text.line(format!("{ty} again;"));
        text.line(format!("FUZZ_CHECK({ty}_decode(out.data, out.len, &again, NULL));"));
        text.line("netipc_writer twice = fuzz_writer(len);");
        text.line("fuzz_encode(&again, &twice);");
        text.line("FUZZ_CHECK(fuzz_same(&out, &twice));");
        text.line("fuzz_free();");
    });
}

/// The items of a reply are the same when they are copied, and when they are written anew.
fn items(lookup: &Lookup<'_>, text: &mut Text) {
    let (ty, service) = (lookup.reply.ty(), lookup.service());
    let (items, generation) = (member(&lookup.parts.lookup.items), member(&lookup.parts.lookup.generation));
    let Some(list) = lookup.reply.record.list() else { return };
    let parameters = [&format!("const {ty} *view"), "netipc_writer *out"];
    for (name, anew) in [("fuzz_copy", false), ("fuzz_anew", true)] {
        function(text, "static void", name, &parameters, |text| {
            text.line("netipc_stitcher stitcher;");
            // Slots for entries are set aside in one of both only.
            let keys = if anew { "0".to_owned() } else { format!("view->{items}.count") };
            text.line(format!("{service}_stitch_start(&stitcher, out, {keys});"));
            if anew {
                each(&lookup.reply, list, &lookup.item, "view", text, |text| {
                    text.line(format!("FUZZ_CHECK({service}_stitch_item(&stitcher, &fields, NULL));"));
                });
            } else {
                text.block(format!("for (size_t i = 0; i < view->{items}.count; i++) {{"), "}", |text| {
                    let bytes = format!("netipc_items_bytes(&view->{items}, i)");
                    text.line(format!("FUZZ_CHECK(netipc_stitcher_copy(&stitcher, {bytes}, NULL));"));
                });
            }
            text.line(format!("FUZZ_CHECK({service}_stitch_finish(&stitcher, view->{generation}, NULL));"));
        });
    }
    function(text, "static void", "fuzz_reply", &PARAMETERS, |text| {
        decode(&lookup.reply, text);
        text.line("netipc_writer copied = fuzz_writer(len);");
        text.line("fuzz_copy(&view, &copied);");
        text.line(format!("{ty} copy;"));
        text.line(format!("FUZZ_CHECK({ty}_decode(copied.data, copied.len, &copy, NULL));"));
        text.line("netipc_writer out = fuzz_writer(len);");
        text.line("fuzz_anew(&view, &out);");
        text.line(format!("{ty} again;"));
        text.line(format!("FUZZ_CHECK({ty}_decode(out.data, out.len, &again, NULL));"));
        text.line("netipc_writer twice = fuzz_writer(copied.len);");
        text.line("fuzz_anew(&copy, &twice);");
        text.line("FUZZ_CHECK(fuzz_same(&out, &twice));");
        text.line("fuzz_free();");
    });
}

/// A provider that answers the keys of a reply's items in the same way makes the same items.
fn answers(lookup: &Lookup<'_>, parts: &LookupParts<'_>, text: &mut Text) {
    let (ty, key) = (lookup.reply.ty(), lookup.key.ty());
    let Some(list) = lookup.reply.record.list() else { return };
    let (items, generation) = (member(&parts.lookup.items), &parts.lookup.generation);
    final_key(lookup, parts, text);
    let builder = format!("{ty}_builder *builder");
    function(text, "static void", "fuzz_answer", &[&builder, &format!("const {} *item", lookup.item.ty())], |text| {
        let value = if lookup.item.has_fields() { "fuzz_fields(item)" } else { "*item" };
        text.line(format!("const {} fields = {value};", lookup.item.fields_ty()));
        text.line(format!("switch (fields.{}) {{", member(&parts.lookup.status)));
        for status in parts.final_statuses() {
            let value = enums::constant(lookup.item.service, lookup.item.options, parts.status, &status.name);
            text.line(format!("case {value}:"));
            let mut inner = Text::new();
            let free = parts.free_fields(&status.name);
            if free.is_empty() {
                inner.line(format!("FUZZ_CHECK({ty}_builder_{}(builder, NULL));", status.name));
            } else {
                inner.line(format!(
                    "FUZZ_CHECK({ty}_builder_{}(builder, &({}){{",
                    status.name,
                    lookup.answer_ty(status)
                ));
                let mut members = Text::new();
                for field in free {
                    let name = member(&field.name);
                    members.line(format!(".{name} = fields.{name},"));
                    if matches!(field.kind, Kind::Table { .. }) {
                        members.line(format!(".{0}_count = fields.{0}_count,", field.name));
                    }
                }
                inner.indent(members);
                inner.line("}, NULL));");
            }
            inner.line("break;");
            text.indent(inner);
        }
        text.line("default:");
        text.line("    break;");
        text.line("}");
    });
    function(text, "static void", "fuzz_answers", &PARAMETERS, |text| {
        decode(&lookup.reply, text);
        text.line(format!("{key} *keys = fuzz_memory(view.{items}.count * sizeof({key}));"));
        text.line("size_t count = 0;");
        text.line(format!("{} item;", lookup.item.ty()));
        let at = at_function(&lookup.reply, list);
        text.block(format!("for (size_t i = 0; {at}(&view, i, &item); i++) {{"), "}", |text| {
            text.line("count += fuzz_key(&item, &keys[count]) ? 1 : 0;");
        });
        // A key takes more bytes in a request than in its item, when that is all there is in it.
        text.line("netipc_writer asked = fuzz_writer(2 * len + 64);");
        text.line(format!("FUZZ_CHECK({}_encode(keys, count, &asked, NULL));", lookup.request.ty()));
        text.line(format!("{} request;", lookup.request.ty()));
        text.line(format!("FUZZ_CHECK({}_decode(asked.data, asked.len, &request, NULL));", lookup.request.ty()));
        text.line("netipc_writer out = fuzz_writer(len);");
        text.line(format!("{ty}_builder builder;"));
        text.line(format!("{ty}_builder_start(&builder, &request, &out);"));
        text.line(format!("{ty}_builder_set_{generation}(&builder, view.{});", member(generation)));
        text.block(format!("for (size_t i = 0; {at}(&view, i, &item); i++) {{"), "}", |text| {
            text.line(format!("{key} unused;"));
            text.block("if (fuzz_key(&item, &unused)) {", "}", |text| text.line("fuzz_answer(&builder, &item);"));
        });
        text.line(format!("FUZZ_CHECK({ty}_builder_finish(&builder, NULL));"));
        text.line(format!("{ty} again;"));
        text.line(format!("FUZZ_CHECK({ty}_decode(out.data, out.len, &again, NULL));"));
        text.line(format!("FUZZ_CHECK(again.{items}.count == count);"));
        text.line("fuzz_free();");
    });
}

/// The key of an item that has an answer, when it is one that can be asked for.
fn final_key(lookup: &Lookup<'_>, parts: &LookupParts<'_>, text: &mut Text) {
    let key = lookup.key.ty();
    let (item, out) = (format!("const {} *item", lookup.item.ty()), format!("{key} *key"));
    let parameters = [item.as_str(), out.as_str()];
    function(text, "static bool", "fuzz_key", &parameters, |text| {
        let status = member(&parts.lookup.status);
        let (exceeded, oversized) = (lookup.status(&parts.lookup.exceeded), lookup.status(&parts.lookup.oversized));
        text.line(format!("if (item->{status} == {exceeded}"));
        text.line(format!("    || item->{status} == {oversized}) {{"));
        text.line("    return false;");
        text.line("}");
        text.block(format!("*key = ({key}){{"), "};", |text| {
            for field in parts.key.values() {
                let name = member(&field.name);
                text.line(format!(".{name} = item->{name},"));
            }
        });
        if write::has_rules(&lookup.key) {
            text.line(format!("return {}_service.lookup->check_key(key, NULL);", lookup.service()));
        } else {
            text.line("return true;");
        }
    });
}
