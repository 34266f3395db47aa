use crate::testing::*;

const REQUEST: &str = "cgroups-lookup/request";
const REPLY: &str = "cgroups-lookup/reply";

fn item(status: u16, orchestrator: u16, [path, name]: [&str; 2], labels: &[[&str; 2]]) -> String {
    let label = |[key, value]: &[&str; 2]| format!("{{\"key\":{},\"value\":{}}}", hex(key), hex(value));
    let labels: Vec<_> = labels.iter().map(label).collect();
    format!(
        "{{\"status\":{status},\"orchestrator\":{orchestrator},\"path\":{},\"name\":{},\"labels\":[{}]}}",
        hex(path),
        hex(name),
        labels.join(",")
    )
}

fn reply(generation: u64, items: &[String]) -> String {
    format!("{{\"generation\":{generation},\"items\":[{}]}}", items.join(","))
}

fn keys(paths: &[&str]) -> String {
    let keys: Vec<_> = paths.iter().map(|path| format!("{{\"path\":{}}}", hex(path))).collect();
    format!("{{\"keys\":[{}]}}", keys.join(","))
}

#[test]
fn golden_requests() {
    let two = keys(&["/sys/fs/cgroup/a", "/system.slice/docker-abc.scope"]);
    assert_golden(REQUEST, "cgroups_lookup_req.bin", &two);
    assert_golden(REQUEST, "cgroups_lookup_req_empty.bin", "{\"keys\":[]}");
}

#[test]
fn golden_replies() {
    let known = item(0, 3, ["/kubepods.slice/pod-a", "pod-a"], &[["namespace", "default"], ["pod", "web"]]);
    let golden = |name: &str, generation, item: String| {
        assert_golden(REPLY, &format!("cgroups_lookup_resp_{name}.bin"), &reply(generation, &[item]));
    };
    golden("known_with_labels", 100, known);
    golden("known_no_labels", 101, item(0, 2, ["/docker/abc", ""], &[]));
    golden("unknown_retry", 102, item(1, 0, ["/missing/retry", ""], &[]));
    golden("unknown_permanent", 103, item(2, 0, ["/gone", ""], &[]));
    golden("payload_exceeded", 104, item(3, 0, ["/payload-exceeded", ""], &[]));
    golden("oversized_item", 105, item(4, 0, ["/oversized", ""], &[]));
    assert_golden(REPLY, "cgroups_lookup_resp_empty.bin", &reply(106, &[]));
}

#[test]
fn messages() {
    let request = golden("cgroups_lookup_req.bin");
    let of = |at, new| {
        let offence = offence(REQUEST, &with_u32(&request, at, new));
        offence.strip_prefix("cgroups-lookup request,").unwrap().to_owned()
    };
    // NIPC-LKP-01
    assert_eq!(offence(REQUEST, &request[..15]), "cgroups-lookup request,cgroups-lookup request,0,null,truncated");
    assert_eq!(of(0, 0), "layout_version,0,null,constant");
    assert_eq!(of(0, 0x0100_0001), "flags,2,null,constant");
    assert_eq!(of(8, 1), "reserved,8,null,constant");
    assert_eq!(of(12, 1), "reserved_too,12,null,constant");
    // NIPC-LKP-03
    assert_eq!(of(4, 10), "keys,16,null,truncated");
    assert_eq!(of(24, 20), "keys,24,1,unaligned");
    assert_eq!(of(24, 16), "keys,24,1,starts_early");
    assert_eq!(of(28, 32), "keys,24,1,out_of_bounds");
    // NIPC-LKP-02
    let reply = golden("cgroups_lookup_resp_empty.bin");
    let of = |at, new| offence(REPLY, &with_u32(&reply, at, new));
    assert_eq!(offence(REPLY, &reply[..15]), "cgroups-lookup reply,cgroups-lookup reply,0,null,truncated");
    assert_eq!(of(0, 2), "cgroups-lookup reply,layout_version,0,null,constant");
    assert_eq!(of(0, 0x0002_0001), "cgroups-lookup reply,flags,2,null,constant");
    assert_eq!(of(4, 1), "cgroups-lookup reply,items,16,null,truncated");
}

#[test]
fn keys_end_with_their_only_nul() {
    // NIPC-CGL-01
    let request = golden("cgroups_lookup_req.bin");
    let of = |bytes: &[u8]| offence(REQUEST, bytes).strip_prefix("cgroups-lookup key,path,").unwrap().to_owned();
    assert_eq!(of(&with_u32(&request, 20, 0)), "32,0,truncated");
    assert_eq!(of(&with_u32(&request, 20, 1)), "32,0,unterminated");
    assert_eq!(of(&with(&with_u32(&request, 20, 1), 32, &[0])), "32,0,too_short");
    assert_eq!(of(&with_u32(&request, 28, 30)), "56,1,unterminated");
    assert_eq!(of(&with_u32(&request, 20, 18)), "32,0,interior_nul");
    assert_eq!(of(&with(&request, 60, &[0])), "56,1,interior_nul");
    // NIPC-COD-16
    assert_eq!(encode_offence(REQUEST, &keys(&["a", ""])), "invalid,cgroups-lookup key,path,too_short");
    assert_eq!(encode_offence(REQUEST, &keys(&["a\0b"])), "invalid,cgroups-lookup key,path,interior_nul");
}

/// `known_with_labels` has its item at 24: path at 28, name at 50, table at 56, its strings at 88, end at 114.
fn known() -> Vec<u8> {
    golden("cgroups_lookup_resp_known_with_labels.bin")
}

fn of(bytes: &[u8]) -> String {
    offence(REPLY, bytes).strip_prefix("cgroups-lookup ").unwrap().to_owned()
}

#[test]
fn fixed_part_and_strings_of_items() {
    let of = |at: usize, new| of(&with_u32(&known(), 24 + at, new));
    // NIPC-CGL-02
    assert_eq!(of(0, 2), "item,layout_version,24,0,constant");
    assert_eq!(of(4, 0x0001_0003), "item,reserved,30,0,constant");
    assert_eq!(of(24, 0x0001_0002), "item,reserved_too,50,0,constant");
    // NIPC-CGL-03
    assert_eq!(of(0, 0x0005_0001), "item,status,26,0,unlisted");
    // NIPC-CGL-04: NUL before length
    assert_eq!(of(12, 0), "item,path,32,0,unterminated");
    // NIPC-COD-07
    assert_eq!(of(8, 27), "item,path,32,0,starts_early");
    assert_eq!(of(8, 93), "item,path,32,0,out_of_bounds");
    assert_eq!(of(16, 27), "item,name,40,0,starts_early");
    assert_eq!(of(20, u32::MAX), "item,name,40,0,out_of_bounds");
    // NIPC-LKP-04
    assert_eq!(of(12, 27), "item,path,32,0,interior_nul");
    // NIPC-COD-08
    assert_eq!(of(8, 49), "item,path,32,0,interior_nul");
    assert_eq!(of(16, 44), "item,name,40,0,overlap");
}

#[test]
fn paths_are_not_empty() {
    // NIPC-CGL-04
    let empty = with(&golden("cgroups_lookup_resp_known_no_labels.bin"), 36, &[0]);
    assert_eq!(of(&with(&empty, 32, &[39])), "item,path,32,0,too_short");
    let json = reply(1, &[item(4, 0, ["", ""], &[])]);
    assert_eq!(encode_offence(REPLY, &json), "invalid,cgroups-lookup item,path,too_short");
}

#[test]
fn tables() {
    let known = known();
    // NIPC-COD-21: from its place at 56 there is room for three rows and 10 bytes
    assert_eq!(of(&with(&known, 48, &[4])), "item,labels,80,0,truncated");
    assert_eq!(of(&with(&known, 48, &[3])), "label,key,80,0,misplaced");
    // Without the label count, the table is nothing but bytes behind the end
    assert_eq!(of(&with(&known, 48, &[0])), "item,cgroups-lookup item,80,0,trailing_bytes");
    assert_eq!(of(&with(&known, 48, &[1])), "label,key,80,0,misplaced");
    // NIPC-LKP-06, NIPC-COD-20
    assert_eq!(of(&with_u32(&known, 88, 99)), "label,value,88,0,misplaced");
    assert_eq!(of(&with_u32(&known, 84, 26)), "label,key,80,0,out_of_bounds");
    assert_eq!(of(&with_u32(&known, 92, 6)), "label,value,88,0,unterminated");
    assert_eq!(of(&with_u32(&known, 108, u32::MAX)), "label,value,104,0,out_of_bounds");
    assert_eq!(of(&with_u32(&known, 100, 2)), "label,key,96,0,unterminated");
    // NIPC-LKP-07
    assert_eq!(of(&with(&with_u32(&known, 84, 0), 112, &[0])), "label,key,80,0,too_short");
    // NIPC-LKP-04
    assert_eq!(of(&with(&known, 113, &[0])), "label,key,80,0,interior_nul");
    assert_eq!(of(&with(&known, 125, &[0])), "label,value,88,0,interior_nul");
}

#[test]
fn padding_before_the_table() {
    // NIPC-COD-20, NIPC-COD-21: the path ends at 31, the name at 32 and at 33
    let of_name = |name| {
        let (result, bytes) = encode(REPLY, u32::MAX, &reply(1, &[item(0, 0, ["/a", name], &[["k", "v"]])]));
        assert_eq!(result, 0);
        bytes
    };
    assert_eq!(of_name("").len(), 24 + 32 + 16 + 4);
    let padded = of_name("x");
    assert_eq!(padded.len(), 24 + 40 + 16 + 4);
    for at in 57..64 {
        assert_eq!(of(&with(&padded, at, &[1])), "item,labels,64,0,padding");
    }
    // The size of the table before the padding
    assert_eq!(of(&with(&with(&padded, 57, &[1]), 48, &[2])), "item,labels,64,0,truncated");
    // Rows before the end of the record, a rule with a condition last
    let long = [&with(&padded, 26, &[1])[..], &[0]].concat();
    let long = with(&long, 20, &[61]);
    assert_eq!(of(&with(&long, 64, &[0])), "label,key,64,0,misplaced");
    assert_eq!(of(&long), "item,cgroups-lookup item,84,0,trailing_bytes");
}

#[test]
fn rules_with_conditions() {
    // NIPC-CGL-05, NIPC-COD-23
    let named = item(0, 9, ["/a", "n"], &[]);
    let labelled = item(0, 0, ["/a", ""], &[["k", ""]]);
    let (_, bytes) = encode(REPLY, u32::MAX, &reply(1, &[named, labelled]));
    for status in 1..=4 {
        let first = with(&bytes, 34, &[status]);
        assert_eq!(of(&first), "item,orchestrator,36,0,constant_when");
        assert_eq!(of(&with(&first, 36, &[0])), "item,name,48,0,not_empty_when");
        let second = with(&bytes, 74, &[status]);
        assert_eq!(of(&second), "item,labels,96,1,not_empty_when");

        let refused = |item: String| {
            let offence = encode_offence(REPLY, &reply(1, &[item]));
            offence.strip_prefix("invalid,cgroups-lookup item,").unwrap().to_owned()
        };
        let status = status.into();
        assert_eq!(refused(item(status, 1, ["/a", "n"], &[])), "orchestrator,constant_when");
        assert_eq!(refused(item(status, 0, ["/a", "n"], &[])), "name,not_empty_when");
        assert_eq!(refused(item(status, 0, ["/a", ""], &[["k", ""]])), "labels,not_empty_when");
    }
}

#[test]
fn values_that_pass_through() {
    // NIPC-LKP-08, NIPC-LKP-09, NIPC-LKP-07: an unknown orchestrator, any generation, empty values, equal keys
    let json = reply(u64::MAX, &[item(0, u16::MAX, ["/a", ""], &[["k", ""], ["k", ""]])]);
    let (_, bytes) = encode(REPLY, u32::MAX, &json);
    assert_tolerated(REPLY, &bytes, &json, &bytes);
}

#[test]
fn strings_in_any_order_with_gaps() {
    // NIPC-LKP-04, NIPC-LKP-03
    let mut bytes = golden("cgroups_lookup_resp_empty.bin");
    bytes[4] = 1;
    bytes.extend([8, 0, 0, 0, 37, 0, 0, 0]);
    bytes.extend(b"-ignored");
    bytes.extend([1, 0, 0, 0, 2, 0, 0, 0, 34, 0, 0, 0, 2, 0, 0, 0, 29, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]);
    bytes.extend(b"-n\0---/a\0"[..6].iter().chain(b"/a\0").chain(b"behind"));
    let json = reply(106, &[item(0, 2, ["/a", "n"], &[])]);
    let (_, canonical) = encode(REPLY, u32::MAX, &json);
    assert_eq!(canonical.len(), 24 + 28 + 5);
    assert_tolerated(REPLY, &bytes, &json, &canonical);
}

#[test]
fn what_a_builder_refuses() {
    // NIPC-COD-16
    let refused = |item: String| {
        let offence = encode_offence(REPLY, &reply(1, &[item]));
        offence.strip_prefix("invalid,cgroups-lookup ").unwrap().to_owned()
    };
    assert_eq!(refused(item(5, 0, ["/a", ""], &[])), "item,status,unlisted");
    assert_eq!(refused(item(0, 0, ["/\0", ""], &[])), "item,path,interior_nul");
    assert_eq!(refused(item(0, 0, ["/", "\0"], &[])), "item,name,interior_nul");
    assert_eq!(refused(item(0, 0, ["/", ""], &[["", ""]])), "label,key,too_short");
    assert_eq!(refused(item(0, 0, ["/", ""], &[["\0", ""]])), "label,key,interior_nul");
    assert_eq!(refused(item(0, 0, ["/", ""], &[["k", "\0"]])), "label,value,interior_nul");
    assert_eq!(refused(item(0, 0, ["/", ""], &[["k", ""]; 65536])), "item,labels,too_many");
    let json = reply(1, &[item(0, 0, ["/", ""], &[["k", ""]; 65535])]);
    assert_eq!(encode(REPLY, u32::MAX, &json).0, 0);
    // A closed enumeration refuses numbers beyond its type too
    let json = reply(1, &[item(0, 0, ["/a", ""], &[])]).replace("\"status\":0", "\"status\":65535");
    assert_eq!(encode_offence(REPLY, &json), "invalid,cgroups-lookup item,status,unlisted");
}

#[test]
fn items_end_with_their_last_string() {
    // NIPC-LKP-05
    let known = [&known()[..], &[0]].concat();
    assert_eq!(of(&with_u32(&known, 20, 115)), "item,cgroups-lookup item,138,0,trailing_bytes");
    let plain = [&golden("cgroups_lookup_resp_known_no_labels.bin")[..], &[0]].concat();
    assert_eq!(of(&with_u32(&plain, 20, 42)), "item,cgroups-lookup item,65,0,trailing_bytes");
}

#[test]
fn an_invalid_item_behind_one_without_room() {
    // NIPC-COD-15, NIPC-COD-16: items of 32 bytes; 16 + 8 + 32 = 56, and 8 + 32 more
    let valid = || item(0, 0, ["/a", ""], &[]);
    let broken = || item(5, 0, ["/a", ""], &[]);
    let refused = |budget, items: &[String]| {
        let (result, json) = encode(REPLY, budget, &reply(1, items));
        assert_eq!(result, 1);
        String::from_utf8(json).unwrap()
    };
    let invalid =
        "{\"error\":\"invalid\",\"record\":\"cgroups-lookup item\",\"field\":\"status\",\"problem\":\"unlisted\"}";
    let overflow = |needed, budget| format!("{{\"error\":\"overflow\",\"needed\":{needed},\"budget\":{budget}}}");
    assert_eq!(refused(16, &[broken(), valid()]), invalid);
    assert_eq!(refused(15, &[broken(), valid()]), overflow(16, 15));
    assert_eq!(refused(56, &[valid(), broken(), valid()]), invalid);
    assert_eq!(refused(55, &[valid(), broken(), valid()]), overflow(56, 55));
    assert_eq!(refused(55, &[valid(), valid(), broken()]), overflow(96, 55));
    assert_eq!(refused(96, &[valid(), valid(), broken()]), invalid);
}
