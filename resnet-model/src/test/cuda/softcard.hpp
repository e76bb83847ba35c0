// A software card: the part of CUDA's driver API, NVRTC, cuDNN and cuBLAS that the product uses, computed by the CPU, so that
// all Java code and all kernels run, and are checked, where there is no GPU. Names, numbers and refusals are NVIDIA's.
//
//   block.cpp   threads of a block as fibers, blocks on two OS threads, faults of a kernel
//   memory.cpp  device memory
//   driver.cpp  the driver's API: contexts, copies, streams, events, capture, graphs, modules, launches
//   nvrtc.cpp   the C++ compiler of the machine
//   cudnn.cpp, cublas.cpp   plain loops with double sums
//   control.cpp what tests ask of it
//
// Imitated: what is refused under capture, joining and leaving it, errors that stay until the context is reset, a context per
// thread, limits of a launch, memory that runs out. Memory is NaN until it is written, and what lies around it faults.
// Not imitated: time. What is enqueued is done at once, a legal order; a replayed graph takes other legal orders in turn, so
// a missing wait between two streams of a graph is found, one between streams outside of a graph is not. Every other launch
// takes its blocks from the last to the first. NVRTC has none of the standard headers, here they are. Conversions and shifts
// out of range are the CPU's. A kernel that reads the memory of the host is not caught, nor is a race that two orders of the
// threads do not show.
#pragma once
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "device.hpp"

#define API extern "C" __attribute__((visibility("default")))

namespace softcard {

using Address = uint64_t;
using Work = std::function<void()>;

enum Status {
    OK = 0, INVALID_VALUE = 1, OUT_OF_MEMORY = 2, NOT_INITIALIZED = 3, NO_DEVICE = 100, INVALID_DEVICE = 101,
    INVALID_IMAGE = 200, INVALID_CONTEXT = 201, INVALID_HANDLE = 400, ILLEGAL_STATE = 401, NOT_FOUND = 500, NOT_READY = 600,
    ILLEGAL_ADDRESS = 700, LAUNCH_OUT_OF_RESOURCES = 701, MISALIGNED_ADDRESS = 716, LAUNCH_FAILED = 719,
    CAPTURE_UNSUPPORTED = 900, CAPTURE_INVALIDATED = 901, CAPTURE_MERGE = 902, CAPTURE_UNMATCHED = 903,
    CAPTURE_UNJOINED = 904, CAPTURE_ISOLATION = 905, CAPTURED_EVENT = 907, CAPTURE_WRONG_THREAD = 908
};

struct Stream;

// Of how many nodes of each stream another node comes after: a vector clock.
using Clock = std::map<Stream*, size_t>;

struct Node {
    Work work;
    Stream* stream;
    Clock after;
};

struct Graph {
    uint64_t id;  // of the capture, never used twice
    Stream* origin;
    int mode;  // 0 global, 1 thread local, 2 relaxed
    std::thread::id thread;
    bool broken = false;
    std::vector<Stream*> streams;
    std::vector<Node> nodes;
};

struct Stream {
    Graph* capture = nullptr;
    Clock clock;
};

// Held by every call: the card does one thing at a time.
extern std::recursive_mutex& card;

// The first error of a kernel. It stays, as on a real card, and every later call returns it.
extern int fault;
void raise(int status, const std::string& sentence);

// Counts the call. Not 0: the status that a test asked for in its place.
int counted(const char* function);
long setting(const char* name);

// Now, or as a node of the graph that the stream is captured into. Returns a driver status.
int enqueue(Stream* stream, Work work);
// Whether a call that allocates or waits is legal now; if not, the capture is broken.
bool refused_by_capture();
bool broken_by_synchronization();
// As if no capture had begun.
void end_captures();

// Device memory that is NaN; 0 if there is no room for it.
Address allocate(size_t bytes, int device);
bool release(Address address);
void release_all(int device);
size_t used(int device);
// Whether bytes from here on are one allocation's.
bool allocated(Address from, size_t bytes);
// What lies near an address that no allocation holds, in words.
std::string neighbour(Address address);
// What wrote over the margins of an allocation, if something did, in words.
std::string overrun();

// body(i) for i < n, on two OS threads.
void parallel(size_t n, const std::function<void(size_t)>& body);
void run_kernel(const SoftcardKernel& kernel, const char* name, dim3 grid, dim3 block, void** arguments, void* (*shared)());

inline float from_bf16(uint16_t bits) { return softcard_bits<float>((uint32_t)bits << 16); }
inline uint16_t to_bf16(float value) {  // to the nearest, ties to even; NaN stays NaN
    uint32_t bits = softcard_bits<uint32_t>(value);
    if (value != value) return 0x7fff;
    return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}
inline float to_tf32(float value) {  // 10 bits of fraction
    uint32_t bits = softcard_bits<uint32_t>(value);
    return std::isfinite(value) ? softcard_bits<float>((bits + 0xfff + (bits >> 13 & 1)) & ~0x1fffu) : value;
}

// An array of floats or of bfloat16 in device memory.
struct Values {
    void* data;
    bool bf16;
    Values(const void* data, bool bf16) : data(const_cast<void*>(data)), bf16(bf16) {}
    float get(size_t i) const { return bf16 ? from_bf16(((uint16_t*)data)[i]) : ((float*)data)[i]; }
    // alpha * sum + beta * what was there; beta 0 does not read it
    void put(size_t i, float alpha, double sum, float beta) const {
        float value = (float)(beta == 0 ? alpha * sum : alpha * sum + (double)beta * get(i));
        if (bf16) ((uint16_t*)data)[i] = to_bf16(value);
        else ((float*)data)[i] = value;
    }
};

}  // namespace softcard
