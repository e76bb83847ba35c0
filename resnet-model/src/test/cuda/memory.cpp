// Device memory: NaN until it is written, at addresses around which everything faults.
#include <sys/mman.h>

#include "softcard.hpp"

namespace softcard {

static constexpr size_t PAGE = 4096, ALIGNMENT = 512;
static constexpr unsigned char UNWRITTEN = 0xff;  // a NaN in float, double and bfloat16

namespace {

struct Allocation {
    size_t bytes;
    int device;
    char* pages;  // the allocation is at their end
    size_t page_bytes;
};

// Where device memory is: addresses that fault but for the allocations, which have wide gaps between them, so that a wrong
// index does not reach the host's memory or another allocation.
struct AddressSpace {
    static constexpr size_t GAP = 256 << 20;
    char *base, *next;
    size_t bytes = (size_t)16 << 40;
    AddressSpace() {
        do base = next = (char*)mmap(nullptr, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        while (base == MAP_FAILED && (bytes /= 2) > GAP);
    }
    // Null if there is no more memory.
    char* take(size_t page_bytes, const std::map<Address, Allocation>& taken) {
        for (int wrapped = 0; wrapped < 2; ) {
            if (next + page_bytes + 2 * GAP > base + bytes) {
                next = base;
                wrapped++;
                continue;
            }
            char* pages = next + GAP;
            next = pages + page_bytes;
            auto after = taken.upper_bound((Address)next + GAP);
            const Allocation* last = after == taken.begin() ? nullptr : &std::prev(after)->second;
            bool free = last == nullptr || last->pages + last->page_bytes + GAP <= pages;
            if (free && mprotect(pages, page_bytes, PROT_READ | PROT_WRITE) == 0) return pages;
        }
        return nullptr;
    }
    static void give_back(const Allocation& a) {
        mmap(a.pages, a.page_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
    }
};

// Neither is ever destroyed: worker threads outlive static destructors.
AddressSpace& space = *new AddressSpace;
std::map<Address, Allocation>& allocations = *new std::map<Address, Allocation>;

}  // namespace

Address allocate(size_t bytes, int device) {
    size_t page_bytes = (bytes + ALIGNMENT - 1 + PAGE - 1) / PAGE * PAGE;
    char* pages = space.take(page_bytes, allocations);
    if (pages == nullptr) return 0;
    char* end = pages + page_bytes;
    Address address = ((Address)end - bytes) / ALIGNMENT * ALIGNMENT;
    // Huge allocations are NaN in front only, so that what is not used costs nothing.
    size_t most = 256 << 20, margin = end - (char*)address - bytes;
    std::memset(pages, UNWRITTEN, std::min(page_bytes, most));
    std::memset(end - margin, UNWRITTEN, margin);
    allocations[address] = {bytes, device, pages, page_bytes};
    return address;
}
bool release(Address address) {
    auto found = allocations.find(address);
    if (found == allocations.end()) return false;
    AddressSpace::give_back(found->second);
    allocations.erase(found);
    return true;
}
void release_all(int device) {
    for (auto at = allocations.begin(); at != allocations.end(); ) {
        auto next = std::next(at);
        if (at->second.device == device) release(at->first);
        at = next;
    }
}
size_t used(int device) {
    size_t sum = 0;
    for (auto& [address, a] : allocations) if (a.device == device) sum += a.bytes;
    return sum;
}

static std::map<Address, Allocation>::iterator holder(Address address) {
    auto after = allocations.upper_bound(address);
    return after == allocations.begin() ? allocations.end() : std::prev(after);
}
bool allocated(Address from, size_t bytes) {
    auto at = holder(from);
    if (at == allocations.end()) return false;
    size_t before = from - at->first;
    return before <= at->second.bytes && bytes <= at->second.bytes - before;
}
std::string neighbour(Address address) {
    char words[160];
    std::snprintf(words, sizeof words, " 0x%lx", (long)address);
    auto at = holder(address);
    if (at != allocations.end() && address - at->first < at->second.bytes + AddressSpace::GAP) {
        std::snprintf(words, sizeof words, ", %lu bytes after the start of an allocation of %lu",
                address - at->first, at->second.bytes);
        return words;
    }
    auto after = allocations.upper_bound(address);
    if (after != allocations.end() && after->first - address < AddressSpace::GAP) {
        std::snprintf(words, sizeof words, ", %lu bytes before an allocation of %lu",
                after->first - address, after->second.bytes);
    }
    return words;
}
static bool unwritten(const char* from, const char* to) {
    return from >= to || ((unsigned char)*from == UNWRITTEN && std::memcmp(from, from + 1, to - from - 1) == 0);
}
std::string overrun() {
    for (auto& [address, a] : allocations) {
        char *from = (char*)address, *to = from + a.bytes, *end = a.pages + a.page_bytes;
        if (unwritten(a.pages, from) && unwritten(to, end)) continue;
        std::memset(a.pages, UNWRITTEN, from - a.pages);
        std::memset(to, UNWRITTEN, end - to);
        return " wrote just before or after an allocation of " + std::to_string(a.bytes) + " bytes";
    }
    return "";
}

}  // namespace softcard
