use crate::testing::*;

const REQUEST: &str = "apps-lookup/request";
const REPLY: &str = "apps-lookup/reply";

/// Everything else of an item of which nothing is known.
const NOTHING: &str = "\"comm\":\"\",\"cgroup_path\":\"\",\"cgroup_name\":\"\",\"labels\":[]";

fn reply(generation: u64, item: &str) -> String {
    format!("{{\"generation\":{generation},\"items\":[{item}]}}")
}

fn keys(pids: &[u32]) -> String {
    let keys: Vec<_> = pids.iter().map(|pid| format!("{{\"pid\":{pid}}}")).collect();
    format!("{{\"keys\":[{}]}}", keys.join(","))
}

/// `numbers` are status, orchestrator, cgroup_status, pid, ppid, uid and starttime.
fn item(numbers: [u64; 7], [comm, path, name]: [&str; 3], labels: &[[&str; 2]]) -> String {
    let names = ["status", "orchestrator", "cgroup_status", "pid", "ppid", "uid", "starttime"];
    let numbers: Vec<_> = names.iter().zip(numbers).map(|(name, number)| format!("\"{name}\":{number},")).collect();
    let strings = format!("\"comm\":{},\"cgroup_path\":{},\"cgroup_name\":{}", hex(comm), hex(path), hex(name));
    let label = |[key, value]: &[&str; 2]| format!("{{\"key\":{},\"value\":{}}}", hex(key), hex(value));
    let labels: Vec<_> = labels.iter().map(label).collect();
    format!("{{{}{strings},\"labels\":[{}]}}", numbers.concat(), labels.join(","))
}

fn without_answer(status: u16, pid: u32) -> String {
    format!(
        "{{\"status\":{status},\"orchestrator\":0,\"cgroup_status\":0,\"pid\":{pid},\"ppid\":0,\"uid\":4294967295,\
         \"starttime\":0,{NOTHING}}}"
    )
}

#[test]
fn golden_requests() {
    assert_golden(REQUEST, "apps_lookup_req.bin", &keys(&[0, 1234, 4321]));
    assert_golden(REQUEST, "apps_lookup_req_empty.bin", "{\"keys\":[]}");
}

#[test]
fn golden_replies() {
    let golden = |name: &str, generation, item: &str| {
        assert_golden(REPLY, &format!("apps_lookup_resp_{name}.bin"), &reply(generation, item));
    };
    let labels = [["image", "nginx:latest"], ["service", "web"]];
    let strings = ["123456789012345", "/docker/abc", "container-a"];
    golden("known_full", 200, &item([0, 2, 0, 1234, 1, 1000, 123_456], strings, &labels));
    golden("known_retry", 201, &item([0, 0, 1, 1235, 1, 1000, 123_457], ["app", "/pending", ""], &[]));
    golden("known_permanent", 202, &item([0, 0, 2, 1236, 1, 1000, 123_458], ["app2", "/permanent", ""], &[]));
    golden("known_host_root", 203, &item([0, 0, 3, 1237, 1, 0, 123_459], ["sshd", "", ""], &[]));
    golden("unknown_pid", 204, &without_answer(1, 0));
    golden("payload_exceeded", 205, &without_answer(2, 1238));
    golden("oversized_item", 206, &without_answer(3, 1239));
    golden("empty", 207, "");
}

#[test]
fn messages_and_keys() {
    let request = golden("apps_lookup_req.bin");
    let of = |at, new| {
        let offence = offence(REQUEST, &with_u32(&request, at, new));
        offence.strip_prefix("apps-lookup ").unwrap().to_owned()
    };
    // NIPC-LKP-01
    assert_eq!(offence(REQUEST, &request[..15]), "apps-lookup request,null,0,null,truncated");
    assert_eq!(of(0, 0), "request,layout_version,0,null,constant");
    assert_eq!(of(0, 0x0100_0001), "request,flags,2,null,constant");
    assert_eq!(of(8, 1), "request,reserved,8,null,constant");
    assert_eq!(of(12, 1), "request,reserved_too,12,null,constant");
    // NIPC-LKP-03
    assert_eq!(of(4, 7), "request,keys,16,null,truncated");
    assert_eq!(of(24, 9), "request,keys,24,1,unaligned");
    assert_eq!(of(24, 0), "request,keys,24,1,starts_early");
    assert_eq!(of(32, 24), "request,keys,32,2,out_of_bounds");
    // NIPC-APL-01
    assert_eq!(of(20, 7), "key,null,40,0,truncated");
    assert_eq!(of(52, 1), "key,reserved,52,1,constant");
    assert_eq!(of(36, 9), "request,keys,32,2,out_of_bounds");
    assert_eq!(
        offence(REQUEST, &with(&[&request[..], &[0]].concat(), 36, &[9])),
        "apps-lookup key,null,64,2,trailing_bytes"
    );
    // A field before the end of the record (NIPC-COD-24)
    assert_eq!(offence(REQUEST, &with(&with(&request, 20, &[16]), 44, &[1])), "apps-lookup key,reserved,44,0,constant");
    let twice = keys(&[u32::MAX, u32::MAX]);
    let (_, bytes) = encode(REQUEST, u32::MAX, &twice);
    assert_tolerated(REQUEST, &[&bytes[..], b"behind"].concat(), &twice, &bytes);
    // NIPC-LKP-02
    let reply = golden("apps_lookup_resp_empty.bin");
    assert_eq!(offence(REPLY, &reply[..15]), "apps-lookup reply,null,0,null,truncated");
    assert_eq!(offence(REPLY, &with(&reply, 0, &[0])), "apps-lookup reply,layout_version,0,null,constant");
    assert_eq!(offence(REPLY, &with(&reply, 2, &[1])), "apps-lookup reply,flags,2,null,constant");
    assert_eq!(offence(REPLY, &with(&reply, 4, &[1])), "apps-lookup reply,items,16,null,truncated");
}

/// `known_full` has its item at 24: comm at 60, path at 76, name at 88 up to 100, table at 104, its strings at 136.
fn known() -> Vec<u8> {
    golden("apps_lookup_resp_known_full.bin")
}

fn of(bytes: &[u8]) -> String {
    offence(REPLY, bytes).strip_prefix("apps-lookup ").unwrap().to_owned()
}

#[test]
fn fixed_part_and_strings_of_items() {
    let known = known();
    let of = |at: usize, new: &[u8]| of(&with(&known, 24 + at, new));
    assert_eq!(offence(REPLY, &with_u32(&known, 20, 59)), "apps-lookup item,null,24,0,truncated");
    // NIPC-APL-02
    assert_eq!(of(0, &[2]), "item,layout_version,24,0,constant");
    assert_eq!(of(20, &[1]), "item,reserved,44,0,constant");
    assert_eq!(of(59, &[1]), "item,reserved_too,82,0,constant");
    // NIPC-APL-03
    assert_eq!(of(2, &[4]), "item,status,26,0,unlisted");
    assert_eq!(of(6, &[4]), "item,cgroup_status,30,0,unlisted");
    // NIPC-COD-24: a constant behind status and before the strings
    assert_eq!(of(6, &[4, 0, 0, 0]), "item,cgroup_status,30,0,unlisted");
    // NIPC-COD-07
    assert_eq!(of(32, &[59]), "item,comm,56,0,starts_early");
    assert_eq!(of(40, &[160]), "item,cgroup_path,64,0,out_of_bounds");
    assert_eq!(of(52, &[10]), "item,cgroup_name,72,0,unterminated");
    // NIPC-APL-05: NUL before length, length before NULs inside
    assert_eq!(of(36, &[16]), "item,comm,56,0,unterminated");
    assert_eq!(of(36, &[27]), "item,comm,56,0,too_long");
    // NIPC-LKP-04
    assert_eq!(of(62, &[0]), "item,comm,56,0,interior_nul");
    // NIPC-COD-08
    assert_eq!(of(40, &[64, 0, 0, 0, 11]), "item,cgroup_path,64,0,overlap");
    assert_eq!(of(48, &[80, 0, 0, 0, 7]), "item,cgroup_name,72,0,overlap");
}

#[test]
fn tables() {
    let known = known();
    // NIPC-COD-21: 63 bytes from the place of the table on
    assert_eq!(of(&with(&known, 80, &[4])), "item,labels,128,0,truncated");
    assert_eq!(of(&with(&known, 80, &[3])), "label,key,128,0,misplaced");
    assert_eq!(of(&with(&known, 124, &[1])), "item,labels,128,0,padding");
    assert_eq!(of(&with(&known, 127, &[1])), "item,labels,128,0,padding");
    // NIPC-LKP-06
    assert_eq!(of(&with(&known, 136, &[141])), "label,value,136,0,misplaced");
    assert_eq!(of(&with(&known, 156, &[4])), "label,value,152,0,out_of_bounds");
    // NIPC-LKP-07
    assert_eq!(of(&with(&with(&known, 132, &[0]), 160, &[0])), "label,key,128,0,too_short");
    // NIPC-LKP-05: without labels the item ends at the name's NUL
    assert_eq!(of(&with(&known, 80, &[0])), "item,null,124,0,trailing_bytes");
    let long = [&known[..], &[0]].concat();
    assert_eq!(of(&with(&long, 20, &[168])), "item,null,191,0,trailing_bytes");
}

/// Decoder and encoder name the same rule; `at` is where the field starts in the payload.
fn assert_broken(valid: &str, broken: &str, (field, at, problem): (&str, usize, &str), patch: impl Fn(&mut [u8])) {
    let (result, mut bytes) = encode(REPLY, u32::MAX, &reply(1, valid));
    assert_eq!(result, 0, "{valid}");
    patch(&mut bytes);
    assert_eq!(of(&bytes), format!("item,{field},{at},0,{problem}"));
    let invalid = format!("invalid,apps-lookup item,{field},{problem}");
    assert_eq!(encode_offence(REPLY, &reply(1, broken)), invalid);
}

const STATUS: usize = 24 + 2;
const CGROUP_STATUS: usize = 24 + 6;

#[test]
fn rules_of_known_processes() {
    let known = |orchestrator, cgroup_status, strings, labels: &[[&str; 2]]| {
        item([0, orchestrator, cgroup_status, 1, 2, 3, 4], strings, labels)
    };
    // NIPC-APL-05
    let all = known(0, 0, ["c", "p", ""], &[]);
    assert_broken(&all, &known(0, 0, ["", "p", ""], &[]), ("comm", 56, "empty_when"), |bytes| {
        bytes[60] = 0;
        bytes[84] = 0;
    });
    // NIPC-APL-06
    for status in [0, 2] {
        let broken = known(0, status, ["c", "", ""], &[]);
        let valid = known(0, 3, ["c", "", ""], &[]);
        assert_broken(&valid, &broken, ("cgroup_path", 64, "empty_when"), |bytes| {
            bytes[CGROUP_STATUS] = status as u8;
        });
    }
    let root = known(0, 3, ["c", "p", ""], &[]);
    let known_path = known(0, 0, ["c", "p", ""], &[]);
    assert_broken(&known_path, &root, ("cgroup_path", 64, "not_empty_when"), |bytes| bytes[CGROUP_STATUS] = 3);
    for status in 1..=3 {
        let set = |bytes: &mut [u8]| bytes[CGROUP_STATUS] = status as u8;
        let pair = |orchestrator, name, labels| {
            [0, status].map(|status| known(orchestrator, status, ["c", "p", name], labels))
        };
        let [valid, broken] = pair(1, "n", &[]);
        assert_broken(&valid, &broken, ("orchestrator", 28, "constant_when"), set);
        let [valid, broken] = pair(0, "n", &[["k", ""]]);
        assert_broken(&valid, &broken, ("cgroup_name", 72, "not_empty_when"), set);
        let [valid, broken] = pair(0, "", &[["k", ""]]);
        assert_broken(&valid, &broken, ("labels", 24 + 72, "not_empty_when"), set);
    }
}

#[test]
fn rules_of_others() {
    // NIPC-APL-04
    for status in 1..=3_u8 {
        let set = |bytes: &mut [u8]| bytes[STATUS] = status;
        let of = |numbers: [u64; 5], strings, labels: &[[&str; 2]]| {
            let [orchestrator, cgroup_status, ppid, uid, starttime] = numbers;
            let numbers = [orchestrator, cgroup_status, 5, ppid, uid, starttime];
            [0, status.into()].map(|status| {
                let mut all = [status; 7];
                all[1..].copy_from_slice(&numbers);
                item(all, strings, labels)
            })
        };
        let unset = u64::from(u32::MAX);
        let all = ["c", "p", "n"];
        let [valid, broken] = of([9, 0, 1, 1, 1], all, &[["k", ""]]);
        assert_broken(&valid, &broken, ("orchestrator", 28, "constant_when"), set);
        let [valid, broken] = of([0, 1, 1, 1, 1], ["c", "p", ""], &[]);
        assert_broken(&valid, &broken, ("cgroup_status", 30, "constant_when"), set);
        let [valid, broken] = of([0, 0, 1, 1, 1], all, &[]);
        assert_broken(&valid, &broken, ("ppid", 36, "constant_when"), set);
        let [valid, broken] = of([0, 0, 0, 0, 1], all, &[]);
        assert_broken(&valid, &broken, ("uid", 40, "constant_when"), set);
        let [valid, broken] = of([0, 0, 0, unset, 1], all, &[]);
        assert_broken(&valid, &broken, ("starttime", 48, "constant_when"), set);
        let [valid, broken] = of([0, 0, 0, unset, 0], all, &[]);
        assert_broken(&valid, &broken, ("comm", 56, "not_empty_when"), set);
        // A known process has a command and a path: they are emptied afterwards, one by one, which leaves gaps.
        let [valid, _] = of([0, 0, 0, unset, 0], all, &[["k", ""]]);
        let later = [("cgroup_path", 64), ("cgroup_name", 72), ("labels", 24 + 72)];
        let texts = [["", "p", "n"], ["", "", "n"], ["", "", ""]];
        for (emptied, ((field, at), texts)) in later.into_iter().zip(texts).enumerate() {
            let [_, broken] = of([0, 0, 0, unset, 0], texts, &[["k", ""]]);
            assert_broken(&valid, &broken, (field, at, "not_empty_when"), |bytes| {
                set(bytes);
                for string in 0..=emptied {
                    bytes[60 + 8 * string] = 0;
                    bytes[84 + 2 * string] = 0;
                }
            });
        }
    }
}

#[test]
fn what_a_builder_refuses() {
    // NIPC-COD-16
    let refused = |numbers, strings, labels: &[[&str; 2]]| {
        let offence = encode_offence(REPLY, &reply(1, &item(numbers, strings, labels)));
        offence.strip_prefix("invalid,apps-lookup ").unwrap().to_owned()
    };
    let known = [0, 1, 0, 1, 2, 3, 4];
    assert_eq!(refused([4, 1, 9, 1, 2, 3, 4], ["", "", ""], &[]), "item,status,unlisted");
    assert_eq!(refused([0, 1, 4, 1, 2, 3, 4], ["", "", ""], &[]), "item,cgroup_status,unlisted");
    assert_eq!(refused(known, ["1234567890123456", "", ""], &[]), "item,comm,too_long");
    assert_eq!(refused(known, ["\0", "", ""], &[]), "item,comm,interior_nul");
    assert_eq!(refused(known, ["c", "\0", ""], &[]), "item,cgroup_path,interior_nul");
    assert_eq!(refused(known, ["c", "p", "\0"], &[]), "item,cgroup_name,interior_nul");
    assert_eq!(refused(known, ["c", "p", ""], &[["", ""]]), "label,key,too_short");
}
