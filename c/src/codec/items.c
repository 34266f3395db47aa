#include "netipc/codec/items.h"

#include "netipc/codec/number.h"

netipc_items netipc_items_view(netipc_bytes record, size_t at, size_t count)
{
    size_t room = at < record.len ? (record.len - at) / NETIPC_ENTRY_SIZE : 0;
    return (netipc_items){.count = count < room ? count : room, .record = record, .at = at};
}

netipc_bytes netipc_items_bytes(const netipc_items *items, size_t index)
{
    netipc_bytes none = {.data = NULL, .len = 0};
    if (index >= items->count) {
        return none;
    }
    size_t entry = items->at + index * NETIPC_ENTRY_SIZE;
    size_t area = items->at + items->count * NETIPC_ENTRY_SIZE;
    size_t offset = netipc_add(area, netipc_load_u32(items->record, entry, 0));
    size_t len = netipc_load_u32(items->record, entry + 4, 0);
    if (!netipc_has(items->record, offset, len)) {
        return none;
    }
    return (netipc_bytes){.data = items->record.data + offset, .len = len};
}
