package io.resnetspark.model.cuda;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.resnetspark.model.Precision;
import io.resnetspark.model.cuda.ConvolutionDispatcher.Implementation;
import io.resnetspark.model.cuda.ConvolutionDispatcher.Request;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Cached values are read completely or not at all, whatever happens to the files. */
class TestDiskCache {
    private static final List<String> KEY = List.of("a", "key");
    private static final byte[] VALUE = "the value".getBytes(UTF_8);

    @TempDir
    Path folder;

    private String before;

    @BeforeEach
    void useTheFolder() {
        before = System.getProperty(DiskCache.SETTING);
        System.setProperty(DiskCache.SETTING, folder.toString());
    }

    @AfterEach
    void restore() {
        if (before == null) {
            System.clearProperty(DiskCache.SETTING);
        } else {
            System.setProperty(DiskCache.SETTING, before);
        }
    }

    private List<Path> files() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.toList();
        }
    }

    @Test
    void valueIsFoundOnlyUnderItsKey() throws IOException {
        assertThat(DiskCache.get(KEY)).isEmpty();
        DiskCache.put(KEY, VALUE);
        DiskCache.put(KEY, VALUE);
        assertThat(DiskCache.get(KEY).orElseThrow()).isEqualTo(VALUE);
        assertThat(DiskCache.get(List.of("ak", "ey"))).isEmpty();
        assertThat(files()).hasSize(1);
    }

    @Test
    void damagedFileIsIgnored() throws IOException {
        DiskCache.put(KEY, VALUE);
        Path file = files().get(0);
        byte[] good = Files.readAllBytes(file);
        byte[] flipped = good.clone();
        flipped[good.length - 1] ^= 1;
        for (byte[] bad : List.of(flipped, Arrays.copyOf(good, good.length - 1), Arrays.copyOf(good, 5), new byte[0])) {
            Files.write(file, bad);
            assertThat(DiskCache.get(KEY)).isEmpty();
        }
        DiskCache.put(KEY, VALUE);
        assertThat(DiskCache.get(KEY).orElseThrow()).isEqualTo(VALUE);
    }

    @Test
    void impossibleFolderIsNoError() throws IOException {
        Path file = Files.createFile(folder.resolve("file"));
        System.setProperty(DiskCache.SETTING, file.toString());
        DiskCache.put(KEY, VALUE);
        assertThat(DiskCache.get(KEY)).isEmpty();
        assertThat(file).isEmptyFile();
    }

    @Test
    void concurrentReadersSeeWholeValues() throws Exception {
        byte[] one = new byte[100_000];
        byte[] two = new byte[200_000];
        Arrays.fill(two, (byte) 2);
        DiskCache.put(KEY, one);
        ExecutorService threads = Executors.newFixedThreadPool(2);
        try {
            List<Future<?>> writers = new ArrayList<>();
            for (byte[] value : List.of(one, two)) {
                writers.add(threads.submit(() -> {
                    for (int i = 0; i < 50; i++) {
                        DiskCache.put(KEY, value);
                    }
                }));
            }
            while (!writers.stream().allMatch(Future::isDone)) {
                assertThat(DiskCache.get(KEY).orElseThrow()).isIn(one, two);
            }
            for (Future<?> writer : writers) {
                writer.get();
            }
        } finally {
            threads.shutdown();
        }
        assertThat(files()).hasSize(1);
    }

    private static Request use(int batch, Direction direction) {
        return new Request(new ConvolutionShape(batch, 16, 8, 9, 32, 3, 2, 1), direction);
    }

    @Test
    void algorithmsOfSeveralProcessesAreMerged() throws IOException {
        AlgorithmCache known = new AlgorithmCache(List.of("a card"));
        Implementation product = new Implementation.CublasProduct();
        Implementation small = new Implementation.CudnnAlgorithm(new Cudnn.Algorithm(1, 3, true, 512));
        Implementation large = new Implementation.CudnnAlgorithm(new Cudnn.Algorithm(6, 0, false, 5L << 30));
        Implementation narrow = new Implementation.OwnKernel();
        known.add(Map.of(use(1, Direction.FORWARD), product, use(2, Direction.BACKWARD_DATA), small));
        known.add(Map.of(use(1, Direction.BACKWARD_DATA), narrow));
        known.add(Map.of(use(2, Direction.BACKWARD_FILTER), large));
        assertThat(known.read(Long.MAX_VALUE))
                .isEqualTo(Map.of(
                        use(1, Direction.FORWARD),
                        product,
                        use(1, Direction.BACKWARD_DATA),
                        narrow,
                        use(2, Direction.BACKWARD_DATA),
                        small,
                        use(2, Direction.BACKWARD_FILTER),
                        large));
        assertThat(known.read(512))
                .containsOnlyKeys(
                        use(1, Direction.FORWARD), use(1, Direction.BACKWARD_DATA), use(2, Direction.BACKWARD_DATA));
        assertThat(new AlgorithmCache(List.of("another card")).read(512)).isEmpty();
        Files.writeString(files().get(0), "1 2 3");
        assertThat(known.read(Long.MAX_VALUE)).isEmpty();
    }

    /** As written before own kernels could be chosen. */
    @Test
    void algorithmsOfEarlierVersionsAreRead() {
        List<String> key = List.of("a card of old");
        String text = "2 16 8 9 32 3 2 1 FORWARD product\n2 16 8 9 32 3 2 1 BACKWARD_DATA 1 3 true 512";
        DiskCache.put(key, text.getBytes(UTF_8));
        assertThat(new AlgorithmCache(key).read(512))
                .isEqualTo(Map.of(
                        use(2, Direction.FORWARD),
                        new Implementation.CublasProduct(),
                        use(2, Direction.BACKWARD_DATA),
                        new Implementation.CudnnAlgorithm(new Cudnn.Algorithm(1, 3, true, 512))));
    }

    /** On a GPU with a number of multiprocessors that no other test uses. */
    @Test
    void chosenAlgorithmsAreStored() {
        GpuEmulator emulator = GpuEmulator.orSkip();
        System.setProperty(
                CudaLibraries.SETTING, GpuEmulator.directory().orElseThrow().toString());
        emulator.set("multiprocessors", 77);
        Device device = Device.of(0);
        device.makeCurrent();
        Request request = use(2, Direction.FORWARD);
        AlgorithmCache known = AlgorithmCache.of(device, Precision.FLOAT32, true);
        try (StreamContext context = new StreamContext(device)) {
            new ConvolutionDispatcher(device, Precision.FLOAT32, true).choose(context, List.of(request));
        }
        assertThat(known.read(Long.MAX_VALUE)).containsOnlyKeys(request);
        emulator.set("cudnn", 91500);
        assertThat(AlgorithmCache.of(device, Precision.FLOAT32, true)).isNotEqualTo(known);
        assertThat(AlgorithmCache.of(device, Precision.FLOAT32, false)).isNotEqualTo(known);
    }

    @Test
    void storedKernelsThatTheDriverRejectsAreRecompiled() {
        GpuEmulator emulator = GpuEmulator.orSkip();
        System.setProperty(
                CudaLibraries.SETTING, GpuEmulator.directory().orElseThrow().toString());
        int index = 4; // no other test has loaded any
        emulator.set("devices", index + 1);
        Device device = Device.of(index);
        device.makeCurrent();
        List<String> key = KernelSource.STEP.key(device.computeCapability(), Precision.FLOAT32);
        DiskCache.put(key, new byte[100]);
        assertThat(KernelSource.STEP.load(device, Precision.FLOAT32).function("fill_random"))
                .isNotNull();
        assertThat(DiskCache.get(key).orElseThrow()).hasSizeGreaterThan(1000);
        assertThat(emulator.calls("nvrtcCompileProgram")).isEqualTo(1);
    }
}
