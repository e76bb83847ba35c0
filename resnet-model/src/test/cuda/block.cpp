// Runs a kernel: the blocks on two OS threads, the threads of a block as fibers of one. A fiber runs thread after thread and
// is left only where a thread has to wait, so a kernel that never synchronises costs a function call a thread.
#include <csetjmp>
#include <condition_variable>
#include <csignal>
#include <link.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include "softcard.hpp"

__attribute__((visibility("default"))) __thread SoftcardThread softcard_thread = {};

// ---- fibers ----

#if defined(__x86_64__) && !defined(SOFTCARD_UCONTEXT)
using Context = void*;
// Keeps on the stack what a function must preserve, stores the stack pointer in *from, and goes on where `to` was left.
extern "C" void softcard_switch(Context* from, Context to);
asm(R"(.text
.hidden softcard_switch
.globl softcard_switch
.type softcard_switch, @function
softcard_switch:
    push %rbp; push %rbx; push %r12; push %r13; push %r14; push %r15
    mov %rsp, (%rdi)
    mov %rsi, %rsp
    pop %r15; pop %r14; pop %r13; pop %r12; pop %rbx; pop %rbp
    ret
.size softcard_switch, .-softcard_switch
)");
static void change(Context& from, Context& to) { softcard_switch(&from, to); }
static void start(Context& context, char* stack, size_t bytes, void (*entry)()) {
    void** top = (void**)(stack + bytes) - 2;  // aligned as a call leaves it
    *top = (void*)entry;
    context = top - 6;
}
#else
using Context = ucontext_t;
static void change(Context& from, Context& to) { swapcontext(&from, &to); }
static void start(Context& context, char* stack, size_t bytes, void (*entry)()) {
    getcontext(&context);
    context.uc_stack.ss_sp = stack;
    context.uc_stack.ss_size = bytes;
    makecontext(&context, entry, 0);
}
#endif

static constexpr unsigned MOST_THREADS = 1024;
static constexpr size_t STACK = 64 << 10, PAGE = 4096;

namespace {

struct Launch {
    const SoftcardKernel& kernel;
    const char* name;
    dim3 grid, block;
    void** arguments;
    void* (*shared)();
    bool backwards;  // from the last block to the first
    std::atomic<size_t> next{0};
    std::atomic<bool> failed{false};
};

struct Thread {  // one that waits
    Context* fiber;
    uint3 index;
    SoftcardExchange kind;
    unsigned mask, source;
    uint64_t value;
};

struct Warp {
    unsigned alive, waiting;  // a bit a lane
};

[[noreturn]] void give_up(int status, const char* sentence);

class Scheduler {
    Context home, fibers[MOST_THREADS];
    char* stacks;
    Context* idle[MOST_THREADS];
    unsigned idle_count;
    Context* running = nullptr;

    Launch* launch = nullptr;
    unsigned count = 0, next = 0, alive = 0, current = 0;
    Thread threads[MOST_THREADS];
    Warp warps[MOST_THREADS / 32];
    unsigned barrier[MOST_THREADS], at_barrier = 0;
    unsigned ready[MOST_THREADS], first_ready = 0, last_ready = 0;  // a ring

    static void fiber();

    void make_ready(unsigned thread) { ready[last_ready++ % MOST_THREADS] = thread; }
    void wait() {
        Thread& thread = threads[current];
        thread.fiber = running;
        thread.index = softcard_thread.thread;
        change(*running, home);
    }
    // Every other block starts with its last thread, so that a barrier that was forgotten shows.
    void begin() {
        uint3& index = softcard_thread.thread;
        current = (softcard_thread.block.x + softcard_thread.block.y) % 2 == 0 ? next : count - 1 - next;
        next++;
        unsigned row = current / launch->block.x;
        index = {current - row * launch->block.x, row % launch->block.y, row / launch->block.y};
    }
    void end() {
        alive--;
        Warp& warp = warps[current / 32];
        warp.alive &= ~(1u << current % 32);
        while (warp.waiting && released(current / 32)) {}
        open_barrier();
    }
    void open_barrier() {
        if (at_barrier == 0 || at_barrier < alive) return;
        for (unsigned i = 0; i < at_barrier; i++) if (barrier[i] != current) make_ready(barrier[i]);
        at_barrier = 0;
    }
    // One group of the warp's waiting lanes that is complete gets its values.
    bool released(unsigned number) {
        Warp& warp = warps[number];
        Thread* lanes = threads + number * 32;
        for (unsigned left = warp.waiting; left; ) {
            unsigned lane = __builtin_ctz(left), mask = lanes[lane].mask, group = mask & warp.alive;
            left &= ~group;
            if ((warp.waiting & group) != group) continue;
            uint64_t values[32], ballot = 0;
            std::memset(values, 0xff, sizeof values);  // what a lane that takes no part brings
            for (unsigned g = group; g; g &= g - 1) {
                Thread& thread = lanes[__builtin_ctz(g)];
                if (thread.mask != mask || thread.kind != lanes[lane].kind) {
                    give_up(softcard::LAUNCH_FAILED, "lanes of one warp are at different warp operations");
                }
                values[&thread - lanes] = thread.value;
                if (thread.value) ballot |= 1u << (&thread - lanes);
            }
            for (unsigned g = group; g; g &= g - 1) {
                Thread& thread = lanes[__builtin_ctz(g)];
                thread.value = thread.kind == SOFTCARD_SHUFFLE ? values[thread.source % 32] : ballot;
                if (&thread != threads + current) make_ready((unsigned)(&thread - threads));
            }
            warp.waiting &= ~group;
            return true;
        }
        return false;
    }

public:
    Scheduler() {
        stacks = (char*)mmap(nullptr, MOST_THREADS * STACK, PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (stacks == MAP_FAILED) std::abort();
        for (unsigned i = 0; i < MOST_THREADS; i++) mprotect(stacks + i * STACK, PAGE, PROT_NONE);
        reset();
    }
    // All fibers anew: those that a fault left stay where they were otherwise.
    void reset() {
        for (unsigned i = 0; i < MOST_THREADS; i++) {
            start(fibers[i], stacks + i * STACK, STACK, fiber);
            idle[i] = &fibers[MOST_THREADS - 1 - i];
        }
        idle_count = MOST_THREADS;
    }
    void run(Launch& work, uint3 block) {
        launch = &work;
        softcard_thread = {{}, block, work.block, work.grid};
        count = alive = work.block.x * work.block.y * work.block.z;
        next = at_barrier = first_ready = last_ready = 0;
        for (unsigned i = 0; i < count; i += 32) warps[i / 32] = {count - i < 32 ? (1u << (count - i)) - 1 : ~0u, 0};
        while (alive > 0) {
            if (first_ready != last_ready) {
                current = ready[first_ready++ % MOST_THREADS];
                running = threads[current].fiber;
                softcard_thread.thread = threads[current].index;
            } else if (next < count) {
                running = idle[--idle_count];
            } else {
                give_up(softcard::LAUNCH_FAILED,
                        "its threads wait for each other: some are at __syncthreads, others at a warp operation");
            }
            change(home, *running);
        }
    }
    void barrier_wait() {
        barrier[at_barrier++] = current;
        if (at_barrier < alive) wait();
        else open_barrier();
    }
    uint64_t exchange(SoftcardExchange kind, unsigned mask, uint64_t value, unsigned source) {
        unsigned me = current;
        if (!(mask >> me % 32 & 1)) give_up(softcard::LAUNCH_FAILED, "a lane is not in the mask of its warp operation");
        Thread& thread = threads[me];
        thread.kind = kind, thread.mask = mask, thread.value = value, thread.source = source;
        warps[me / 32].waiting |= 1u << me % 32;
        if (mask != ~0u || warps[me / 32].waiting == warps[me / 32].alive) released(me / 32);
        if (warps[me / 32].waiting >> me % 32 & 1) wait();
        return thread.value;
    }
};

// Those of the OS thread.
__thread Scheduler* scheduler;
__thread sigjmp_buf* escape;  // where a fault of the kernel ends; null outside of kernels
__thread int escape_status;
__thread const char* escape_sentence;
__thread uint64_t escape_address;

void Scheduler::fiber() {
    for (;;) {
        Scheduler& s = *scheduler;
        while (s.next < s.count && s.first_ready == s.last_ready) {
            s.begin();
            s.launch->kernel.thread(s.launch->arguments);
            s.end();
        }
        Context* self = s.running;
        s.idle[s.idle_count++] = self;
        change(*self, s.home);
    }
}

void give_up(int status, const char* sentence) {
    escape_status = status;
    escape_sentence = sentence;
    escape_address = 0;
    siglongjmp(*escape, 1);
}

// ---- faults ----

struct sigaction before[32];

// A fault inside of a kernel ends the launch. All others are the JVM's, as if we were not there.
void on_signal(int signal, siginfo_t* info, void* context) {
    if (escape != nullptr) {
        bool aligned = signal != SIGSEGV || info->si_code != SI_KERNEL;
        escape_status = signal == SIGFPE ? softcard::LAUNCH_FAILED
                : aligned ? softcard::ILLEGAL_ADDRESS : softcard::MISALIGNED_ADDRESS;
        escape_sentence = signal == SIGFPE ? "an integer was divided by zero"
                : aligned ? "illegal address" : "misaligned address";
        escape_address = signal == SIGFPE || !aligned ? 0 : (uint64_t)info->si_addr;
        siglongjmp(*escape, 1);
    }
    struct sigaction& old = before[signal];
    if (old.sa_flags & SA_SIGINFO) return old.sa_sigaction(signal, info, context);
    if (old.sa_handler != SIG_DFL && old.sa_handler != SIG_IGN) return old.sa_handler(signal);
    sigaction(signal, &old, nullptr);  // and the instruction faults again
}

// ---- OS threads ----

class Workers {
    static constexpr int THREADS = 2;
    std::mutex lock;
    std::condition_variable changed;
    const std::function<void()>* job = nullptr;
    int running = 0;
    long rounds = 0;

    void work() {
        stack_t stack = {};
        stack.ss_size = 64 << 10;
        stack.ss_sp = std::malloc(stack.ss_size);
        sigaltstack(&stack, nullptr);
        scheduler = new Scheduler;
        for (long round = 1;; round++) {
            std::unique_lock<std::mutex> hold(lock);
            changed.wait(hold, [&] { return rounds >= round; });
            const std::function<void()>& mine = *job;
            hold.unlock();
            mine();
            hold.lock();
            if (--running == 0) changed.notify_all();
        }
    }

public:
    Workers() {
        for (int signal : {SIGSEGV, SIGBUS, SIGFPE}) {
            struct sigaction ours = {};
            sigaction(signal, nullptr, &before[signal]);
            ours.sa_sigaction = on_signal;
            ours.sa_mask = before[signal].sa_mask;
            ours.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER | (before[signal].sa_flags & SA_RESTART);
            sigaction(signal, &ours, nullptr);
        }
        sigset_t all, old;  // the process's signals are for other threads
        sigfillset(&all);
        for (int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL}) sigdelset(&all, signal);
        pthread_sigmask(SIG_SETMASK, &all, &old);
        for (int i = 0; i < THREADS; i++) std::thread([this] { work(); }).detach();
        pthread_sigmask(SIG_SETMASK, &old, nullptr);
    }
    void run(const std::function<void()>& todo) {
        std::unique_lock<std::mutex> hold(lock);
        job = &todo;
        running = THREADS;
        rounds++;
        changed.notify_all();
        changed.wait(hold, [&] { return running == 0; });
    }
};

Workers& workers() {
    static Workers& all = *new Workers;  // they outlive static destructors
    return all;
}

// Shared memory is NaN at a launch, not what the last kernel left.
void poison(void* shared) {
    dl_iterate_phdr([](dl_phdr_info* module, size_t, void* inside) {
        for (int i = 0; i < module->dlpi_phnum; i++) {
            const auto& part = module->dlpi_phdr[i];
            char* from = (char*)module->dlpi_tls_data;
            if (part.p_type != PT_TLS || from == nullptr || inside < from || inside >= from + part.p_memsz) continue;
            std::memset(from, 0xff, part.p_memsz);
            return 1;
        }
        return 0;
    }, shared);
}

void run_blocks(Launch& launch) {
    sigjmp_buf here;
    poison(launch.shared());
    if (sigsetjmp(here, 1) == 0) {
        escape = &here;
        size_t width = launch.grid.x, plane = width * launch.grid.y, all = plane * launch.grid.z;
        for (size_t i; !launch.failed && (i = launch.next++) < all; ) {
            if (launch.backwards) i = all - 1 - i;
            scheduler->run(launch, {(unsigned)(i % width), (unsigned)(i / width % launch.grid.y), (unsigned)(i / plane)});
        }
        escape = nullptr;
        return;
    }
    escape = nullptr;
    scheduler->reset();
    if (launch.failed.exchange(true)) return;
    const uint3 b = softcard_thread.block, t = softcard_thread.thread;
    char where[160];
    std::snprintf(where, sizeof where, " (block %u,%u,%u thread %u,%u,%u)", b.x, b.y, b.z, t.x, t.y, t.z);
    softcard::raise(escape_status, std::string("kernel ") + launch.name + ": " + escape_sentence
            + (escape_address ? softcard::neighbour(escape_address) : "") + where);
}

}  // namespace

API void softcard_syncthreads() { scheduler->barrier_wait(); }
API uint64_t softcard_exchange(SoftcardExchange kind, unsigned mask, uint64_t value, unsigned source) {
    return scheduler->exchange(kind, mask, value, source);
}
API void softcard_trap() { give_up(softcard::LAUNCH_FAILED, "__trap() was called"); }

namespace softcard {

void parallel(size_t n, const std::function<void(size_t)>& body) {
    std::atomic<size_t> next{0};
    workers().run([&] { for (size_t i; (i = next++) < n; ) body(i); });
}

void run_kernel(const SoftcardKernel& kernel, const char* name, dim3 grid, dim3 block, void** arguments,
        void* (*shared)()) {
    static bool backwards = true;
    backwards = !backwards;  // the card's lock is held
    Launch launch{kernel, name, grid, block, arguments, shared, backwards};
    workers().run([&] { run_blocks(launch); });
    std::string over = overrun();
    if (!launch.failed && !over.empty()) raise(ILLEGAL_ADDRESS, std::string("kernel ") + name + over);
}

}  // namespace softcard
