//! The constant by which clients and servers are generic over a service.

use super::lookup::Lookup;
use super::{Out, Shape, member, snake, write};
use crate::model::{LookupParts, Service};

fn name(service: &Service, out: &Out<'_>) -> String {
    format!("{}{}_service", out.options.prefix, snake(&service.name))
}

pub(super) fn declare(service: &Service, out: &mut Out<'_>) {
    let name = name(service, out);
    out.names.define(&name);
    let mut doc = format!("The `{}` service. {}", service.name, service.doc.trim());
    if let Some(snapshot) = &service.snapshot {
        doc.push_str(&format!("\n\nItems are the same when `{}` and `{}` are.", snapshot.hash, snapshot.name));
    }
    out.header.block_comment(doc);
    let api = out.options.api.as_ref().map_or_else(String::new, |api| format!("{api} "));
    out.header.line(format!("{api}extern const netipc_service {name};"));
    out.header.blank();
}

pub(super) fn define(service: &Service, out: &mut Out<'_>) {
    let options = out.options;
    let (Some(request), Some(reply)) = (service.record(&service.request), service.record(&service.reply)) else {
        return;
    };
    let (request, reply) = (Shape { service, record: request, options }, Shape { service, record: reply, options });
    let builder = format!("{}_builder", reply.ty());
    let parts = service.lookup_parts();
    if parts.is_none() {
        let parameters = ["const void *query", "netipc_writer *out", "netipc_build_error *error"];
        out.private("bool", "service_encode_request", &parameters, |text| {
            text.line(format!("return {}_encode(query, out, error);", request.ty()));
        });
    }
    for (role, shape) in [("request", &request), ("reply", &reply)] {
        let view = format!("void *{role}");
        let parameters = ["netipc_bytes payload", &view, "netipc_decode_error *error"];
        out.private("bool", &format!("service_decode_{role}"), &parameters, |text| {
            text.line(format!("return {}_decode(payload.data, payload.len, {role}, error);", shape.ty()));
        });
    }
    let parameters = ["void *builder", "const void *request", "netipc_writer *out"];
    out.private("void", "service_start_reply", &parameters, |text| {
        if parts.is_some() {
            text.line(format!("{builder}_start(builder, request, out);"));
        } else {
            text.line("(void)request;");
            text.line(format!("{builder}_start(builder, out);"));
        }
    });
    let parameters = ["void *builder", "netipc_build_error *error"];
    out.private("bool", "service_finish_reply", &parameters, |text| {
        text.line(format!("return {builder}_finish(builder, error);"));
    });
    if let Some(parts) = &parts {
        lookup(&reply, parts, out);
    }
    let name = name(service, out);
    out.source.block(format!("const netipc_service {name} = {{"), "};", |text| {
        text.line(format!(".name = \"{}\",", service.name));
        text.line(format!(".method = {},", code(service.method)));
        text.line(format!(".batchable = {},", service.batchable));
        text.line(format!(".idempotent = {},", service.idempotent));
        text.line(format!(".request_struct_size = sizeof({}),", request.ty()));
        text.line(format!(".reply_struct_size = sizeof({}),", reply.ty()));
        text.line(format!(".builder_struct_size = sizeof({builder}),"));
        if parts.is_none() {
            text.line(".encode_request = service_encode_request,");
        }
        text.line(".decode_request = service_decode_request,");
        text.line(".start_reply = service_start_reply,");
        text.line(".finish_reply = service_finish_reply,");
        text.line(".decode_reply = service_decode_reply,");
        if parts.is_some() {
            text.line(".lookup = &lookup,");
        }
    });
}

/// Method codes of user services are easier to recognise in hexadecimal.
fn code(method: u16) -> String {
    if method >= 0x8000 { format!("{method:#06x}") } else { method.to_string() }
}

fn lookup(reply: &Shape<'_>, parts: &LookupParts<'_>, out: &mut Out<'_>) {
    let lookup = Lookup::new(reply, parts);
    keys(&lookup, out);
    replies(&lookup, out);
    let service = lookup.service();
    let parameters = ["netipc_stitcher *stitcher", "const void *key", "netipc_build_error *error"];
    out.private("bool", "lookup_push_oversized", &parameters, |text| {
        text.line(format!("return {service}_stitch_oversized(stitcher, key, error);"));
    });
    let parameters = ["netipc_bytes payload", "void *reply"];
    out.private("void", "lookup_view_reply", &parameters, |text| {
        text.line(format!("*({} *)reply = {}(payload);", lookup.reply.ty(), lookup.reply.private("view")));
    });
    out.source.block("static const netipc_lookup lookup = {", "};", |text| {
        text.line(format!(".key_struct_size = sizeof({}),", lookup.key.ty()));
        text.line(format!(".request_size = {},", lookup.request.size()));
        text.line(format!(".reply_size = {},", lookup.reply.size()));
        for function in ["encode_keys", "check_key"] {
            text.line(format!(".{function} = lookup_{function},"));
        }
        text.line(format!(".key_size = {},", lookup.key.private("size")));
        for function in ["short_size", "count", "generation", "outcome", "echoes", "item_bytes", "push_oversized"] {
            text.line(format!(".{function} = lookup_{function},"));
        }
        text.line(format!(".finish_stitched = {service}_stitch_finish,"));
        text.line(".view_reply = lookup_view_reply,");
    });
    out.source.blank();
}

fn keys(lookup: &Lookup<'_>, out: &mut Out<'_>) {
    let key = &lookup.key;
    let parameters = ["const void *keys", "size_t count", "netipc_writer *out", "netipc_build_error *error"];
    out.private("bool", "lookup_encode_keys", &parameters, |text| {
        text.line(format!("return {}_encode(keys, count, out, error);", lookup.request.ty()));
    });
    out.private("bool", "lookup_check_key", &["const void *key", "netipc_build_error *error"], |text| {
        if write::has_rules(key) {
            text.line(format!("return {}(key, error);", key.private("valid")));
        } else {
            text.line("(void)key;");
            text.line("(void)error;");
            text.line("return true;");
        }
    });
    out.private("size_t", "lookup_short_size", &["const void *key"], |text| {
        let status = lookup.status(&lookup.parts.lookup.exceeded);
        text.line(format!("const {} item = short_item(key, {status});", lookup.item.fields_ty()));
        text.line(format!("return {}(&item);", lookup.item.private("size")));
    });
}

fn replies(lookup: &Lookup<'_>, out: &mut Out<'_>) {
    let parts = lookup.parts.lookup;
    let (reply, items, item) = (lookup.reply.ty(), member(&parts.items), lookup.item.ty());
    let at =
        super::record::at_function(&lookup.reply, lookup.reply.record.list().unwrap_or(&lookup.reply.record.fields[0]));
    let view = format!("((const {reply} *)reply)");
    out.private("size_t", "lookup_count", &["const void *reply"], |text| {
        text.line(format!("return {view}->{items}.count;"));
    });
    out.private("uint64_t", "lookup_generation", &["const void *reply"], |text| {
        text.line(format!("return {view}->{};", member(&parts.generation)));
    });
    out.private("netipc_outcome", "lookup_outcome", &["const void *reply", "size_t index"], |text| {
        text.line(format!("{item} item;"));
        text.block(format!("if (!{at}(reply, index, &item)) {{"), "}", |text| {
            text.line("return NETIPC_OUTCOME_FINAL;");
        });
        let status = member(&parts.status);
        for (value, outcome) in [(&parts.exceeded, "EXCEEDED"), (&parts.oversized, "OVERSIZED")] {
            text.block(format!("if (item.{status} == {}) {{", lookup.status(value)), "}", |text| {
                text.line(format!("return NETIPC_OUTCOME_{outcome};"));
            });
        }
        text.line("return NETIPC_OUTCOME_FINAL;");
    });
    let parameters = ["const void *reply", "size_t index", "const void *key"];
    out.private("bool", "lookup_echoes", &parameters, |text| {
        text.line(format!("const {} *asked = key;", lookup.key.ty()));
        text.line(format!("{item} item;"));
        let mut terms = vec![format!("{at}(reply, index, &item)")];
        for name in &parts.echo {
            let is_string = lookup.item.record.strings().any(|(field, _)| field.name == *name);
            let field = member(name);
            terms.push(if is_string {
                format!("netipc_bytes_equal(item.{field}, asked->{field})")
            } else {
                format!("item.{field} == asked->{field}")
            });
        }
        super::all_of(terms, text);
    });
    out.private("netipc_bytes", "lookup_item_bytes", &["const void *reply", "size_t index"], |text| {
        text.line(format!("return netipc_items_bytes(&{view}->{items}, index);"));
    });
}
