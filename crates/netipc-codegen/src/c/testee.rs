//! What the test program of the conformance runner knows of a service: values as canonical JSON, and back.

use super::lookup::Lookup;
use super::record::at_function;
use super::{Options, Shape, enums, function, generated_from, member, ordered, snake};
use crate::model::{Field, Kind, LookupParts, Service, Value};
use crate::text::Text;

/// The file of one service.
#[must_use]
pub fn testee(service: &Service, options: &Options) -> String {
    let mut text = Text::new();
    generated_from(&service.source, &mut text);
    let name = snake(&service.name);
    text.line(format!("#include \"{}{name}.h\"", options.include));
    text.blank();
    text.line("#include \"testee.h\"");
    text.blank();
    for record in ordered(service) {
        let shape = Shape { service, record, options };
        show(&shape, &mut text);
        if record.list().is_none() {
            let fields: Vec<_> = record.values().collect();
            read(&shape, &shape.fields_ty(), &shape.private("read"), &fields, true, &mut text);
        }
    }
    let role = |role: &str| service.record(role).map(|record| Shape { service, record, options });
    if let (Some(request), Some(reply)) = (role(&service.request), role(&service.reply)) {
        decode(&request, "request", &mut text);
        decode(&reply, "reply", &mut text);
        let parts = service.lookup_parts();
        match &parts {
            Some(parts) => {
                let lookup = Lookup::new(&reply, parts);
                encode_keys(&lookup, &mut text);
                stitch(&lookup, &mut text);
                answer(&lookup, parts, &mut text);
            }
            None => {
                encode_request(&request, &mut text);
                encode_reply(&reply, &mut text);
            }
        }
        text.block(format!("const testee_service testee_{name} = {{"), "};", |text| {
            text.line(format!(".service = &{}{name}_service,", options.prefix));
            for member in ["decode_request", "decode_reply", "encode_request", "encode_reply"] {
                text.line(format!(".{member} = {member},"));
            }
            if parts.is_some() {
                text.line(".answer = answer,");
            }
        });
    }
    text.render()
}

/// The list of all services, for the program.
#[must_use]
pub fn testee_list(services: &[Service], source: &str) -> String {
    let mut text = Text::new();
    generated_from(source, &mut text);
    text.line("#include \"testee.h\"");
    text.blank();
    let mut names: Vec<_> = services.iter().map(|service| snake(&service.name)).collect();
    names.sort();
    for name in &names {
        text.line(format!("extern const testee_service testee_{name};"));
    }
    text.blank();
    text.block("const testee_service *const testee_services[] = {", "};", |text| {
        for name in &names {
            text.line(format!("&testee_{name},"));
        }
        text.line("NULL,");
    });
    text.render()
}

/// The function that writes a record as JSON.
fn show(shape: &Shape<'_>, text: &mut Text) {
    let view = format!("const {} *item", shape.ty());
    let fields: Vec<_> = shape.record.values().collect();
    function(text, "static void", &shape.private("show"), &["testee_text *out", &view], |text| {
        if fields.is_empty() {
            text.line("(void)item;");
        }
        for (index, field) in fields.iter().enumerate() {
            let open = if index == 0 { '{' } else { ',' };
            text.line(format!("testee_put(out, \"{open}\\\"{}\\\":\");", field.name));
            let value = format!("item->{}", member(&field.name));
            match &field.kind {
                Kind::String(_) => text.line(format!("testee_put_hex(out, {value});")),
                Kind::List { .. } | Kind::Table { .. } => show_all(shape, field, text),
                Kind::Enum { .. } => text.line(format!("testee_put_number(out, (uint64_t){value});")),
                _ => text.line(format!("testee_put_number(out, {value});")),
            }
        }
        text.line(if fields.is_empty() { "testee_put(out, \"{}\");" } else { "testee_put(out, \"}\");" });
    });
}

fn show_all(shape: &Shape<'_>, field: &Field, text: &mut Text) {
    let Some(item) = shape.items_of(field) else { return };
    let each = format!("{}_each", field.name);
    text.line("testee_put(out, \"[\");");
    text.line(format!("{} {each};", item.ty()));
    text.block(format!("for (size_t i = 0; {}(item, i, &{each}); i++) {{", at_function(shape, field)), "}", |text| {
        text.line("testee_put(out, i == 0 ? \"\" : \",\");");
        text.line(format!("{}(out, &{each});", item.private("show")));
    });
    text.line("testee_put(out, \"]\");");
}

/// The function that reads values from JSON; the first opens the object unless somebody did.
fn read(shape: &Shape<'_>, ty: &str, name: &str, fields: &[&Field], opens: bool, text: &mut Text) {
    function(text, &format!("static {ty}"), name, &["testee_json *in"], |text| {
        text.line(format!("{ty} item;"));
        text.line("memset(&item, 0, sizeof item);");
        for (index, field) in fields.iter().enumerate() {
            let open = if index == 0 && opens { '{' } else { ',' };
            text.line(format!("testee_expect(in, \"{open}\\\"{}\\\":\");", field.name));
            read_value(shape, field, text);
        }
        text.line(if fields.is_empty() && opens { "testee_expect(in, \"{}\");" } else { "testee_expect(in, \"}\");" });
        text.line("return item;");
    });
}

fn read_value(shape: &Shape<'_>, field: &Field, text: &mut Text) {
    let name = member(&field.name);
    match (&field.kind, shape.items_of(field)) {
        (Kind::Number { number, .. } | Kind::Enum { number, .. }, _) => {
            let most = format!("UINT{}_MAX", 8 * number.size());
            let ty = shape.value_ty(field);
            text.line(format!("item.{name} = ({ty})testee_number(in, {most});"));
        }
        (Kind::String(_), _) => text.line(format!("item.{name} = testee_hex(in);")),
        (Kind::Table { .. }, Some(row)) => {
            let all = format!("{}_all", field.name);
            read_all(&row, &all, text);
            text.line(format!("item.{name} = {all}.data;"));
            text.line(format!("item.{}_count = {all}.count;", field.name));
        }
        _ => {}
    }
}

/// An array of structs, in a variable called `all`.
fn read_all(item: &Shape<'_>, all: &str, text: &mut Text) {
    text.line(format!("testee_array {all} = {{NULL, 0, 0}};"));
    text.line("testee_expect(in, \"[\");");
    text.block("while (testee_more(in)) {", "}", |text| {
        let ty = item.fields_ty();
        text.line(format!("const {ty} one = {}(in);", item.private("read")));
        text.line(format!("memcpy(testee_push(&{all}, sizeof one), &one, sizeof one);"));
    });
}

fn decode(shape: &Shape<'_>, role: &str, text: &mut Text) {
    let parameters = ["netipc_bytes bytes", "testee_text *out", "netipc_decode_error *error"];
    function(text, "static bool", &format!("decode_{role}"), &parameters, |text| {
        text.line(format!("{} view;", shape.ty()));
        text.block(format!("if (!{}_decode(bytes.data, bytes.len, &view, error)) {{", shape.ty()), "}", |text| {
            text.line("return false;");
        });
        text.line(format!("{}(out, &view);", shape.private("show")));
        text.line("return true;");
    });
}

const ENCODE: [&str; 3] = ["testee_json *in", "netipc_writer *out", "netipc_build_error *error"];

fn encode_request(shape: &Shape<'_>, text: &mut Text) {
    function(text, "static bool", "encode_request", &ENCODE, |text| {
        text.line(format!("const {} item = {}(in);", shape.fields_ty(), shape.private("read")));
        text.line(format!("return {}_encode(&item, out, error);", shape.ty()));
    });
}

/// A reply, by its builder.
fn encode_reply(shape: &Shape<'_>, text: &mut Text) {
    let ty = shape.ty();
    function(text, "static bool", "encode_reply", &ENCODE, |text| {
        let fields: Vec<_> = shape.record.values().collect();
        let Some(list) = shape.record.list() else {
            text.line(format!("const {} item = {}(in);", shape.fields_ty(), shape.private("read")));
            text.line(format!("{ty}_builder builder;"));
            text.line(format!("{ty}_builder_start(&builder, out);"));
            if fields.is_empty() {
                text.line("(void)item;");
            } else {
                text.line(format!("if (!{ty}_builder_set(&builder, &item, error)"));
                text.line("    && (error->code != NETIPC_BUILD_OVERFLOW || !out->overflowed)) {");
                text.line("    return false;");
                text.line("}");
            }
            text.line(format!("return {ty}_builder_finish(&builder, error);"));
            return;
        };
        text.line(format!("{ty}_builder builder;"));
        text.line(format!("{ty}_builder_start(&builder, out);"));
        for (index, field) in fields.iter().filter(|field| field.name != list.name).enumerate() {
            let open = if index == 0 { '{' } else { ',' };
            text.line(format!("testee_expect(in, \"{open}\\\"{}\\\":\");", field.name));
            let (Kind::Number { number, .. } | Kind::Enum { number, .. }) = field.kind else { continue };
            let (value_ty, most) = (shape.value_ty(field), format!("UINT{}_MAX", 8 * number.size()));
            let value = format!("({value_ty})testee_number(in, {most})");
            text.line(format!("{ty}_builder_set_{}(&builder, {value});", field.name));
        }
        let open = if fields.len() > 1 { ',' } else { '{' };
        text.line(format!("testee_expect(in, \"{open}\\\"{}\\\":[\");", list.name));
        if let Some(item) = shape.items_of(list) {
            push_all(&item, &format!("{ty}_builder_push(&builder, &one, error)"), text);
        }
        text.line("testee_expect(in, \"}\");");
        text.line(format!("return {ty}_builder_finish(&builder, error);"));
    });
}

/// Gives one item after the other to `push`, up to the first invalid one.
fn push_all(item: &Shape<'_>, push: &str, text: &mut Text) {
    text.block("while (testee_more(in)) {", "}", |text| {
        text.line(format!("const {} one = {}(in);", item.fields_ty(), item.private("read")));
        text.block(format!("if (!{push} && error->code != NETIPC_BUILD_OVERFLOW) {{"), "}", |text| {
            text.line("const netipc_build_error why = *error;");
            text.line("return netipc_writer_refuse(out, &why, error);");
        });
    });
}

fn encode_keys(lookup: &Lookup<'_>, text: &mut Text) {
    let (ty, key) = (lookup.request.ty(), lookup.key.ty());
    function(text, "static bool", "encode_request", &ENCODE, |text| {
        text.line("testee_expect(in, \"{\");");
        text.line(format!("testee_expect(in, \"\\\"{}\\\":\");", lookup.parts.lookup.keys));
        read_all(&lookup.key, "all", text);
        text.line("testee_expect(in, \"}\");");
        text.line(format!("const {key} *keys = all.data;"));
        text.line(format!("return {ty}_encode(keys, all.count, out, error);"));
    });
}

/// A lookup's reply of items of any status.
fn stitch(lookup: &Lookup<'_>, text: &mut Text) {
    let (service, names) = (lookup.service(), lookup.parts.lookup);
    function(text, "static bool", "encode_reply", &ENCODE, |text| {
        text.line("netipc_stitcher stitcher;");
        text.line(format!("{service}_stitch_start(&stitcher, out, 0);"));
        text.line(format!("testee_expect(in, \"{{\\\"{}\\\":\");", names.generation));
        text.line("const uint64_t generation = testee_number(in, UINT64_MAX);");
        text.line(format!("testee_expect(in, \",\\\"{}\\\":[\");", names.items));
        push_all(&lookup.item, &format!("{service}_stitch_item(&stitcher, &one, error)"), text);
        text.line("testee_expect(in, \"}\");");
        text.line(format!("return {service}_stitch_finish(&stitcher, generation, error);"));
    });
}

/// A lookup's reply to a request, by its builder.
fn answer(lookup: &Lookup<'_>, parts: &LookupParts<'_>, text: &mut Text) {
    let ty = lookup.reply.ty();
    let statuses: Vec<_> = parts.final_statuses().collect();
    for status in &statuses {
        let free = parts.free_fields(&status.name);
        if !free.is_empty() {
            let name = format!("read_answer_{}", status.name);
            read(&lookup.item, &lookup.answer_ty(status), &name, &free, false, text);
        }
    }
    let parameters = ["testee_json *in", &format!("{ty}_builder *builder"), "netipc_build_error *error"];
    function(text, "static bool", "answer_one", &parameters, |text| {
        text.line(format!("testee_expect(in, \"{{\\\"{}\\\":\");", parts.lookup.status));
        text.line("switch (testee_number(in, UINT64_MAX)) {");
        for status in &statuses {
            answer_status(lookup, status, &ty, text);
        }
        text.line("default:");
        text.line("    testee_die(\"an answer has a status that no provider gives\");");
        text.line("}");
    });
    let parameters = ["netipc_bytes request", "testee_json *in", "netipc_writer *out", "testee_refusal *refusal"];
    function(text, "static bool", "answer", &parameters, |text| {
        text.line(format!("{} asked;", lookup.request.ty()));
        let decode = format!("{}_decode(request.data, request.len, &asked, &refusal->decode)", lookup.request.ty());
        text.block(format!("if (!{decode}) {{"), "}", |text| {
            text.line("refusal->is_decode = true;");
            text.line("return false;");
        });
        text.line(format!("{ty}_builder builder;"));
        text.line(format!("{ty}_builder_start(&builder, &asked, out);"));
        text.line("testee_expect(in, \"{\\\"generation\\\":\");");
        text.line(format!("{ty}_builder_set_{}(&builder, testee_number(in, UINT64_MAX));", parts.lookup.generation));
        text.line("testee_expect(in, \",\\\"answers\\\":[\");");
        text.line("netipc_build_error *error = &refusal->build;");
        text.block("while (testee_more(in)) {", "}", |text| {
            text.block("if (!answer_one(in, &builder, error)) {", "}", |text| {
                text.block("if (error->code == NETIPC_BUILD_INVALID) {", "}", |text| text.line("return false;"));
                text.block("if (error->code == NETIPC_BUILD_OVERFLOW) {", "}", |text| text.line("break;"));
            });
        });
        text.line(format!("return {ty}_builder_finish(&builder, error);"));
    });
}

fn answer_status(lookup: &Lookup<'_>, status: &Value, ty: &str, text: &mut Text) {
    let options = lookup.item.options;
    let value = enums::constant(lookup.item.service, options, lookup.parts.status, &status.name);
    text.line(format!("case {value}: {{"));
    let mut inner = Text::new();
    if lookup.parts.free_fields(&status.name).is_empty() {
        inner.line("testee_expect(in, \"}\");");
        inner.line(format!("return {ty}_builder_{}(builder, error);", status.name));
    } else {
        inner.line(format!("const {} fields = read_answer_{}(in);", lookup.answer_ty(status), status.name));
        inner.line(format!("return {ty}_builder_{}(builder, &fields, error);", status.name));
    }
    text.indent(inner);
    text.line("}");
}
