// libnvrtc.so: the text of kernels to a "cubin", which is a shared object that the machine's C++ compiler makes.
#include <dlfcn.h>
#include <fstream>
#include <regex>
#include <sstream>
#include <unistd.h>

#include "softcard.hpp"

using namespace softcard;

namespace {

enum { SUCCESS, INVALID_INPUT = 3, INVALID_PROGRAM = 4, INVALID_OPTION = 5, COMPILATION = 6 };

struct Program {
    std::string source, name, log, cubin;
    std::map<std::string, std::string> headers;
};

std::string quoted(const std::string& word) {
    std::string out = "'";
    for (char c : word) out += c == '\'' ? "'\\''" : std::string(1, c);
    return out + "'";
}
std::string content(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    std::stringstream all;
    all << in.rdbuf();
    return all.str();
}
// What the command prints goes to the log.
bool run(const std::string& command, std::string& log) {
    FILE* out = popen((command + " 2>&1").c_str(), "r");
    if (out == nullptr) return false;
    char buffer[4096];
    for (size_t n; (n = fread(buffer, 1, sizeof buffer, out)) > 0; ) log.append(buffer, n);
    return pclose(out) == 0;
}

// A folder that goes when it is left.
struct Folder {
    std::string path;
    Folder() {
        const char* parent = std::getenv("TMPDIR");
        path = std::string(parent ? parent : "/tmp") + "/softcard-XXXXXX";
        if (mkdtemp(path.data()) == nullptr) path.clear();
    }
    ~Folder() {
        std::string log;
        if (!path.empty()) run("rm -rf " + quoted(path), log);
    }
};

// Options of NVRTC that change nothing here.
const char* const IGNORED[] = {"--std=", "-std=", "--use_fast_math", "-use_fast_math", "-lineinfo", "--generate-line-info",
        "--extra-device-vectorization", "-extra-device-vectorization", "--device-as-default-execution-space", "-default-device",
        "--maxrregcount=", "-maxrregcount=", "--ptxas-options=", "--restrict", "-restrict", "--diag-suppress=", "--split-compile=",
        "--dopt=", "-dopt=", "--no-cache", "-no-cache", "--minimal", "-minimal"};

// #define NAME VALUE of -DNAME=VALUE or -DNAME.
std::string definition(const std::string& macro) {
    size_t at = macro.find('=');
    return "#define " + macro.substr(0, at) + " " + (at == std::string::npos ? "1" : macro.substr(at + 1)) + "\n";
}
bool starts(const std::string& word, const std::string& with) { return word.compare(0, with.size(), with) == 0; }

// What launches each kernel of the preprocessed text. Templates are left out: they have no name to be found by.
std::string launchers(const std::string& text) {
    static const std::regex KERNEL(
            R"((template\s*<[^>]*>\s*)?\b__global__\s+(?:(?:void|static)\s+)*)"
            R"((?:__launch_bounds__\s*\(([^()]*(?:\([^()]*\)[^()]*)*)\)\s*)?(?:void\s+)?(\w+)\s*\()");
    std::string out = "\nextern \"C\" void* softcard_shared() { static __thread char here; return &here; }\n";
    for (std::sregex_iterator kernel(text.begin(), text.end(), KERNEL), end; kernel != end; ++kernel) {
        const std::smatch& m = *kernel;
        if (m[1].matched) continue;
        std::string name = m[3], bounds = m[2].matched ? ", " + m[2].str() : "";
        out += "extern \"C\" const SoftcardKernel softcard_kernel_" + name;
        out += " = softcard_describe<&" + name + ">(&" + name + bounds + ");\n";
    }
    return out;
}

// What this version compiles for: 13 ended Volta, 12.8 began Blackwell.
std::vector<int> architectures() {
    long version = setting("nvrtc");
    std::vector<int> all = {75, 80, 86, 87, 89, 90};
    if (version < 13000) all.insert(all.begin(), {50, 52, 53, 60, 61, 62, 70, 72});
    if (version >= 12080) all.insert(all.end(), {100, 101, 120});
    return all;
}
// Whether "sm_90" or "compute_90" is one of these.
bool is_architecture(const std::string& word) {
    for (int known : architectures()) if (word == "sm_" + std::to_string(known) || word == "compute_" + std::to_string(known)) return true;
    return false;
}

int compile(Program& program, const std::vector<std::string>& options) {
    std::string flags, macros, contract = "fast";
    bool cubin = false;
    for (const std::string& option : options) {
        bool ignored = false;
        for (const char* known : IGNORED) ignored |= starts(option, known);
        if (starts(option, "-D")) macros += definition(option.substr(2));
        else if (starts(option, "--define-macro=")) macros += definition(option.substr(15));
        else if (starts(option, "-I")) flags += " " + quoted(option);
        else if (starts(option, "--include-path=")) flags += " " + quoted("-I" + option.substr(15));
        else if (starts(option, "--gpu-architecture=") || starts(option, "-arch=")) {
            std::string word = option.substr(option.find('=') + 1);
            cubin = starts(word, "sm_");
            if (!is_architecture(word)) {
                program.log = "nvrtc: error: invalid value for --gpu-architecture (-arch)\n";
                return INVALID_OPTION;
            }
        }
        else if (option == "--fmad=false" || option == "-fmad=false") contract = "off";
        else if (option != "--fmad=true" && option != "-fmad=true" && !ignored) {
            program.log = "nvrtc: error: invalid value for option or unknown option: " + option + "\n";
            return INVALID_OPTION;
        }
    }
    Folder folder;
    for (auto& [name, text] : program.headers) std::ofstream(folder.path + "/" + name) << text;
    std::string source = folder.path + "/kernels.cpp", object = folder.path + "/kernels.so", scanned;
    // Macros come after the header, whose names are its own.
    std::string text = "#include \"device.hpp\"\n" + macros + "#line 1 \"" + program.name + "\"\n" + program.source + "\n";
    std::ofstream(source) << text;
    std::string compiler = SOFTCARD_COMPILER " -std=c++17 -w -I" + quoted(folder.path) + " -I" + quoted(SOFTCARD_SOURCES) + flags;
    if (!run(compiler + " -DSOFTCARD_SCAN -E -P " + quoted(source), scanned)) {
        program.log = scanned;
        return COMPILATION;
    }
    std::ofstream(source) << text << launchers(scanned);
    Dl_info library;  // what the kernels call is in this very library
    dladdr((void*)&softcard_exchange, &library);
    // Two modules must not share the shared memory of a function that is in both, which may have another size.
    compiler += " " SOFTCARD_FLAGS " -O2 -ftree-vectorize -fno-math-errno -fno-strict-aliasing -fPIC -fno-gnu-unique -shared";
    compiler += " -ffp-contract=" + contract + " -o " + quoted(object) + " " + quoted(source) + " " + quoted(library.dli_fname);
    if (!run(compiler, program.log)) return COMPILATION;
    program.cubin = cubin ? content(object) : "";
    return SUCCESS;
}

template <class F> int nvrtc(const char* name, F work) {
    {
        std::lock_guard<std::recursive_mutex> hold(card);
        if (int status = counted(name)) return status;
    }
    return work();  // compilers may run side by side
}
int give(const std::string& text, char* out) {
    std::memcpy(out, text.c_str(), text.size());
    return SUCCESS;
}

}  // namespace

API int nvrtcVersion(int* major, int* minor) {
    return nvrtc(__func__, [&] {
        *major = (int)setting("nvrtc") / 1000;
        *minor = (int)setting("nvrtc") % 1000 / 10;
        return SUCCESS;
    });
}
API int nvrtcGetNumSupportedArchs(int* count) {
    return nvrtc(__func__, [&] { *count = (int)architectures().size(); return SUCCESS; });
}
API int nvrtcGetSupportedArchs(int* out) {
    return nvrtc(__func__, [&] {
        for (int known : architectures()) *out++ = known;
        return SUCCESS;
    });
}
API const char* nvrtcGetErrorString(int status) {
    static const char* const NAMES[] = {"NVRTC_SUCCESS", "NVRTC_ERROR_OUT_OF_MEMORY", "NVRTC_ERROR_PROGRAM_CREATION_FAILURE",
            "NVRTC_ERROR_INVALID_INPUT", "NVRTC_ERROR_INVALID_PROGRAM", "NVRTC_ERROR_INVALID_OPTION", "NVRTC_ERROR_COMPILATION"};
    return status >= 0 && status <= 6 ? NAMES[status] : "NVRTC_ERROR unknown";
}
API int nvrtcCreateProgram(Program** program, const char* source, const char* name, int headers, const char** texts,
        const char** names) {
    return nvrtc(__func__, [&] {
        if (source == nullptr) return INVALID_INPUT;
        *program = new Program{source, name ? name : "default_program", "", "", {}};
        for (int i = 0; i < headers; i++) (*program)->headers[names[i]] = texts[i];
        return SUCCESS;
    });
}
API int nvrtcCompileProgram(Program* program, int count, const char** options) {
    return nvrtc(__func__, [&] { return compile(*program, std::vector<std::string>(options, options + count)); });
}
API int nvrtcGetProgramLogSize(Program* program, size_t* size) {
    return nvrtc(__func__, [&] { *size = program->log.size() + 1; return SUCCESS; });
}
API int nvrtcGetProgramLog(Program* program, char* log) {
    return nvrtc(__func__, [&] { log[program->log.size()] = 0; return give(program->log, log); });
}
// 0 unless the architecture is a real one (sm_90).
API int nvrtcGetCUBINSize(Program* program, size_t* size) {
    return nvrtc(__func__, [&] { *size = program->cubin.size(); return SUCCESS; });
}
API int nvrtcGetCUBIN(Program* program, char* cubin) {
    return nvrtc(__func__, [&] { return program->cubin.empty() ? INVALID_PROGRAM : give(program->cubin, cubin); });
}
API int nvrtcDestroyProgram(Program** program) {
    return nvrtc(__func__, [&] { delete *program; *program = nullptr; return SUCCESS; });
}
