package io.resnetspark.model.cuda;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.resnetspark.model.Precision;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.opentest4j.TestAbortedException;

/**
 * Compiles our kernels with NVIDIA's own compilers, for the oldest and the newest architecture that they support. No
 * GPU is needed: nvcc is used if it is on the PATH, and NVRTC from the folder {@code -Dresnet.nvrtc=FOLDER} ({@code mvn
 * -Pcuda-redist} downloads one).
 */
@Tag("slow")
class TestKernelCompilation {
    private static final int OLDEST = 70;
    private static final int FIRST_WITH_BFLOAT16 = 80;

    @TempDir
    Path folder;

    private static boolean serves(int capability, Precision precision) {
        return capability >= (precision == Precision.BFLOAT16 ? FIRST_WITH_BFLOAT16 : OLDEST);
    }

    @ParameterizedTest
    @EnumSource(names = {"FLOAT32", "BFLOAT16"})
    void kernelsCompileWithNvccWithoutWarnings(Precision precision) throws IOException, InterruptedException {
        List<Integer> known = Stream.of(nvcc("--list-gpu-code").split("\\s+"))
                .filter(word -> word.matches("sm_\\d+"))
                .map(word -> Integer.valueOf(word.substring(3)))
                .filter(capability -> serves(capability, precision))
                .toList();
        // The oldest and the newest: those in between take a minute more and find nothing else.
        Set<Integer> ends = Set.copyOf(List.of(known.get(0), known.get(known.size() - 1)));
        List<String> sources = new ArrayList<>();
        for (KernelSource kernels : KernelSource.values()) {
            Path source = folder.resolve(kernels + ".cu");
            sources.add(Files.writeString(source, kernels.text()).toString());
        }
        List<String> arguments = new ArrayList<>(List.of(
                "--std=c++17",
                "-fatbin",
                "-Werror",
                "all-warnings",
                "--threads",
                "0",
                "-Xcicc",
                "-O0", // warnings do not need optimised code
                "-Xptxas",
                "-O0",
                "-D" + KernelSource.definition(precision)));
        for (int capability : ends) {
            arguments.add("-gencode=arch=compute_" + capability + ",code=sm_" + capability);
        }
        arguments.addAll(List.of("-odir", folder.toString()));
        arguments.addAll(sources);
        assertThat(nvcc(arguments.toArray(String[]::new))).isEmpty();
    }

    /** The compiler's output; its failure fails the test. */
    private static String nvcc(String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("nvcc"));
        command.addAll(List.of(arguments));
        Process process;
        try {
            process = new ProcessBuilder(command).redirectErrorStream(true).start();
        } catch (IOException missing) {
            throw new TestAbortedException("There is no nvcc on the PATH, so kernels are not compiled by it.");
        }
        String printed = new String(process.getInputStream().readAllBytes(), UTF_8).strip();
        assertThat(process.waitFor()).as(printed).isZero();
        return printed;
    }

    @ParameterizedTest
    @EnumSource(names = {"FLOAT32", "BFLOAT16"})
    void kernelsCompileWithNvrtc(Precision precision) {
        String nvrtc = System.getProperty("resnet.nvrtc");
        if (nvrtc == null) {
            throw new TestAbortedException(
                    "-Dresnet.nvrtc names no folder with NVRTC, so kernels are not compiled by it; scripts/test has one.");
        }
        Nvrtc compiler = new Nvrtc(new CudaLibraries(new LibraryPath(List.of(Path.of(nvrtc)), false)).nvrtc());
        List<Integer> known = compiler.architectures().stream()
                .filter(capability -> serves(capability, precision))
                .toList();
        // The oldest and a common one: the others take minutes and find nothing else.
        assertThat(known).contains(80, 90);
        assertThat(Set.of(known.get(0), 90))
                .allSatisfy(capability -> assertThat(KernelSource.values())
                        .allSatisfy(kernels -> assertThat(kernels.compile(compiler, capability, precision))
                                .startsWith(0x7f, 'E', 'L', 'F')));
    }
}
