// What tests ask of the card: to be another card, to fail, to tell what happened.
#include <sstream>

#include "softcard.hpp"

using namespace softcard;

namespace {

// Everything that softcard_reset() forgets.
struct Tests {
    std::map<std::string, long> settings;
    std::map<std::string, long> calls;
    std::map<std::string, std::map<long, int>> failures;  // function, number of the call, status
    std::string sentence;  // about the fault

    // SOFTCARD_FAIL=function:n:status,... is softcard_fail() for a process that a test starts.
    Tests() {
        const char* failing = std::getenv("SOFTCARD_FAIL");
        std::istringstream all(failing ? failing : "");
        for (std::string one; std::getline(all, one, ','); ) {
            char function[100];
            long n;
            int status;
            if (std::sscanf(one.c_str(), "%99[^:]:%ld:%d", function, &n, &status) == 3) failures[function][n] = status;
        }
    }
};

Tests& tests = *new Tests;

const std::map<std::string, long> DEFAULTS = {{"devices", 1}, {"driver", 13000}, {"major", 9}, {"minor", 0},
        {"multiprocessors", 132}, {"memory", 8L << 30}, {"cudnn", 91400}, {"cublas", 130000}, {"nvrtc", 13000},
        {"cudart", 13000}};  // cudart: the CUDA that cuDNN is built for

}  // namespace

namespace softcard {

std::recursive_mutex& card = *new std::recursive_mutex;
int fault = OK;

void raise(int status, const std::string& sentence) {
    std::fprintf(stderr, "software card: %s\n", sentence.c_str());
    if (fault != OK) return;
    fault = status;
    tests.sentence = sentence;
}

// Of softcard_set, else of the environment (SOFTCARD_MEMORY for "memory"), else the default.
long setting(const char* name) {
    auto set = tests.settings.find(name);
    if (set != tests.settings.end()) return set->second;
    std::string variable = "SOFTCARD_";
    for (const char* c = name; *c; c++) variable += (char)std::toupper(*c);
    const char* value = std::getenv(variable.c_str());
    return value ? std::atol(value) : DEFAULTS.at(name);
}

int counted(const char* function) {
    long call = ++tests.calls[function];
    auto& of = tests.failures[function];
    auto found = of.find(call);
    return found == of.end() ? OK : found->second;
}

}  // namespace softcard

// What the card is: the names of DEFAULTS, "memory" in bytes.
API int softcard_set(const char* name, long value) {
    std::lock_guard<std::recursive_mutex> hold(card);
    if (DEFAULTS.count(name) == 0) return INVALID_VALUE;
    tests.settings[name] = value;
    return OK;
}
// The n-th call from now on (1: the next) of an API function does nothing and returns the status.
API void softcard_fail(const char* function, int n, int status) {
    std::lock_guard<std::recursive_mutex> hold(card);
    tests.failures[function][tests.calls[function] + n] = status;
}
// Calls of an API function since the last reset.
API long softcard_calls(const char* function) {
    std::lock_guard<std::recursive_mutex> hold(card);
    return tests.calls[function];
}
// What the card says of its fault; empty if there is none.
API const char* softcard_fault() { return tests.sentence.c_str(); }
// Bytes that are allocated on all devices.
API long softcard_used() {
    std::lock_guard<std::recursive_mutex> hold(card);
    long sum = 0;
    for (int device = 0; device < setting("devices"); device++) sum += (long)used(device);
    return sum;
}
// Forgets settings, failures, counts and the fault, and ends captures. Memory and handles stay.
API void softcard_reset() {
    std::lock_guard<std::recursive_mutex> hold(card);
    tests = {};
    fault = OK;
    end_captures();
}
