// libcuda.so.1: CUDA's driver API.
#include <chrono>
#include <dlfcn.h>
#include <elf.h>
#include <set>
#include <unistd.h>

#include "softcard.hpp"

using namespace softcard;

namespace {

constexpr int MOST_DEVICES = 8;

struct DeviceContext {
    int device;
    int retained = 0;
};

struct Event {
    explicit Event(bool timed) : timed(timed) {}
    bool timed, recorded = false;
    uint64_t capture = 0;  // id of the capture in which it was recorded
    Clock clock;
    std::chrono::steady_clock::time_point time;
};

struct Executable {
    std::vector<Node> nodes;
    Stream* origin;
    long launches = 0;
};

struct Function {
    std::string name;
    SoftcardKernel kernel;
    void* (*shared)();
};

struct Module {
    void* library;
    std::map<std::string, Function> functions;
};

struct State {
    bool initialized = false;
    DeviceContext contexts[MOST_DEVICES];
    std::set<Stream*> streams;
    Stream null_stream;
    std::map<uint64_t, Graph*> captures;
    uint64_t captured = 0;
};

State& state = *new State;  // outlives static destructors, as the worker threads do
thread_local DeviceContext* current = nullptr;

}  // namespace

namespace softcard {

// What waits for a whole context breaks captures of all threads, whatever their mode.
bool broken_by_synchronization() {
    for (auto& [id, graph] : state.captures) graph->broken = true;
    return !state.captures.empty();
}

bool refused_by_capture() {
    bool refused = false;
    for (auto& [id, graph] : state.captures) {
        if (graph->mode == 2 || (graph->mode == 1 && graph->thread != std::this_thread::get_id())) continue;
        graph->broken = refused = true;
    }
    return refused;
}

void end_captures() {
    for (auto& [id, graph] : state.captures) for (Stream* s : graph->streams) s->capture = nullptr;
    state.captures.clear();
}

int enqueue(Stream* stream, Work work) {
    if (stream == nullptr) stream = &state.null_stream;
    if (Graph* graph = stream->capture) {
        if (graph->broken) return CAPTURE_INVALIDATED;
        graph->nodes.push_back({std::move(work), stream, stream->clock});
        stream->clock[stream]++;
        return OK;
    }
    work();
    return OK;
}

}  // namespace softcard

namespace {

enum Needs { NOTHING, INITIALIZED, CONTEXT, NO_CAPTURE };

// Every call of the API: counted, failed where a test wants it, refused where the card would.
template <class F> int driver(const char* name, Needs needs, F work) {
    std::lock_guard<std::recursive_mutex> hold(card);
    if (int status = counted(name)) return status;
    if (needs >= INITIALIZED && !state.initialized) return NOT_INITIALIZED;
    if (needs >= CONTEXT && current == nullptr) return INVALID_CONTEXT;
    if (needs >= CONTEXT && fault != OK) return fault;
    if (needs == NO_CAPTURE && refused_by_capture()) return CAPTURE_UNSUPPORTED;
    return work();
}

Stream* known(Stream* stream) {
    if (stream == nullptr) return &state.null_stream;
    return state.streams.count(stream) ? stream : nullptr;
}
template <class F> int on_stream(const char* name, Stream* handle, F work) {
    return driver(name, CONTEXT, [&]() -> int {
        Stream* stream = known(handle);
        return stream ? work(stream) : INVALID_HANDLE;
    });
}

template <class F> int of_device(const char* name, int device, F work) {
    return driver(name, INITIALIZED, [&]() -> int {
        if (device < 0 || device >= setting("devices") || device >= MOST_DEVICES) return INVALID_DEVICE;
        work();
        return OK;
    });
}

// All memory of the device, and the fault.
void reset(int device) {
    release_all(device);
    fault = OK;
}

struct Error { int status; const char *name, *text; };
const Error ERRORS[] = {
    {OK, "CUDA_SUCCESS", "no error"},
    {INVALID_VALUE, "CUDA_ERROR_INVALID_VALUE", "invalid argument"},
    {OUT_OF_MEMORY, "CUDA_ERROR_OUT_OF_MEMORY", "out of memory"},
    {NOT_INITIALIZED, "CUDA_ERROR_NOT_INITIALIZED", "initialization error"},
    {NO_DEVICE, "CUDA_ERROR_NO_DEVICE", "no CUDA-capable device is detected"},
    {INVALID_DEVICE, "CUDA_ERROR_INVALID_DEVICE", "invalid device ordinal"},
    {INVALID_IMAGE, "CUDA_ERROR_INVALID_IMAGE", "device kernel image is invalid"},
    {INVALID_CONTEXT, "CUDA_ERROR_INVALID_CONTEXT", "invalid device context"},
    {INVALID_HANDLE, "CUDA_ERROR_INVALID_HANDLE", "invalid resource handle"},
    {ILLEGAL_STATE, "CUDA_ERROR_ILLEGAL_STATE", "the operation cannot be performed in the present state"},
    {NOT_FOUND, "CUDA_ERROR_NOT_FOUND", "named symbol not found"},
    {NOT_READY, "CUDA_ERROR_NOT_READY", "device not ready"},
    {ILLEGAL_ADDRESS, "CUDA_ERROR_ILLEGAL_ADDRESS", "an illegal memory access was encountered"},
    {LAUNCH_OUT_OF_RESOURCES, "CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES", "too many resources requested for launch"},
    {MISALIGNED_ADDRESS, "CUDA_ERROR_MISALIGNED_ADDRESS", "misaligned address"},
    {LAUNCH_FAILED, "CUDA_ERROR_LAUNCH_FAILED", "unspecified launch failure"},
    {CAPTURE_UNSUPPORTED, "CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED", "operation not permitted when stream is capturing"},
    {CAPTURE_INVALIDATED, "CUDA_ERROR_STREAM_CAPTURE_INVALIDATED", "operation failed due to a previous error during capture"},
    {CAPTURE_MERGE, "CUDA_ERROR_STREAM_CAPTURE_MERGE", "operation would result in a merge of separate capture sequences"},
    {CAPTURE_UNMATCHED, "CUDA_ERROR_STREAM_CAPTURE_UNMATCHED", "capture was not ended in the same stream as it began"},
    {CAPTURE_UNJOINED, "CUDA_ERROR_STREAM_CAPTURE_UNJOINED", "capturing stream has unjoined work"},
    {CAPTURE_ISOLATION, "CUDA_ERROR_STREAM_CAPTURE_ISOLATION", "dependency created on uncaptured work in another stream"},
    {CAPTURED_EVENT, "CUDA_ERROR_CAPTURED_EVENT", "operation not permitted on an event last recorded in a capturing stream"},
    {CAPTURE_WRONG_THREAD, "CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD", 
            "attempt to terminate a thread-local capture sequence from another thread"},
};
int error(int status, const char** out, const char* Error::*field) {
    *out = nullptr;
    for (const Error& e : ERRORS) if (e.status == status) *out = e.*field;
    return *out ? OK : INVALID_VALUE;
}

}  // namespace

// ---- devices and contexts ----

API int cuInit(unsigned) {
    return driver(__func__, NOTHING, [] {
        if (setting("devices") == 0) return NO_DEVICE;
        state.initialized = true;
        return OK;
    });
}
API int cuDriverGetVersion(int* version) {
    return driver(__func__, NOTHING, [&] { *version = (int)setting("driver"); return OK; });
}
API int cuGetErrorName(int status, const char** out) { return error(status, out, &Error::name); }
API int cuGetErrorString(int status, const char** out) { return error(status, out, &Error::text); }
API int cuDeviceGetCount(int* count) {
    return driver(__func__, INITIALIZED, [&] { *count = (int)setting("devices"); return OK; });
}
API int cuDeviceGet(int* device, int ordinal) {
    return of_device(__func__, ordinal, [&] { *device = ordinal; });
}
API int cuDeviceGetName(char* name, int length, int device) {
    return of_device(__func__, device, [&] { std::snprintf(name, length, "software card"); });
}
API int cuDeviceTotalMem_v2(size_t* bytes, int device) {
    return of_device(__func__, device, [&] { *bytes = setting("memory"); });
}
API int cuDeviceGetUuid(unsigned char* uuid, int device) {
    return of_device(__func__, device, [&] {
        std::memcpy(uuid, "software card...", 16);
        uuid[15] = (unsigned char)device;
    });
}
API int cuDeviceGetUuid_v2(unsigned char* uuid, int device) { return cuDeviceGetUuid(uuid, device); }
API int cuDeviceGetPCIBusId(char* id, int length, int device) {
    return of_device(__func__, device, [&] { std::snprintf(id, length, "0000:%02X:00.0", device + 1); });
}
API int cuDeviceGetAttribute(int* value, int attribute, int device) {
    static const std::map<int, int> H100 = {{1, 1024}, {2, 1024}, {3, 1024}, {4, 64}, {5, 0x7fffffff}, {6, 65535}, {7, 65535},
            {8, 49152}, {10, 32}, {12, 65536}, {13, 1980000}, {31, 1}, {32, 1}, {36, 2619000}, {37, 5120}, {38, 50 << 20},
            {39, 2048}, {40, 3}, {41, 1}, {81, 233472}, {82, 65536}, {97, 232448}, {106, 32}, {115, 1}};
    return of_device(__func__, device, [&] {
        auto found = H100.find(attribute);
        *value = attribute == 75 ? (int)setting("major") : attribute == 76 ? (int)setting("minor")
                : attribute == 16 ? (int)setting("multiprocessors") : attribute == 33 ? device + 1
                : found == H100.end() ? 0 : found->second;
    });
}
API int cuDevicePrimaryCtxRetain(DeviceContext** context, int device) {
    return of_device(__func__, device, [&] {
        *context = &state.contexts[device];
        **context = {device, (*context)->retained + 1};
    });
}
API int cuDevicePrimaryCtxReset_v2(int device) {
    return of_device(__func__, device, [&] { reset(device); });
}
API int cuDevicePrimaryCtxRelease_v2(int device) {
    return of_device(__func__, device, [&] { if (--state.contexts[device].retained == 0) reset(device); });
}
API int cuCtxSetCurrent(DeviceContext* context) {
    return driver(__func__, INITIALIZED, [&] { current = context; return OK; });
}
API int cuCtxGetCurrent(DeviceContext** context) {
    return driver(__func__, INITIALIZED, [&] { *context = current; return OK; });
}
API int cuCtxGetDevice(int* device) {
    return driver(__func__, CONTEXT, [&] { *device = current->device; return OK; });
}
API int cuCtxSynchronize() {
    return driver(__func__, CONTEXT, [] { return broken_by_synchronization() ? CAPTURE_UNSUPPORTED : OK; });
}

// ---- memory ----

API int cuMemGetInfo_v2(size_t* free, size_t* total) {
    return driver(__func__, CONTEXT, [&] {
        *total = setting("memory");
        *free = *total - std::min(*total, used(current->device));
        return OK;
    });
}
API int cuMemAlloc_v2(Address* address, size_t bytes) {
    return driver(__func__, NO_CAPTURE, [&] {
        if (bytes == 0) return INVALID_VALUE;
        size_t most = setting("memory"), now = used(current->device);
        *address = bytes > most || now > most - bytes ? 0 : allocate(bytes, current->device);
        return *address ? OK : OUT_OF_MEMORY;
    });
}
API int cuMemFree_v2(Address address) {
    return driver(__func__, NO_CAPTURE, [&] {
        return address == 0 || release(address) ? OK : INVALID_VALUE;
    });
}
API int cuMemHostAlloc(void** memory, size_t bytes, unsigned) {
    return driver(__func__, NO_CAPTURE, [&] {
        *memory = std::aligned_alloc(4096, (bytes + 4095) / 4096 * 4096);
        return *memory ? OK : OUT_OF_MEMORY;
    });
}
API int cuMemAllocHost_v2(void** memory, size_t bytes) { return cuMemHostAlloc(memory, bytes, 0); }
API int cuMemFreeHost(void* memory) {
    return driver(__func__, NO_CAPTURE, [&] { std::free(memory); return OK; });
}

API int cuMemcpyHtoD_v2(Address to, const void* from, size_t bytes) {
    return driver(__func__, NO_CAPTURE, [&] {
        if (!allocated(to, bytes)) return INVALID_VALUE;
        std::memcpy((void*)to, from, bytes);
        return OK;
    });
}
API int cuMemcpyDtoH_v2(void* to, Address from, size_t bytes) {
    return driver(__func__, NO_CAPTURE, [&] {
        if (!allocated(from, bytes)) return INVALID_VALUE;
        std::memcpy(to, (void*)from, bytes);
        return OK;
    });
}
static int copy(const char* name, void* to, const void* from, size_t bytes, bool to_card, bool from_card, Stream* handle) {
    return on_stream(name, handle, [&](Stream* stream) -> int {
        if (to_card && !allocated((Address)to, bytes)) return INVALID_VALUE;
        if (from_card && !allocated((Address)from, bytes)) return INVALID_VALUE;
        return enqueue(stream, [=] { std::memmove(to, from, bytes); });
    });
}
API int cuMemcpyHtoDAsync_v2(Address to, const void* from, size_t bytes, Stream* stream) {
    return copy(__func__, (void*)to, from, bytes, true, false, stream);
}
API int cuMemcpyDtoHAsync_v2(void* to, Address from, size_t bytes, Stream* stream) {
    return copy(__func__, to, (void*)from, bytes, false, true, stream);
}
API int cuMemcpyDtoDAsync_v2(Address to, Address from, size_t bytes, Stream* stream) {
    return copy(__func__, (void*)to, (void*)from, bytes, true, true, stream);
}
template <class T> static int fill(const char* name, Address at, T value, size_t count, Stream* handle) {
    return on_stream(name, handle, [&](Stream* stream) -> int {
        if (!allocated(at, count * sizeof(T)) || at % sizeof(T)) return INVALID_VALUE;
        return enqueue(stream, [=] { std::fill_n((T*)at, count, value); });
    });
}
API int cuMemsetD8Async(Address at, unsigned char value, size_t count, Stream* stream) {
    return fill(__func__, at, value, count, stream);
}
API int cuMemsetD32Async(Address at, unsigned value, size_t count, Stream* stream) {
    return fill(__func__, at, value, count, stream);
}

// ---- streams and events ----

API int cuStreamCreate(Stream** stream, unsigned) {
    return driver(__func__, CONTEXT, [&] { state.streams.insert(*stream = new Stream); return OK; });
}
API int cuStreamCreateWithPriority(Stream** stream, unsigned flags, int) { return cuStreamCreate(stream, flags); }
API int cuStreamDestroy_v2(Stream* stream) {
    return driver(__func__, CONTEXT, [&] {
        if (state.streams.erase(stream) == 0) return INVALID_HANDLE;
        if (stream->capture) stream->capture->broken = true;
        return OK;  // its memory stays: graphs name their streams
    });
}
static int synchronize(const char* name, Stream* handle) {
    return on_stream(name, handle, [](Stream* stream) -> int {
        if (stream->capture == nullptr) return OK;
        stream->capture->broken = true;
        return CAPTURE_UNSUPPORTED;
    });
}
API int cuStreamSynchronize(Stream* stream) { return synchronize(__func__, stream); }
API int cuStreamQuery(Stream* stream) { return synchronize(__func__, stream); }

API int cuEventCreate(Event** event, unsigned flags) {
    return driver(__func__, CONTEXT, [&] { *event = new Event((flags & 2) == 0); return OK; });
}
API int cuEventDestroy_v2(Event* event) {
    return driver(__func__, CONTEXT, [&] { delete event; return OK; });
}
API int cuEventRecord(Event* event, Stream* handle) {
    return on_stream(__func__, handle, [&](Stream* stream) -> int {
        if (stream->capture && stream->capture->broken) return CAPTURE_INVALIDATED;
        event->recorded = true;
        event->capture = stream->capture ? stream->capture->id : 0;
        event->clock = stream->clock;
        event->time = std::chrono::steady_clock::now();
        return OK;
    });
}
API int cuStreamWaitEvent(Stream* handle, Event* event, unsigned) {
    return on_stream(__func__, handle, [&](Stream* stream) -> int {
        if (stream->capture && stream->capture->broken) return CAPTURE_INVALIDATED;
        if (!event->recorded) return OK;
        if (event->capture == 0) {
            if (stream->capture == nullptr) return OK;
            stream->capture->broken = true;
            return CAPTURE_ISOLATION;
        }
        auto found = state.captures.find(event->capture);
        if (found == state.captures.end()) return CAPTURED_EVENT;
        Graph* graph = found->second;
        if (stream->capture == nullptr) {  // it joins
            stream->capture = graph;
            graph->streams.push_back(stream);
        } else if (stream->capture != graph) {
            stream->capture->broken = graph->broken = true;
            return CAPTURE_MERGE;
        }
        for (auto& [other, nodes] : event->clock) stream->clock[other] = std::max(stream->clock[other], nodes);
        return OK;
    });
}
static int happened(const char* name, Event* event) {
    return driver(name, NO_CAPTURE, [&] { return event->capture ? CAPTURED_EVENT : OK; });
}
API int cuEventSynchronize(Event* event) { return happened(__func__, event); }
API int cuEventQuery(Event* event) { return happened(__func__, event); }
API int cuEventElapsedTime(float* milliseconds, Event* from, Event* to) {
    return driver(__func__, CONTEXT, [&] {
        if (!from->timed || !to->timed || !from->recorded || !to->recorded) return INVALID_HANDLE;
        *milliseconds = std::chrono::duration<float, std::milli>(to->time - from->time).count();
        return OK;
    });
}

// ---- capture and graphs ----

API int cuStreamBeginCapture_v2(Stream* handle, int mode) {
    return on_stream(__func__, handle, [&](Stream* stream) -> int {
        if (stream == &state.null_stream) return CAPTURE_UNSUPPORTED;
        if (stream->capture) return ILLEGAL_STATE;
        stream->clock.clear();
        stream->capture = new Graph{++state.captured, stream, mode, std::this_thread::get_id(), false, {stream}, {}};
        state.captures[stream->capture->id] = stream->capture;
        return OK;
    });
}
API int cuStreamIsCapturing(Stream* handle, int* is) {
    return on_stream(__func__, handle, [&](Stream* stream) {
        *is = stream->capture == nullptr ? 0 : stream->capture->broken ? 2 : 1;
        return OK;
    });
}
API int cuStreamEndCapture(Stream* handle, Graph** out) {
    return on_stream(__func__, handle, [&](Stream* stream) -> int {
        *out = nullptr;
        Graph* graph = stream->capture;
        if (graph == nullptr) return ILLEGAL_STATE;
        if (graph->origin != stream) return CAPTURE_UNMATCHED;
        if (graph->mode != 2 && graph->thread != std::this_thread::get_id()) return CAPTURE_WRONG_THREAD;
        bool joined = true;
        for (Stream* s : graph->streams) joined &= stream->clock[s] >= s->clock[s];
        for (Stream* s : graph->streams) {
            s->capture = nullptr;
            s->clock.clear();
        }
        state.captures.erase(graph->id);
        if (graph->broken) return CAPTURE_INVALIDATED;
        if (!joined) return CAPTURE_UNJOINED;
        *out = graph;
        return OK;
    });
}
API int cuGraphGetNodes(Graph* graph, void** nodes, size_t* count) {
    return driver(__func__, CONTEXT, [&] {
        for (size_t i = 0; nodes && i < *count; i++) nodes[i] = i < graph->nodes.size() ? &graph->nodes[i] : nullptr;
        if (!nodes || *count > graph->nodes.size()) *count = graph->nodes.size();
        return OK;
    });
}
API int cuGraphInstantiateWithFlags(Executable** executable, Graph* graph, unsigned long long) {
    return driver(__func__, CONTEXT, [&] { *executable = new Executable{graph->nodes, graph->origin}; return OK; });
}
API int cuGraphDestroy(Graph* graph) {
    return driver(__func__, CONTEXT, [&] { delete graph; return OK; });
}
API int cuGraphExecDestroy(Executable* executable) {
    return driver(__func__, CONTEXT, [&] { delete executable; return OK; });
}

// Every order that keeps that of each stream and the waits is legal. In turn: the origin's nodes as early as they may be, and
// as late as they may be. A wait that was forgotten gives two results.
static void replay(Executable& executable) {
    std::map<Stream*, std::vector<const Node*>> nodes;
    for (const Node& node : executable.nodes) nodes[node.stream].push_back(&node);
    Clock done;
    std::function<void(Stream*, size_t)> run = [&](Stream* stream, size_t count) {
        while (done[stream] < count && fault == OK) {
            const Node& node = *nodes[stream][done[stream]];
            for (auto& [other, before] : node.after) if (other != stream) run(other, before);
            node.work();
            done[stream]++;
        }
    };
    bool origin_first = executable.launches++ % 2 == 0;
    if (origin_first) run(executable.origin, nodes[executable.origin].size());
    for (auto& [stream, of] : nodes) if (stream != executable.origin) run(stream, of.size());
    run(executable.origin, nodes[executable.origin].size());
}
API int cuGraphLaunch(Executable* executable, Stream* handle) {
    return on_stream(__func__, handle, [&](Stream* stream) -> int {
        return enqueue(stream, [executable] { replay(*executable); });
    });
}

// ---- modules and launches ----

// The image has no length of its own: an ELF file ends with the table of its sections.
API int cuModuleLoadData(Module** out, const void* image) {
    return driver(__func__, NO_CAPTURE, [&] {
        const Elf64_Ehdr& head = *(const Elf64_Ehdr*)image;
        if (std::memcmp(head.e_ident, ELFMAG, SELFMAG) != 0) return INVALID_IMAGE;
        const char* folder = std::getenv("TMPDIR");
        std::string path = std::string(folder ? folder : "/tmp") + "/softcard-XXXXXX";
        int file = mkstemp(path.data());
        size_t bytes = head.e_shoff + (size_t)head.e_shnum * head.e_shentsize;
        bool written = file >= 0 && write(file, image, bytes) == (ssize_t)bytes;
        if (file >= 0) close(file);
        void* library = written ? dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL) : nullptr;
        if (written && library == nullptr) std::fprintf(stderr, "software card: %s\n", dlerror());
        unlink(path.c_str());
        if (library == nullptr) return INVALID_IMAGE;
        *out = new Module{library, {}};
        return OK;
    });
}
API int cuModuleUnload(Module* module) {
    return driver(__func__, NO_CAPTURE, [&] {
        dlclose(module->library);
        delete module;
        return OK;
    });
}
// As on a card, only under its own name if it is extern "C".
API int cuModuleGetFunction(Function** function, Module* module, const char* name) {
    return driver(__func__, CONTEXT, [&] {
        auto* kernel = (SoftcardKernel*)dlsym(module->library, (std::string("softcard_kernel_") + name).c_str());
        auto* shared = (void* (*)())dlsym(module->library, "softcard_shared");
        if (kernel == nullptr || dlsym(module->library, name) == nullptr) return NOT_FOUND;
        *function = &module->functions.insert({name, {name, *kernel, shared}}).first->second;
        return OK;
    });
}
API int cuFuncSetAttribute(Function*, int, int) {
    return driver(__func__, CONTEXT, [] { return OK; });
}
API int cuLaunchKernel(Function* function, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz,
        unsigned dynamic_shared, Stream* handle, void** arguments, void** extra) {
    return on_stream(__func__, handle, [&](Stream* stream) -> int {
        if (function == nullptr) return INVALID_HANDLE;
        size_t threads = (size_t)bx * by * bz;
        if (gx == 0 || gy == 0 || gz == 0 || threads == 0 || threads > 1024 || gx > 0x7fffffff || gy > 65535 || gz > 65535
                || bz > 64 || extra != nullptr) return INVALID_VALUE;
        if (dynamic_shared != 0) {
            std::fprintf(stderr, "software card: %s asks for dynamic shared memory, which is not imitated\n",
                    function->name.c_str());
            return INVALID_VALUE;
        }
        if (threads > function->kernel.most_threads) return LAUNCH_OUT_OF_RESOURCES;
        std::vector<std::string> values;  // copied now, as the driver does
        for (size_t i = 0; i < function->kernel.count; i++) values.emplace_back((char*)arguments[i], function->kernel.sizes[i]);
        return enqueue(stream, [=, f = *function]() mutable {
            std::vector<void*> addresses;
            for (std::string& value : values) addresses.push_back(value.data());
            run_kernel(f.kernel, f.name.c_str(), {gx, gy, gz}, {bx, by, bz}, addresses.data(), f.shared);
        });
    });
}
